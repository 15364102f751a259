import Dispatch
import Synchronization

/// Work that takes milliseconds and that an answer waits for: done beside the loops, a few at a
/// time, and refused when there is too much of it.
final class FallbackJobs: Sendable {
    /// Pages that may be waited for, all loops together.
    static let pagesMax = 256

    private let queues: [DispatchQueue]
    private let turn = Atomic<Int>(0)
    private let count = Atomic<Int>(0)
    /// Nothing runs by itself: it is done at once, on the caller's thread.
    private let isStepping: Bool

    /// - Parameter width: how many are done at the same time.
    init(_ name: String, isStepping: Bool, width: Int = 1) {
        self.isStepping = isStepping
        queues = (0..<width).map { _ in
            DispatchQueue(label: "edge.fallback.\(name)", qos: .userInitiated)
        }
    }

    /// How many are under way.
    var underWay: Int { count.load(ordering: .relaxed) }

    /// Does the work, if fewer than `limit` are under way, and hands its result on.
    func run<Result>(
        limit: Int, _ work: @escaping @Sendable () -> Result,
        then: @escaping @Sendable (Result) -> Void
    ) -> Bool {
        guard count.add(1, ordering: .relaxed).oldValue < limit else {
            count.subtract(1, ordering: .relaxed)
            return false
        }
        if isStepping {
            let result = work()
            count.subtract(1, ordering: .relaxed)
            then(result)
            return true
        }
        let next = turn.add(1, ordering: .relaxed).oldValue
        queues[next % queues.count].async {
            let result = work()
            self.count.subtract(1, ordering: .relaxed)
            then(result)
        }
        return true
    }
}
