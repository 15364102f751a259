import Caching
import Edge
import Reactor

// Forms of values that a flag and a key share.

extension ValueForm where Value == Mode {
    static var mode: Self { .choice(["cloudfront": .cloudfront, "rfc9111": .rfc9111]) }
}

extension ValueForm where Value == Role {
    static var role: Self { .choice(["twin": .twin, "tier": .tier]) }
}

extension ValueForm where Value == EdgeEvent.Level {
    static var logLevel: Self {
        .choice([
            "debug": .debug, "info": .info, "notice": .notice, "warning": .warning,
            "error": .error,
        ])
    }
}

extension ValueForm where Value == Int {
    static var loops: Self { .count(0...128) }
    static var stopDeadline: Self { .duration(0...86_400_000) }
}

extension ValueForm where Value == UInt64 {
    /// The store needs room for its own trees beside a few bodies.
    static var cacheSize: Self { .bytes((16 << 20)...(1 << 46)) }
}

extension ValueForm where Value == AddressBlock {
    static var block: Self {
        Self { text throws(Complaint) in
            guard let block = AddressBlock(text) else {
                throw Complaint(
                    "is no block of addresses",
                    "write an address or CIDR block, such as 10.0.0.0/8 or 2001:db8::/32")
            }
            return block
        }
    }
}

extension ValueForm where Value == String {
    /// A protocol that a connection may switch to (RFC 9110 §7.8), but no HTTP: requests in it
    /// would pass that nobody judges.
    static var upgrade: Self {
        Self { text throws(Complaint) in
            let name = text.lowercased()
            guard (try? fieldName.parse(name)) != nil else {
                throw Complaint("is no protocol", "write a name such as websocket")
            }
            guard !name.hasPrefix("h2"), !name.hasPrefix("http"), !name.hasPrefix("tls") else {
                throw Complaint("hides requests from the edge", "remove it")
            }
            return name
        }
    }

    /// A name for `Via` and `Cache-Status`: a token (RFC 9110 §5.6.2), as short as a host name.
    static var edgeName: Self {
        Self { text throws(Complaint) in
            guard (try? fieldName.parse(text)) != nil, text.utf8.count <= 63,
                text.first?.isLetter == true
            else {
                throw Complaint(
                    "is no name",
                    "write a letter, then letters, digits and hyphens, 63 at most")
            }
            return text
        }
    }
}
