/// Why bytes are not a DNS response that can be used.
public enum DNSError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The message ends before what its counts and lengths promise.
    case truncated
    /// It is a query.
    case notResponse
    /// A name is longer than 255 bytes, has a label of an unknown kind, or points to itself or
    /// forward.
    case badName
    /// A record's length is not the one that its type has.
    case badRecord(type: UInt16)

    public var description: String {
        switch self {
        case .truncated: "the DNS response ends within a record"
        case .notResponse: "the DNS message is a query and no response"
        case .badName: "a name in the DNS response is malformed"
        case .badRecord(let type): "a DNS record of type \(type) has a wrong length"
        }
    }
}
