/// What the lines of a CDN-Cache-Control field say (RFC 9213), nil when they say nothing valid.
///
/// The field is a Structured Fields dictionary (RFC 8941 §3.2) and is parsed strictly: one error
/// anywhere, or no member at all, and the whole field is ignored, so that Cache-Control counts
/// instead. Members of unknown name, and known ones whose value has another type than theirs, are
/// skipped (§2.1); where nothing is left then that says whether or for how long a response may be
/// kept, the field is ignored, lest it frees what Cache-Control forbids. `no-cache` and `private`
/// with text are the qualified forms: they are about the fields that they name, as in Cache-Control
/// (§2.1). Where a member comes twice, the last counts, as dictionaries have it.
public func parseCDNCacheControl(
    _ fields: borrowing HeaderTable, _ bytes: RawSpan
) -> CacheControl? {
    var result = CacheControl()
    var isEmpty = true
    var hasSkipped = false
    var line = fields.first(.cdnCacheControl)
    while let index = line {
        var dictionary = StructuredDictionary()
        let value = bytes.extracting(fields[index].value.range)
        while let member = dictionary.next(in: value) {
            isEmpty = false
            if !result.set(member, in: value) { hasSkipped = true }
        }
        if dictionary.isMalformed { return nil }
        line = fields.next(after: index, .cdnCacheControl)
    }
    let decisive: CacheControl.Flags = [
        .hasMaxAge, .hasSMaxAge, .noStore, .noCache, .private,
    ]
    return isEmpty || hasSkipped && result.flags.isDisjoint(with: decisive) ? nil : result
}

extension CacheControl {
    /// False: the value has not the type of the directive that the key names.
    fileprivate mutating func set(_ member: StructuredDictionary.Member, in line: RawSpan) -> Bool {
        let key = line.extracting(member.key)
        switch member.value {
        case .boolean(let isTrue):
            guard let flag = Self.flag(key) else { return !Self.takesSeconds(key) }
            flags.subtract(Self.fields(flag))
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
            } else {
                return Self.flag(key) == nil
            }
        case .text:
            let names = Directive(line, member.whole)?.argument
            return qualify(
                key, hasNames: names.map { Self.namesFields(line.extracting($0)) } ?? false)
                || !Self.takesSeconds(key) && Self.flag(key) == nil
        case .other: return !Self.takesSeconds(key) && Self.flag(key) == nil
        }
        return true
    }

    private static func takesSeconds(_ key: RawSpan) -> Bool {
        equalsExactly(key, "max-age") || equalsExactly(key, "s-maxage")
            || equalsExactly(key, "stale-while-revalidate") || equalsExactly(key, "stale-if-error")
    }

    /// A list that is empty, or of which the names cannot be told, is about the whole response, the
    /// stricter reading. The last of a name counts.
    private mutating func qualify(_ key: RawSpan, hasNames: Bool) -> Bool {
        if equalsExactly(key, "no-cache") {
            flags.subtract([.noCache, .noCacheFields])
            flags.insert(hasNames ? .noCacheFields : .noCache)
        } else if equalsExactly(key, "private") {
            flags.subtract([.private, .privateFields])
            flags.insert(hasNames ? .privateFields : .private)
        } else {
            return false
        }
        return true
    }

    private static func fields(_ flag: Flags) -> Flags {
        switch flag {
        case .noCache: .noCacheFields
        case .private: .privateFields
        default: []
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
