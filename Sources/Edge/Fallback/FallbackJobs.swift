import Dispatch
import Synchronization

/// Work that takes milliseconds and that an answer waits for: done beside the loops, a few at a
/// time, and refused when there is too much of it.
final class FallbackJobs: Sendable {
    /// Pages that may be waited for, all loops together.
    static let pagesMax = 256

    private let queues: [DispatchQueue]
    private let count = Atomic<Int>(0)
    private let next = Atomic<Int>(0)
    /// Nothing runs by itself: it is done at once, on the caller's thread.
    private let isStepping: Bool

    init(isStepping: Bool) {
        self.isStepping = isStepping
        queues = (0..<2).map {
            DispatchQueue(label: "mapedge.fallback.\($0)", qos: .userInitiated)
        }
    }

    /// How many are under way.
    var underWay: Int { count.load(ordering: .relaxed) }

    /// Does the work, if fewer than `limit` are under way, and hands its result on.
    func run(
        limit: Int, _ work: @escaping @Sendable () -> [UInt8]?,
        then: @escaping @Sendable ([UInt8]?) -> Void
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
        let queue = next.add(1, ordering: .relaxed).oldValue & Int.max
        queues[queue % queues.count].async {
            let result = work()
            self.count.subtract(1, ordering: .relaxed)
            then(result)
        }
        return true
    }
}
