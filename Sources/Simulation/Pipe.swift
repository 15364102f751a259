import Glibc

/// One direction of a simulated connection: bytes under way, bytes that have come and wait to be
/// read, and the end of the stream behind them.
struct Pipe {
    /// Bytes that may be under way or unread, all together: a socket's two buffers.
    let capacity: Int
    /// Bytes under way.
    var transit = 0
    /// When what was sent last arrives; nothing overtakes.
    var lastArrival: UInt64 = 0
    /// All bytes that were ever read.
    private(set) var taken = 0
    /// All bytes that were ever accepted.
    var accepted = 0
    /// The sender said that it sends no more.
    var isEnding = false
    /// Whoever reads has been told so, or will be once nothing is unread.
    var hasEnded = false
    private var bytes: [UInt8] = []
    private var start = 0

    init(capacity: Int) { self.capacity = capacity }

    var unread: Int { bytes.count - start }
    var room: Int { max(0, capacity - transit - unread) }

    mutating func arrive(_ more: [UInt8]) {
        transit -= more.count
        if start == bytes.count {
            bytes = more
            start = 0
        } else {
            bytes += more
        }
    }

    /// Reads as much as is there and fits.
    mutating func take(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, unread)
        unsafe bytes.withUnsafeBytes {
            unsafe buffer.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: $0[start..<start + count]))
        }
        start += count
        taken += count
        return count
    }

    mutating func take(_ limit: Int) -> [UInt8] {
        let count = min(limit, unread)
        let piece = Array(bytes[start..<start + count])
        start += count
        taken += count
        return piece
    }

    /// What is unread is lost.
    mutating func discard() {
        bytes = []
        start = 0
    }
}
