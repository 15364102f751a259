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
            guard state.configuration.settings.hasUnresolved, now >= state.nextLookup else {
                return false
            }
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

    /// Waits for the resolver, and puts in force what it knows.
    func lookUp() {
        let missing = state.withLock { $0.configuration.settings.unresolvedHosts }
        var found: [HostName: [Endpoint]] = [:]
        for host in missing {
            guard let addresses = try? resolver.addresses(of: host.name, port: host.port),
                !addresses.isEmpty
            else { continue }
            found[host] = addresses.map { .ip($0) }
        }
        guard !found.isEmpty, let distribution = state.withLock({ $0.distribution }) else { return }
        // Neither a reload nor an update may come in between.
        distribution.alone { put(found) }
    }

    private func put(_ found: [HostName: [Endpoint]]) {
        let (server, current) = state.withLock { ($0.server, $0.configuration) }
        guard let server else { return }
        var next = current
        next.settings.resolve(found)
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

    fileprivate mutating func resolve(_ found: [HostName: [Endpoint]]) {
        for origin in origins.indices {
            for member in origins[origin].members.indices {
                guard let host = origins[origin].members[member].unresolved,
                    let endpoints = found[host]
                else { continue }
                origins[origin].members[member].endpoints = endpoints
                origins[origin].members[member].unresolved = nil
            }
        }
    }
}
