import HTTP

/// Which of a site's languages a reader gets: the one chosen by a cookie, else the best of
/// Accept-Language (RFC 9110 §12.5.4, RFC 4647 §3.4), else the first. Allocates nothing.
public enum PageLanguages {
    /// `language` of a request whose key has none.
    public static var none: UInt8 { .max }
    /// More are not told apart.
    public static var limit: Int { 128 }

    /// The languages as ``choose(_:accepted:in:)`` reads them: length and tag of each, in small
    /// letters.
    public static func table(_ languages: [String]) -> [UInt8] {
        languages.prefix(limit).flatMap { language -> [UInt8] in
            let tag = Array(language.lowercased().utf8.prefix(255))
            return [UInt8(tag.count)] + tag
        }
    }

    /// Where the tag of an index stands in the table; empty where there is none.
    public static func tag(_ index: UInt8, in table: RawSpan) -> Range<Int> {
        var (at, count) = (0, 0)
        while at < table.byteCount {
            let range = at + 1..<at + 1 + Int(table[at])
            if count == index { return range }
            (at, count) = (range.upperBound, count + 1)
        }
        return 0..<0
    }

    /// - Parameters:
    ///   - chosen: the value of the cookie; empty: none.
    ///   - accepted: the value of Accept-Language; empty: none.
    public static func choose(_ chosen: RawSpan, accepted: RawSpan, in table: RawSpan) -> UInt8 {
        if table.byteCount == 0 { return none }
        if chosen.byteCount > 0, let index = lookUp(chosen, in: table) { return index }
        var best: (index: UInt8, weight: Int) = (0, 0)
        var members = FieldList()
        while let member = members.next(in: accepted) {
            let value = accepted.extracting(member)
            var end = 0
            while end < value.byteCount, value[end] != UInt8(ascii: ";") { end += 1 }
            let range = value.extracting(value.trimmed(0..<end))
            let weight = weight(value.extracting(end..<value.byteCount))
            guard weight > best.weight, let index = lookUp(range, in: table) else { continue }
            best = (index, weight)
        }
        return best.index
    }

    /// A quality in thousandths: 1,000 where there is none, 0 where it cannot be read.
    private static func weight(_ parameters: RawSpan) -> Int {
        var at = 0
        while at < parameters.byteCount, lowercased(parameters[at]) != UInt8(ascii: "q") { at += 1 }
        guard at + 2 < parameters.byteCount, parameters[at + 1] == UInt8(ascii: "=") else {
            return at < parameters.byteCount ? 0 : 1_000
        }
        guard isDigit(parameters[at + 2]) else { return 0 }
        var weight = Int(parameters[at + 2] - 48) * 1_000
        var scale = 100
        at += 4
        while at < parameters.byteCount, scale > 0, isDigit(parameters[at]) {
            weight += Int(parameters[at] - 48) * scale
            (at, scale) = (at + 1, scale / 10)
        }
        return min(weight, 1_000)
    }

    /// The tag itself, or with fewer subtags; then one that begins so: who asks for `pt` reads
    /// `pt-br`.
    private static func lookUp(_ range: RawSpan, in table: RawSpan) -> UInt8? {
        if range.byteCount == 1, range[0] == UInt8(ascii: "*") { return 0 }
        var length = range.byteCount
        while length > 0 {
            if let index = index(of: range.extracting(0..<length), in: table, isPrefix: false) {
                return index
            }
            repeat { length -= 1 } while length > 0 && range[length] != UInt8(ascii: "-")
        }
        var primary = 0
        while primary < range.byteCount, range[primary] != UInt8(ascii: "-") { primary += 1 }
        if primary == 0 { return nil }
        return index(of: range.extracting(0..<primary), in: table, isPrefix: true)
    }

    private static func index(of tag: RawSpan, in table: RawSpan, isPrefix: Bool) -> UInt8? {
        var (at, count) = (0, UInt8(0))
        while at < table.byteCount {
            let range = at + 1..<at + 1 + Int(table[at])
            let own = table.extracting(range)
            let begins =
                isPrefix
                ? own.byteCount > tag.byteCount && own[tag.byteCount] == UInt8(ascii: "-")
                : own.byteCount == tag.byteCount
            if begins, equalsIgnoringCase(own.extracting(0..<tag.byteCount), tag) { return count }
            (at, count) = (range.upperBound, count + 1)
        }
        return nil
    }
}
