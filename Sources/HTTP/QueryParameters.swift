/// One `name=value` of a query string, as offsets; still percent-encoded.
public struct QueryParameter: Equatable, Sendable {
    /// Offsets of the name; empty for `=x` and between two `&`.
    public var name: Range<Int>
    /// Offsets of the value; empty also when there is no `=`.
    public var value: Range<Int>
    /// Whether there is a `=`.
    public var hasValue: Bool
}

/// Walks the parameters of a query string, without its `?`, in their order.
///
/// Only `&` separates; `;` is an ordinary byte, as it is to the servers behind. Parameters are
/// cloaked where two readers differ in this. Nothing is decoded or left out.
public struct QueryParameters {
    private var at = 0

    /// A walk that stands before the first parameter.
    public init() {}

    /// The next parameter of `query`, the same text in each call; nil at the end.
    public mutating func next(in query: RawSpan) -> QueryParameter? {
        guard at < query.byteCount else { return nil }
        let start = at
        var equals: Int?
        while at < query.byteCount, query.byte(at) != UInt8(ascii: "&") {
            if equals == nil, query.byte(at) == UInt8(ascii: "=") { equals = at }
            at += 1
        }
        let end = at
        at += 1
        return QueryParameter(
            name: start..<(equals ?? end), value: (equals.map { $0 + 1 } ?? end)..<end,
            hasValue: equals != nil)
    }

    /// The first parameter of that name; `name` is in lower case, the text may be in any case and
    /// percent-encoded.
    public static func first(_ name: StaticString, in query: RawSpan) -> QueryParameter? {
        var walk = QueryParameters()
        while let parameter = walk.next(in: query) {
            if PercentCoding.spells(query.extracting(parameter.name), name) { return parameter }
        }
        return nil
    }

    /// Whether more than one parameter has that name, so that readers may differ on which counts.
    public static func isRepeated(_ name: StaticString, in query: RawSpan) -> Bool {
        var walk = QueryParameters()
        var count = 0
        while let parameter = walk.next(in: query) {
            if PercentCoding.spells(query.extracting(parameter.name), name) { count += 1 }
        }
        return count > 1
    }
}
