import Dispatch
import Edge
import Reactor
import Synchronization

// Members whose names had no address when the configuration was read.
extension Service {
    /// How long a name rests between two look-ups.
    static let lookupInterval: Duration = .seconds(10)

    /// Asks for the addresses of such members, in the background; called each second.
    func lookUpSoon(at now: ContinuousClock.Instant) {
        let isDue = state.withLock { state in
            // Before there is a server nothing can be put in force.
            guard state.server != nil, state.configuration.settings.hasUnresolved,
                now >= state.nextLookup
            else { return false }
            // Until this one has ended no other begins.
            state.nextLookup = now + .seconds(3_600)
            return true
        }
        guard isDue else { return }
        lookupQueue.async { [self] in
            lookUp()
            state.withLock { $0.nextLookup = .now + Self.lookupInterval }
        }
    }

    /// Asks for all such names side by side, and puts each in force when it has an address; waits
    /// until the time for the next look-up.
    ///
    /// A name that hangs is not asked for again before it has an answer.
    func lookUp() {
        let missing = state.withLock { state in
            let missing = state.configuration.settings.unresolvedHosts
                .subtracting(state.hostsAskedFor)
            state.hostsAskedFor.formUnion(missing)
            return missing
        }
        let group = DispatchGroup()
        for host in missing {
            // A queue of its own: as many threads as there are names that nobody answers for.
            DispatchQueue(label: "control.lookup.name").async(group: group) { [self] in
                lookUp(host)
                _ = state.withLock { $0.hostsAskedFor.remove(host) }
            }
        }
        let (seconds, _) = Self.lookupInterval.components
        _ = group.wait(timeout: .now() + .seconds(Int(seconds)))
    }

    private func lookUp(_ host: HostName) {
        guard let addresses = try? resolver.addresses(of: host.name, port: host.port),
            !addresses.isEmpty, let distribution = state.withLock({ $0.distribution })
        else { return }
        // Neither a reload nor an update may come in between.
        distribution.alone { put([host: addresses.map { .ip($0) }]) }
    }

    private func put(_ found: [HostName: [Endpoint]]) {
        let (server, current) = state.withLock { ($0.server, $0.configuration) }
        guard let server else { return }
        var next = current
        // A reload may have dropped it meanwhile.
        guard next.settings.resolve(found) else { return }
        do {
            try server.reload(next.settings)
        } catch {
            return note(.error, "the addresses that were found are not in force: \(error)")
        }
        state.withLock { $0.configuration = next }
        for host in found.keys.map(\.name).sorted() {
            note(.notice, "\(host) has an address now")
        }
    }

    private func note(_ level: EdgeEvent.Level, _ text: String) {
        observer.note(EdgeEvent(level, "resolver", text))
    }
}

extension Settings {
    fileprivate var hasUnresolved: Bool {
        origins.contains { $0.members.contains { $0.unresolved != nil } }
    }

    fileprivate var unresolvedHosts: Set<HostName> {
        Set(origins.flatMap { $0.members.compactMap(\.unresolved) })
    }

    /// Whether a member was waiting for one of them.
    fileprivate mutating func resolve(_ found: [HostName: [Endpoint]]) -> Bool {
        var isAny = false
        for origin in origins.indices {
            for member in origins[origin].members.indices {
                guard let host = origins[origin].members[member].unresolved,
                    let endpoints = found[host]
                else { continue }
                origins[origin].members[member].endpoints = endpoints
                origins[origin].members[member].unresolved = nil
                isAny = true
            }
        }
        return isAny
    }

    /// A name that is not known just now has the addresses that are in force for it, until the
    /// look-up that goes on knows better.
    mutating func keepAddresses(of old: Settings) {
        var known: [String: [Endpoint]] = [:]
        for member in old.origins.flatMap(\.members) where !member.endpoints.isEmpty {
            known[member.host] = member.endpoints
        }
        for origin in origins.indices {
            for member in origins[origin].members.indices {
                guard origins[origin].members[member].endpoints.isEmpty,
                    let host = origins[origin].members[member].unresolved,
                    let endpoints = known[host.name.lowercased()]
                else { continue }
                origins[origin].members[member].endpoints = endpoints.map {
                    if case .ip(let address) = $0 { .ip(address.with(port: host.port)) } else { $0 }
                }
            }
        }
    }
}

extension MemberSettings {
    /// The name behind the addresses.
    fileprivate var host: String {
        let end = authority.lastIndex(of: ":") ?? authority.endIndex
        return authority[..<end].lowercased()
    }
}
