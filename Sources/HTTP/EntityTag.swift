/// Entity tags and their two comparisons (RFC 9110 §8.8.3).
///
/// Some tile servers send tags without quotes (MapProxy, GeoWebCache). Such a tag is kept and
/// matches itself in a weak comparison, so that browsers still get their 304; it never compares
/// strong, because what is not well formed promises nothing about bytes.
public enum EntityTag {
    /// Whether the tag says that it is weak.
    public static func isWeak(_ tag: RawSpan) -> Bool {
        tag.byteCount >= 2 && tag.byte(0) == UInt8(ascii: "W")
            && tag.byte(1) == UInt8(ascii: "/")
    }

    /// Whether the tag is `"…"` or `W/"…"` with nothing but etagc between the quotes.
    public static func isValid(_ tag: RawSpan) -> Bool {
        let start = isWeak(tag) ? 2 : 0
        let end = tag.byteCount - 1
        guard end > start, tag.byte(start) == UInt8(ascii: "\""),
            tag.byte(end) == UInt8(ascii: "\"")
        else { return false }
        for index in (start + 1)..<end {
            let byte = tag.byte(index)
            guard byte >= 0x80 || ByteClass.entityTag.contains(byte) else { return false }
        }
        return true
    }

    /// Whether two tags are equal but for their weakness. Empty ones equal nothing.
    public static func weaklyEqual(_ left: RawSpan, _ right: RawSpan) -> Bool {
        guard left.byteCount > 0, right.byteCount > 0 else { return false }
        return equalsExactly(
            left.extracting((isWeak(left) ? 2 : 0)..<left.byteCount),
            right.extracting((isWeak(right) ? 2 : 0)..<right.byteCount))
    }

    /// Whether two tags are equal, well formed and both strong.
    public static func stronglyEqual(_ left: RawSpan, _ right: RawSpan) -> Bool {
        !isWeak(left) && isValid(left) && equalsExactly(left, right)
    }

    /// Whether a member of the list, one line of If-None-Match, weakly equals `tag`, or the line
    /// is `*`.
    public static func weakMatch(list: RawSpan, _ tag: RawSpan) -> Bool {
        if isAny(list) { return true }
        var walk = FieldList()
        while let range = walk.next(in: list) {
            if weaklyEqual(list.extracting(range), tag) { return true }
        }
        return false
    }

    private static func isAny(_ list: RawSpan) -> Bool {
        list.byteCount == 1 && list.byte(0) == UInt8(ascii: "*")
    }
}
