/// Walks a Structured Fields dictionary (RFC 8941 §4.2.2) strictly, member by member.
///
/// Knows the values that caching directives have; others are checked and reported as `other`.
struct StructuredDictionary {
    enum Value: Equatable {
        case boolean(Bool)
        case integer(Int64)
        /// A string or token. A list of field names is one or the other.
        case text
        case other
    }

    struct Member {
        /// Offsets of the key, and of all of it.
        var key: Range<Int>
        var whole: Range<Int>
        var value: Value
    }

    /// Whether the text has turned out not to be a dictionary. Then all of it is to be ignored.
    private(set) var isMalformed = false
    private var at = 0
    private var hasMember = false

    /// The next member, nil at the end or at an error.
    mutating func next(in text: RawSpan) -> Member? {
        if isMalformed { return nil }
        var reader = StructuredReader(at: at)
        if hasMember {
            reader.skipWhitespace(text)
            if reader.at == text.byteCount { return nil }
            guard reader.take(UInt8(ascii: ","), text) else { return fail() }
            reader.skipWhitespace(text)
            // No trailing comma.
            guard reader.at < text.byteCount else { return fail() }
        } else {
            reader.skipSpaces(text)
            if reader.at == text.byteCount { return nil }
        }
        guard let key = reader.key(text) else { return fail() }
        var value = Value.boolean(true)
        if reader.take(UInt8(ascii: "="), text) {
            guard let given = reader.itemOrInnerList(text) else { return fail() }
            value = given
        }
        guard reader.skipParameters(text) else { return fail() }
        at = reader.at
        hasMember = true
        return Member(key: key, whole: key.lowerBound..<at, value: value)
    }

    private mutating func fail() -> Member? {
        isMalformed = true
        return nil
    }
}
