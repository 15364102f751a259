import Glibc

/// A body too large to keep: what its byte at any position is.
///
/// Repeats after a prime number of bytes, so that a piece at a wrong place shows.
public enum Pattern {
    private static let period = 65_521
    /// Two periods, so that a whole one can be taken from any place in the first.
    private static let block: [UInt8] = {
        var state: UInt32 = 1
        let once = (0..<period).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(truncatingIfNeeded: state >> 24)
        }
        return once + once
    }()

    /// The bytes from a position on, at most 65,521 of them.
    public static func bytes(at position: Int, _ count: Int) -> [UInt8] {
        let start = position % period
        return Array(block[start..<(start + min(count, period))])
    }

    /// Whether `bytes` are those from a position on.
    static func matches(_ bytes: ArraySlice<UInt8>, at position: Int) -> Bool {
        var position = position
        var bytes = bytes
        while !bytes.isEmpty {
            let piece = bytes.prefix(period)
            let start = position % period
            let isEqual =
                piece.withUnsafeBytes { got in
                    block.withUnsafeBytes {
                        memcmp($0.baseAddress! + start, got.baseAddress!, got.count)
                    }
                } == 0
            guard isEqual else { return false }
            position += piece.count
            bytes = bytes.dropFirst(piece.count)
        }
        return true
    }

    /// Sends `count` bytes of it.
    public static func send(_ count: Int, to socket: Socket) throws {
        var at = 0
        while at < count {
            let piece = bytes(at: at, count - at)
            try socket.send(piece)
            at += piece.count
        }
    }
}
