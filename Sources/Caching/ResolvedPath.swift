/// A path being put together in memory of the caller, without dot segments (RFC 3986 §5.2).
@safe  // appends nothing that does not fit; only `init` has to trust the caller
struct ResolvedPath {
    private let memory: UnsafeMutableRawBufferPointer
    private(set) var count = 0
    /// Something did not fit.
    private(set) var overflowed = false

    init(_ memory: UnsafeMutableRawBufferPointer) { unsafe self.memory = memory }

    mutating func append(_ bytes: RawSpan) {
        guard unsafe memory.count - count >= bytes.byteCount else {
            overflowed = true
            return
        }
        for offset in 0..<bytes.byteCount { unsafe memory[count + offset] = bytes[offset] }
        count += bytes.byteCount
    }

    mutating func appendSlash() {
        guard unsafe count < memory.count else {
            overflowed = true
            return
        }
        unsafe memory[count] = UInt8(ascii: "/")
        count += 1
    }

    /// `path` up to its last slash, which is included.
    mutating func append(directoryOf path: RawSpan) {
        var end = path.byteCount
        while end > 0, path[end - 1] != UInt8(ascii: "/") { end -= 1 }
        if end == 0 { appendSlash() } else { append(path.extracting(0..<end)) }
    }

    /// Takes `.` and `..` out, in place: the result is never longer.
    mutating func removeDotSegments() {
        var read = 0
        var write = 0
        while read < count {
            var end = read + 1
            while end < count, unsafe memory[end] != UInt8(ascii: "/") { end += 1 }
            let isLast = end == count
            switch dots(read + 1, end) {
            case 1: if isLast { write = put(UInt8(ascii: "/"), at: write) }
            case 2:
                while write > 0, unsafe memory[write - 1] != UInt8(ascii: "/") { write -= 1 }
                write = max(0, write - 1)
                if isLast { write = put(UInt8(ascii: "/"), at: write) }
            default:
                for offset in read..<end { write = put(unsafe memory[offset], at: write) }
            }
            read = end
        }
        count = write
    }

    /// How many dots a segment consists of; 0 when of anything else as well.
    private func dots(_ start: Int, _ end: Int) -> Int {
        for offset in start..<end where unsafe memory[offset] != UInt8(ascii: ".") { return 0 }
        return end - start
    }

    private func put(_ byte: UInt8, at offset: Int) -> Int {
        unsafe memory[offset] = byte
        return offset + 1
    }
}
