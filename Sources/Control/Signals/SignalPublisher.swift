import Caching
import Dispatch
import Edge
import Reactor
import Synchronization

/// Sends what pools are like to CloudWatch, in the background: what cannot be sent waits for the
/// next time, and is dropped and counted when too much waits, or when CloudWatch will not have it.
final class SignalPublisher: Sendable {
    /// Data in one call. CloudWatch takes 1,000, and a megabyte.
    static let batchMax = 150
    /// Data that wait: an hour of a dozen pools, by the minute.
    static let waitingMax = 3_600

    /// Puts data.
    typealias Putting = @Sendable ([MetricDatum]) throws(AWSError) -> Void

    private struct State {
        var window: SignalWindow
        var waiting: [MetricDatum] = []
        var isSending = false
        var sent: UInt64 = 0
        var failedCalls: UInt64 = 0
        var dropped: UInt64 = 0
        var failure: String?
    }

    let settings: SignalSettings
    let aws: AWSSettings
    private let put: Putting
    private let observer: any EventObserver
    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "control.signals")

    init(
        _ settings: SignalSettings, _ aws: AWSSettings = AWSSettings(), at now: Milliseconds,
        events observer: any EventObserver, put: @escaping Putting
    ) {
        self.settings = settings
        self.aws = aws
        self.put = put
        self.observer = observer
        state = Mutex(State(window: SignalWindow(settings, at: now)))
    }

    /// To AWS itself, or what stands for it.
    convenience init(
        _ settings: SignalSettings, _ aws: AWSSettings, _ resolver: any NameResolver,
        _ observer: any EventObserver
    ) {
        let client = AWSClient(aws, resolver: resolver)
        self.init(settings, aws, at: monotonicMilliseconds(), events: observer) {
            data throws(AWSError) in
            _ = try client.call(
                .cloudWatch, "PutMetricData", MetricDatum.parameters(data, settings))
        }
    }

    /// To be called about once in a second; never waits.
    ///
    /// - Parameters:
    ///   - now: monotonic.
    ///   - wall: in milliseconds since 1970.
    func tick(_ loads: [PoolLoad], at now: Milliseconds, wall: Milliseconds) {
        let begins = state.withLock { state in
            state.window.sample(loads)
            let data = state.window.close(at: now, wall: wall)
            guard !data.isEmpty else { return false }
            state.waiting += data
            let surplus = max(0, state.waiting.count - Self.waitingMax)
            state.waiting.removeFirst(surplus)
            state.dropped += UInt64(surplus)
            defer { state.isSending = true }
            return !state.isSending
        }
        if begins { queue.async { self.send() } }
    }

    /// Sends all that waits, until one call fails for another reason than its data.
    private func send() {
        while true {
            let batch = state.withLock { state in
                let batch = Array(state.waiting.prefix(Self.batchMax))
                if batch.isEmpty { state.isSending = false }
                return batch
            }
            guard !batch.isEmpty else { return }
            var failure: AWSError?
            do throws(AWSError) { try put(batch) } catch { failure = error }
            let isNew = settle(batch, failure)
            if let failure, isNew {
                let end = failure.blamesParameters ? "are dropped" : "wait for the next time"
                observer.note(EdgeEvent(.warning, "signals", "\(failure); the figures \(end)"))
            }
            if let failure, !failure.blamesParameters { return }
        }
    }

    /// Notes what became of a batch; returns whether that is a failure not told of yet.
    private func settle(_ batch: [MetricDatum], _ failure: AWSError?) -> Bool {
        state.withLock { state in
            defer { state.failure = failure?.description }
            if failure != nil { state.failedCalls += 1 }
            guard failure == nil || failure?.blamesParameters == true else {
                state.isSending = false
                return state.failure != failure?.description
            }
            // What was dropped meanwhile stood at the front.
            state.waiting.removeAll { batch.contains($0) }
            guard let failure else {
                state.sent += UInt64(batch.count)
                return false
            }
            // Sent again it would be refused again, and what is behind it would never go.
            state.dropped += UInt64(batch.count)
            return state.failure != failure.description
        }
    }

    /// Waits until nothing is being sent; for tests.
    func drain() { queue.sync {} }

    /// For `/metrics`.
    var samples: [CounterSample] {
        state.withLock { state in
            [
                CounterSample(
                    name: "mapedge_signal_data_sent_total",
                    help: "figures that CloudWatch has taken", kind: .counter,
                    value: Double(state.sent)),
                CounterSample(
                    name: "mapedge_signal_put_failures_total",
                    help: "calls of PutMetricData that failed; see the log for why", kind: .counter,
                    value: Double(state.failedCalls)),
                CounterSample(
                    name: "mapedge_signal_data_dropped_total",
                    help: "figures dropped: too many waited for CloudWatch, or it refused them",
                    kind: .counter,
                    value: Double(state.dropped)),
                CounterSample(
                    name: "mapedge_signal_data_waiting",
                    help: "figures that wait for CloudWatch", kind: .gauge,
                    value: Double(state.waiting.count)),
            ]
        }
    }
}
