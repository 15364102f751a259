/// A question for a DNS server. Source: RFC 1035 §4.1.
public struct DNSQuery: Equatable, Sendable {
    /// Repeated by the response; drawn at random, so that nobody can answer unasked.
    public var identifier: UInt16
    /// Without the closing dot.
    public var name: String
    public var type: DNSType

    /// Longest name as text, its closing dot not counted. Source: RFC 1035 §2.3.4.
    public static var nameLengthMax: Int { 253 }

    public init(identifier: UInt16, name: String, type: DNSType) {
        self.identifier = identifier
        self.name = name
        self.type = type
    }

    /// The message, with recursion asked for; nil if the name is none.
    public var bytes: [UInt8]? {
        guard (1...Self.nameLengthMax).contains(name.utf8.count) else { return nil }
        var bytes: [UInt8] = [
            UInt8(identifier >> 8), UInt8(identifier & 255), 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0,
        ]
        for label in name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        {
            guard (1...63).contains(label.count) else { return nil }
            bytes.append(UInt8(label.count))
            bytes += label
        }
        return bytes + [0, UInt8(type.rawValue >> 8), UInt8(type.rawValue & 255), 0, 1]
    }

    /// Whether a message answers this question, and no other.
    public func isAnswered(by message: DNSMessage) -> Bool {
        message.identifier == identifier && message.question?.name == name.lowercased()
            && message.question?.type == type.rawValue
    }
}
