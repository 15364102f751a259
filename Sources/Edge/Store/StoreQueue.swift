import Caching
import Synchronization

/// What the writer is asked to do, with its place in the order of all operations.
struct Operation: Sendable {
    enum Work: Sendable {
        case put(PendingObject)
        case delete(Deletion)
    }

    var number: UInt64
    var work: Work

    var key: CacheKey {
        switch work {
        case .put(let object): object.key
        case .delete(let deletion): deletion.key
        }
    }

    /// What it weighs in the backlog, in bytes.
    var cost: Int {
        switch work {
        case .put(let object): object.cost
        case .delete: Deletion.cost
        }
    }
}

/// An entry to be deleted, and who wants to know when it is gone for good.
struct Deletion: Sendable {
    var key: CacheKey
    /// Called with whether the deletion is on disk.
    var whenDurable: (@Sendable (Bool) -> Void)?

    static let cost = 256
}

/// The operations that wait for the writer, in order; bounded in bytes.
final class StoreQueue: Sendable {
    private struct State {
        var operations: [Operation] = []
        var lastNumber: UInt64 = 0
        var isClosed = false
    }

    private let state = Mutex(State())
    private let bytes = Atomic<Int>(0)
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Bytes of all operations that are not done yet.
    var backlog: Int { bytes.load(ordering: .relaxed) }

    /// Whether an operation of this size finds room.
    func hasRoom(_ cost: Int, reserve: Int = 0) -> Bool {
        backlog + cost <= limit + reserve
    }

    /// Queues; returns the operation's number, nil after the queue was closed.
    func append(_ work: Operation.Work) -> UInt64? {
        state.withLock { state in
            guard !state.isClosed else { return nil }
            state.lastNumber += 1
            let operation = Operation(number: state.lastNumber, work: work)
            bytes.add(operation.cost, ordering: .relaxed)
            state.operations.append(operation)
            return state.lastNumber
        }
    }

    /// Moves all that waits behind `waiting`.
    func take(into waiting: inout [Operation]) {
        state.withLock { state in
            if waiting.isEmpty {
                swap(&waiting, &state.operations)
            } else {
                waiting.append(contentsOf: state.operations)
                state.operations.removeAll(keepingCapacity: true)
            }
        }
    }

    /// An operation is done, whatever became of it.
    func finish(_ operation: Operation) { bytes.subtract(operation.cost, ordering: .relaxed) }

    /// Takes no more operations.
    func close() { state.withLock { $0.isClosed = true } }
}
