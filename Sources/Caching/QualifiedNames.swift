import HTTP

/// Field names that `no-cache="…"` and `private="…"` list (RFC 9111 §5.2.2.4, §5.2.2.7).
enum QualifiedNames {
    /// Whether one Cache-Control line lists the field.
    static func has(_ name: RawSpan, in line: RawSpan) -> Bool {
        var isListed = false
        CacheControl.forEachQualifiedName(of: .noCache, in: line) {
            if equalsIgnoringCase($0, name) { isListed = true }
        }
        CacheControl.forEachQualifiedName(of: .private, in: line) {
            if equalsIgnoringCase($0, name) { isListed = true }
        }
        return isListed
    }

    /// Whether one Cache-Control line lists `Set-Cookie`.
    static func hasSetCookie(in line: RawSpan) -> Bool {
        var isListed = false
        CacheControl.forEachQualifiedName(of: .noCache, in: line) {
            if equalsIgnoringCase($0, "set-cookie") { isListed = true }
        }
        CacheControl.forEachQualifiedName(of: .private, in: line) {
            if equalsIgnoringCase($0, "set-cookie") { isListed = true }
        }
        return isListed
    }
}
