/// The request method, as far as the edge tells methods apart. Names are case-sensitive.
public enum Method: UInt8, Sendable {
    case get, head, post, put, delete, options, patch, connect, trace
    /// Any other token; its name is `RequestHead.methodName`.
    case other

    /// RFC 9110 §9.2.1: asks for no change of state.
    public var isSafe: Bool {
        switch self {
        case .get, .head, .options, .trace: true
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
        case 6: equalsExactly(name, "DELETE") ? .delete : .other
        case 7 where equalsExactly(name, "OPTIONS"): .options
        case 7 where equalsExactly(name, "CONNECT"): .connect
        default: .other
        }
    }
}
