/// What the lines of a CDN-Cache-Control field say (RFC 9213), nil when they say nothing valid.
///
/// The field is a Structured Fields dictionary (RFC 8941 §3.2) and is parsed strictly: one error
/// anywhere, or no member at all, and the whole field is ignored, so that Cache-Control counts
/// instead. Members of unknown name, and known ones whose value has another type than theirs, are
/// skipped. Where a member comes twice, the last counts, as dictionaries have it.
public func parseCDNCacheControl(
    _ fields: borrowing HeaderTable, _ bytes: RawSpan
) -> CacheControl? {
    var result = CacheControl()
    var isEmpty = true
    var line = fields.first(.cdnCacheControl)
    while let index = line {
        var dictionary = StructuredDictionary()
        let value = bytes.extracting(fields[index].value.range)
        while let member = dictionary.next(in: value) {
            isEmpty = false
            result.set(value.extracting(member.key), member.value)
        }
        if dictionary.isMalformed { return nil }
        line = fields.next(after: index, .cdnCacheControl)
    }
    return isEmpty ? nil : result
}

extension CacheControl {
    fileprivate mutating func set(_ key: RawSpan, _ value: StructuredDictionary.Value) {
        switch value {
        case .boolean(let isTrue):
            guard let flag = Self.flag(key) else { return }
            if isTrue { flags.insert(flag) } else { flags.remove(flag) }
        case .integer(let number):
            // A lifetime below zero is stale, like one of zero.
            let seconds = min(max(number, 0), 1 << 31)
            if equalsExactly(key, "max-age") {
                flags.insert(.hasMaxAge)
                maxAge = seconds
            } else if equalsExactly(key, "s-maxage") {
                flags.insert(.hasSMaxAge)
                sMaxAge = seconds
            } else if equalsExactly(key, "stale-while-revalidate") {
                flags.insert(.hasStaleWhileRevalidate)
                staleWhileRevalidate = seconds
            } else if equalsExactly(key, "stale-if-error") {
                flags.insert(.hasStaleIfError)
                staleIfError = seconds
            }
        case .other: break
        }
    }

    private static func flag(_ key: RawSpan) -> Flags? {
        if equalsExactly(key, "no-store") { return .noStore }
        if equalsExactly(key, "no-cache") { return .noCache }
        if equalsExactly(key, "private") { return .private }
        if equalsExactly(key, "public") { return .public }
        if equalsExactly(key, "must-revalidate") { return .mustRevalidate }
        if equalsExactly(key, "proxy-revalidate") { return .proxyRevalidate }
        if equalsExactly(key, "no-transform") { return .noTransform }
        if equalsExactly(key, "must-understand") { return .mustUnderstand }
        if equalsExactly(key, "immutable") { return .immutable }
        return nil
    }
}
