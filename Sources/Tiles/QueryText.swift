import HTTP

/// A name or value inside a query string, compared and read as the server will: with `%xx`
/// decoded and `+` taken for a space. Also a segment of a path, where `+` is itself.
///
/// Offsets only; the bytes are the caller's and are passed to each call. Nothing allocates, and
/// each call is linear in the length of the text.
struct QueryText {
    // Half the size of `Int`, since tables of these are made for each request.
    private var start32: UInt32
    private var end32: UInt32
    /// No `%` or `+` occurs, so that the bytes need no decoding.
    var isPlain: Bool
    /// The offsets count in the target's path, not in its query.
    var isInPath: Bool

    @inline(__always)
    init(start: Int, end: Int, isPlain: Bool = false, isInPath: Bool = false) {
        (start32, end32) = (UInt32(truncatingIfNeeded: start), UInt32(truncatingIfNeeded: end))
        (self.isPlain, self.isInPath) = (isPlain, isInPath)
    }

    @inline(__always)
    var start: Int {
        get { Int(start32) }
        set { start32 = UInt32(truncatingIfNeeded: newValue) }
    }

    @inline(__always)
    var end: Int {
        get { Int(end32) }
        set { end32 = UInt32(truncatingIfNeeded: newValue) }
    }

    static let empty = QueryText(start: 0, end: 0)

    var isEmpty: Bool { start >= end }

    /// In bytes as sent.
    var length: Int { end - start }

    /// The byte at `at`, decoded, and how many encoded bytes it takes. A `%` that no two
    /// hexadecimal digits follow stands for itself, as servers have it.
    @inline(__always)
    func byte(at: Int, in bytes: RawSpan) -> (value: UInt8, width: Int) {
        let plain = bytes.byte(at)
        if plain == UInt8(ascii: "+"), !isInPath { return (0x20, 1) }
        guard plain == UInt8(ascii: "%"), at + 2 < end,
            let high = hexadecimalDigit(bytes.byte(at + 1)),
            let low = hexadecimalDigit(bytes.byte(at + 2))
        else { return (plain, 1) }
        return (high << 4 | low, 3)
    }

    /// The text without blanks and control characters at either end, of which servers take none
    /// for a part of a value (GeoServer, `KvpUtils.normalize`; Java, `String.trim`).
    @inline(__always)
    func trimmed(in bytes: RawSpan) -> QueryText {
        // Nearly all texts.
        if isPlain, isEmpty || bytes.byte(start) > 0x20 && bytes.byte(end - 1) > 0x20 {
            return self
        }
        return withoutBlanks(in: bytes)
    }

    private func withoutBlanks(in bytes: RawSpan) -> QueryText {
        var text = self
        while text.start < text.end {
            let (value, width) = text.byte(at: text.start, in: bytes)
            guard value <= 0x20 else { break }
            text.start += width
        }
        while text.start < text.end {
            var last = text.byte(at: text.end - 1, in: bytes)
            // No digit of an escape is a `%`, so that one which stands there begins an escape.
            if text.end - 3 >= text.start, bytes.byte(text.end - 3) == UInt8(ascii: "%") {
                let escape = text.byte(at: text.end - 3, in: bytes)
                if escape.width == 3 { last = escape }
            }
            guard last.value <= 0x20 else { break }
            text.end -= last.width
        }
        return text
    }

    /// Length in decoded bytes.
    func decodedCount(in bytes: RawSpan) -> Int {
        if isPlain { return end - start }
        var count = 0
        var at = start
        while at < end {
            at += byte(at: at, in: bytes).width
            count += 1
        }
        return count
    }

    /// Whether the decoded text is `word`, which must be in lower case, whatever the text's case.
    @inline(__always)
    func spells(_ word: StaticString, in bytes: RawSpan) -> Bool {
        mayBegin(word, in: bytes) && spellsWhole(word, in: bytes)
    }

    private func spellsWhole(_ word: StaticString, in bytes: RawSpan) -> Bool {
        if isPlain { return bytes.spells(word, from: start, to: end) }
        guard let rest = wholePrefix(word, in: bytes) else { return false }
        return rest == end
    }

    /// The offset behind `word` (in lower case) when the decoded text begins with it, in any case.
    @inline(__always)
    func prefix(_ word: StaticString, in bytes: RawSpan) -> Int? {
        mayBegin(word, in: bytes) ? wholePrefix(word, in: bytes) : nil
    }

    /// False: the first byte shows that the text does not begin with `word`. Nearly all that is
    /// compared with some words is none of them.
    @inline(__always)
    private func mayBegin(_ word: StaticString, in bytes: RawSpan) -> Bool {
        guard start < end else { return word.utf8CodeUnitCount == 0 }
        let first = bytes.byte(start)
        return lowercased(first) == word.byte(0) || first == UInt8(ascii: "%")
            || first == UInt8(ascii: "+")
    }

    private func wholePrefix(_ word: StaticString, in bytes: RawSpan) -> Int? {
        var at = start
        for index in 0..<word.utf8CodeUnitCount {
            guard at < end else { return nil }
            let (value, width) = byte(at: at, in: bytes)
            guard lowercased(value) == word.byte(index) else { return nil }
            at += width
        }
        return at
    }

