/// From when to when something is, as a value of TIME says it: a time to the precision in which it
/// is written, a range, or what lies between the first and the last of a list.
///
/// What names the present or an open end, or cannot be read, is none; nor is `20020101`, which is
/// that year to some GeoServers, and the first of January to those of GeoTools' lenient formats.
public struct TimeSpan: Sendable, Hashable {
    /// Any year, and how far into it, in parts that only grow.
    struct Moment: Sendable, Hashable, Comparable {
        var year: Int64
        var rest: UInt64

        static func < (left: Moment, right: Moment) -> Bool {
            left.year == right.year ? left.rest < right.rest : left.year < right.year
        }
    }

    private(set) var first: Moment
    private(set) var last: Moment

    /// Reads `2016-05`, `2016-05-03T10:00:00Z`, `2016/2017`, `2016,2018` and the like.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        self.init(QueryText(start: 0, end: bytes.count), in: unsafe bytes.span.bytes)
    }

    /// The same of a parameter's value. Allocates nothing.
    init?(_ text: QueryText, in bytes: RawSpan) {
        var whole: TimeSpan?
        var (rest, last) = (text, text.start)
        while var item = rest.cut(before: UInt8(ascii: ","), in: bytes) {
            let end = item.end
            last = end
            guard let start = item.cut(before: UInt8(ascii: "/"), in: bytes),
                let begun = TimeInstant(start, in: bytes), begun.year < 10_000
            else { return nil }
            var bounds = begun.bounds
            if start.end < end {
                guard let end = item.cut(before: UInt8(ascii: "/"), in: bytes),
                    let ended = TimeInstant(end, in: bytes), ended.year < 10_000
                else { return nil }
                bounds.last = ended.bounds.last
            }
            // Behind the second slash there is a step, between whose times nothing is left out.
            guard bounds.first <= bounds.last else { return nil }
            whole =
                whole.map {
                    TimeSpan(first: min($0.first, bounds.first), last: max($0.last, bounds.last))
                } ?? TimeSpan(first: bounds.first, last: bounds.last)
        }
        // Behind a comma at the end is an item that says nothing.
        guard let whole, last == text.end else { return nil }
        self = whole
    }

    private init(first: Moment, last: Moment) { (self.first, self.last) = (first, last) }

    /// Whether the two have a moment in common.
    public func overlaps(_ other: TimeSpan) -> Bool {
        first <= other.last && other.first <= last
    }
}
