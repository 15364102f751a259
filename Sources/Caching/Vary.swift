public import HTTP

/// Selecting fields: by which request fields the responses of a target differ (RFC 9111 §4.1).
///
/// The names are kept in a record of kind `variants` under the target's own key, as a name list:
/// sorted, in small letters, without repetition, each ended by a line feed. A variant's key is the
/// target's key and, for each name, the request's value in a normal form, so that requests that
/// mean the same share a response.
public enum Vary {
    /// More names than this are not kept; the response is not stored.
    public static var nameLimit: Int { 16 }
    /// Longest name list, in bytes; longer ones are not kept either.
    public static var listLimit: Int { 1_024 }

    /// Stands for Accept-Encoding of which nothing matters but whether it takes gzip. No field has
    /// such a name.
    private static var gzip: StaticString { "accept-encoding=gzip" }

    /// The name list of a response, all `Vary` lines taken together.
    ///
    /// Empty when it does not vary; nil when it varies by everything, by too much, or by what is
    /// no field name: no request can be shown to match then. Allocates; for the miss path.
    ///
    /// - Parameters:
    ///   - request: by what it leaves open: an anonymous one shows the origin no cookies, and one
    ///     whose key has the language only that.
    ///   - isCodedHere: it names Accept-Encoding because of what is compressed here alone, so that
    ///     all who take gzip share one response, and all who do not another.
    ///   - isInKey: whether the target's key has what the origin is told in a field, so that the
    ///     field selects nothing beyond.
    public static func names(
        _ head: borrowing ResponseHead, bytes: RawSpan, for request: RequestFacts? = nil,
        isCodedHere: Bool = false,
        isInKey: (KnownField) -> Bool = { _ in false }
    ) -> [UInt8]? {
        var names: [[UInt8]] = []
        var line = head.fields.first(.vary)
        while let index = line {
            let value = bytes.extracting(head.fields[index].value.range)
            guard add(value, isInKey, to: &names) else { return nil }
            line = head.fields.next(after: index, .vary)
        }
        if request?.standing == .anonymous { names.removeAll { $0 == Array("cookie".utf8) } }
        if request?.language ?? PageLanguages.none != PageLanguages.none {
            names.removeAll { $0 == Array("accept-language".utf8) }
        }
        if isCodedHere, let index = names.firstIndex(of: Array("accept-encoding".utf8)) {
            names[index] = Array("\(gzip)".utf8)
        }
        names.sort { $0.lexicographicallyPrecedes($1) }
        let list = names.flatMap { $0 + [UInt8(ascii: "\n")] }
        return list.count <= listLimit ? list : nil
    }

    private static func add(
        _ value: RawSpan, _ isInKey: (KnownField) -> Bool, to names: inout [[UInt8]]
    ) -> Bool {
        var members = FieldList()
        while let range = members.next(in: value) {
            let member = value.extracting(range)
            guard isToken(member), !equalsIgnoringCase(member, "*") else { return false }
            let known = KnownField.named(member)
            if isInKey(known) { continue }
            guard !known.isSetByProxies else { return false }
            let name = range.map { lowercased(value[$0]) }
            if names.contains(name) { continue }
            guard names.count < nameLimit else { return false }
            names.append(name)
        }
        return true
    }

    /// A number for a name list, to tell lists apart without comparing them; 0 for the empty one.
    public static func hash(_ names: RawSpan) -> UInt64 {
        if names.byteCount == 0 { return 0 }
        let (low, _) = sipHash(names, seed: (0, 0), rounds: (1, 3))
        return low == 0 ? 1 : low
    }

    /// Appends a request's selecting values to its target's key: the variant's key.
    ///
    /// A field that is absent differs from one that is empty. Without allocation; the cost grows
    /// with the length of the values named. `names` is a name list.
    public static func append(
        names: RawSpan, of head: borrowing RequestHead, bytes: RawSpan,
        to key: inout CanonicalKey
    ) {
        var start = 0
        while start < names.byteCount {
            let end = names.index(of: UInt8(ascii: "\n"), from: start) ?? names.byteCount
            let name = names.extracting(start..<end)
            key.append(.variantName, name)
            appendValue(name, head, bytes, &key)
            start = end + 1
        }
    }

    private static func appendValue(
        _ name: RawSpan, _ head: borrowing RequestHead, _ bytes: RawSpan,
        _ key: inout CanonicalKey
    ) {
        if equalsExactly(name, gzip) {
            let line = head.fields.first(.acceptEncoding)
            guard let line,
                GzipOffer.accepts(bytes.extracting(head.fields[line].value.range))
            else { return }
            return key.append(.variantValue, name.extracting(name.byteCount - 4..<name.byteCount))
        }
        let known = KnownField.named(name)
        if known != .other, !head.fields.contains(known) { return }
        // What the request's Connection takes away never reaches the origin, so it selects nothing.
        var value = SelectingValue(known)
        for index in 0..<head.fields.count {
            let field = head.fields[index]
            guard field.known == known, !head.isHopByHop(index, bytes: bytes) else { continue }
            if known == .other, !equalsIgnoringCase(bytes.extracting(field.name.range), name) {
                continue
            }
            value.add(bytes, field.value.range)
        }
        value.append(bytes, to: &key)
    }
}

extension KnownField {
    /// Written anew by each proxy: what the origin saw is not what the viewer sent, so that no
    /// request can be shown to match a response that varies by it.
    var isSetByProxies: Bool {
        switch self {
        case .xForwardedFor, .xForwardedProto, .xForwardedHost, .xForwardedPort, .xRealIP,
            .forwarded:
            true
        default: false
        }
    }
}
