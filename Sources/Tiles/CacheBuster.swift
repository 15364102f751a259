import HTTP

/// The cache-busters in what is asked of a map server beside pictures, whose normal form has none
/// anyway: `&t=1531234567890` of a GetFeature, `&timestamp=` of a legend.
public enum CacheBuster {
    /// Writes a query without them.
    ///
    /// What stays is written as it was sent, since a document has no other normal form. Allocates
    /// nothing; linear in the length of the target, and fast where there are none.
    ///
    /// - Parameters:
    ///   - path: as sent.
    ///   - query: as sent, without `?`.
    ///   - memory: of the caller, as many bytes as the query has.
    /// - Returns: nil where there are none, or where no map server is asked: there a `t` may be
    ///   anything. Else the length, and the latest time that they name, in milliseconds since 1970;
    ///   0 where one names none, and so asks for what there is now.
    public static func writeQuery(
        path: RawSpan, query: RawSpan, into memory: UnsafeMutableRawBufferPointer
    ) -> (length: Int, newest: UInt64)? {
        guard isIn(query), MapSubject(path: path, query: query, .standard).kind != .none
        else { return nil }
        var (walk, length, newest) = (QueryWalk(), 0, UInt64(0))
        while let parameter = walk.next(in: query) {
            if parameter.isCacheBuster(in: query) {
                newest = parameter.value.floor(after: newest, in: query)
                continue
            }
            let text = query.extracting(parameter.name.start..<parameter.value.end)
            let separator = length == 0 ? 0 : 1
            precondition(length + separator + text.byteCount <= memory.count)
            if separator == 1 { unsafe memory[length] = UInt8(ascii: "&") }
            unsafe text.withUnsafeBytes {
                unsafe UnsafeMutableRawBufferPointer(rebasing: memory[(length + separator)...])
                    .copyMemory(from: $0)
            }
            length += separator + text.byteCount
        }
        return (length, newest == .max ? 0 : newest)
    }

    private static func isIn(_ query: RawSpan) -> Bool {
        var walk = QueryWalk()
        while let parameter = walk.next(in: query) {
            if parameter.isCacheBuster(in: query) { return true }
        }
        return false
    }
}

extension QueryParameter {
    func isCacheBuster(in query: RawSpan) -> Bool {
        MapParameter.named(name, in: query) == .cacheBuster && bustsCache(in: query)
    }

    /// Whether a parameter that may be one makes a request look new. `t`, `timestamp` and the like
    /// may as well be a server's own: they are where their value is a time, or like what
    /// JavaScript's `Math.random()` gives.
    func bustsCache(in query: RawSpan) -> Bool {
        let isPlainWord =
            name.spells("t", in: query) || name.spells("_ts", in: query)
            || name.spells("nocache", in: query) || name.spells("timestamp", in: query)
        guard isPlainWord else { return true }
        return value.clockTime(in: query) > 0 || value.isFraction(in: query)
    }
}

extension QueryText {
    /// Seconds or milliseconds since 1970, from 2001 to 2286, as 10 or 13 digits, in milliseconds;
    /// else 0.
    func clockTime(in query: RawSpan) -> UInt64 {
        guard let number = wholeNumber(atMost: 9_999_999_999_999, in: query) else { return 0 }
        if number >= 1_000_000_000_000 { return UInt64(number) }
        return 1_000_000_000...9_999_999_999 ~= number ? UInt64(number) * 1000 : 0
    }

    /// The later of a time and the one that this names; `.max` for now, where it names none.
    func floor(after time: UInt64, in query: RawSpan) -> UInt64 {
        let own = clockTime(in: query)
        return own == 0 ? .max : max(time, own)
    }

    /// `0.` and so many digits as `Math.random()` gives: 15 to 18 mostly, and fewer than eight once
    /// in 10^8. A threshold or an opacity has one to three.
    fileprivate func isFraction(in bytes: RawSpan) -> Bool {
        guard var at = prefix("0.", in: bytes) else { return false }
        var count = 0
        while at < end {
            let (digit, width) = byte(at: at, in: bytes)
            guard isDigit(digit) else { return false }
            at += width
            count += 1
        }
        return count >= 8
    }
}
