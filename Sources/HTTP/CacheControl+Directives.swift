/// One member of a Cache-Control value: offsets of its name and, without quotes, its argument.
struct Directive {
    let name: Range<Int>
    let argument: Range<Int>?

    /// nil when the member is not `token`, `token=token` or `token="quoted string"`.
    init?(_ value: RawSpan, _ member: Range<Int>) {
        var at = member.lowerBound
        while at < member.upperBound, isToken(value.byte(at)) { at += 1 }
        guard at > member.lowerBound else { return nil }
        name = member.lowerBound..<at
        if at == member.upperBound {
            argument = nil
            return
        }
        guard value.byte(at) == UInt8(ascii: "=") else { return nil }
        at += 1
        let end = member.upperBound
        if at < end, value.byte(at) == UInt8(ascii: "\"") {
            guard end - at >= 2, value.byte(end - 1) == UInt8(ascii: "\""),
                Self.isQuotedText(value, (at + 1)..<(end - 1))
            else { return nil }
            argument = (at + 1)..<(end - 1)
        } else {
            for index in at..<end where !isToken(value.byte(index)) { return nil }
            argument = at..<end
        }
    }

    /// Whether no unescaped quote ends the string before its last one.
    private static func isQuotedText(_ value: RawSpan, _ range: Range<Int>) -> Bool {
        var at = range.lowerBound
        while at < range.upperBound {
            if value.byte(at) == UInt8(ascii: "\"") { return false }
            at += value.byte(at) == UInt8(ascii: "\\") ? 2 : 1
        }
        return at == range.upperBound
    }

    func isNamed(_ word: StaticString, in value: RawSpan) -> Bool {
        equalsIgnoringCase(value.extracting(name), word)
    }

    /// The argument as delta-seconds (RFC 9111 §1.2.2): digits only; nil for anything else.
    func seconds(in value: RawSpan) -> Int64? {
        argument.flatMap { parseDeltaSeconds(value.extracting($0)) }
    }
}

/// Delta-seconds: decimal digits, of any number; beyond 2^31 − 1 they mean 2^31.
///
/// Source: RFC 9111 §1.2.2. nil when `text` is empty or holds anything but digits.
public func parseDeltaSeconds(_ text: RawSpan) -> Int64? {
    guard text.byteCount > 0 else { return nil }
    let ceiling: Int64 = 1 << 31
    var seconds: Int64 = 0
    for index in 0..<text.byteCount {
        guard isDigit(text.byte(index)) else { return nil }
        seconds = min(seconds * 10 + Int64(text.byte(index) - 0x30), ceiling)
    }
    return seconds
}

extension CacheControl {
    /// One directive of a line. The length of the name leaves three candidates at most.
    mutating func add(_ value: RawSpan, _ directive: Directive) {
        let name = value.extracting(directive.name)
        switch name.byteCount {
        case 6:
            if equalsIgnoringCase(name, "public") { flags.insert(.public) }
        case 7:
            if equalsIgnoringCase(name, "max-age") {
                guard isFirst(.hasMaxAge, else: .repeatedMaxAge) else { return }
                maxAge = lifetime(value, directive, .invalidMaxAge)
            } else if equalsIgnoringCase(name, "private") {
                addQualifiable(value, directive, .private, .privateFields)
            }
        case 8:
            if equalsIgnoringCase(name, "no-cache") {
                addQualifiable(value, directive, .noCache, .noCacheFields)
            } else if equalsIgnoringCase(name, "no-store") {
                flags.insert(.noStore)
            } else if equalsIgnoringCase(name, "s-maxage") {
                guard isFirst(.hasSMaxAge, else: .repeatedSMaxAge) else { return }
                sMaxAge = lifetime(value, directive, .invalidSMaxAge)
            }
        case 9:
            if equalsIgnoringCase(name, "max-stale") {
                addMaxStale(value, directive)
            } else if equalsIgnoringCase(name, "min-fresh") {
                guard let seconds = directive.seconds(in: value), isFirst(.hasMinFresh) else {
                    return
                }
                minFresh = seconds
            } else if equalsIgnoringCase(name, "immutable") {
                flags.insert(.immutable)
            }
        default: addLongName(value, directive, name)
        }
    }

    private mutating func addLongName(
        _ value: RawSpan, _ directive: Directive, _ name: RawSpan
    ) {
        if equalsIgnoringCase(name, "must-revalidate") {
            flags.insert(.mustRevalidate)
        } else if equalsIgnoringCase(name, "proxy-revalidate") {
            flags.insert(.proxyRevalidate)
        } else if equalsIgnoringCase(name, "stale-while-revalidate") {
            guard let seconds = directive.seconds(in: value), isFirst(.hasStaleWhileRevalidate)
            else { return }
            staleWhileRevalidate = seconds
        } else if equalsIgnoringCase(name, "stale-if-error") {
            guard let seconds = directive.seconds(in: value), isFirst(.hasStaleIfError) else {
                return
            }
            staleIfError = seconds
        } else if equalsIgnoringCase(name, "no-transform") {
            flags.insert(.noTransform)
        } else if equalsIgnoringCase(name, "must-understand") {
            flags.insert(.mustUnderstand)
        } else if equalsIgnoringCase(name, "only-if-cached") {
            flags.insert(.onlyIfCached)
        }
    }

    /// Sets the flag and says whether it was not set before.
    private mutating func isFirst(_ flag: Flags) -> Bool { flags.insert(flag).inserted }

    /// The same, and notes that it was.
    private mutating func isFirst(_ flag: Flags, else repeated: Flags) -> Bool {
        if isFirst(flag) { return true }
        flags.insert(repeated)
        return false
    }

    /// A lifetime: one that cannot be read must not be taken for a missing one.
    private mutating func lifetime(
        _ value: RawSpan, _ directive: Directive, _ invalid: Flags
    ) -> Int64 {
        if let seconds = directive.seconds(in: value) { return seconds }
        flags.insert(invalid)
        return 0
    }

    private mutating func addMaxStale(_ value: RawSpan, _ directive: Directive) {
        guard !flags.contains(.hasMaxStale), !flags.contains(.maxStaleAny) else { return }
        if directive.argument == nil {
            flags.insert(.maxStaleAny)
        } else if let seconds = directive.seconds(in: value) {
            flags.insert(.hasMaxStale)
            maxStale = seconds
        }
    }

    /// With names, the directive is about those fields only; without, or with anything else in
    /// their place, it is about the whole response, the stricter reading.
    private mutating func addQualifiable(
        _ value: RawSpan, _ directive: Directive, _ whole: Flags, _ fields: Flags
    ) {
        if let argument = directive.argument, Self.namesFields(value.extracting(argument)) {
            flags.insert(fields)
        } else {
            flags.insert(whole)
        }
    }
}
