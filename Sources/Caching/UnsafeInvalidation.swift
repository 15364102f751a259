public import HTTP

/// What a write makes stale (RFC 9111 §4.4): its target, and what its response points to.
public enum UnsafeInvalidation {
    /// Whether the response to a request makes stored responses of its target stale.
    ///
    /// Methods that are unsafe or unknown, answered with 2xx or 3xx: an error changed nothing.
    public static func applies(
        to method: Method, status: Int, policy: BehaviorPolicy
    ) -> Bool {
        policy.invalidatesOnUnsafe && !method.isSafe && (200...399).contains(status)
    }

    /// Writes path and query of what `Location` or `Content-Location` refers to, ready for a key.
    ///
    /// Only references of the same origin count, lest one site could empty another's cache.
    /// `authority` and `path` are those of the request; `scheme` is how the viewer came. Returns
    /// the lengths of path and query (nil without `?`), or nil when the reference is of another
    /// origin, malformed, or does not fit `target`.
    public static func sameOriginTarget(
        _ reference: RawSpan, scheme: StaticString, authority: RawSpan, path: RawSpan,
        into target: UnsafeMutableRawBufferPointer
    ) -> (path: Int, query: Int?)? {
        let end = reference.index(of: UInt8(ascii: "#"), from: 0) ?? reference.byteCount
        let whole = reference.extracting(0..<end)
        guard let start = localStart(whole, scheme, authority) else { return nil }
        let isWhole = start > 0 || whole.byteCount > 0 && whole[0] == UInt8(ascii: "/")
        let local = whole.extracting(start..<whole.byteCount)
        let mark = local.index(of: UInt8(ascii: "?"), from: 0)
        let name = local.extracting(0..<(mark ?? local.byteCount))
        var resolved = unsafe ResolvedPath(target)
        if name.byteCount > 0 {
            if !isWhole { resolved.append(directoryOf: path) }
            resolved.append(name)
        } else if isWhole {
            resolved.appendSlash()
        } else {
            resolved.append(path)
        }
        resolved.removeDotSegments()
        let length = resolved.count
        guard let mark else { return resolved.overflowed ? nil : (length, nil) }
        resolved.append(local.extracting(mark + 1..<local.byteCount))
        return resolved.overflowed ? nil : (length, resolved.count - length)
    }

    /// Where path and query begin in a reference of this origin; nil when it is of another.
    private static func localStart(
        _ reference: RawSpan, _ scheme: StaticString, _ authority: RawSpan
    ) -> Int? {
        var at = 0
        if let colon = schemeEnd(reference) {
            guard equalsIgnoringCase(reference.extracting(0..<colon), scheme) else { return nil }
            at = colon + 1
            guard hasSlashes(reference, at) else { return nil }
        }
        guard hasSlashes(reference, at) else { return at }
        at += 2
        var end = at
        while end < reference.byteCount, reference[end] != UInt8(ascii: "/"),
            reference[end] != UInt8(ascii: "?")
        {
            end += 1
        }
        let port: StaticString = scheme.utf8CodeUnitCount == 5 ? "443" : "80"
        let named = reference.extracting(at..<end)
        let isSame = equalsIgnoringCase(
            named.extracting(0..<CanonicalKey.hostEnd(named, port)),
            authority.extracting(0..<CanonicalKey.hostEnd(authority, port)))
        return isSame ? end : nil
    }

    /// The colon that ends a scheme; nil when the reference has none (RFC 3986 §4.2).
    private static func schemeEnd(_ reference: RawSpan) -> Int? {
        for offset in 0..<reference.byteCount {
            switch reference[offset] {
            case UInt8(ascii: ":"): return offset > 0 ? offset : nil
            case UInt8(ascii: "/"), UInt8(ascii: "?"): return nil
            default: break
            }
        }
        return nil
    }

    private static func hasSlashes(_ reference: RawSpan, _ at: Int) -> Bool {
        at + 1 < reference.byteCount && reference[at] == UInt8(ascii: "/")
            && reference[at + 1] == UInt8(ascii: "/")
    }
}
