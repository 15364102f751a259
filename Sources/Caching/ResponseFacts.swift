public import HTTP

/// What the policy needs of a response; no references, copied like memory.
public struct ResponseFacts: Sendable {
    /// What an `Expires` field says.
    public enum Expires: Equatable, Sendable {
        case absent
        /// Not a date: in the past (RFC 9111 §5.3).
        case invalid
        /// Seconds since the epoch.
        case at(Int64)
    }

    public var status: Int
    /// All `Cache-Control` lines in order.
    public var cacheControl = CacheControl()
    public var hasCacheControl = false
    /// `Pragma: no-cache`, which has no meaning in a response (RFC 9111 §5.4) but for who gives it
    /// one.
    public var hasPragmaNoCache = false
    /// `CDN-Cache-Control`, when it is there and valid (RFC 9213).
    public var targeted: CacheControl?
    public var expires = Expires.absent
    /// `Date` in seconds; nil when absent or not a date.
    public var date: Int64?
    /// `Last-Modified` in seconds; nil when absent or not a date.
    public var lastModified: Int64?
    /// `Age` in seconds, its first member; nil when absent or not a number.
    public var age: Int64?
    public var contentLength: UInt64?
    /// `Content-Range`, when it is there and sound.
    public var contentRange: ContentRange?
    /// Two lines of a field that can stand once only differ.
    public var isContradictory = false
    public var hasSetCookie = false
    /// `no-cache="Set-Cookie"` or `private="Set-Cookie"`: stored without it.
    public var excludesSetCookie = false
    public var varyStar = false
    /// Names in all `Vary` lines, duplicates included.
    public var varyCount = 0
    public var varyCookie = false
    public var varyAuthorization = false
    public var varyLanguage = false
    /// All it sets are csrf cookies. Set by the caller, who knows their names.
    public var setsCSRFOnly = false
    /// One of those it sets is a csrf cookie. Set by the caller.
    public var setsCSRF = false
    /// Beside csrf cookies it starts a session, and is the same for all but for that: the caller
    /// has proved it, and stores it without cookies.
    public var isProvedAlike = false
    /// A field of it holds a token. Set by the caller, as the next.
    public var carriesSecret = false
    /// It redirects to the very target that was asked for, under another scheme.
    public var leadsToItself = false
    public var hasETag = false
    public var hasWeakETag = false
    /// The tag's bytes in the head or blob it was read from.
    public var etag = ByteSlice()
    /// `Content-Location` names the target of the request. Set by the caller, who knows it.
    public var isAboutTarget = false
    /// Whose lifetime it has where the origin says nothing of its freshness; none: nobody's. Set by
    /// the caller, who knows what was asked for and who judges the body (law 5).
    public var lifetimeClass = MapClass.none
    /// A map whose TIME names the present: it may change without a write. Set by the caller.
    public var movesWithClock = false
    /// An answer to GetFeatureInfo. Set by the caller.
    public var isFeatureInfo = false

    public var hasDate: Bool { date != nil }

    /// A cookie that it sets makes it its reader's own.
    public var isOwnByCookie: Bool {
        hasSetCookie && !excludesSetCookie && !setsCSRFOnly && !isProvedAlike
    }

    /// It comes with a csrf cookie, and is for those who have one.
    public var bringsCSRF: Bool { hasSetCookie && (setsCSRFOnly || isProvedAlike && setsCSRF) }

    /// A validator with which the origin can be asked whether this is still right.
    public var hasValidator: Bool { hasETag || lastModified != nil }

    /// Reads the facts from a parsed head and the bytes its offsets point into.
    ///
    /// `now` settles the century of two-digit years (RFC 9110 §5.6.7).
    public init(_ head: borrowing ResponseHead, bytes: RawSpan, now: Milliseconds) {
        self.init(status: head.status, head.fields, bytes, now)
        // What Connection takes away is not there for anybody behind.
        if let line = head.fields.first(.date), head.isHopByHop(line, bytes: bytes) { date = nil }
        contentLength = head.contentLength
        isContradictory = head.contradictsItself(bytes)
        if isContradictory { forgetContradictions(head, bytes) }
    }

    /// Reads the facts from a stored header block, as after a 304 was merged into it.
    ///
    /// The block has no Age, and no Content-Range: the caller knows what of that is left.
    public init(status: Int, block: RawSpan, now: Milliseconds) {
        var table = HeaderTable()
        var fields = FieldLines()
        while let line = fields.next(in: block) {
            let field = HeaderField(
                name: ByteSlice(line.name), value: ByteSlice(line.value),
                known: KnownField.named(block.extracting(line.name)))
            // The block holds no more lines than the head it was made from.
            if !table.append(field) { break }
        }
        self.init(status: status, table, block, now)
    }

    private init(
        status: Int, _ fields: borrowing HeaderTable, _ bytes: RawSpan, _ now: Milliseconds
    ) {
        self.status = status
        for index in 0..<fields.count {
            let field = fields[index]
            // Of several Date the first counts, which is the one that is passed on.
            if field.known == .date, fields.first(.date) != index { continue }
            note(field.known, bytes, field.value.range, now: now)
        }
        if fields.contains(.cdnCacheControl) { targeted = parseCDNCacheControl(fields, bytes) }
    }
}
