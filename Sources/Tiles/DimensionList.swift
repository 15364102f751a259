import HTTP

/// The value of TIME or ELEVATION: a list of single values and of ranges, `a,b/c,d/e/step`.
///
/// Values have one spelling; a list is sorted and has each of its items once, since servers take
/// it for a set. A list with an item that cannot be read stays in its order and as it is written.
enum DimensionList {
    enum Kind { case time, number }

    /// Longer lists keep their order.
    static let sortedMax = 32

    /// Writes the list's canonical form.
    ///
    /// - Returns: whether it names the present, so that its meaning moves with the clock.
    static func write(
        _ text: QueryText, _ kind: Kind, in bytes: RawSpan, to writer: inout KeyWriter
    ) -> Bool {
        var starts = InlineArray<33, Int>(repeating: 0)
        var count = 0
        var facts = ItemFacts()
        var (rest, end) = (text, text.start)
        while let item = rest.cut(before: UInt8(ascii: ","), in: bytes) {
            end = item.end
            if count > 0 { writer.byte(UInt8(ascii: ",")) }
            if count < sortedMax { starts[count] = writer.count }
            count += 1
            write(item, kind, in: bytes, to: &writer, &facts)
        }
        // Behind a comma at the end is an empty item.
        if count > 0, end < text.end {
            writer.byte(UInt8(ascii: ","))
            facts.isReadable = false
        }
        if facts.isReadable, !writer.hasOverflowed, 2...sortedMax ~= count {
            starts[count] = writer.count + 1
            sort(&starts, count, &writer)
        }
        return facts.namesPresent
    }

    private struct ItemFacts {
        var isReadable = true
        var namesPresent = false
    }

    private static func write(
        _ item: QueryText, _ kind: Kind, in bytes: RawSpan, to writer: inout KeyWriter,
        _ facts: inout ItemFacts
    ) {
        var rest = item
        var isFirst = true
        while let end = rest.cut(before: UInt8(ascii: "/"), in: bytes) {
            if !isFirst { writer.byte(UInt8(ascii: "/")) }
            let isAlone = isFirst && end.end == item.end
            isFirst = false
            if !one(end, kind, isAlone: isAlone, in: bytes, to: &writer, &facts) {
                facts.isReadable = false
                writer.text(end, in: bytes)
            }
        }
        // `a/` is an open end; a list's empty item is nothing that a server would agree on.
        if item.end > item.start, endsInSlash(item, in: bytes) {
            writer.byte(UInt8(ascii: "/"))
            facts.isReadable = false
        }
        if isFirst { facts.isReadable = false }
    }

    private static func endsInSlash(_ item: QueryText, in bytes: RawSpan) -> Bool {
        if bytes.byte(item.end - 1) == UInt8(ascii: "/") { return true }
        guard item.end - item.start >= 3 else { return false }
        return item.byte(at: item.end - 3, in: bytes) == (UInt8(ascii: "/"), 3)
    }

    private static func one(
        _ text: QueryText, _ kind: Kind, isAlone: Bool, in bytes: RawSpan,
        to writer: inout KeyWriter, _ facts: inout ItemFacts
    ) -> Bool {
        if kind == .number {
            // A list of many large exponents would outgrow `TileRequest.keyCapacity`.
            guard let number = WrittenDecimal(text, in: bytes), -12...12 ~= number.exponent else {
                return false
            }
            writer.decimal(number)
            return true
        }
        if let instant = TimeInstant(text, in: bytes) {
            (isAlone ? instant.momentOfSecond : instant).write(to: &writer)
            return true
        }
        if text.spells("current", in: bytes) || text.spells("present", in: bytes)
            || text.spells("now", in: bytes)
        {
            facts.namesPresent = true
            writer.text(text, in: bytes, isUpper: false)
            return true
        }
        guard isPeriod(text, in: bytes) else { return false }
        writer.text(text, in: bytes, isUpper: true)
        return true
    }

    /// `P1Y2M3DT4H5.5S`.
    private static func isPeriod(_ text: QueryText, in bytes: RawSpan) -> Bool {
        guard var at = text.prefix("p", in: bytes), at < text.end else { return false }
        while at < text.end {
            let (value, width) = text.byte(at: at, in: bytes)
            switch lowercased(value) {
            case 0x30...0x39, UInt8(ascii: "."), UInt8(ascii: "t"), UInt8(ascii: "y"),
                UInt8(ascii: "m"), UInt8(ascii: "w"), UInt8(ascii: "d"), UInt8(ascii: "h"),
                UInt8(ascii: "s"):
                break
            default: return false
            }
            at += width
        }
        return true
    }

    /// Sorts items in place by their bytes and leaves out what is there twice. `starts[count]` is
    /// where a further item would begin.
    private static func sort(
        _ starts: inout InlineArray<33, Int>, _ count: Int, _ writer: inout KeyWriter
    ) {
        var kept = 1
        for index in 1..<count {
            // The item, without the comma behind it.
            let item = starts[index]..<(starts[index + 1] - 1)
            var at = kept
            var isThere = false
            while at > 0 {
                let order = compare(starts[at - 1]..<(starts[at] - 1), item, writer)
                if order == 0 { isThere = true }
                if order <= 0 { break }
                at -= 1
            }
            if isThere {
                writer.remove((item.lowerBound - 1)..<item.upperBound)
                let cut = item.count + 1
                for later in index..<count { starts[later + 1] -= cut }
                for later in index..<count { starts[later] = starts[later + 1] }
                return sort(&starts, count - 1, &writer)
            }
            if at < kept { move(&starts, index, to: at, &writer) }
            kept += 1
        }
    }

    private static func compare(_ left: Range<Int>, _ right: Range<Int>, _ writer: KeyWriter) -> Int
    {
        for offset in 0..<min(left.count, right.count) {
            let (mine, theirs) = (
                writer[left.lowerBound + offset], writer[right.lowerBound + offset]
            )
            if mine != theirs { return mine < theirs ? -1 : 1 }
        }
        return left.count - right.count
    }

    /// Moves the item `index` before the item `place`, which has a smaller index.
    private static func move(
        _ starts: inout InlineArray<33, Int>, _ index: Int, to place: Int,
        _ writer: inout KeyWriter
    ) {
        let first = starts[place]..<(starts[index] - 1)
        let item = starts[index]..<(starts[index + 1] - 1)
        // `a,b` becomes `b,a`: turned round as a whole, then each by itself.
        writer.reverse(first.lowerBound..<item.upperBound)
        let middle = first.lowerBound + item.count
        writer.reverse(first.lowerBound..<middle)
        writer.reverse((middle + 1)..<item.upperBound)
        var later = index
        while later > place {
            starts[later] = starts[later - 1] + item.count + 1
            later -= 1
        }
        starts[place] = first.lowerBound
    }
}

extension KeyWriter {
    /// Takes bytes out; what follows moves up.
    mutating func remove(_ range: Range<Int>) {
        var (target, source) = (range.lowerBound, range.upperBound)
        while source < count {
            self[target] = self[source]
            (target, source) = (target + 1, source + 1)
        }
        rewind(to: target)
    }
}
