/// Where the search for the end of a head stands, while its bytes still arrive.
///
/// One per connection, sixteen bytes, made anew for each message. It remembers how far the bytes
/// are known to be in order, so that a head arriving byte by byte is read twice, not n times; and
/// it refuses what no head may contain as soon as that is seen, however slow the rest.
public struct HeadScan: Sendable {
    /// Bytes from the start that have been looked at and are in order.
    private(set) var position = 0
    /// Where the line in progress begins.
    private var lineStart: UInt16 = 0
    /// Where the start line begins: 0, or 2 behind an ignored empty line.
    private(set) var headStart: UInt16 = 0
    private var hasStartLine = false

    /// A search that has seen nothing.
    public init() {}

    /// What the start line may be made of, and who judges it.
    enum StartLine {
        case request(lineBytes: Int)
        /// The reason phrase may hold anything but CR, LF and NUL.
        case status
    }

    /// What the next stretch of bytes brought.
    enum Finding {
        case needMore
        /// The start line is complete: `start..<end`, without its CRLF.
        case startLine(Range<Int>)
        /// The empty line is complete; the head has so many bytes.
        case end(Int)
        case rejected(HeadRejection)
    }

    /// Goes on until something is found. `limit` bytes at most belong to the head.
    mutating func advance(_ bytes: RawSpan, limit: Int, _ kind: StartLine) -> Finding {
        let end = min(bytes.byteCount, limit)
        while true {
            if let rejection = skipOrdinaryBytes(bytes, end, kind) { return .rejected(rejection) }
            guard position + 1 < end else { break }
            // A CR: everything else that stops the skipping is an error.
            guard bytes.byte(position + 1) == 0x0a else { return .rejected(.bareCarriageReturn) }
            let line = Int(lineStart)..<position
            position += 2
            lineStart = UInt16(truncatingIfNeeded: position)
            if !line.isEmpty {
                if hasStartLine { continue }
                hasStartLine = true
                return .startLine(line)
            }
            if hasStartLine { return .end(position) }
            guard case .request = kind, headStart == 0 else { return .rejected(.emptyLine) }
            headStart = 2
        }
        return bytes.byteCount >= limit ? .rejected(.headTooLarge) : .needMore
    }

    /// Moves to the next CR or to the end; says what byte must not be here.
    private mutating func skipOrdinaryBytes(
        _ bytes: RawSpan, _ end: Int, _ kind: StartLine
    ) -> HeadRejection? {
        var stop = end
        var isStatusLine = false
        if !hasStartLine {
            switch kind {
            case .request(let lineBytes): stop = min(end, Int(lineStart) + lineBytes)
            case .status: isStatusLine = true
            }
        }
        while position < stop {
            position = endOfFieldValue(bytes, from: position, to: stop)
            guard position < stop else { break }
            switch bytes.byte(position) {
            case 0x0d: return nil
            case 0x0a: return .bareLineFeed
            case 0x09: position += 1
            case 0x00: return .controlCharacter
            default:
                guard isStatusLine else { return .controlCharacter }
                position += 1
            }
        }
        return stop < end ? .targetTooLong : nil
    }
}

/// The offset of the first byte in `start..<end` that is a control character, tabs included, or
/// `end`. Eight bytes a step.
@inline(__always)
func endOfFieldValue(_ bytes: RawSpan, from start: Int, to end: Int) -> Int {
    var at = start
    while at &+ 8 <= end {
        let word = bytes.word(at)
        let below = word &- EightBytes.all(0x20)
        let marked = (below | EightBytes.equal(word, 0x7f)) & ~word & EightBytes.tops
        if marked != 0 { return at &+ EightBytes.first(marked) }
        at &+= 8
    }
    while at < end {
        let byte = bytes.byte(at)
        if byte < 0x20 || byte == 0x7f { return at }
        at &+= 1
    }
    return end
}
