/// What a signature grants: which resource, when, and from where.
///
/// Source: CloudFront, "Create a policy statement for a signed URL that uses a custom policy".
public struct SignedPolicy: Sendable, Equatable {
    /// `*` and `?` are wildcards; nil: any resource.
    public var resource: String?
    /// Seconds since 1970. Access ends at this moment.
    public var dateLessThan: Int64
    /// Access begins behind this moment; nil: at once.
    public var dateGreaterThan: Int64?
    /// nil: from anywhere.
    public var sourceIp: SourceRange?

    /// A custom policy from its JSON; nil when it is malformed.
    public init?(json: [UInt8]) {
        guard let document = try? StrictJSON.read(json),
            case .list(let statements)? = document["Statement"]?.content, statements.count == 1,
            let conditions = statements[0]["Condition"],
            Self.has(only: ["Resource", "Condition"], statements[0]),
            Self.has(only: ["DateLessThan", "DateGreaterThan", "IpAddress"], conditions),
            let until = Self.time(conditions, "DateLessThan")
        else { return nil }
        dateLessThan = until
        if let resource = statements[0]["Resource"] {
            guard case .scalar(let text) = resource.content else { return nil }
            self.resource = text
        }
        if conditions["DateGreaterThan"] != nil {
            guard let from = Self.time(conditions, "DateGreaterThan") else { return nil }
            dateGreaterThan = from
        }
        if let address = conditions["IpAddress"] {
            guard case .scalar(let text)? = address["AWS:SourceIp"]?.content,
                let range = SourceRange(text)
            else { return nil }
            sourceIp = range
        }
    }

    /// A condition that nobody here knows would be one that nobody keeps.
    private static func has(only names: Set<String>, _ node: ConfigNode) -> Bool {
        guard case .map(let members) = node.content else { return false }
        return members.allSatisfy { names.contains($0.key) }
    }

    private static func time(_ conditions: ConfigNode, _ name: String) -> Int64? {
        guard case .scalar(let text)? = conditions[name]?["AWS:EpochTime"]?.content else {
            return nil
        }
        return Int64(text)
    }

    /// The text that a canned policy stands for, which is what was signed.
    public static func canned(resource: String, expires: String) -> String {
        "{\"Statement\":[{\"Resource\":\"\(resource)\",\"Condition\":{\"DateLessThan\":"
            + "{\"AWS:EpochTime\":\(expires)}}}]}"
    }

    /// `now` in seconds since 1970, when the request began.
    public func isValid(at now: Int64) -> Bool {
        now < dateLessThan && (dateGreaterThan.map { now > $0 } ?? true)
    }
}

/// A block of IPv4 addresses, such as `192.0.2.0/24`; a single address is a block of one.
public struct SourceRange: Sendable, Equatable {
    private var address: UInt32
    private var mask: UInt32

    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = Self.address(parts[0]) else { return nil }
        var bits = 32
        if parts.count == 2 {
            guard let number = Self.number(parts[1], limit: 32) else { return nil }
            bits = Int(number)
        }
        mask = bits == 0 ? 0 : UInt32.max << UInt32(32 - bits)
        self.address = address & mask
    }

    /// Whether the viewer's address lies in it; one of IPv6 does not, except `0.0.0.0/0`.
    public func contains(_ viewer: String) -> Bool {
        if mask == 0 { return true }
        guard let address = Self.address(viewer[...]) else { return false }
        return address & mask == self.address
    }

    /// Digits and nothing else.
    private static func number(_ text: Substring, limit: UInt32) -> UInt32? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt32(text),
            number <= limit
        else { return nil }
        return number
    }

    private static func address(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            // Some read a leading zero as octal.
            guard part.count == 1 || part.first != "0", let number = number(part, limit: 255)
            else { return nil }
            address = address << 8 | number
        }
        return address
    }
}
