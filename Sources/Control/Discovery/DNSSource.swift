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
                text: "\(error); look at the servers in \(DNSClient.path)",
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
                    FoundService(service: $0, addresses: message.additionalAddresses(of: $0))
                }, timeToLive: services.timeToLive)
        }
        var times = [answer.timeToLive]
        let heaviest = answer.values.map(\.service.weight).max() ?? 0
        var members: [DiscoveredMember] = []
        for found in answer.values.sorted(by: { $0.service.priority < $1.service.priority }) {
            var addresses = found.addresses
            for type in [DNSType.a, .aaaa] where addresses.values.isEmpty {
                addresses = try client.ask(found.service.target + ".", type) {
                    $0.addresses(of: $1, port: found.service.port)
                }
            }
            guard !addresses.values.isEmpty else { continue }
            times.append(addresses.timeToLive)
            var member = settings.member(
                host: found.service.target, port: found.service.port,
                endpoints: addresses.values.map(Endpoint.ip))
            member.weight = Self.weight(found.service.weight, heaviest: heaviest)
            member.tier = Int(found.service.priority)
            members.append(DiscoveredMember(member))
        }
        return SourceAnswer(members: members, lease: Self.lease(times))
    }

    /// A record's weight in a pool's range, in proportion to the others'. That of 0 is not none,
    /// only the least there is (RFC 2782).
    static func weight(_ weight: UInt16, heaviest: UInt16) -> Int {
        let most = MemberSettings.weightMax
        let scaled =
            heaviest > most ? (Int(weight) * most + Int(heaviest) / 2) / Int(heaviest) : Int(weight)
        return max(1, scaled)
    }
}

private struct FoundService: Equatable, Sendable {
    var service: DNSService
    var addresses: DNSAnswer<SocketAddress>
}
