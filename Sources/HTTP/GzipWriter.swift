import CZlib

/// Compresses a stream of bytes into one gzip member (RFC 1952), piece by piece.
///
/// Owns zlib's state, about 260 KB, from its making to its end; a call allocates nothing. To
/// compress many bodies one after another, `reset()` one writer. The output depends on the input,
/// the level and zlib's version only: no time and no name is written.
@safe
public struct GzipWriter: ~Copyable, @unchecked Sendable {  // the state has one owner, this value
    /// What is to happen with the bytes that the compressor still holds.
    public enum Ending: Sendable {
        /// More may follow: it keeps them, to compress better.
        case open
        /// They come out, so that the other side can read all that was written so far. Costs some
        /// compression and about five bytes each time.
        case flushed
        /// They come out, and the trailer behind them.
        case finished

        fileprivate var code: Int32 {
            switch self {
            case .open: Z_NO_FLUSH
            case .flushed: Z_SYNC_FLUSH
            case .finished: Z_FINISH
            }
        }
    }

    /// Into less room nothing is written: zlib would write the end of a flush into it again and
    /// again.
    public static var roomMin: Int { 16 }

    // On the heap: zlib's state points back to it.
    private let stream: UnsafeMutablePointer<z_stream>

    /// `level` goes from 1 (fastest) to 9 (smallest); 6 is the gzip command's. nil when memory
    /// lacks.
    public init?(level: Int) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        guard unsafe CZlib_begin_gzip(stream, Int32(min(max(level, 1), 9))) == Z_OK else {
            unsafe stream.deallocate()
            return nil
        }
    }

    deinit {
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Compresses `input` into `room`, which has at least `roomMin` bytes.
    ///
    /// The step is done when all input was taken, and what `ending` asks for lies in the output.
    /// Until it is, the caller must come again with the same ending. After a finished member
    /// nothing more is taken before `reset()`.
    public mutating func write(
        _ input: RawSpan, _ ending: Ending, into room: UnsafeMutableRawBufferPointer
    ) -> GzipStep {
        guard let target = room.baseAddress, room.count >= Self.roomMin else {
            return GzipStep(consumed: 0, produced: 0, isDone: false)
        }
        let inputCount = min(input.byteCount, zlibPieceMax)
        let roomCount = min(room.count, zlibPieceMax)
        let isWhole = inputCount == input.byteCount
        var result: Int32 = Z_OK
        unsafe input.withUnsafeBytes { bytes in
            // zlib only reads it.
            unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(
                mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
            unsafe stream.pointee.avail_in = UInt32(inputCount)
            unsafe stream.pointee.next_out = unsafe target.assumingMemoryBound(to: UInt8.self)
            unsafe stream.pointee.avail_out = UInt32(roomCount)
            result = unsafe deflate(stream, isWhole ? ending.code : Z_NO_FLUSH)
        }
        let rest = unsafe Int(stream.pointee.avail_in)
        let unused = unsafe Int(stream.pointee.avail_out)
        let isOut =
            switch ending {
            case .finished: result == Z_STREAM_END
            case .open, .flushed: unused > 0
            }
        return GzipStep(
            consumed: inputCount - rest, produced: roomCount - unused,
            isDone: isWhole && rest == 0 && isOut)
    }

    /// Begins a new member, in the same memory.
    public mutating func reset() { unsafe deflateReset(stream) }
}
