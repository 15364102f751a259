import CLinux
import Dispatch
import Glibc

/// Runs a loop on a thread of its own: the block of a serial queue, which may hold its thread for
/// as long as it likes.
///
/// - Parameters:
///   - name: of the queue and, cut to 15 bytes, of the thread.
///   - processor: the only one to run on; nil leaves it to the kernel.
///   - body: the loop. What it owns is born in it.
/// - Returns: what to wait on for the loop's end.
public func runLoop(
    named name: String, on processor: Int?, _ body: @escaping @Sendable () -> Void
) -> LoopThread {
    let ended = DispatchGroup()
    DispatchQueue(label: name).async(group: ended) {
        nameThisThread(name)
        let before = ProcessorSet.ofThisThread()
        if let processor { ProcessorSet([processor]).applyToThisThread() }
        body()
        // Dispatch gives the thread to others, who did not ask to be held to one processor.
        if processor != nil { before.applyToThisThread() }
    }
    return LoopThread(ended: ended)
}

/// A loop that was started by ``runLoop(named:on:_:)``.
public struct LoopThread: Sendable {
    fileprivate let ended: DispatchGroup

    /// Blocks until the loop's body has returned.
    public func join() {
        ended.wait()
    }
}

/// The processors that this process may use, by number, ascending; at least one.
public func allowedProcessors() -> [Int] {
    ProcessorSet.ofThisThread().numbers
}

/// The kernel keeps 15 bytes of a thread's name, and refuses more.
private func nameThisThread(_ name: String) {
    var end = name.endIndex
    while name.utf8.distance(from: name.startIndex, to: end) > 15 {
        end = name.index(before: end)
    }
    _ = unsafe pthread_setname_np(pthread_self(), String(name[..<end]))
}

/// Up to 1,024 processors, in the layout of `cpu_set_t`.
private struct ProcessorSet {
    private var words = InlineArray<16, UInt>(repeating: 0)

    init(_ numbers: [Int]) {
        for number in numbers where (0..<1_024).contains(number) {
            words[number / 64] |= 1 << UInt(number % 64)
        }
    }

    static func ofThisThread() -> ProcessorSet {
        var set = cpu_set_t()
        var result = ProcessorSet([])
        guard unsafe sched_getaffinity(0, UInt(MemoryLayout<cpu_set_t>.size), &set) == 0 else {
            return ProcessorSet([0])
        }
        unsafe withUnsafeBytes(of: set) { bytes in
            for index in 0..<16 {
                result.words[index] = unsafe bytes.load(fromByteOffset: index * 8, as: UInt.self)
            }
        }
        return result
    }

    /// A processor that is gone meanwhile is no reason not to serve: the kernel then chooses.
    func applyToThisThread() {
        var set = cpu_set_t()
        unsafe withUnsafeMutableBytes(of: &set) { bytes in
            for index in 0..<16 {
                unsafe bytes.storeBytes(of: words[index], toByteOffset: index * 8, as: UInt.self)
            }
        }
        _ = unsafe sched_setaffinity(0, UInt(MemoryLayout<cpu_set_t>.size), &set)
    }

    var numbers: [Int] {
        (0..<1_024).filter { words[$0 / 64] >> UInt($0 % 64) & 1 == 1 }
    }
}
