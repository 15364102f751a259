extension CacheControl {
    /// A member that is no directive, such as `no-cache="x` or `max-age=60; no-store`.
    ///
    /// Whoever wrote it wanted less to be kept, not more: each word in it that forbids something
    /// counts, as if it stood alone, and a lifetime that cannot be read is none (§4.2.1).
    mutating func addMalformed(_ value: RawSpan, _ member: Range<Int>) {
        var at = member.lowerBound
        while at < member.upperBound {
            let start = at
            while at < member.upperBound, isToken(value.byte(at)) { at += 1 }
            if at > start {
                let hasArgument = at < member.upperBound && value.byte(at) == UInt8(ascii: "=")
                addForbidding(value.extracting(start..<at), hasArgument: hasArgument)
            }
            at += 1
        }
    }

    private mutating func addForbidding(_ word: RawSpan, hasArgument: Bool) {
        if equalsIgnoringCase(word, "no-store") {
            flags.insert(.noStore)
        } else if equalsIgnoringCase(word, "no-cache") {
            flags.insert(.noCache)
        } else if equalsIgnoringCase(word, "private") {
            flags.insert(.private)
        } else if equalsIgnoringCase(word, "must-revalidate") {
            flags.insert(.mustRevalidate)
        } else if equalsIgnoringCase(word, "proxy-revalidate") {
            flags.insert(.proxyRevalidate)
        } else if hasArgument, equalsIgnoringCase(word, "max-age") {
            if flags.insert(.hasMaxAge).inserted { flags.insert(.invalidMaxAge) }
        } else if hasArgument, equalsIgnoringCase(word, "s-maxage") {
            if flags.insert(.hasSMaxAge).inserted { flags.insert(.invalidSMaxAge) }
        }
    }

    /// Calls `body` with each member of a field line that is no directive, such as `max-age: 0`,
    /// and so allows nothing (RFC 9111 §5.2.3).
    public static func forEachMalformed(in value: RawSpan, _ body: (RawSpan) -> Void) {
        var list = FieldList()
        while let member = list.next(in: value) {
            if Directive(value, member) == nil { body(value.extracting(member)) }
        }
    }
}
