/// The request method, as far as the edge tells methods apart. Names are case-sensitive.
public enum Method: UInt8, Sendable {
    case get, head, post, put, delete, options, patch, connect, trace
    /// PROPFIND, QUERY, REPORT or SEARCH: the others that IANA's registry of methods has as safe.
    /// Which of them is in `RequestHead.methodName`, as it is of `other`.
    case otherSafe
    /// Any other token.
    case other

    /// RFC 9110 §9.2.1: asks for no change of state.
    public var isSafe: Bool {
        switch self {
        case .get, .head, .options, .trace, .otherSafe: true
        case .post, .put, .delete, .patch, .connect, .other: false
        }
    }

    /// RFC 9110 §9.2.2: sent twice, it has the effect of once, so that it may be retried.
    public var isIdempotent: Bool { isSafe || self == .put || self == .delete }

    /// The method of that name; `other` for every name not listed.
    public static func named(_ name: RawSpan) -> Method {
        switch name.byteCount {
        case 3: equalsExactly(name, "GET") ? .get : equalsExactly(name, "PUT") ? .put : .other
        case 4: equalsExactly(name, "HEAD") ? .head : equalsExactly(name, "POST") ? .post : .other
        case 5 where equalsExactly(name, "PATCH"): .patch
        case 5 where equalsExactly(name, "TRACE"): .trace
        case 5 where equalsExactly(name, "QUERY"): .otherSafe
        case 6 where equalsExactly(name, "DELETE"): .delete
        case 6 where equalsExactly(name, "REPORT") || equalsExactly(name, "SEARCH"): .otherSafe
        case 7 where equalsExactly(name, "OPTIONS"): .options
        case 7 where equalsExactly(name, "CONNECT"): .connect
        case 8 where equalsExactly(name, "PROPFIND"): .otherSafe
        default: .other
        }
    }
}
