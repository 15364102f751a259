import Caching
import HTTP
import Reactor

extension Server {
    /// Says what would be done with a request of a viewer on this machine, and does none of it.
    ///
    /// Reads the store as loops do, in snapshots of microseconds, and up to 200,000 index records
    /// for near misses: tens of milliseconds. For threads beside the loops.
    ///
    /// - Parameters:
    ///   - request: one head, with its empty line.
    ///   - usesTLS: as if it had come over TLS.
    /// - Throws: `ExplainError` when it is no request head, or with the answer's status.
    public func explain(
        _ request: [UInt8], usesTLS: Bool = false
    ) throws(ExplainError) -> Explanation {
        let explainer = Explainer(shared, snapshot, now: clock.now)
        return try explainer.explain(request, usesTLS: usesTLS)
    }
}

/// Why a request cannot be explained.
public struct ExplainError: Error, CustomStringConvertible, Equatable {
    public let description: String

    public init(_ description: String) { self.description = description }
}

/// What explains requests: a loop's state made for each, with a network that reaches nobody.
struct Explainer {
    /// Index records looked at for near misses.
    static var scanLimit: Int { 200_000 }

    private let shared: EdgeShared
    private let snapshot: SettingsSnapshot
    private let now: Milliseconds

    init(_ shared: EdgeShared, _ snapshot: SettingsSnapshot, now: Milliseconds) {
        self.shared = shared
        self.snapshot = snapshot
        self.now = now
    }

    func explain(
        _ request: [UInt8], usesTLS: Bool, viewer: SocketAddress = .loopback(port: 0)
    ) throws(ExplainError) -> Explanation {
        var settings = snapshot.settings
        settings.limits.connectionsPerLoop = 1
        // The pools stay those in force, and their health with them.
        let alone = SettingsSnapshot(settings, previous: snapshot)
        var loop = LoopState(
            network: InertNetwork(
                wallNow: now, monotonicNow: UInt64(monotonicMilliseconds()) * 1_000_000), index: 0,
            shared: shared, snapshot: alone,
            counters: LoopCounters(), latencies: LoopLatencies(), log: nil)
        guard shared.store == nil || loop.reader != nil else {
            throw ExplainError("too many read the store at this moment; try again")
        }
        var connection = ViewerConnection(
            fd: -1, address: viewer, isTrusted: loop.trusts(viewer), phase: .reading)
        connection.speaksTLS = usesTLS
        guard let slot = loop.viewers.insert(connection) else {
            throw ExplainError("no room to explain anything")
        }
        var scan = HeadScan()
        let result = unsafe parseRequest(
            request.span.bytes, &scan, limits: settings.viewerLimits.head, into: &loop.head)
        switch result {
        case .complete: break
        case .needMore: throw ExplainError("the request head has no end")
        case .rejected(let rejection):
            throw ExplainError(
                "such a request is answered with \(rejection.status): \(rejection.reason)")
        }
        return unsafe request.withUnsafeBytes {
            unsafe loop.explain(slot.index, $0, scanLimit: Self.scanLimit)
        }
    }
}
