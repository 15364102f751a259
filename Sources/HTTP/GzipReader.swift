import CZlib

/// Reads gzip (RFC 1952) piece by piece: one member, or several one behind the other, as a log
/// has them that was written batch by batch.
///
/// Owns zlib's state, about 40 KB; a call allocates nothing. However well the input is
/// compressed, no more comes out than the limit and the room of each call allow.
@safe
public struct GzipReader: ~Copyable, @unchecked Sendable {  // the state has one owner, this value
    private enum Place { case start, member, between }

    // On the heap: zlib's state points back to it.
    private let stream: UnsafeMutablePointer<z_stream>
    private var place = Place.start
    private var left: Int

    /// `limit` is the most bytes that may come out, all members together. nil when memory lacks.
    public init?(limit: Int) {
        left = max(0, limit)
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        guard unsafe CZlib_begin_gunzip(stream) == Z_OK else {
            unsafe stream.deallocate()
            return nil
        }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Whether what was read so far is whole: at least one member, and none begun.
    public var isComplete: Bool { place == .between }

    /// Decompresses `input` into `room`, at most to the end of one member.
    ///
    /// The step is done when all input was taken and nothing of it waits for room: then more
    /// input is needed, or `isComplete` says that this was all. Zero bytes behind a member are
    /// skipped, as the gzip command does.
    ///
    /// - Throws: `GzipError`; after that the reader must not be used. What it put into `room`
    ///   before is not vouched for.
    public mutating func read(
        _ input: RawSpan, into room: UnsafeMutableRawBufferPointer
    ) throws(GzipError) -> GzipStep {
        var skipped = 0
        if place == .between {
            while skipped < input.byteCount, input.byte(skipped) == 0 { skipped += 1 }
            if skipped == input.byteCount {
                return GzipStep(consumed: skipped, produced: 0, isDone: true)
            }
            unsafe inflateReset(stream)
            place = .start
        }
        var step = unsafe try inflate(input.extracting(skipped...), room)
        step.consumed += skipped
        return step
    }

    private mutating func inflate(
        _ input: RawSpan, _ room: UnsafeMutableRawBufferPointer
    ) throws(GzipError) -> GzipStep {
        guard let target = room.baseAddress, unsafe !room.isEmpty else {
            return GzipStep(consumed: 0, produced: 0, isDone: false)
        }
        if left > 0 { return unsafe try step(input, target, min(room.count, left)) }
        // At the limit: the trailer may come, but not one more byte.
        var beyond: UInt8 = 0
        let step = unsafe try withUnsafeMutableBytes(of: &beyond) {
            byte throws(GzipError) -> GzipStep in
            guard let base = byte.baseAddress else { throw .overLimit }
            return unsafe try self.step(input, base, 1)
        }
        if step.produced > 0 { throw .overLimit }
        return step
    }

    private mutating func step(
        _ input: RawSpan, _ target: UnsafeMutableRawPointer, _ room: Int
    ) throws(GzipError) -> GzipStep {
        let inputCount = min(input.byteCount, zlibPieceMax)
        let roomCount = min(room, zlibPieceMax)
        var result: Int32 = Z_OK
        unsafe input.withUnsafeBytes { bytes in
            // zlib only reads it.
            unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(
                mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
            unsafe stream.pointee.avail_in = UInt32(inputCount)
            unsafe stream.pointee.next_out = unsafe target.assumingMemoryBound(to: UInt8.self)
            unsafe stream.pointee.avail_out = UInt32(roomCount)
            result = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
        }
        let consumed = unsafe inputCount - Int(stream.pointee.avail_in)
        let produced = unsafe roomCount - Int(stream.pointee.avail_out)
        left -= min(left, produced)
        switch result {
        case Z_STREAM_END: place = .between
        case Z_OK, Z_BUF_ERROR:
            if consumed > 0 { place = .member }
        default: throw unsafe stream.pointee.total_out == 0 && isHeaderError ? .notGzip : .corrupt
        }
        return GzipStep(
            consumed: consumed, produced: produced,
            isDone: consumed == input.byteCount
                && (result == Z_STREAM_END || produced < roomCount))
    }

    /// zlib tells one mistake from another by words only.
    private var isHeaderError: Bool {
        guard let message = unsafe stream.pointee.msg else { return false }
        let words: StaticString = "incorrect header check"
        for index in 0..<words.utf8CodeUnitCount
        where unsafe UInt8(bitPattern: message[index]) != words.utf8Start[index] { return false }
        return true
    }
}
