import Caching
import HTTP
import Testing
import Tiles

@Suite("Writes: what a page tells it shows")
struct ShownWordsTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var path: String
        var shown: String
        var target: WriteScope.Target
        var kinds: EntryKinds
        var isDead: Bool
        var testDescription: String { "\(path), which shows \(shown), and \(target)" }

        init(
            _ path: String, _ shown: String, _ target: WriteScope.Target, _ isDead: Bool,
            _ kinds: EntryKinds = .layer
        ) {
            (self.path, self.shown, self.target) = (path, shown, target)
            (self.isDead, self.kinds) = (isDead, kinds)
        }
    }

    private static func layer(_ name: String) -> WriteScope.Target { .layer(LayerName(name)) }
    private static func style(_ name: String) -> WriteScope.Target { .style(LayerName(name)) }

    static let rows = [
        // Of what tells nothing anything may be shown.
        Row("/story/x", "", layer("w:a"), true),
        Row("/story/x", "theme:dark user-7", layer("w:a"), true),
        Row("/story/x", "layer:w:a", layer("w:a"), true),
        Row("/story/x", "layer:w:a", layer("w:b"), false),
        Row("/story/x", "layer:w:a", layer("v:a"), false),
        Row("/story/x", "theme:dark layer:w:b,layer:w:a", layer("w:a"), true),
        Row("/story/x", "LAYER:w:a", layer("w:a"), true),
        Row("/story/x", "layer:w:a", layer("a"), true),
        Row("/story/x", "layer:a", layer("w:a"), true),
        Row("/story/x", "layer:*:a", layer("w:a"), true),
        Row("/story/x", "layer:*:a", layer("w:b"), false),
        Row("/story/x", "layer:w:a%2Cb", layer("w:a,b"), true),
        Row("/story/x", "layer:w:a", .workspace("w"), true),
        Row("/story/x", "layer:w:a", .workspace("v"), false),
        Row("/story/x", "workspace:w", layer("w:a"), true),
        Row("/story/x", "workspace:w", layer("v:a"), false),
        Row("/story/x", "workspace:caf%C3%A9", layer("caf\u{e9}:a"), true),
        Row("/story/x", "layer:caf%C3%A9:a", layer("caf\u{e9}:a"), true),
        Row("/story/x", "workspace:w", layer("a"), true),
        Row("/story/x", "layer:w:a", .everything, true),
        // Words that cannot be meant leave all open.
        Row("/story/x", "layer:w:a layer:*", layer("w:b"), true),
        Row("/story/x", "layer:w:a workspace:*", layer("w:b"), true),
        Row("/story/x", "layer:w:a layer:v:*", layer("w:b"), true),
        Row("/story/x", "workspace:w:a", layer("w:a"), true),
        Row("/story/x", "workspace:w%3Aa", layer("w:a"), true),
        Row("/story/x", "layer:w:\(String(repeating: "a", count: 600))", layer("w:b"), true),
        // Who tells layers need not tell styles, and the other way.
        Row("/story/x", "layer:w:a", style("s"), true, .drawn),
        Row("/story/x", "layer:w:a style:s", style("s"), true, .drawn),
        Row("/story/x", "layer:w:a style:s", style("t"), false, .drawn),
        Row("/story/x", "style:s", layer("w:a"), true),
        Row("/story/x", "layer:w:a", .namedStyle(LayerName("s")), false, .drawn),
        // Its path counts in any case, and so do pages that it shows.
        Row("/story/x", "layer:w:a", .page("/story/x"), true),
        Row("/story/x", "layer:w:a", .page("/story/y"), false),
        Row("/story/x", "layer:w:a page:/story/y/1", .page("/story/y"), true),
        Row("/story/x", "layer:w:a page:/story/y/1", .page("/story/yy"), false),
        Row("/layers/w:a", "layer:w:b", layer("w:a"), true),
        Row("/layers/w:a", "layer:w:b", layer("w:b"), true),
        Row("/layers/w:a", "layer:w:b", layer("w:c"), false),
        // A list goes with a layer that it does not show yet, but not with each edit.
        Row("/search/", "layer:w:a", layer("w:b"), false),
        Row("/search/", "layer:w:a", layer("w:b"), true, .all),
        Row("/search/", "layer:w:a", layer("w:a"), true),
        // What no write changes does not change by this.
        Row("/static/a.js", "layer:w:a", layer("w:a"), false),
    ]

    @Test("decides which edits it goes with", arguments: rows)
    func fields(_ row: Row) {
        let key = EntrySubjectTests.sent(row.path)
        let scope = EntrySubjectTests.scope(row.target, row.kinds)
        let fields = "ETag: \"1\"\r\nsurrogate-key: \(row.shown)\r\n"
        #expect(EntrySubjectTests.isDead(key, by: scope, fields: fields) == row.isDead)
    }

    @Test("decides the same when a rule for its path says so", arguments: rows)
    func rules(_ row: Row) {
        let key = EntrySubjectTests.sent(row.path)
        let scope = EntrySubjectTests.scope(row.target, row.kinds)
        var reading = ScopeReading.standard
        let words = row.shown.split(separator: " ").map(String.init)
        reading.pages = [
            ShownRule(path: "/story/y", words: ["layer:w:c", "style:u"]),
            ShownRule(path: row.path, words: words),
        ]
        #expect(EntrySubjectTests.isDead(key, by: scope, reading) == row.isDead)
    }

    @Test("a rule is for all that is below its path, and adds to what a page tells itself")
    func below() {
        var reading = ScopeReading.standard
        reading.pages = [ShownRule(path: "/story/\u{e9}", words: ["layer:w:a"])]
        let scopes = ["w:a", "w:b", "w:c"].map { EntrySubjectTests.scope(Self.layer($0)) }
        func dead(_ path: String, _ fields: String = "") -> [Bool] {
            let key = EntrySubjectTests.sent(path)
            return scopes.map { EntrySubjectTests.isDead(key, by: $0, reading, fields: fields) }
        }
        #expect(dead("/story/%C3%A9/view") == [true, false, false])
        #expect(dead("/story/%C3%A9", "Surrogate-Key: layer:w:b\r\n") == [true, true, false])
        #expect(dead("/story/e") == [true, true, true])
    }

    @Test("fields that are not at hand may tell anything, unless no field tells it")
    func unknown() {
        let key = EntrySubjectTests.sent("/layers/w:a")
        var scopes = ScopeIndex()
        scopes.insert(EntrySubjectTests.scope(Self.layer("w:b")), number: 7)
        var reading = ScopeReading.standard
        #expect(scopes.numbers(of: key.span.bytes, reading, since: 0).dead == 0)
        #expect(scopes.numbers(of: key.span.bytes, reading, since: 0).stale == 7)
        reading.tagField = []
        #expect(scopes.numbers(of: key.span.bytes, reading, since: 0).stale == 0)
    }

    @Test("of so many words all count, of one more none")
    func limit() {
        let key = EntrySubjectTests.sent("/story/x")
        let scope = EntrySubjectTests.scope(Self.layer("w:b"))
        for (count, isDead) in [(ShownWords.limit, false), (ShownWords.limit + 1, true)] {
            let words = (0..<count).map { "layer:w:l\($0)" }.joined(separator: " ")
            let fields = "Surrogate-Key: \(words)\r\n"
            #expect(EntrySubjectTests.isDead(key, by: scope, fields: fields) == isDead)
        }
    }

    @Test("a word is one that tells something")
    func words() {
        for word in ["layer:a", "layer:w:a", "layer:*:a", "workspace:w", "style:s", "page:/x"] {
            #expect(ShownWords.isWord(word), "\(word)")
        }
        for word in ["", "layer", "layer:", "layer:*", "w:a", "layer:a layer:b", "layer:a b"]
            + [
                "layer:a:", "style:w:", "layer:w:*", "page:story", "workspace:*", "workspace:w:a",
                "page:/a:",
            ]
            + ["page:/" + String(repeating: "a", count: 512)]
        {
            #expect(!ShownWords.isWord(word), "\(word)")
        }
    }

    @Test("a name of so many bytes is read, one of one more leaves all open")
    func length() {
        let key = EntrySubjectTests.sent("/story/x")
        let scope = EntrySubjectTests.scope(Self.layer("w:b"))
        for (count, isDead) in [(512, false), (513, true)] {
            let word = "layer:" + String(repeating: "a", count: count)
            #expect(ShownWords.isWord(word) == !isDead)
            let fields = "Surrogate-Key: \(word)\r\n"
            #expect(EntrySubjectTests.isDead(key, by: scope, fields: fields) == isDead)
        }
    }
}
