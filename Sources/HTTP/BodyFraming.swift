/// How the end of a message's body is found (RFC 9112 §6.3).
public enum BodyFraming: Equatable, Sendable {
    /// The message ends with its head.
    case none
    /// Content-Length: so many bytes follow. At most 2^63 − 1.
    case length(UInt64)
    /// Transfer-Encoding: chunked.
    case chunked
    /// A response whose body ends when the origin closes the connection.
    case untilClose
}
