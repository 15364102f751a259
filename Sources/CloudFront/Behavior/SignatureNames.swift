import HTTP

/// What carries signatures, and is taken away before key and origin.
///
/// Source: CloudFront, "Use signed URLs", "Use signed cookies".
public enum SignatureNames {
    /// The same of a name as text.
    public static func hasParameter(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        return unsafe hasParameter(bytes.span.bytes)
    }

    /// Whether a query parameter of that name belongs to a signature.
    static func hasParameter(_ name: RawSpan) -> Bool {
        switch name.byteCount {
        case 6: equalsExactly(name, "Policy")
        case 7: equalsExactly(name, "Expires")
        case 9: equalsExactly(name, "Signature")
        case 11: equalsExactly(name, "Key-Pair-Id")
        case 14: equalsExactly(name, "Hash-Algorithm")
        default: false
        }
    }

    /// Likewise a cookie.
    static func hasCookie(_ name: RawSpan) -> Bool {
        let prefix: StaticString = "CloudFront-"
        let length = prefix.utf8CodeUnitCount
        guard name.byteCount > length, equalsExactly(name.extracting(0..<length), prefix) else {
            return false
        }
        return hasParameter(name.extracting(length..<name.byteCount))
    }
}
