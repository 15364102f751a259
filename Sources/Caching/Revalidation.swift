import HTTP

/// What a response to HEAD, or to a conditional request, means for what is stored.
public enum StoredUpdate: Sendable, Equatable {
    /// The stored response is still right: take the new fields, restart its freshness.
    case freshen
    /// The stored response is no longer right: it must not be used again without asking.
    case invalidate
    /// Says nothing about it.
    case leave
}

/// Whether a 304 confirms an entry (RFC 9111 §4.3.4).
///
/// With validators they must be the stored ones; a 304 without any confirms the entry that the
/// question was about, which the caller knows to be this one. `etag` and `storedTag` are the tags'
/// bytes, empty when there are none.
public func updateByNotModified(
    _ entry: EntryHeader, storedTag: RawSpan, by response: ResponseFacts, etag: RawSpan
) -> StoredUpdate {
    // What was compressed here has the origin's tag in weak form.
    if response.hasETag, !response.hasWeakETag, !entry.flags.contains(.compressedHere) {
        return EntityTag.stronglyEqual(storedTag, etag) ? .freshen : .leave
    }
    if response.hasETag { return EntityTag.weaklyEqual(storedTag, etag) ? .freshen : .leave }
    if let date = response.lastModified, entry.lastModified != EntryHeader.noDate {
        return date == entry.lastModified ? .freshen : .leave
    }
    return .freshen
}

/// What an answer to HEAD means for the stored answer to GET (RFC 9111 §4.3.5).
///
/// Only a 200 speaks of the representation. One that differs in the length or in a validator, or
/// has one that the stored response has not, shows that this has been superseded: with a validator
/// that is not its own it would be confirmed for ever. One in which nothing could be compared, as
/// of a page made anew for each request, would match anything: it says nothing.
public func updateByHead(
    _ entry: EntryHeader, storedTag: RawSpan, by response: ResponseFacts, etag: RawSpan
) -> StoredUpdate {
    // A part is as old as the whole that it is of; it is never freshened by what has no range.
    let isWhole = entry.kind == .complete
    guard Int(entry.status) == (isWhole ? 200 : 206), response.status == 200,
        !response.isContradictory
    else { return .leave }
    let isCompressed = entry.flags.contains(.compressedHere)
    var isCompared = false
    if response.hasETag {
        let isSame =
            isCompressed
            ? EntityTag.weaklyEqual(storedTag, etag) : equalsExactly(storedTag, etag)
        if !entry.flags.contains(.hasETag) || !isSame { return .invalidate }
        isCompared = true
    }
    if let date = response.lastModified {
        if date != entry.lastModified { return .invalidate }
        isCompared = true
    }
    let known = isWhole ? entry.bodyLength : entry.completeLength
    if let length = response.contentLength, !isCompressed, known != EntryHeader.unknownLength {
        if length != known { return .invalidate }
        isCompared = true
    }
    return isWhole && isCompared ? .freshen : .leave
}

/// Whether a part may be put together with what is stored (RFC 9111 §3.4): the same strong
/// validator, and bytes that touch.
///
/// Returns the bytes held together, nil when they may not be.
public func combined(
    _ entry: EntryHeader, storedTag: RawSpan, with response: ResponseFacts, etag: RawSpan
) -> Range<UInt64>? {
    guard response.status == 206, let range = response.contentRange?.range else { return nil }
    let stored = entry.kind == .partial ? entry.completeLength : entry.bodyLength
    if let complete = response.contentRange?.completeLength, stored != EntryHeader.unknownLength,
        complete != stored
    {
        return nil
    }
    let byTag =
        entry.flags.contains(.hasETag) && !entry.flags.contains(.weakETag)
        && response.hasETag && !response.hasWeakETag
    if byTag {
        guard EntityTag.stronglyEqual(storedTag, etag) else { return nil }
    } else {
        guard !entry.flags.contains(.hasETag), !response.hasETag,
            entry.flags.contains(.strongDate), response.hasStrongDate,
            response.lastModified == entry.lastModified
        else { return nil }
    }
    let held = entry.held
    guard range.lowerBound <= held.upperBound, held.lowerBound <= range.upperBound else {
        return nil
    }
    return min(held.lowerBound, range.lowerBound)..<max(held.upperBound, range.upperBound)
}