    /// The value of a text that is decimal digits and nothing else; nil if it is not, or more than
    /// `bound`.
    func wholeNumber(atMost bound: Int, in bytes: RawSpan) -> Int? {
        guard !isEmpty else { return nil }
        var value = 0
        var at = start
        while at < end {
            let (digit, width) = byte(at: at, in: bytes)
            guard isDigit(digit), value <= bound / 10 else { return nil }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
            at += width
        }
        return value <= bound ? value : nil
    }

    /// Whether two texts are the same, decoded; in the case of either, where that is asked for.
    func equals(_ other: QueryText, in bytes: RawSpan, ignoringCase: Bool = false) -> Bool {
        var (left, right) = (start, other.start)
        while left < end, right < other.end {
            let (mine, width) = byte(at: left, in: bytes)
            let (theirs, otherWidth) = other.byte(at: right, in: bytes)
            guard mine == theirs || ignoringCase && lowercased(mine) == lowercased(theirs) else {
                return false
            }
            left += width
            right += otherWidth
        }
        return left >= end && right >= other.end
    }

    /// The text up to the first `separator`, decoded or not, which is then taken off the front
    /// with it; nil when nothing is left. A text that ends in a separator has no last empty item.
    mutating func cut(before separator: UInt8, in bytes: RawSpan) -> QueryText? {
        guard start < end else { return nil }
        var item = self
        item.isPlain = true
        var at = start
        while at < end {
            let (found, width) = byte(at: at, in: bytes)
            if found == separator {
                item.end = at
                start = at + width
                return item
            }
            // Often only the separators are encoded.
            if width > 1 || found == UInt8(ascii: "%") || found == 0x20 { item.isPlain = false }
            at += width
        }
        start = end
        return item
    }

    /// The value of the leading decimal digits, at most `bound`; nil without a digit.
    func number(atMost bound: Int, in bytes: RawSpan) -> Int? {
        var value: Int?
        var at = start
        while at < end {
            let (digit, width) = byte(at: at, in: bytes)
            guard isDigit(digit) else { break }
            value = min((value ?? 0) * 10 + Int(digit - UInt8(ascii: "0")), bound)
            at += width
        }
        return value
    }
}

/// One `name=value` of a query string.
struct QueryParameter {
    var name: QueryText
    var value: QueryText
}

/// Walks the `&`-separated parameters of a query string, in order, without the `?`.
struct QueryWalk {
    private var at = 0

    /// The next parameter, nil at the end. Empty ones (`&&`) have an empty name.
    mutating func next(in bytes: RawSpan) -> QueryParameter? {
        guard at < bytes.byteCount else { return nil }
        let (name, nameEnd) = text(in: bytes, endsAtEquals: true)
        guard nameEnd == UInt8(ascii: "=") else {
            return QueryParameter(name: name, value: QueryText(start: name.end, end: name.end))
        }
        return QueryParameter(name: name, value: text(in: bytes, endsAtEquals: false).0)
    }

    /// The text up to the next separator and that separator, which is passed.
    @inline(__always)
    private mutating func text(in bytes: RawSpan, endsAtEquals: Bool) -> (QueryText, UInt8) {
        let start = at
        var encoded: UInt64 = 0
        var stops: UInt64 = 0
        while stops == 0, at + 8 <= bytes.byteCount {
            let word = bytes.word(at)
            stops = Self.stops(word, endsAtEquals)
            // What is marked behind the end is another text's.
            encoded |= Self.escapes(word) & ((stops & (0 &- stops)) &- 1)
            at += stops == 0 ? 8 : EightBytes.first(stops)
        }
        var isPlain = encoded == 0
        while stops == 0, at < bytes.byteCount {
            let byte = bytes.byte(at)
            if byte == UInt8(ascii: "&") || endsAtEquals && byte == UInt8(ascii: "=") { break }
            if byte == UInt8(ascii: "%") || byte == UInt8(ascii: "+") { isPlain = false }
            at += 1
        }
        let text = QueryText(start: start, end: at, isPlain: isPlain)
        let separator = at < bytes.byteCount ? bytes.byte(at) : UInt8(ascii: "&")
        at += 1
        return (text, separator)
    }

    @inline(__always)
    private static func stops(_ word: UInt64, _ endsAtEquals: Bool) -> UInt64 {
        var marked = EightBytes.equal(word, UInt8(ascii: "&"))
        if endsAtEquals { marked |= EightBytes.equal(word, UInt8(ascii: "=")) }
        return marked & ~word & EightBytes.tops
    }

    @inline(__always)
    private static func escapes(_ word: UInt64) -> UInt64 {
        let marked =
            EightBytes.equal(word, UInt8(ascii: "%")) | EightBytes.equal(word, UInt8(ascii: "+"))
        return marked & ~word & EightBytes.tops
    }
}

extension RawSpan {
    /// Whether the bytes in this range are `word` (in lower case), in any case, undecoded.
    @inline(__always)
    func spells(_ word: StaticString, from start: Int, to end: Int) -> Bool {
        guard start >= 0, start <= end, end <= byteCount else { return false }
        return equalsIgnoringCase(extracting(start..<end), word)
    }
}
