import Caching
import HTTP
import Reactor

/// A page without its readers' tokens, on its way to the store and to who waits for it.
struct CutPage: Sendable {
    /// Plain text, whatever coding the page came in.
    let text: [UInt8]
    let tokens: CutTokens

    /// Whether it can be filled for a waiter.
    func suits(_ exchange: Exchange) -> Bool {
        !tokens.needsCookie || exchange.formSecret(tokens.cookie) != nil
    }

    /// A block of fields as it is stored with the page: with the places, and without a coding.
    func fields(_ block: [UInt8]) -> [UInt8] {
        var fields =
            TokenFields.without(block) + Array("X-Edge-Cut-Tokens: ".utf8) + tokens.list + [13, 10]
        if !tokens.cookie.isEmpty {
            fields += Array("X-Edge-Cut-Cookie: ".utf8) + tokens.setting + [13, 10]
        }
        return fields
    }

    /// What its record says else. It has no validators: what the origin's were about is no more.
    func describe(_ header: inout EntryHeader) {
        header.flags.insert(.tokensCut)
        header.flags.subtract([.compressedHere, .hasETag, .weakETag, .strongDate])
        (header.etag, header.lastModified) = (ByteSlice(), EntryHeader.noDate)
        guard !tokens.cookie.isEmpty else { return }
        if tokens.needsCookie {
            header.flags.insert(.setsCSRF)
        } else {
            header.flags.remove(.setsCSRF)
        }
    }
}

/// Fields of pages that are stored without tokens.
enum TokenFields {
    /// A block without what tells of places, of coding and cookies, be it the origin's.
    static func without(_ block: [UInt8]) -> [UInt8] {
        var rest = block
        for name: StaticString in [
            "x-edge-cut-tokens", "x-edge-cut-cookie", "content-encoding", "set-cookie",
        ] {
            while let line = HeaderBlob.line(name, in: rest) { rest.removeSubrange(line) }
        }
        return rest
    }

    /// A block as it goes out with the page filled: nobody may keep it, or take it for another.
    static func delivered(_ block: [UInt8]) -> [UInt8] {
        HeaderBlob.keptPrivate(
            NoticedFields.shortened(without(block), sMaxage: 0, isShared: false))
    }

    /// The tokens that a stored block tells of; nil: it does not, or not of such a page.
    static func tokens(_ block: UnsafeRawBufferPointer, length: Int) -> CutTokens? {
        guard let list = unsafe HeaderBlob.value("x-edge-cut-tokens", in: block) else { return nil }
        let setting = unsafe HeaderBlob.value("x-edge-cut-cookie", in: block) ?? 0..<0
        return unsafe CutTokens(
            list: [UInt8](block[list]), setting: [UInt8](block[setting]), length: length)
    }
}

/// The cookie that a form's secret is in.
enum FormCookie {
    /// What a cookie may be set with beside its value, in small letters (RFC 6265bis §4.1.1).
    private static let attributes = [
        "expires", "max-age", "domain", "path", "secure", "httponly", "samesite", "partitioned",
        "priority",
    ]

    /// The value of a Set-Cookie line, its cookie's name, and what is said behind: nil if there is
    /// more than is known, which might be anything.
    static func parts(_ line: [UInt8]) -> (name: [UInt8], value: [UInt8], attributes: [UInt8]?) {
        let parts = line.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        let pair = parts[0]
        let name = trimmed(pair.prefix { $0 != UInt8(ascii: "=") })
        let value = trimmed(pair.drop { $0 != UInt8(ascii: "=") }.dropFirst())
        let words = parts.dropFirst().map { Array(trimmed($0)) }.filter { !$0.isEmpty }
        let names = words.map { word in
            String(decoding: word.prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self).lowercased()
        }
        guard names.allSatisfy(attributes.contains) else { return (Array(name), Array(value), nil) }
        var all: [UInt8] = []
        for (name, word) in zip(names, words) where name != "expires" || !names.contains("max-age")
        {
            all += [UInt8(ascii: ";"), 32] + word
        }
        return (Array(name), Array(value), all)
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text.drop { $0 == 32 || $0 == 9 }
        while let last = text.last, last == 32 || last == 9 { text.removeLast() }
        return text
    }

    /// Where a request shows its secret: the value of its last cookie of that name, as Django reads
    /// them; nil: in none, or in one that no page may have. Allocates nothing.
    static func secret(
        _ name: RawSpan, _ head: borrowing RequestHead, _ bytes: RawSpan
    ) -> Range<Int>? {
        var value = 0..<0
        var line = head.fields.first(.cookie)
        while let at = line {
            let field = head.fields[at].value.range
            let text = bytes.extracting(field)
            var pairs = CookiePairs()
            while let (found, pair) = pairs.next(in: text) {
                guard equalsExactly(text.extracting(found), name) else { continue }
                let start = min(found.upperBound + 1, pair.upperBound)
                value = (field.lowerBound + start)..<(field.lowerBound + pair.upperBound)
            }
            line = head.fields.next(after: at, .cookie)
        }
        return FormSecret.isValid(bytes.extracting(value)) ? value : nil
    }
}

extension StoredCopy {
    /// It is filled at delivery: no bytes that its origin could confirm, or tell of by HEAD.
    var isCut: Bool { header.flags.contains(.tokensCut) }
}

extension BehaviorSettings {
    /// The cookie whose secret its pages have; empty: none.
    var formCookie: [UInt8] { Array((tokenPlaces.lazy.compactMap(\.cookie).first ?? "").utf8) }
}

extension Exchange {
    func formSecret(_ name: [UInt8]) -> [UInt8]? {
        let bytes = bytes
        let found = unsafe FormCookie.secret(name.span.bytes, head, bytes.span.bytes)
        return found.map { [UInt8](bytes[$0]) }
    }

    /// What cuts the tokens out of an answer's page; nil: its tokens make it its reader's own.
    func cutter(for head: FetchedHead) -> TokenCutter? {
        let settings = snapshot.settings.behaviors[behavior]
        guard !settings.tokenPlaces.isEmpty, page == nil, head.mayBeShared || head.start != nil,
            head.status == 200
        else { return nil }
        let cookie = settings.formCookie
        // A session that it starts goes with its reader's own answer alone.
        let lines = head.cookieLines.filter { head.start == nil || cookieClass($0) != .session }
        var (secret, attributes) = ([] as [UInt8], nil as [UInt8]?)
        if lines.isEmpty, !cookie.isEmpty {
            secret = formSecret(cookie) ?? []
        } else if let line = lines.first, !cookie.isEmpty {
            // Of a cookie that is taken away, or of two, nobody could be given one.
            let parts = FormCookie.parts(line)
            guard lines.count == 1, parts.name == cookie, FormSecret.isValid(parts.value),
                parts.attributes != nil
            else { return nil }
            (secret, attributes) = (parts.value, parts.attributes)
        }
        return TokenCutter(
            settings.tokenPlaces, names: settings.tokens, secret: secret, others: secrets(head),
            attributes: attributes)
    }
}

extension FetchedHead {
    /// The values of all Set-Cookie lines.
    fileprivate var cookieLines: [[UInt8]] {
        var lines: [[UInt8]] = []
        var line = head.fields.first(.setCookie)
        while let at = line {
            lines.append([UInt8](bytes[head.fields[at].value.range]))
            line = head.fields.next(after: at, .setCookie)
        }
        return lines
    }
}
