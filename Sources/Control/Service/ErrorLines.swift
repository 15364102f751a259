import Dispatch
import Glibc
import Reactor
import Synchronization

/// Lines on their way to standard error, which a thread of their own writes.
///
/// Whoever says something goes on at once, whether anybody reads or not: loops say things too. Once
/// a line finds no room, it and those behind it are dropped and counted, until what waited has been
/// written; then their number is told. Lines keep their order.
final class ErrorLines: Sendable {
    private struct State {
        var waiting: [UInt8] = []
        /// Since the writer last took what waited.
        var dropped = 0
        var droppedInAll: UInt64 = 0
        var isWriting = false
    }

    /// Bytes that may wait.
    static let capacity = 262_144

    private let output: PatientOutput
    private let gap: @Sendable (Int) -> String
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "control.events")

    /// - Parameters:
    ///   - descriptor: outlives this object.
    ///   - gap: the line that stands for so many that were dropped.
    init(to descriptor: Int32, gap: @escaping @Sendable (Int) -> String) {
        output = PatientOutput(descriptor)
        self.gap = gap
    }

    /// Lines that were dropped, or that nobody could be told.
    var droppedLines: UInt64 { state.withLock { $0.droppedInAll } }

    func add(_ text: String) {
        let line = errorLine(text)
        let begins = state.withLock { state in
            guard state.dropped == 0, state.waiting.count + line.count <= Self.capacity else {
                state.dropped += 1
                state.droppedInAll += 1
                return false
            }
            state.waiting += line
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if begins { queue.async { self.writeAll() } }
    }

    /// Returns when all that was said is written, or when the time is over.
    func flush(within limit: Duration) {
        let done = DispatchSemaphore(value: 0)
        queue.async { done.signal() }
        let milliseconds = Int(limit / .milliseconds(1))
        _ = done.wait(timeout: .now() + .milliseconds(milliseconds))
    }

    private func writeAll() {
        while let batch = nextBatch() {
            var rest = batch[...]
            while !rest.isEmpty {
                switch unsafe rest.withUnsafeBytes({ unsafe output.write($0, within: 1_000) }) {
                case .wrote(let count): rest = rest.dropFirst(count)
                case .full: continue
                case .refused:
                    let lines = rest.count { $0 == 10 }
                    state.withLock { $0.droppedInAll += UInt64(lines) }
                    rest = []
                }
            }
        }
    }

    // nil: all is written.
    private func nextBatch() -> [UInt8]? {
        state.withLock { state in
            var batch = state.waiting
            state.waiting = []
            if state.dropped > 0 { batch += errorLine(gap(state.dropped)) }
            state.dropped = 0
            state.isWriting = !batch.isEmpty
            return batch.isEmpty ? nil : batch
        }
    }
}

/// Control characters are replaced: what a peer sent must not forge a second line.
func errorLine(_ text: String) -> [UInt8] {
    text.utf8.map { $0 < 32 || $0 == 127 ? UInt8(ascii: " ") : $0 } + [10]
}

/// Writes one line to standard error in one call, so that lines of several threads stay whole, and
/// waits for whoever reads it: for commands, which have nothing else to do.
public func writeErrorLine(_ text: String) {
    var rest = errorLine(text)[...]
    while !rest.isEmpty {
        let count = unsafe rest.withUnsafeBytes {
            unsafe write(STDERR_FILENO, $0.baseAddress, $0.count)
        }
        if count < 0, errno != EINTR { return }
        rest = rest.dropFirst(max(count, 0))
    }
}
