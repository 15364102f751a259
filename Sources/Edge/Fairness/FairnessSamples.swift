import Synchronization

extension Server {
    /// Who waits for members, who holds them, and who was refused, for `/metrics`.
    func fairnessSamples() -> [CounterSample] { snapshot.pools.flatMap(\.fairnessSamples) }
}

extension OriginPool {
    var fairnessSamples: [CounterSample] {
        let (roster, id) = (roster.withLock { $0 }, settings.id)
        func label(_ requestClass: RequestClass) -> [(String, String)] {
            [("origin", id), ("class", requestClass.word.description)]
        }
        let queued = RequestClass.allCases.map {
            CounterSample(
                name: "mapedge_queue_depth",
                help: "requests that wait for a member at its limit, by class", kind: .gauge,
                labels: label($0), value: Double(roster.queue.count(of: $0)))
        }
        let inFlight = RequestClass.allCases.map { requestClass in
            CounterSample(
                name: "mapedge_origin_in_flight",
                help: "requests under way at the members of an origin, by class", kind: .gauge,
                labels: label(requestClass),
                value: Double(roster.members.reduce(0) { $0 + $1.inClass[requestClass] }))
        }
        let refusals = QueueRefusal.allCases.map {
            CounterSample(
                name: "mapedge_place_refusals_total",
                help: "requests that got no place at a member, by the reason", kind: .counter,
                labels: [("origin", id), ("reason", $0.word)],
                value: Double(roster.refusals[$0] ?? 0))
        }
        return queued + inFlight + refusals
    }
}
