import Edge

/// What pools and their sources are like, for `/metrics`.
func poolSamples(_ loads: [PoolLoad], _ sources: [DiscoveryStatus]) -> [CounterSample] {
    loads.flatMap(samples) + sources.flatMap(samples)
}

private func samples(_ load: PoolLoad) -> [CounterSample] {
    func gauge(_ name: String, _ help: String, _ value: Double) -> CounterSample {
        CounterSample(
            name: "mapedge_pool_\(name)", help: help, kind: .gauge, labels: [("origin", load.id)],
            value: value)
    }
    var samples = [
        gauge("queued", "requests that wait for a member at its limit", Double(load.queued)),
        gauge("in_flight", "requests at members of the pool", Double(load.inFlight)),
        gauge("members", "members in service and well", Double(load.members)),
        gauge("members_warming", "new members whose checks do not pass yet", Double(load.warming)),
        gauge("members_draining", "members that leave and finish", Double(load.draining)),
    ]
    if let saturation = load.saturation {
        samples.append(
            gauge(
                "saturation", "share of the members' places taken, 0 to 1; over 0.8 add members",
                saturation))
    }
    for share in [0.5, 0.95] {
        guard let value = load.misses.quantile(share) else { continue }
        samples.append(
            CounterSample(
                name: "mapedge_pool_miss_seconds",
                help: "time of a fetch to its last byte, since the start", kind: .gauge,
                labels: [("origin", load.id), ("quantile", "\(share)")], value: value / 1_000))
    }
    return samples
}

private func samples(_ status: DiscoveryStatus) -> [CounterSample] {
    func counter(_ name: String, _ help: String, _ value: UInt64) -> CounterSample {
        CounterSample(
            name: "mapedge_discovery_\(name)_total", help: help, kind: .counter,
            labels: [("origin", status.origin)], value: Double(value))
    }
    return [
        counter("answers", "answers of the source of a pool's members", status.answers),
        counter(
            "failures", "questions that it did not answer; members are kept, see /status",
            status.failures),
        counter(
            "order_failures", "lifecycle actions that the group did not take; see the log",
            status.ordersFailed),
    ]
}
