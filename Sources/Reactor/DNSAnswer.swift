/// What a response says about one name: records at the end of its chain of aliases, and for how
/// long that holds.
public struct DNSAnswer<Value: Equatable & Sendable>: Equatable, Sendable {
    /// In the order of the response; empty: there is none.
    public var values: [Value]
    /// Seconds for which the answer, also an empty one, may be kept: the shortest time of the
    /// records that it is made of; for an empty one that of the authority's record, nil without.
    public var timeToLive: UInt32?

    public init(values: [Value], timeToLive: UInt32?) {
        self.values = values
        self.timeToLive = timeToLive
    }
}

extension DNSMessage {
    /// How many aliases are followed, so that a ring of them comes to an end.
    public static let aliasesMax = 16

    /// The addresses of a host, IPv4 and IPv6, with this port.
    ///
    /// - Parameter host: as asked for, in any case, with or without a closing dot.
    public func addresses(of host: String, port: UInt16) -> DNSAnswer<SocketAddress> {
        answer(host) { $0.address?.with(port: port) }
    }

    /// Where the service of this name, such as `_http._tcp.pool.example`, is offered.
    public func services(of name: String) -> DNSAnswer<DNSService> {
        answer(name) { data in
            if case .service(let service) = data { service } else { nil }
        }
    }

    /// The addresses of a service's target, where the server sent them along, and their time.
    public func additionalAddresses(of service: DNSService) -> DNSAnswer<SocketAddress> {
        var found = DNSAnswer<SocketAddress>(values: [], timeToLive: nil)
        for record in additional where record.name == service.target {
            guard let address = record.data.address else { continue }
            found.values.append(address.with(port: service.port))
            found.timeToLive = min(found.timeToLive ?? .max, record.timeToLive)
        }
        return found
    }

    private func answer<Value>(
        _ name: String, _ value: (DNSData) -> Value?
    ) -> DNSAnswer<Value> {
        var name = Self.normalized(name)
        var timeToLive: UInt32?
        for _ in 0...Self.aliasesMax {
            var values: [Value] = []
            var alias: DNSRecord?
            for record in answers where record.name == name {
                if let found = value(record.data) {
                    values.append(found)
                    timeToLive = min(timeToLive ?? .max, record.timeToLive)
                } else if case .alias = record.data, alias == nil {
                    alias = record
                }
            }
            if !values.isEmpty { return DNSAnswer(values: values, timeToLive: timeToLive) }
            guard let alias, case .alias(let target) = alias.data else { break }
            timeToLive = min(timeToLive ?? .max, alias.timeToLive)
            name = target
        }
        return DNSAnswer(values: [], timeToLive: negativeTimeToLive(atMost: timeToLive))
    }

    /// How long it may be kept that there is no such record (RFC 2308 §5).
    private func negativeTimeToLive(atMost chain: UInt32?) -> UInt32? {
        for record in authorities {
            guard case .authority(let negative) = record.data else { continue }
            return min(negative, chain ?? .max)
        }
        return nil
    }

    private static func normalized(_ name: String) -> String {
        let name = name.lowercased()
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }
}
