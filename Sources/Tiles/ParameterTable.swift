import HTTP

/// What one walk over a query string finds: each known parameter's value, and the other ones.
///
/// A fixed size on the stack; offsets only. Nobody copies it by mistake, but the compiler does: for
/// each span of an array, until it borrows (Swift 6.3; a memcpy for most of the looks).
struct ParameterTable: ~Copyable {
    /// More parameters of unknown names than this are not put in order.
    static let othersMax = 16

    private var values: InlineArray<43, QueryText> = .init(repeating: .empty)
    private(set) var seen: UInt64 = 0
    /// A known parameter occurs twice, be it with the same value.
    private(set) var hasDuplicates = false
    /// The first known parameter that occurs twice with different values.
    private(set) var conflict: MapParameter?
    private var others: InlineArray<16, QueryParameter> = .init(
        repeating: QueryParameter(name: .empty, value: .empty))
    private(set) var othersCount = 0
    private(set) var hasTooManyOthers = false
    /// The latest time that a cache-buster names, in milliseconds since 1970; 0 without one.
    private(set) var newest: UInt64 = 0

    init() { assert(MapParameter.count == 43, "the table's size") }

    func has(_ parameter: MapParameter) -> Bool { seen & parameter.bit != 0 }

    @inline(__always)
    subscript(_ parameter: MapParameter) -> QueryText {
        // By way of a span, since an index that is not known would copy the whole array.
        values.span[Int(parameter.rawValue)]
    }

    /// Another parameter, in order.
    @inline(__always)
    func other(_ index: Int) -> QueryParameter { others.span[index] }

    /// x, y and zoom are all named: a gmaps request, if the path says so too.
    var hasTriple: Bool { has(.x) && has(.y) && has(.zoom) }

    mutating func read(_ query: RawSpan) {
        var walk = QueryWalk()
        while var parameter = walk.next(in: query) {
            parameter.value = parameter.value.trimmed(in: query)
            guard let known = MapParameter.named(parameter.name, in: query),
                known != .cacheBuster || parameter.bustsCache(in: query)
            else {
                note(parameter)
                continue
            }
            if known == .cacheBuster {
                newest = parameter.value.floor(after: newest, in: query)
            } else if known != .token, has(known) {
                hasDuplicates = true
                let isWord = known.bit & MapParameter.words != 0
                if self[known].equals(parameter.value, in: query, ignoringCase: isWord) {
                    continue
                }
                if conflict == nil { conflict = known }
            }
            seen |= known.bit
            values[Int(known.rawValue)] = parameter.value
        }
    }

    private mutating func note(_ parameter: QueryParameter) {
        if parameter.name.isEmpty, parameter.value.isEmpty { return }
        guard othersCount < Self.othersMax else {
            hasTooManyOthers = true
            return
        }
        others[othersCount] = parameter
        othersCount += 1
    }

    /// Puts the other parameters in the order of their names, whatever their case; those of one
    /// name stay in theirs.
    mutating func sortOthers(_ query: RawSpan) {
        guard othersCount > 1 else { return }
        for index in 1..<othersCount {
            let moved = others[index]
            var at = index
            while at > 0, moved.name.precedes(others[at - 1].name, in: query) {
                others[at] = others[at - 1]
                at -= 1
            }
            others[at] = moved
        }
    }

    /// The name of the first of the other parameters, in order, that is there twice with different
    /// values, of which servers take one, the other, or both. They must be sorted.
    func otherConflict(_ query: RawSpan) -> QueryText? {
        guard othersCount > 1 else { return nil }
        for index in 1..<othersCount {
            let (one, next) = (others[index - 1], others[index])
            if one.name.equals(next.name, in: query, ignoringCase: true),
                !one.value.equals(next.value, in: query)
            {
                return next.name
            }
        }
        return nil
    }
}

extension QueryText {
    /// Whether this name stands before another one in a canonical query.
    fileprivate func precedes(_ other: QueryText, in bytes: RawSpan) -> Bool {
        var (left, right) = (start, other.start)
        while left < end, right < other.end {
            let (mine, width) = byte(at: left, in: bytes)
            let (theirs, otherWidth) = other.byte(at: right, in: bytes)
            let (first, second) = (uppercase(mine), uppercase(theirs))
            if first != second { return first < second }
            left += width
            right += otherWidth
        }
        return left >= end && right < other.end
    }
}

@inline(__always)
func uppercase(_ byte: UInt8) -> UInt8 { byte &- 0x61 < 26 ? byte & 0xDF : byte }
