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
        var wanted = 0
        // "images/*" means "/images/*"; "*.jpg" needs no slash of its own.
        if pattern.byteCount > 0, pattern[wanted] != slash, pattern[wanted] != star {
            guard path.byteCount > 0, path[0] == slash else { return false }
            return matches(pattern, from: 0, path, from: 1)
        }
        wanted = 0
        return matches(pattern, from: wanted, path, from: 0)
    }

    /// Whether the whole of a text matches, where no slash is special: `*` is any run of bytes, `?`
    /// is one.
    public static func matchesWildcards(_ pattern: RawSpan, _ text: RawSpan) -> Bool {
        matches(pattern, from: 0, text, from: 0)
    }

    /// On a mismatch only the last star grows: an earlier one never has to, because whatever
    /// it would free, the last star can take.
    private static func matches(
        _ pattern: RawSpan, from first: Int, _ path: RawSpan, from start: Int
    ) -> Bool {
        var wanted = first
        var at = start
        var afterStar: Int? = nil
        var retryAt = start
        while at < path.byteCount {
            if wanted < pattern.byteCount, pattern[wanted] == star {
                wanted += 1
                if wanted == pattern.byteCount { return true }
                afterStar = wanted
                retryAt = at
            } else if wanted < pattern.byteCount,
                pattern[wanted] == question || pattern[wanted] == path[at]
            {
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
        while wanted < pattern.byteCount, pattern[wanted] == star { wanted += 1 }
        return wanted == pattern.byteCount
    }
}
