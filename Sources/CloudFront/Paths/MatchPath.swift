import HTTP

/// The path as patterns see it: unreserved bytes decoded, slashes merged, dot segments resolved.
///
/// Made for choosing a behavior, and for keys that are to have it; the origin gets the path as it
/// came. Source: CloudFront, "Path pattern" (normalisation by RFC 3986 §6); which escapes are
/// decoded it does not say.
public enum MatchPath {
    /// Which percent-encoded bytes count as themselves.
    public enum Decoding: String, Sendable, CaseIterable {
        /// None.
        case none
        /// Letters, digits, `-`, `.`, `_` and `~` (RFC 3986 §2.3), so that no encoded slash
        /// becomes one.
        case unreserved
        /// All, slashes and stars as well.
        case all
    }

    /// Whether `write` would change anything; nearly every path needs nothing.
    ///
    /// False alarms such as `/.well-known` cost a copy.
    public static func needsNormalizing(_ path: RawSpan) -> Bool { !isPlainPath(path) }

    /// Writes the normal form, which is never longer than the path; nil when it does not fit.
    public static func write(
        _ path: RawSpan, into memory: UnsafeMutableRawBufferPointer,
        decoding: Decoding = .unreserved
    ) -> Int? {
        guard memory.count >= path.byteCount else { return nil }
        var count = 0
        var at = 0
        while at < path.byteCount {
            let (byte, width) = PercentCoding.decoded(path, at: at)
            if width == 3, unsafe !isDecoded(byte, decoding) || completesEscape(byte, memory, count)
            {
                for offset in at..<at + 3 { unsafe memory[count + offset - at] = path[offset] }
                count += 3
            } else if byte != UInt8(ascii: "/") {
                unsafe memory[count] = byte
                count += 1
            } else {
                count = unsafe closeSegment(memory, count)
            }
            at += width
        }
        return unsafe closeLast(memory, count)
    }

    private static func isDecoded(_ byte: UInt8, _ decoding: Decoding) -> Bool {
        switch decoding {
        case .none: false
        case .unreserved: isUnreserved(byte)
        case .all: true
        }
    }

    /// Whether a byte would make an escape with a `%` that began none, as in `%%34%31`: such a one
    /// stays encoded, so that the normal form is its own normal form.
    private static func completesEscape(
        _ byte: UInt8, _ memory: UnsafeMutableRawBufferPointer, _ count: Int
    ) -> Bool {
        let percent = UInt8(ascii: "%")
        guard hexadecimalDigit(byte) != nil else { return false }
        if count > 0, unsafe memory[count - 1] == percent { return true }
        guard count > 1, unsafe memory[count - 2] == percent else { return false }
        return unsafe hexadecimalDigit(memory[count - 1]) != nil
    }

    /// RFC 3986 §2.3.
    static func isUnreserved(_ byte: UInt8) -> Bool {
        if isDigit(byte) || lowercased(byte) &- 0x61 < 26 { return true }
        return byte == 0x2d || byte == 0x2e || byte == 0x5f || byte == 0x7e
    }

    /// A slash: the segment before it is kept, dropped or drops another. Says how long the path
    /// is with the slash.
    private static func closeSegment(_ memory: UnsafeMutableRawBufferPointer, _ count: Int) -> Int {
        let start = unsafe segmentStart(memory, count)
        switch unsafe dots(memory, start, count) {
        case 1: return start
        case 2: return unsafe parent(memory, start)
        default:
            if count > 0, start == count { return count }
            unsafe memory[count] = UInt8(ascii: "/")
            return count + 1
        }
    }

    /// At the end a dot segment leaves the slash before it.
    private static func closeLast(_ memory: UnsafeMutableRawBufferPointer, _ count: Int) -> Int {
        let start = unsafe segmentStart(memory, count)
        switch unsafe dots(memory, start, count) {
        case 1: return start
        case 2: return unsafe parent(memory, start)
        default: return count
        }
    }

    /// Where the segment before the one at `start` begins; above the root is the root.
    private static func parent(_ memory: UnsafeMutableRawBufferPointer, _ start: Int) -> Int {
        start == 0 ? 0 : max(unsafe segmentStart(memory, start - 1), 1)
    }

    /// Where the segment that ends at `end` begins: behind the slash before it.
    private static func segmentStart(_ memory: UnsafeMutableRawBufferPointer, _ end: Int) -> Int {
        var start = end
        while start > 0, unsafe memory[start - 1] != UInt8(ascii: "/") { start -= 1 }
        return start
    }

    private static func dots(
        _ memory: UnsafeMutableRawBufferPointer, _ start: Int, _ end: Int
    ) -> Int {
        for offset in start..<end where unsafe memory[offset] != UInt8(ascii: ".") { return 0 }
        return end - start
    }
}
