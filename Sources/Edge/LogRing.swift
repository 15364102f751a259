@unsafe @preconcurrency import Dispatch
import Glibc
import Synchronization

/// A byte ring between one loop, which writes lines, and the log writer, which takes them.
///
/// The loop never waits: a line that does not fit is dropped and counted.
@safe  // every index is masked; never freed
package struct LogRing: @unchecked Sendable {  // one producer, one consumer, atomics
    private let memory: UnsafeMutableRawPointer
    private let capacity: Int
    // 0: written, 1: taken, 2: asked to hurry
    private let indices: UnsafeMutablePointer<Atomic<Int>>
    // The writer's; unmanaged, so that copying this retains nothing.
    private let bell: Unmanaged<DispatchSemaphore>
    /// What the loop writes into it.
    let style: LineStyle

    init(capacity requested: Int, style: LineStyle, bell: DispatchSemaphore) {
        self.style = style
        unsafe self.bell = unsafe .passUnretained(bell)
        let size = 1 << (Int.bitWidth - max(requested - 1, 4_095).leadingZeroBitCount)
        capacity = size
        unsafe memory = .allocate(byteCount: size, alignment: 64)
        unsafe indices = .allocate(capacity: 3)
        for index in 0..<3 { unsafe (indices + index).initialize(to: Atomic(0)) }
    }

    /// Copies a whole line in; false when there is no room. Called by the loop only.
    @inline(__always)
    func push(_ line: UnsafeRawBufferPointer) -> Bool {
        let written = unsafe indices[0].load(ordering: .relaxed)
        let taken = unsafe indices[1].load(ordering: .acquiring)
        guard line.count <= capacity - (written - taken), let source = line.baseAddress else {
            return false
        }
        let start = written & (capacity - 1)
        let first = min(line.count, capacity - start)
        unsafe memcpy(memory + start, source, first)
        if first < line.count { unsafe memcpy(memory, source + first, line.count - first) }
        unsafe indices[0].store(written + line.count, ordering: .releasing)
        if written - taken > capacity / 2, unsafe indices[2].load(ordering: .relaxed) == 0 {
            unsafe indices[2].store(1, ordering: .relaxed)
            unsafe bell._withUnsafeGuaranteedRef { _ = $0.signal() }
        }
        return true
    }

    /// Bytes that wait.
    var waiting: Int {
        unsafe indices[0].load(ordering: .acquiring) - indices[1].load(ordering: .acquiring)
    }

    /// Hands out the waiting bytes, in at most two pieces, while they are taken. Called by the
    /// writer only.
    ///
    /// - Parameter take: says how many bytes of a piece it is done with; 0 ends it, and the rest
    ///   waits.
    func drain(_ take: (UnsafeRawBufferPointer) -> Int) {
        unsafe indices[2].store(0, ordering: .relaxed)
        let written = unsafe indices[0].load(ordering: .acquiring)
        var taken = unsafe indices[1].load(ordering: .relaxed)
        while taken < written {
            let start = taken & (capacity - 1)
            let count = min(written - taken, capacity - start)
            let done = unsafe take(UnsafeRawBufferPointer(start: memory + start, count: count))
            if done == 0 { return }
            taken += done
            unsafe indices[1].store(taken, ordering: .releasing)
        }
    }
}
