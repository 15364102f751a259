import CZlib

/// Data in zlib's format (RFC 1950), as PNG keeps its pixels.
///
/// Each call owns zlib's state while it runs (40 KB to read, 260 KB to write) and leaves nothing
/// behind.
public enum Zlib {
    /// Why data is not what it should be.
    public enum Problem: Error, Sendable, Equatable {
        /// It is no zlib data, its checksum is wrong, or it needs a preset dictionary.
        case corrupt
        /// It ends before its end is said.
        case truncated
        /// More comes out than the expected number of bytes.
        case tooLong
        /// Less comes out.
        case tooShort
        /// The allocator gave nothing.
        case memoryLacks
    }

    /// No byte of a deflate stream gives more bytes than this, so that memory is taken only for
    /// what the input can give. Source: zlib's technical details.
    private static let expansionMax = 1_032

    /// Decompresses one stream that lies in several pieces and must give exactly `count` bytes.
    ///
    /// However well the input is compressed, no more than `count` bytes and one are ever held.
    /// Bytes behind the end of the stream are `corrupt`.
    ///
    /// - Parameter pieces: offsets into `bytes`, in the order of the stream.
    public static func inflate(
        _ bytes: RawSpan, pieces: [Range<Int>], count: Int
    ) throws(Problem) -> [UInt8] {
        let given = pieces.reduce(0) { $0 + $1.count }
        guard given > 0 else { throw .truncated }
        guard count / expansionMax <= given else { throw .tooShort }
        let stream = unsafe newStream()
        defer { unsafe stream.deallocate() }
        guard unsafe CZlib_begin_inflate(stream) == Z_OK else { throw .memoryLacks }
        defer { unsafe inflateEnd(stream) }
        // One byte more tells a stream that is too long from one that lacks its end.
        var output = [UInt8](repeating: 0, count: count + 1)
        var produced = 0
        var isEnded = false
        for piece in pieces where !piece.isEmpty {
            guard !isEnded else { throw .corrupt }
            let input = bytes.extracting(piece)
            var consumed = 0
            while consumed < input.byteCount, !isEnded {
                let rest = input.extracting(consumed...)
                let step = unsafe inflateStep(stream, rest, &output, produced)
                consumed += step.consumed
                produced += step.produced
                guard produced <= count else { throw .tooLong }
                switch step.result {
                case Z_STREAM_END: isEnded = true
                case Z_OK: break
                case Z_MEM_ERROR: throw .memoryLacks
                default: throw .corrupt
                }
            }
            guard consumed == input.byteCount else { throw .corrupt }
        }
        guard isEnded else { throw .truncated }
        guard produced == count else { throw .tooShort }
        output.removeLast()
        return output
    }

    /// Compresses `bytes`; `level` goes from 1 (fastest) to 9 (smallest). nil when memory lacks.
    public static func deflate(_ bytes: RawSpan, level: Int) -> [UInt8]? {
        let stream = unsafe newStream()
        defer { unsafe stream.deallocate() }
        guard unsafe CZlib_begin_deflate(stream, Int32(min(max(level, 1), 9))) == Z_OK else {
            return nil
        }
        defer { unsafe deflateEnd(stream) }
        let bound = unsafe Int(deflateBound(stream, UInt(bytes.byteCount)))
        guard bytes.byteCount <= zlibPieceMax, bound <= Int(UInt32.max) else { return nil }
        var isWhole = false
        let output = unsafe [UInt8](unsafeUninitializedCapacity: bound) { room, count in
            unsafe bytes.withUnsafeBytes { input in
                // zlib only reads it.
                unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(
                    mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
                unsafe stream.pointee.avail_in = UInt32(input.count)
                unsafe stream.pointee.next_out = room.baseAddress
                unsafe stream.pointee.avail_out = UInt32(bound)
                isWhole = unsafe CZlib.deflate(stream, Z_FINISH) == Z_STREAM_END
                count = unsafe bound - Int(stream.pointee.avail_out)
            }
        }
        return isWhole ? output : nil
    }

    /// On the heap: zlib's state points back to it.
    private static func newStream() -> UnsafeMutablePointer<z_stream> {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        return unsafe stream
    }

    private static func inflateStep(
        _ stream: UnsafeMutablePointer<z_stream>, _ input: RawSpan, _ output: inout [UInt8],
        _ produced: Int
    ) -> (consumed: Int, produced: Int, result: Int32) {
        let inputCount = min(input.byteCount, zlibPieceMax)
        let roomCount = min(output.count - produced, zlibPieceMax)
        var result: Int32 = Z_OK
        unsafe input.withUnsafeBytes { bytes in
            unsafe output.withUnsafeMutableBufferPointer { room in
                // zlib only reads it.
                unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(
                    mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
                unsafe stream.pointee.avail_in = UInt32(inputCount)
                unsafe stream.pointee.next_out = unsafe room.baseAddress?.advanced(by: produced)
                unsafe stream.pointee.avail_out = UInt32(roomCount)
                result = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
            }
        }
        let consumed = unsafe inputCount - Int(stream.pointee.avail_in)
        let written = unsafe roomCount - Int(stream.pointee.avail_out)
        return (consumed, written, result)
    }
}

/// The checksum of PNG's chunks and of gzip (ISO 3309), of one run of bytes or, by `continuing`
/// with the sum of those before, of several. Allocates nothing.
public func crc32(_ bytes: RawSpan, continuing sum: UInt32 = 0) -> UInt32 {
    unsafe bytes.withUnsafeBytes { bytes in
        guard let start = bytes.baseAddress else { return sum }
        return unsafe UInt32(
            truncatingIfNeeded: crc32_z(
                UInt(sum), start.assumingMemoryBound(to: UInt8.self), bytes.count))
    }
}
