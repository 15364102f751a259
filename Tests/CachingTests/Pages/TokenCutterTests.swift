import Caching
import Testing

/// Numbers of a fixed row, so that what is made up is known.
struct CountingGenerator: RandomNumberGenerator {
    var state: UInt64 = 1
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state
    }
}

@Suite("Tokens cut out of pages and put in")
struct TokenCutterTests {
    private static let secret = "abcdefghijklmnopqrstuvwxyzABCDEF"
    private static let other = "ZZZZZZZZZZZZZZZZZZZZZZZZZZZZ9999"
    private static let hex = "0123456789abcdef0123456789abcdef"
    private static let form = "name=\"csrfmiddlewaretoken\" value=\""
    private static let rules = [
        TokenRule(before: [form, "csrfToken: \""], value: .cookie("csrftoken")),
        TokenRule(before: ["access_token="], value: .random),
        TokenRule(before: ["data-nonce=\""], value: .empty),
    ]

    private static func masked(_ text: String, seed: UInt64 = 1) -> String {
        var random = CountingGenerator(state: seed)
        return String(
            decoding: FormSecret.masked(Array(text.utf8), using: &random), as: UTF8.self)
    }

    private static func cut(
        _ page: String, secret: String = secret, attributes: String? = nil
    ) -> TokenCutter.Verdict {
        TokenCutter(
            rules, names: PageSecrets.standardNames, secret: Array(secret.utf8),
            attributes: attributes.map { Array($0.utf8) }
        ).cut(Array(page.utf8))
    }

    /// The page, with `P`, `M` and `R` where something is to be put in.
    private static func marked(_ verdict: TokenCutter.Verdict) -> String {
        guard case .cut(let text, let tokens) = verdict else { return "\(verdict)" }
        var (page, at) = ("", 0)
        for place in tokens.places {
            page += String(decoding: text[at..<place.offset], as: UTF8.self)
            switch place.kind {
            case .plain: page += "P"
            case .masked: page += "M"
            case .random(let length, let isHex): page += isHex ? "R\(length)" : "L\(length)"
            }
            at = place.offset
        }
        return page + String(decoding: text[at...], as: UTF8.self)
    }

    private static let pages: [(String, String)] = [
        ("", "whole"), ("<p>nothing</p>", "whole"),
        ("<\(form)\(secret)\">", "<\(form)P\">"),
        ("<\(form)\(masked(secret))\">", "<\(form)M\">"),
        ("\(form)\(masked(secret))", "\(form)M"),
        (
            "{csrfToken: \"\(secret)\"} \(form)\(masked(secret))\">",
            "{csrfToken: \"P\"} \(form)M\">"
        ),
        (
            "<a href='/wms?access_token=\(hex)'><a href='/x?access_token=\(hex)&y'>",
            "<a href='/wms?access_token=R32'><a href='/x?access_token=R32&y'>"
        ),
        ("/wms?access_token=\(secret)x,", "/wms?access_token=L33,"),
        ("<p data-nonce=\"\(hex)\">", "<p data-nonce=\"\">"),
        // It is not this reader's, or no token at all.
        ("<\(form)\(other)\">", "refused"), ("<\(form)\(masked(other))\">", "refused"),
        ("<\(form)\">", "refused"), ("<\(form)\(secret.dropLast())\">", "refused"),
        ("<\(form)\(secret)x\">", "refused"), ("<\(form)\(secret)-\(secret)\">", "refused"),
        ("<\(form)\(masked(secret))\(secret)\">", "refused"),
        ("/wms?access_token=short", "refused"), ("'/wms?access_token=' + token", "refused"),
        ("/a?access_token=\(hex) /b?access_token=\(other)", "refused"),
        // The same elsewhere, in whatever form.
        ("<\(form)\(secret)\"><p>\(secret)</p>", "refused"),
        ("<p>\(secret)</p><\(form)\(masked(secret))\">", "refused"),
        ("<\(form)\(masked(secret))\"><p>\(masked(secret, seed: 7))</p>", "refused"),
        ("<p x='\(secret)'>", "refused"), ("<p>\(masked(other))</p>", "refused"),
        ("/wms?access_token=\(hex) <p>\(hex)</p>", "refused"),
        // A name that is at none of the places.
        ("<input name=csrfmiddlewaretoken value=\(secret)>", "refused"),
        ("<\(form)\(secret)\"><meta name=csrf-token>", "refused"),
        ("<\(form.uppercased())\(secret)\">", "refused"),
        ("{csrftoken: \"\(secret)\"}", "refused"),
    ]

    @Test("where they stand, and nowhere else", arguments: pages)
    func cuts(_ page: String, _ expected: String) {
        #expect(Self.marked(Self.cut(page)) == expected)
    }

