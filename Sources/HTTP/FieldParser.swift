/// How the parse of a part of a head ended.
enum PartOutcome {
    /// The part ends before this offset.
    case end(Int)
    /// The bytes end within the part.
    case incomplete
    case rejected(HeadRejection)
}

/// Reads field lines and the empty line behind them from `start`, into an empty table
/// (RFC 9112 §5). No byte at or behind `limit` is looked at.
func parseFields(
    _ bytes: RawSpan, from start: Int, limit: Int, maximum: Int, into table: inout HeaderTable
) -> PartOutcome {
    let names = table.names
    var at = start
    while true {
        guard at &+ 1 < limit else { return .incomplete }
        if bytes.pair(at) == 0x0a0d { return .end(at &+ 2) }
        let colon = colonOffset(bytes, from: at, to: limit)
        guard colon > at else { return nameOutcome(bytes, at, limit) }
        let known = names.field(in: bytes, from: at, to: colon)
        // A name that is a known one needs no second look.
        if known == .other, !isTokenRun(bytes, from: at, to: colon) {
            return nameOutcome(bytes, at, limit)
        }
        var valueStart = colon &+ 1
        while valueStart < limit, isWhitespace(bytes.byte(valueStart)) { valueStart &+= 1 }
        var stop = endOfFieldValue(bytes, from: valueStart, to: limit)
        while stop < limit, bytes.byte(stop) == 0x09 {
            stop = endOfFieldValue(bytes, from: stop &+ 1, to: limit)
        }
        guard stop &+ 1 < limit else { return .incomplete }
        guard bytes.pair(stop) == 0x0a0d else { return .rejected(lineEndRejection(bytes, stop)) }
        var valueEnd = stop
        while valueEnd > valueStart, isWhitespace(bytes.byte(valueEnd &- 1)) { valueEnd &-= 1 }
        guard table.count < maximum,
            table.appendUnshared(
                HeaderField(
                    name: ByteSlice(from: at, to: colon),
                    value: ByteSlice(from: valueStart, to: valueEnd), known: known))
        else { return .rejected(.tooManyFields) }
        at = stop &+ 2
    }
}

/// The longest field name. Longer ones have no honest use, and have overflowed other parsers'
/// counters (CVE-2021-40346).
private let nameBytesMax = 256

/// The offset of the first colon within the longest possible name, else -1. It may lie in a later
/// line; then the bytes before it are no token.
@inline(__always)
private func colonOffset(_ bytes: RawSpan, from start: Int, to limit: Int) -> Int {
    let end = min(limit, start &+ nameBytesMax &+ 1)
    var at = start
    while at &+ 8 <= end {
        let word = bytes.word(at)
        let marked = EightBytes.equal(word, UInt8(ascii: ":")) & ~word & EightBytes.tops
        if marked != 0 { return at &+ EightBytes.first(marked) }
        at &+= 8
    }
    while at < end {
        if bytes.byte(at) == UInt8(ascii: ":") { return at }
        at &+= 1
    }
    return -1
}

@inline(__always)
private func isTokenRun(_ bytes: RawSpan, from start: Int, to end: Int) -> Bool {
    var at = start
    while at < end {
        guard ByteClass.token.contains(bytes.byte(at)) else { return false }
        at &+= 1
    }
    return true
}

/// What is wrong with the name at `start`, once it is known that something is.
private func nameOutcome(_ bytes: RawSpan, _ start: Int, _ limit: Int) -> PartOutcome {
    var at = start
    while at < limit, at - start <= nameBytesMax, ByteClass.token.contains(bytes.byte(at)) {
        at += 1
    }
    if at - start > nameBytesMax { return .rejected(.fieldNameTooLong) }
    guard at < limit else { return .incomplete }
    let stop = bytes.byte(at)
    if isWhitespace(stop) {
        if at == start { return .rejected(.foldedLine) }
        while at < limit, isWhitespace(bytes.byte(at)) { at += 1 }
        let isSpaced = at < limit && bytes.byte(at) == UInt8(ascii: ":")
        return .rejected(isSpaced ? .spaceBeforeColon : .fieldNameMalformed)
    }
    switch stop {
    case UInt8(ascii: ":"): return .rejected(.fieldNameEmpty)
    case 0x0d: return .rejected(.colonMissing)
    case 0x0a: return .rejected(.bareLineFeed)
    default: return .rejected(.fieldNameMalformed)
    }
}

private func lineEndRejection(_ bytes: RawSpan, _ offset: Int) -> HeadRejection {
    switch bytes.byte(offset) {
    case 0x0d: .bareCarriageReturn
    case 0x0a: .bareLineFeed
    default: .controlCharacter
    }
}
