/// One record of a DNS message. Source: RFC 1035 §4.1.3.
public struct DNSRecord: Equatable, Sendable {
    /// The record's owner, in lower case and without the closing dot; the root is empty.
    public var name: String
    /// How long the record may be kept, in seconds, 0 to 2,147,483,647.
    public var timeToLive: UInt32
    public var data: DNSData

    public init(name: String, timeToLive: UInt32, data: DNSData) {
        self.name = name
        self.timeToLive = timeToLive
        self.data = data
    }
}

/// What a record says.
public enum DNSData: Equatable, Sendable {
    /// A: an IPv4 address; its port is 0.
    case ipv4(SocketAddress)
    /// AAAA: an IPv6 address; its port is 0. Source: RFC 3596 §2.2.
    case ipv6(SocketAddress)
    /// CNAME: the name is an alias of this one.
    case alias(String)
    /// SRV: where a service is offered.
    case service(DNSService)
    /// SOA: how long the absence of a name may be kept, in seconds. Source: RFC 2308 §4.
    case authority(negativeTimeToLive: UInt32)
    /// A record of another type or class; its content was passed over.
    case other(type: UInt16)
}

/// The types of records that are asked for.
public enum DNSType: UInt16, Sendable, CaseIterable {
    case a = 1
    case cname = 5
    case soa = 6
    case aaaa = 28
    case srv = 33
}

extension DNSData {
    /// Of an A or AAAA record.
    var address: SocketAddress? {
        switch self {
        case .ipv4(let address), .ipv6(let address): address
        default: nil
        }
    }
}

/// Where a service is offered. Source: RFC 2782.
public struct DNSService: Hashable, Sendable {
    /// Lower ones are tried first.
    public var priority: UInt16
    /// A share among those of the same priority.
    public var weight: UInt16
    public var port: UInt16
    /// A host's name without the closing dot; empty: the service is decidedly not offered.
    public var target: String

    public init(priority: UInt16, weight: UInt16, port: UInt16, target: String) {
        self.priority = priority
        self.weight = weight
        self.port = port
        self.target = target
    }

    /// The services in the order in which they are to be tried.
    ///
    /// By priority; within one, each place goes to one of those left with a chance that its weight
    /// says. Targets that say that there is no service are left out.
    ///
    /// - Parameter numbers: seeded, so that an order can be repeated.
    public static func order(
        _ services: [DNSService], using numbers: inout some RandomNumberGenerator
    ) -> [DNSService] {
        var left = services.filter { !$0.target.isEmpty }.sorted {
            // Those of weight 0 stand first among their like, where only a draw of 0 finds them.
            ($0.priority, $0.weight == 0 ? 0 : 1) < ($1.priority, $1.weight == 0 ? 0 : 1)
        }
        var ordered: [DNSService] = []
        while let first = left.first {
            let end = left.firstIndex { $0.priority != first.priority } ?? left.endIndex
            let total = left[..<end].reduce(0) { $0 + Int($1.weight) }
            let drawn = Int.random(in: 0...total, using: &numbers)
            var sum = 0
            let chosen = left[..<end].firstIndex { service in
                sum += Int(service.weight)
                return sum >= drawn
            }
            ordered.append(left.remove(at: chosen ?? 0))
        }
        return ordered
    }
}
