import Caching
import Dispatch
import Edge
import Reactor
import Synchronization

/// Sends what pools are like to CloudWatch, in the background: what cannot be sent waits for the
/// next time, and is dropped and counted when too much waits.
final class SignalPublisher: Sendable {
    /// Data in one call. CloudWatch takes 1,000, and a megabyte.
    static let batchMax = 150
    /// Data that wait: an hour of a dozen pools, by the minute.
    static let waitingMax = 3_600

    /// Puts data; returns why it could not.
    typealias Putting = @Sendable ([MetricDatum]) -> String?

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
        self.init(settings, aws, at: monotonicMilliseconds(), events: observer) { data in
            do throws(AWSError) {
                _ = try client.call(
                    .cloudWatch, "PutMetricData", MetricDatum.parameters(data, settings))
                return nil
            } catch {
                return error.description
            }
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

    /// Sends all that waits, until one call fails.
    private func send() {
        while true {
            let batch = state.withLock { state in
                let batch = Array(state.waiting.prefix(Self.batchMax))
                if batch.isEmpty { state.isSending = false }
                return batch
            }
            guard !batch.isEmpty else { return }
            let failure = put(batch)
            let isNew = state.withLock { state in
                defer { state.failure = failure }
                guard let failure else {
                    state.sent += UInt64(batch.count)
                    // What was dropped meanwhile stood at the front.
                    state.waiting.removeAll { batch.contains($0) }
                    return false
                }
                state.failedCalls += 1
                state.isSending = false
                return state.failure != failure
            }
            guard let failure else { continue }
            if isNew {
                observer.note(
                    EdgeEvent(.warning, "signals", "\(failure); the figures wait for the next time")
                )
            }
            return
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
                    help: "figures dropped since too many waited for CloudWatch", kind: .counter,
                    value: Double(state.dropped)),
                CounterSample(
                    name: "mapedge_signal_data_waiting",
                    help: "figures that wait for CloudWatch", kind: .gauge,
                    value: Double(state.waiting.count)),
            ]
        }
    }
}