    @Test("at every place of a page")
    func everywhere() {
        let filler = "<p>some text & more</p>"
        for split in 0...filler.count {
            let (left, right) = (filler.prefix(split), filler.dropFirst(split))
            let page = "\(left)<\(Self.form)\(Self.secret)\">\(right)"
            #expect(Self.marked(Self.cut(page)) == "\(left)<\(Self.form)P\">\(right)")
        }
    }

    @Test("without a secret no form's token is known, and too many are none")
    func limits() {
        let page = "<\(Self.form)\(Self.secret)\">"
        #expect(Self.cut(page, secret: "") == .refused)
        #expect(Self.cut(page, secret: "short") == .refused)
        let links = { String(repeating: "/a?access_token=\(Self.hex) ", count: $0) }
        #expect(Self.cut(links(CutTokens.placesMax)) != .refused)
        #expect(Self.cut(links(CutTokens.placesMax + 1)) == .refused)
    }

    @Test("what was cut is filled with the reader's own, each time anew where it is masked")
    func filled() throws {
        let page =
            "<\(Self.form)\(Self.masked(Self.secret))\"> {csrfToken: \"\(Self.secret)\"} "
            + "?access_token=\(Self.hex) ?access_token=\(Self.hex)"
        guard case .cut(let text, let tokens) = Self.cut(page) else {
            Issue.record("nothing was cut")
            return
        }
        #expect(!String(decoding: text, as: UTF8.self).contains(Self.secret))
        let read = try #require(
            CutTokens(list: tokens.list, setting: tokens.setting, length: text.count))
        #expect(read == tokens)
        var random = CountingGenerator()
        for secret in [Self.other, Self.masked(Self.other)] {
            var pages: Set<String> = []
            for _ in 0..<3 {
                let filled = read.filled(text, secret: Array(secret.utf8), using: &random)
                // Cut again it is the same.
                let again = String(decoding: filled, as: UTF8.self)
                let verdict = Self.cut(again, secret: secret)
                #expect(Self.marked(verdict) == Self.marked(.cut(text, tokens)))
                #expect(!again.contains(Self.hex))
                pages.insert(again)
            }
            #expect(pages.count == 3)
        }
    }

    @Test("the cookie is known by name, and by how it is set where that was told")
    func cookie() {
        let page = "<\(Self.form)\(Self.secret)\">"
        guard case .cut(_, let shown) = Self.cut(page),
            case .cut(_, let set) = Self.cut(page, attributes: "; Path=/; Secure"),
            case .cut(_, let free) = Self.cut("?access_token=\(Self.hex)")
        else {
            Issue.record("nothing was cut")
            return
        }
        #expect(shown.needsCookie && !set.needsCookie && !free.needsCookie)
        #expect(String(decoding: shown.setting, as: UTF8.self) == "csrftoken")
        #expect(String(decoding: set.setting, as: UTF8.self) == "csrftoken=; Path=/; Secure")
        #expect(free.setting.isEmpty)
    }

    @Test(
        "a list of places that this did not write is none",
        arguments: [
            "x", "5", "p", "-1p", "5p,4p", "101p", "5p1", "5h", "5h9999", "5q", "5h32,", "5 p",
            "99999999999999999999p", "5m,101m",
        ])
    func malformed(_ list: String) {
        let read = CutTokens(
            list: Array(list.utf8), setting: Array("csrftoken".utf8), length: 100)
        #expect(list == "5h32," ? read != nil : read == nil)
        #expect(CutTokens(list: Array("5p".utf8), setting: [], length: 100) == nil)
    }

    /// Made by Django 5.2: `_mask_cipher_secret`.
    @Test("a mask of Django's own comes off")
    func django() {
        let masked = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\(Self.secret)"
        #expect(FormSecret.plain(Array(masked.utf8)) == Array(Self.secret.utf8))
        let shifted = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbcdefghijklmnopqrstuvwxyzABCDEFG"
        #expect(FormSecret.plain(Array(shifted.utf8)) == Array(Self.secret.utf8))
        let wrapped = "99999999999999999999999999999999" + "9abcdefghijklmnopqrstuvwxyzABCDE"
        #expect(FormSecret.plain(Array(wrapped.utf8)) == Array(Self.secret.utf8))
    }

    private static let values: [(String, Bool)] = [
        (secret, true), ("\(secret)\(secret)", true), ("", false), ("\(secret)a", false),
        ("\(secret.dropLast())-", false), ("\(secret.dropLast())<", false),
        (String(repeating: "a", count: 63), false), (String(repeating: "é", count: 16), false),
    ]

    @Test("what may be put into a page", arguments: values)
    func valid(_ value: String, _ expected: Bool) {
        #expect(FormSecret.isValid(Array(value.utf8)) == expected)
    }
}
