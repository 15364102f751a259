import Caching
import Edge
import Reactor

/// A pool's members as DNS tells them.
struct DNSSource: MemberSource {
    /// Bounds of every lifetime, in milliseconds: servers are not asked more often, and changes are
    /// seen within five minutes whatever a record says.
    static let leaseMin: Milliseconds = 1_000
    static let leaseMax: Milliseconds = 300_000
    /// After a failure, and where a record says nothing.
    static let leaseStandard: Milliseconds = 10_000

    let settings: DiscoverySettings
    let name: String
    let type: DNSType
    let client: DNSClient

    func ask() throws(SourceFailure) -> SourceAnswer {
        do throws(DNSFailure) {
            return type == .srv ? try askServices() : try askAddresses()
        } catch {
            throw SourceFailure(
                text: "\(error); look at the servers in /etc/resolv.conf",
                pause: Self.leaseStandard)
        }
    }

    /// The shortest of some lifetimes in seconds, in bounds.
    static func lease(_ times: [UInt32?]) -> Milliseconds {
        guard let shortest = times.compactMap(\.self).min() else { return leaseStandard }
        return min(max(Milliseconds(shortest) * 1_000, leaseMin), leaseMax)
    }

    private func askAddresses() throws(DNSFailure) -> SourceAnswer {
        let answer = try client.ask(name, type) { $0.addresses(of: $1, port: settings.port) }
        return SourceAnswer(
            members: answer.values.map { address in
                var host = "\(address)".prefix { $0 != "]" }
                host = address.isIPv4 ? host.prefix { $0 != ":" } : host.dropFirst()
                return DiscoveredMember(
                    settings.member(
                        host: String(host), port: address.port, endpoints: [.ip(address)]))
            }, lease: Self.lease([answer.timeToLive]))
    }

    /// Each target is one member, with all its addresses; those of a lower priority stand in.
    private func askServices() throws(DNSFailure) -> SourceAnswer {
        // A server may send addresses along; without them they are asked for.
        let answer = try client.ask(name, .srv) { message, name in
            let services = message.services(of: name)
            return DNSAnswer(
                values: services.values.filter { !$0.target.isEmpty }.map {
                    (service: $0, addresses: message.additionalAddresses(of: $0))
                }.map(FoundService.init), timeToLive: services.timeToLive)
        }
        var times = [answer.timeToLive]
        var members: [DiscoveredMember] = []
        for found in answer.values.sorted(by: { $0.service.priority < $1.service.priority }) {
            var addresses = found.addresses
            for type in [DNSType.a, .aaaa] where addresses.isEmpty {
                let own = try client.ask(found.service.target + ".", type) {
                    $0.addresses(of: $1, port: found.service.port)
                }
                addresses = own.values
                if !own.values.isEmpty { times.append(own.timeToLive) }
            }
            guard !addresses.isEmpty else { continue }
            var member = settings.member(
                host: found.service.target, port: found.service.port,
                endpoints: addresses.map(Endpoint.ip))
            member.weight = min(max(1, Int(found.service.weight)), 1_000)
            member.tier = Int(found.service.priority)
            members.append(DiscoveredMember(member))
        }
        return SourceAnswer(members: members, lease: Self.lease(times))
    }
}

private struct FoundService: Equatable, Sendable {
    var service: DNSService
    var addresses: [SocketAddress]

    init(_ pair: (service: DNSService, addresses: [SocketAddress])) {
        service = pair.service
        addresses = pair.addresses
    }
}
