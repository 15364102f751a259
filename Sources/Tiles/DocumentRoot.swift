import HTTP

/// What the beginning of a text body shows about the document.
///
/// A prologue may take all the bytes there are; then a DOCTYPE that names the root is enough, and
/// a document whose root is not reached is `.xml`.
enum DocumentRoot: Equatable {
    /// An OGC exception: root `ServiceExceptionReport` or `ExceptionReport` in any namespace
    /// prefix, or GeoServer's JSON object with a member `exceptions`, by itself or in a call
    /// (JSONP).
    case exception
    case xml
    case json
    case other

    init(_ bytes: RawSpan) {
        var at = Self.skipBlank(bytes, from: bytes.hasByteOrderMark ? 3 : 0)
        guard at < bytes.byteCount else {
            self = .other
            return
        }
        if bytes.byte(at) == UInt8(ascii: "{") || bytes.byte(at) == UInt8(ascii: "[") {
            self = bytes.holds("\"exceptions\"", from: at) ? .exception : .json
            return
        }
        guard bytes.byte(at) == UInt8(ascii: "<") else {
            let argument = Self.skipCall(bytes, from: at)
            self =
                argument.map { bytes.holds("\"exceptions\"", from: $0) } ?? false
                ? .exception : .other
            return
        }
        while at < bytes.byteCount, bytes.byte(at) == UInt8(ascii: "<") {
            if let root = Self.element(bytes, at: at + 1) {
                self = root
                return
            }
            guard let next = Self.skipMarkup(bytes, from: at) else { break }
            at = Self.skipBlank(bytes, from: next)
        }
        self = .xml
    }

    /// The verdict on the element or DOCTYPE at this offset; nil for a declaration or a comment.
    private static func element(_ bytes: RawSpan, at offset: Int) -> DocumentRoot? {
        var start = offset
        guard start < bytes.byteCount else { return .xml }
        if bytes.byte(start) == UInt8(ascii: "?") { return nil }
        if bytes.byte(start) == UInt8(ascii: "!") {
            let word = start + 1
            guard bytes.spells("doctype", from: word, to: word + 7) else { return nil }
            start = skipBlank(bytes, from: word + 7)
        }
        var end = start
        while end < bytes.byteCount, !isNameEnd(bytes.byte(end)) {
            if bytes.byte(end) == UInt8(ascii: ":") { start = end + 1 }
            end += 1
        }
        let isException =
            bytes.spells("serviceexceptionreport", from: start, to: end)
            || bytes.spells("exceptionreport", from: start, to: end)
        if isException { return .exception }
        // A web page in place of a map is no report of the service's own.
        return bytes.spells("html", from: start, to: end) ? .other : .xml
    }

    /// The offset behind the `>` that ends a declaration, or `-->` of a comment.
    private static func skipMarkup(_ bytes: RawSpan, from start: Int) -> Int? {
        let isComment = bytes.spells("!--", from: start + 1, to: start + 4)
        var at = start
        while at < bytes.byteCount {
            defer { at += 1 }
            guard bytes.byte(at) == UInt8(ascii: ">") else { continue }
            if !isComment || bytes.spells("--", from: at - 2, to: at) { return at + 1 }
        }
        return nil
    }

    /// The offset of the object that a function is called with; nil when it is no such call. The
    /// name may be a member's (`a.b`), and a comment may stand before it (`/**/f({...})`).
    private static func skipCall(_ bytes: RawSpan, from start: Int) -> Int? {
        var at = start
        if bytes.spells("/**/", from: at, to: at + 4) { at = skipBlank(bytes, from: at + 4) }
        let name = at
        while at < bytes.byteCount, isNamePart(bytes.byte(at)) { at += 1 }
        guard at > name else { return nil }
        at = skipBlank(bytes, from: at)
        guard at < bytes.byteCount, bytes.byte(at) == UInt8(ascii: "(") else { return nil }
        at = skipBlank(bytes, from: at + 1)
        return at < bytes.byteCount && bytes.byte(at) == UInt8(ascii: "{") ? at : nil
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"),
            UInt8(ascii: "."), 0x80...:
            true
        default: false
        }
    }

    private static func skipBlank(_ bytes: RawSpan, from start: Int) -> Int {
        var at = start
        while at < bytes.byteCount, isBlank(bytes.byte(at)) { at += 1 }
        return at
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    private static func isNameEnd(_ byte: UInt8) -> Bool {
        isBlank(byte) || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "/")
    }
}

extension RawSpan {
    fileprivate var hasByteOrderMark: Bool {
        byteCount >= 3 && byte(0) == 0xEF && byte(1) == 0xBB && byte(2) == 0xBF
    }

    /// Whether `word` (in lower case) occurs at or behind an offset, in any case.
    fileprivate func holds(_ word: StaticString, from start: Int) -> Bool {
        let count = word.utf8CodeUnitCount
        guard byteCount - start >= count else { return false }
        for at in start...(byteCount - count) where spells(word, from: at, to: at + count) {
            return true
        }
        return false
    }
}
