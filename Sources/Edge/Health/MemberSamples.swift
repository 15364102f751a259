/// Members' health for `/metrics`, one sample each, with origin and member as labels.
func memberSamples(_ pools: [PoolStatus]) -> [CounterSample] {
    func each(
        _ name: String, _ help: String, _ kind: CounterSample.Kind = .gauge,
        _ value: (MemberStatus) -> Double?
    ) -> [CounterSample] {
        pools.flatMap { pool in
            pool.members.compactMap { member in
                value(member).map {
                    CounterSample(
                        name: "mapedge_member_\(name)", help: help, kind: kind,
                        labels: [("origin", pool.id), ("member", member.name)], value: $0)
                }
            }
        }
    }
    func flag(_ word: String, _ good: String) -> Double? {
        word == "unknown" ? nil : word == good ? 1 : 0
    }
    return each("takes_traffic", "1 while viewers' requests go to the member; see /status") {
        $0.takesTraffic ? 1 : 0
    }
        + each("alive", "1 while the member answers at all; absent before it was asked") {
            flag($0.liveness, "alive")
        }
        + each("ready", "1 while its checks pass and it knows the layers that others serve") {
            flag($0.readiness, "ready")
        }
        + each("in_step", "1 while its layers are those of its peers; absent before a comparison") {
            flag($0.drift, "in-step")
        }
        + each("in_flight", "requests under way at the member") { Double($0.inFlight) }
        + each("requests_total", "requests sent to the member", .counter) { Double($0.requests) }
        + each("failures_total", "requests that the member failed; /status says how", .counter) {
            Double($0.failures)
        }
        + each("ejections_total", "times the member was ejected", .counter) {
            Double($0.ejections)
        }
        + each("failing_checks", "checks of the member whose verdict is down") {
            Double($0.checks.count { !$0.isUp })
        }
}
