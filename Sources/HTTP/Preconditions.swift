/// What a stored response's validators are compared with: the preconditions of one request.
public enum PreconditionOutcome: UInt8, Sendable {
    /// Answer with the whole response.
    case proceed
    /// The viewer has it already: 304.
    case notModified
}

/// The preconditions that a cache may judge for a GET or HEAD, in their order (RFC 9110 §13.2.2,
/// RFC 9111 §4.3.2).
///
/// `etag` is empty when the stored response has none. If-None-Match, when present, decides alone.
/// If-Modified-Since counts only on one line with a valid date; it is compared with Last-Modified,
/// or without that with Date: an answer of the same second may have had another body, as before a
/// write, so that only a later date counts then. Times are in seconds since the epoch. If-Match and
/// If-Unmodified-Since are the origin's to judge: a request with them is not answered from cache.
public func evaluatePreconditions(
    _ fields: borrowing HeaderTable, _ bytes: RawSpan, etag: RawSpan, lastModified: Int64?,
    date: Int64, now: Int64
) -> PreconditionOutcome {
    if fields.contains(.ifNoneMatch) {
        var line = fields.first(.ifNoneMatch)
        while let index = line {
            let list = bytes.extracting(fields[index].value.range)
            if EntityTag.weakMatch(list: list, etag) { return .notModified }
            line = fields.next(after: index, .ifNoneMatch)
        }
        return .proceed
    }
    guard let index = fields.first(.ifModifiedSince), !fields.isRepeated(.ifModifiedSince),
        let since = HTTPDate.parse(bytes.extracting(fields[index].value.range), now: now)
    else { return .proceed }
    let isHeld = lastModified.map { $0 <= since } ?? (date < since)
    return isHeld ? .notModified : .proceed
}

/// Whether If-Range lets a Range apply (RFC 9110 §13.1.5).
///
/// A tag must compare strong. A date must equal Last-Modified exactly, and Last-Modified must be a
/// strong validator: at least a second before Date (§8.8.2.2). What is neither never holds.
public func ifRangeHolds(
    _ value: RawSpan, etag: RawSpan, lastModified: Int64?, date: Int64, now: Int64
) -> Bool {
    if value.byteCount > 0,
        value.byte(0) == UInt8(ascii: "\"") || EntityTag.isWeak(value)
    {
        return EntityTag.stronglyEqual(value, etag)
    }
    guard let lastModified, let moment = HTTPDate.parse(value, now: now) else { return false }
    return moment == lastModified && date > lastModified
}
