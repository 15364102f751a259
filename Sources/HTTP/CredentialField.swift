/// Request fields beside `Authorization` in which programs show who asks: keys of APIs and tokens
/// of sessions. What a server answers to one is for nobody else (law 6).
public enum CredentialField {
    /// Whether a request has one that is not empty. A few nanoseconds for each field that is not
    /// known by name; allocates nothing.
    public static func areIn(_ head: borrowing RequestHead, _ bytes: RawSpan) -> Bool {
        for index in 0..<head.fields.count where head.fields[index].known == .other {
            let field = head.fields[index]
            if !field.value.isEmpty, isNamed(bytes.extracting(field.name.range)) { return true }
        }
        return false
    }

    /// Whether a field of that name holds a credential.
    @inline(__always)
    public static func isNamed(_ name: RawSpan) -> Bool {
        // All are "…key" or "…token", and few fields of browsers are.
        guard name.byteCount >= 6, name.byteCount <= 15 else { return false }
        let last = name.byte(name.byteCount - 1) | 0x20
        guard last == UInt8(ascii: "y") || last == UInt8(ascii: "n") else { return false }
        return isListed(name)
    }

    @inline(never)
    private static func isListed(_ name: RawSpan) -> Bool {
        for index in names.indices where equalsIgnoringCase(name, names[index]) { return true }
        return false
    }

    // GeoServer's key authentication, OpenStack, GitLab, API gateways, and what is common.
    private static let names: InlineArray<11, StaticString> = [
        "authkey", "x-authkey", "apikey", "api-key", "x-api-key", "x-api-token", "auth-token",
        "x-auth-token", "x-access-token", "x-session-token", "private-token",
    ]
}
