import Caching
import Edge

/// One number of one pool as CloudWatch takes it.
struct MetricDatum: Equatable, Sendable {
    enum Value: Equatable, Sendable {
        case single(Double)
        /// Many samples in one (StatisticSet).
        case samples(count: Int, sum: Double, least: Double, most: Double)
    }

    var name: String
    var pool: String
    /// `None`, `Count` or `Milliseconds`.
    var unit: String
    var value: Value
    /// In milliseconds since 1970.
    var time: Milliseconds
}

/// Gathers what pools are like, second by second, and makes data of it once in an interval. Pure.
struct SignalWindow {
    private struct Samples {
        var count = 0
        var sum = 0.0
        var least = Double.infinity
        var most = -Double.infinity

        mutating func add(_ sample: Double) {
            count += 1
            sum += sample
            least = min(least, sample)
            most = max(most, sample)
        }
    }

    private struct Pool {
        var queued = Samples()
        var inFlight = Samples()
        var saturation = Samples()
        var misses = LatencyHistogram()
    }

    private let settings: SignalSettings
    private var pools: [String: Pool] = [:]
    /// Latencies as they were when the interval began.
    private var before: [String: LatencyHistogram] = [:]
    private var began: Milliseconds

    /// - Parameter now: monotonic.
    init(_ settings: SignalSettings, at now: Milliseconds) {
        self.settings = settings
        began = now
    }

    mutating func sample(_ loads: [PoolLoad]) {
        for load in loads {
            var pool = pools[load.id] ?? Pool()
            pool.queued.add(Double(load.queued))
            pool.inFlight.add(load.inFlightPerMember)
            if let saturation = load.saturation { pool.saturation.add(saturation) }
            pool.misses = load.misses
            pools[load.id] = pool
            if before[load.id] == nil { before[load.id] = load.misses }
        }
    }

    /// The interval's data once it is over, and then a new interval; none before.
    ///
    /// - Parameters:
    ///   - now: monotonic.
    ///   - wall: in milliseconds since 1970.
    mutating func close(at now: Milliseconds, wall: Milliseconds) -> [MetricDatum] {
        guard now - began >= settings.interval else { return [] }
        began = now
        defer {
            for (id, pool) in pools { before[id] = pool.misses }
            // A pool that a reload took is heard of no more.
            before = before.filter { pools[$0.key] != nil }
            pools.removeAll()
        }
        return pools.keys.sorted().flatMap { id in data(of: id, wall) }
    }

    private func data(of id: String, _ wall: Milliseconds) -> [MetricDatum] {
        guard let pool = pools[id] else { return [] }
        var data: [MetricDatum] = []
        func add(_ name: String, _ unit: String, _ samples: Samples) {
            guard samples.count > 0 else { return }
            let value = MetricDatum.Value.samples(
                count: samples.count, sum: samples.sum, least: samples.least, most: samples.most)
            data.append(MetricDatum(name: name, pool: id, unit: unit, value: value, time: wall))
        }
        add("QueueDepth", "Count", pool.queued)
        add("InFlightPerMember", "Count", pool.inFlight)
        add("Saturation", "None", pool.saturation)
        let misses = pool.misses.since(before[id] ?? LatencyHistogram())
        for (name, share) in [("MissLatencyP50", 0.5), ("MissLatencyP95", 0.95)] {
            guard let value = misses.quantile(share) else { continue }
            data.append(
                MetricDatum(
                    name: name, pool: id, unit: "Milliseconds", value: .single(value), time: wall))
        }
        return data
    }
}

extension MetricDatum {
    /// The parameters of PutMetricData for some data.
    ///
    /// Source: Amazon CloudWatch API Reference, PutMetricData, MetricDatum.
    static func parameters(
        _ data: some Collection<MetricDatum>, _ settings: SignalSettings
    ) -> [(name: String, value: String)] {
        var parameters = [(name: "Namespace", value: settings.namespace)]
        for (index, datum) in data.enumerated() {
            let prefix = "MetricData.member.\(index + 1)."
            func add(_ name: String, _ value: String) { parameters.append((prefix + name, value)) }
            add("MetricName", datum.name)
            add("Dimensions.member.1.Name", "Pool")
            add("Dimensions.member.1.Value", datum.pool)
            add("Timestamp", timestampText(datum.time))
            add("Unit", datum.unit)
            if settings.isHighResolution { add("StorageResolution", "1") }
            switch datum.value {
            case .single(let value): add("Value", "\(value)")
            case .samples(let count, let sum, let least, let most):
                add("StatisticValues.SampleCount", "\(count)")
                add("StatisticValues.Sum", "\(sum)")
                add("StatisticValues.Minimum", "\(least)")
                add("StatisticValues.Maximum", "\(most)")
            }
        }
        return parameters
    }
}
