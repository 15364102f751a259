import HTTP

/// CloudFront's path patterns: `*` is any run of bytes, `/` included, `?` exactly one; anchored
/// at both ends, case-sensitive; a leading `/` may be left out.
///
/// Source: CloudFront, "Path pattern".
public enum PathPattern {
    private static let star = UInt8(ascii: "*")
    private static let question = UInt8(ascii: "?")
    private static let slash = UInt8(ascii: "/")

    /// Whether the whole of `path` matches.
    ///
    /// The path is compared as given; normalising dot segments is the caller's part. Cost: one
    /// pass over the path, times the longest piece between two stars where pieces resemble
    /// the path; no recursion, no memory.
    public static func matches(_ pattern: RawSpan, path: RawSpan) -> Bool {
        // "images/*" means "/images/*"; "*.jpg" needs no slash of its own.
        if pattern.byteCount > 0, pattern[0] != slash, pattern[0] != star {
            guard path.byteCount > 0, path[0] == slash else { return false }
            return matches(pattern, from: 0, path, from: 1)
        }
        return matches(pattern, from: 0, path, from: 0)
    }

    /// The same where so many bytes at the beginning of the pattern are known to be those of the
    /// path: none of them a wildcard.
    @inline(__always)
    public static func matches(_ pattern: RawSpan, path: RawSpan, known: Int) -> Bool {
        if known == 0 { return matches(pattern, path: path) }
        return matches(pattern, from: known, path, from: known)
    }

    /// Whether the whole of a text matches, where no slash is special: `*` is any run of bytes, `?`
    /// is one.
    public static func matchesWildcards(_ pattern: RawSpan, _ text: RawSpan) -> Bool {
        matches(pattern, from: 0, text, from: 0)
    }

    /// What stands behind the last star must end the path: most paths that do not match differ
    /// there at once. On a mismatch before it only the latest star grows: an earlier one never has
    /// to, because whatever it would free, the latest can take.
    private static func matches(
        _ pattern: RawSpan, from first: Int, _ path: RawSpan, from start: Int
    ) -> Bool {
        var last = pattern.byteCount
        var end = path.byteCount
        while last > first, pattern.byte(last - 1) != star {
            guard end > start, isMatch(pattern.byte(last - 1), path.byte(end - 1)) else {
                return false
            }
            last -= 1
            end -= 1
        }
        // No star at all: each byte has met its own.
        if last == first { return end == start }
        var wanted = first
        var at = start
        var afterStar: Int? = nil
        var retryAt = start
        // The pattern ends with a star now, which takes all that is left.
        while true {
            if pattern.byte(wanted) == star {
                wanted += 1
                if wanted == last { return true }
                afterStar = wanted
                retryAt = at
            } else if at == end {
                return false
            } else if isMatch(pattern.byte(wanted), path.byte(at)) {
                wanted += 1
                at += 1
            } else if let resume = afterStar {
                wanted = resume
                retryAt += 1
                at = retryAt
            } else {
                return false
            }
        }
    }

    @inline(__always)
    private static func isMatch(_ wanted: UInt8, _ byte: UInt8) -> Bool {
        wanted == byte || wanted == question
    }
}
