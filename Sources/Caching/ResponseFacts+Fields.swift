import HTTP

extension ResponseFacts {
    /// A 206 whose part can be kept: it says which, and is as long as that where it says how long.
    var hasUsablePart: Bool {
        guard let range = contentRange?.range else { return false }
        return contentLength.map { $0 == range.upperBound - range.lowerBound } ?? true
    }

    /// `Last-Modified` that serves as a strong validator (RFC 9110 §8.8.2.2): at least a minute
    /// older than `Date`, so that no second change within its second can hide behind it.
    public var hasStrongDate: Bool {
        guard let lastModified, let date else { return false }
        return date.subtracting(lastModified) >= 60
    }

    /// Takes in one field line.
    mutating func note(
        _ field: KnownField, _ bytes: RawSpan, _ range: Range<Int>, now: Milliseconds
    ) {
        let value = bytes.extracting(range)
        switch field {
        case .cacheControl:
            cacheControl.add(value)
            hasCacheControl = true
            if QualifiedNames.hasSetCookie(in: value) { excludesSetCookie = true }
        case .cdnCacheControl:
            if QualifiedNames.hasSetCookie(in: value) { excludesSetCookie = true }
        case .pragma: if value.listHas("no-cache") { hasPragmaNoCache = true }
        case .expires: noteExpires(value, now)
        case .date: date = HTTPDate.parse(value, now: now / 1_000)
        case .lastModified: lastModified = HTTPDate.parse(value, now: now / 1_000)
        case .age: if age == nil { age = Self.firstNumber(value) }
        case .setCookie: hasSetCookie = true
        case .vary: noteVary(value)
        case .etag: noteTag(value, range)
        case .contentRange: contentRange = ContentRange.parse(value)
        default: break
        }
    }

    /// What is said twice and differently is not said: no validator is compared, and no part is put
    /// into its place.
    mutating func forgetContradictions(_ head: borrowing ResponseHead, _ bytes: RawSpan) {
        if head.contradictsItself(in: .etag, bytes) {
            (hasETag, hasWeakETag, etag) = (false, false, ByteSlice())
        }
        if head.contradictsItself(in: .lastModified, bytes) { lastModified = nil }
        if head.contradictsItself(in: .contentRange, bytes) { contentRange = nil }
    }

    /// The earliest of several `Expires`, as RFC 9111 §4.2.1 encourages; what is no date is past.
    private mutating func noteExpires(_ value: RawSpan, _ now: Milliseconds) {
        guard let seconds = HTTPDate.parse(value, now: now / 1_000) else {
            expires = .invalid
            return
        }
        switch expires {
        case .absent: expires = .at(seconds)
        case .at(let earlier): expires = .at(min(earlier, seconds))
        case .invalid: break
        }
    }

    private mutating func noteVary(_ value: RawSpan) {
        var list = FieldList()
        while let member = list.next(in: value) {
            let name = value.extracting(member)
            varyCount += 1
            if equalsIgnoringCase(name, "*") || !isToken(name) { varyStar = true }
            if equalsIgnoringCase(name, "cookie") { varyCookie = true }
            if equalsIgnoringCase(name, "authorization") { varyAuthorization = true }
            if equalsIgnoringCase(name, "accept-language") { varyLanguage = true }
        }
    }

    /// A tag that is not well formed, as some tile servers send, promises nothing about bytes:
    /// it counts as weak.
    private mutating func noteTag(_ value: RawSpan, _ range: Range<Int>) {
        guard value.byteCount > 0, !hasETag else { return }
        hasETag = true
        hasWeakETag = EntityTag.isWeak(value) || !EntityTag.isValid(value)
        etag = ByteSlice(range)
    }

    /// The first member of a list of numbers; nil when it is none (RFC 9111 §5.1). What is too
    /// large to be counted is the largest that can.
    private static func firstNumber(_ value: RawSpan) -> Int64? {
        var list = FieldList()
        guard let member = list.next(in: value) else { return nil }
        var number: Int64 = 0
        for offset in member {
            guard isDigit(value[offset]) else { return nil }
            let (scaled, overflow) = number.multipliedReportingOverflow(by: 10)
            number = overflow ? .max : scaled.adding(Int64(value[offset] - 48))
        }
        return number
    }
}
