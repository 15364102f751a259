import Glibc
import Synchronization

/// A run of body bytes: written once by the fetch's loop, read by any loop afterwards.
@safe  // owns its memory; `count` bounds what is read
final class BodySegment: @unchecked Sendable {  // bytes below a published count never change
    let memory: UnsafeMutableRawPointer
    let capacity: Int
    /// Bytes written; only the fetch's loop looks at it, others see counts under the mutex.
    var count = 0

    init(capacity: Int) {
        self.capacity = capacity
        unsafe memory = .allocate(byteCount: capacity, alignment: 16)
    }

    deinit { unsafe memory.deallocate() }

    var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: memory, count: count) }
}

/// How much memory all fetches in progress hold, against `CacheSettings.fillBytes`.
package final class FillBudget: Sendable {
    private let used = Atomic<Int>(0)
    let limit: Int

    package init(limit: Int) { self.limit = limit }

    func take(_ bytes: Int) { used.add(bytes, ordering: .relaxed) }
    func give(_ bytes: Int) { used.subtract(bytes, ordering: .relaxed) }
    var isExhausted: Bool { used.load(ordering: .relaxed) >= limit }
    package var usedBytes: Int { used.load(ordering: .relaxed) }
}

/// The body of a fetch as far as it has come: segments in order, the earliest possibly let go.
///
/// Guarded by `SharedFetch`'s mutex. Offsets are from the start of the body.
struct FetchBody {
    private(set) var segments: [BodySegment] = []
    /// Published bytes of each segment, by the same index.
    private(set) var counts: [Int] = []
    /// Offset of the first segment still held.
    private(set) var base = 0
    /// Bytes that have come.
    private(set) var total = 0

    /// Room for at least one byte: the last segment's rest, or a new one's.
    mutating func room(expecting rest: Int?, budget: FillBudget) -> UnsafeMutableRawBufferPointer {
        if segments.last.map({ $0.count == $0.capacity }) ?? true {
            // Most bodies of unknown length are small, and may wait for the writer in this memory.
            let growth = segments.isEmpty && rest == nil ? 16_384 : 65_536 << min(segments.count, 4)
            let capacity = max(512, min(rest ?? .max, 1 << 20, growth))
            segments.append(BodySegment(capacity: capacity))
            counts.append(0)
            budget.take(capacity)
        }
        let last = segments[segments.count - 1]
        return unsafe UnsafeMutableRawBufferPointer(
            start: last.memory + last.count, count: last.capacity - last.count)
    }

    /// Publishes bytes that were written to `room`.
    mutating func publish(_ count: Int) {
        let last = segments.count - 1
        segments[last].count += count
        counts[last] = segments[last].count
        total += count
    }

    /// Fills `parts` with what lies from `offset` on; the memory lives until `trim` passes it.
    func gather(
        from offset: Int, into parts: UnsafeMutableBufferPointer<iovec>, limit: Int
    ) -> (parts: Int, bytes: Int) {
        var start = base
        var filled = 0
        var bytes = 0
        for (segment, count) in zip(segments, counts) {
            defer { start += count }
            guard offset + bytes < start + count else { continue }
            guard filled < parts.count, bytes < limit else { break }
            let skip = offset + bytes - start
            let length = min(count - skip, limit - bytes)
            unsafe parts[filled] = unsafe iovec(iov_base: segment.memory + skip, iov_len: length)
            filled += 1
            bytes += length
        }
        return (filled, bytes)
    }

    /// Lets go of whole segments below `offset`; returns their memory in bytes.
    mutating func trim(below offset: Int, budget: FillBudget) {
        while let first = counts.first, base + first <= offset,
            segments[0].count == segments[0].capacity
        {
            budget.give(segments[0].capacity)
            base += first
            segments.removeFirst()
            counts.removeFirst()
        }
    }

    var heldBytes: Int { segments.reduce(0) { $0 + $1.capacity } }
}
