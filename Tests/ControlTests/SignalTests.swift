import Synchronization
import Testing

@testable import Control
@testable import Edge

@Suite("Signals: what CloudWatch is told of the pools")
struct SignalTests {
    private static func load(
        inFlight: Int, queued: Int = 0, capacity: Int = 4, misses: LatencyHistogram = .init()
    ) -> PoolLoad {
        PoolLoad(
            id: "maps", queued: queued, inFlight: inFlight, members: 2, warming: 0, draining: 0,
            memberCapacity: capacity, misses: misses)
    }

    private static func settings(_ change: (inout SignalSettings) -> Void = { _ in })
        -> SignalSettings
    {
        var settings = SignalSettings()
        settings.isEnabled = true
        settings.interval = 10_000
        change(&settings)
        return settings
    }

    @Test("an interval's samples are one statistic of each kind, and latencies its own")
    func window() {
        var window = SignalWindow(Self.settings(), at: 0)
        var misses = LatencyHistogram()
        misses.record(milliseconds: 40_000)
        window.sample([Self.load(inFlight: 2, misses: misses)])
        #expect(window.close(at: 9_999, wall: 5).isEmpty)
        for _ in 0..<10 { misses.record(milliseconds: 1) }
        window.sample([Self.load(inFlight: 8, queued: 3, misses: misses)])
        let data = window.close(at: 10_000, wall: 5)
        #expect(
            data.map(\.name) == [
                "QueueDepth", "InFlightPerMember", "Saturation", "MissLatencyP50",
                "MissLatencyP95",
            ])
        #expect(data[0].value == .samples(count: 2, sum: 3, least: 0, most: 3))
        #expect(data[1].value == .samples(count: 2, sum: 5, least: 1, most: 4))
        #expect(data[2].value == .samples(count: 2, sum: 1.25, least: 0.25, most: 1))
        #expect(data[3].value == .single(1), "the slow one was before")
        #expect(data[4].value == .single(1))
        // Nothing was fetched, and nothing was sampled.
        window.sample([Self.load(inFlight: 0, capacity: 0, misses: misses)])
        #expect(
            window.close(at: 20_000, wall: 6).map(\.name) == ["QueueDepth", "InFlightPerMember"])
        #expect(window.close(at: 40_000, wall: 7).isEmpty)
    }

    @Test("data are put as the API wants them")
    func parameters() {
        let data = [
            MetricDatum(
                name: "Saturation", pool: "maps", unit: "None",
                value: .samples(count: 2, sum: 1, least: 0.25, most: 0.75), time: 1_000),
            MetricDatum(
                name: "MissLatencyP50", pool: "maps", unit: "Milliseconds", value: .single(3),
                time: 2_000),
        ]
        let parameters = MetricDatum.parameters(data, Self.settings { $0.isHighResolution = true })
        #expect(
            parameters.map { "\($0.name)=\($0.value)" } == [
                "Namespace=MapEdge", "MetricData.member.1.MetricName=Saturation",
                "MetricData.member.1.Dimensions.member.1.Name=Pool",
                "MetricData.member.1.Dimensions.member.1.Value=maps",
                "MetricData.member.1.Timestamp=1970-01-01T00:00:01.000Z",
                "MetricData.member.1.Unit=None", "MetricData.member.1.StorageResolution=1",
                "MetricData.member.1.StatisticValues.SampleCount=2",
                "MetricData.member.1.StatisticValues.Sum=1.0",
                "MetricData.member.1.StatisticValues.Minimum=0.25",
                "MetricData.member.1.StatisticValues.Maximum=0.75",
                "MetricData.member.2.MetricName=MissLatencyP50",
                "MetricData.member.2.Dimensions.member.1.Name=Pool",
                "MetricData.member.2.Dimensions.member.1.Value=maps",
                "MetricData.member.2.Timestamp=1970-01-01T00:00:02.000Z",
                "MetricData.member.2.Unit=Milliseconds",
                "MetricData.member.2.StorageResolution=1", "MetricData.member.2.Value=3.0",
            ])
    }

    private func value(_ name: String, _ publisher: SignalPublisher) -> Double? {
        publisher.samples.first { $0.name == "mapedge_signal_\(name)" }?.value
    }

    @Test("what could not be put waits for the next time, and is told of once")
    func waits() {
        let puts = Mutex<(failing: Bool, sizes: [Int])>((true, []))
        let observer = Noting()
        let publisher = SignalPublisher(Self.settings(), at: 0, events: observer) {
            data throws(AWSError) in
            let isFailing = puts.withLock { puts in
                puts.sizes.append(data.count)
                return puts.failing
            }
            if isFailing { throw AWSError(.unavailable, "no way") }
        }
        for time in 1...2 {
            publisher.tick([Self.load(inFlight: 2)], at: Int64(time) * 10_000, wall: Int64(time))
            publisher.drain()
        }
        #expect(puts.withLock { $0.sizes } == [3, 6])
        #expect(value("put_failures_total", publisher) == 2)
        #expect(value("data_waiting", publisher) == 6)
        #expect(observer.texts == ["no way; the figures wait for the next time"])
        puts.withLock { $0.failing = false }
        publisher.tick([Self.load(inFlight: 2)], at: 30_000, wall: 3)
        publisher.drain()
        #expect(value("data_sent_total", publisher) == 9)
        #expect(value("data_waiting", publisher) == 0)
        #expect(value("data_dropped_total", publisher) == 0)
    }

    @Test("too much that waits is dropped from its front, in batches it is put")
    func drops() {
        let failing = Mutex(true)
        let sizes = Mutex<[Int]>([])
        let publisher = SignalPublisher(Self.settings(), at: 0, events: SilentObserver()) {
            data throws(AWSError) in
            sizes.withLock { $0.append(data.count) }
            if failing.withLock({ $0 }) { throw AWSError(.unavailable, "no") }
        }
        let rounds = SignalPublisher.waitingMax / 3 + 5
        for time in 1...rounds {
            publisher.tick([Self.load(inFlight: 2)], at: Int64(time) * 10_000, wall: Int64(time))
            publisher.drain()
        }
        #expect(value("data_dropped_total", publisher) == 15)
        #expect(value("data_waiting", publisher) == Double(SignalPublisher.waitingMax))
        failing.withLock { $0 = false }
        publisher.tick([Self.load(inFlight: 2)], at: 1_000_000_000, wall: 0)
        publisher.drain()
        #expect(value("data_waiting", publisher) == 0)
        #expect(sizes.withLock { $0.max() } == SignalPublisher.batchMax)
    }

    @Test(
        "what CloudWatch will not have is dropped and told of, and does not keep the rest waiting",
        arguments: ["InvalidParameterValue", "InvalidParameterCombination", "ValidationError"])
    func refused(_ code: String) {
        let sizes = Mutex<[Int]>([])
        let observer = Noting()
        let publisher = SignalPublisher(Self.settings(), at: 0, events: observer) {
            data throws(AWSError) in
            let isFirst = sizes.withLock { sizes in
                sizes.append(data.count)
                return sizes.count == 1
            }
            guard isFirst else { return }
            var error = AWSError(.refused, "PutMetricData was answered \(code)")
            error.code = code
            throw error
        }
        for time in 1...2 {
            publisher.tick([Self.load(inFlight: 2)], at: Int64(time) * 10_000, wall: Int64(time))
            publisher.drain()
        }
        #expect(sizes.withLock { $0 } == [3, 3])
        #expect(value("data_dropped_total", publisher) == 3)
        #expect(value("data_sent_total", publisher) == 3)
        #expect(value("data_waiting", publisher) == 0)
        #expect(observer.texts == ["PutMetricData was answered \(code); the figures are dropped"])
    }

    @Test("metrics show pools and sources, with help")
    func metrics() {
        var misses = LatencyHistogram()
        misses.record(milliseconds: 1)
        let status = DiscoveryStatus(
            origin: "maps", source: "dns A maps", answeredAt: 0, nextAt: 0, failure: nil,
            warming: 0, draining: 0, answers: 3, failures: 2, ordersFailed: 1)
        let text = exposition(
            poolSamples([Self.load(inFlight: 2, misses: misses)], [status]), [])
        for line in [
            "mapedge_pool_saturation{origin=\"maps\"} 0.25",
            "mapedge_pool_members{origin=\"maps\"} 2",
            "mapedge_pool_miss_seconds{origin=\"maps\",quantile=\"0.95\"} 0.001",
            "mapedge_discovery_failures_total{origin=\"maps\"} 2",
            "mapedge_discovery_order_failures_total{origin=\"maps\"} 1",
        ] {
            #expect(text.contains(line + "\n"), "\(line)")
        }
    }
}

/// Keeps what it is told.
final class Noting: EventObserver {
    private let kept = Mutex<[String]>([])
    func note(_ event: EdgeEvent) { kept.withLock { $0.append(event.text) } }
    var texts: [String] { kept.withLock { $0 } }
}
