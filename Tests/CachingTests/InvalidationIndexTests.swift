import HTTP
import Testing

@testable import Caching

private func canonical(_ host: String, _ path: String, _ query: String? = nil) -> [UInt8] {
    withUnsafeTemporaryAllocation(byteCount: 4_096, alignment: 8) { memory in
        var key = CanonicalKey(memory)
        key.append(.methodClass, byte: UInt8(ascii: "G"))
        key.append(host: Array(host.utf8).span.bytes)
        key.append(.path, Array(path.utf8).span.bytes)
        if let query { key.append(.query, Array(query.utf8).span.bytes) }
        key.append(.variantName, Array("accept".utf8).span.bytes)
        return [UInt8](key.bytes)
    }
}

private func rule(
    _ reach: InvalidationRule.Reach, _ text: String = "", host: String? = nil
) -> InvalidationRule {
    InvalidationRule(reach, host: host.map { Array($0.utf8) }, Array(text.utf8))
}

private func number(of index: InvalidationIndex, _ path: String) -> UInt64 {
    let key = canonical("h", path)
    return index.number(of: key.span.bytes)
}

private func number(of index: InvalidationIndex, tag: String) -> UInt64 {
    let bytes = Array(tag.utf8)
    return index.numbers(ofTag: bytes.span.bytes, in: Array("Tags".utf8).span.bytes).dead
}

@Suite("Law 3: which invalidation kills what")
struct InvalidationIndexTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var rule: InvalidationRule
        var path: String
        var query: String?
        var isMatched: Bool
        var testDescription: String {
            "\(rule.reach) \(String(decoding: rule.bytes, as: UTF8.self)) and \(path) \(query ?? "")"
        }
        init(_ rule: InvalidationRule, _ path: String, _ query: String? = nil, _ isMatched: Bool) {
            (self.rule, self.path, self.query, self.isMatched) = (rule, path, query, isMatched)
        }
    }

    static let rows = [
        Row(rule(.everything), "/a", nil, true),
        Row(rule(.prefix, "/"), "/a/b", "c", true),
        Row(rule(.target, "/a"), "/a", nil, true),
        Row(rule(.target, "/a"), "/a/", nil, false),
        Row(rule(.target, "/a"), "/A", nil, false),
        Row(rule(.target, "/a"), "/a", "p=1", false),  // I6
        Row(rule(.target, "/a?p=1"), "/a", "p=1", true),
        Row(rule(.target, "/a?p=1"), "/a", "p=12", false),
        Row(rule(.prefix, "/a"), "/a", "p=1", true),
        Row(rule(.prefix, "/dir/"), "/dir/x/y", nil, true),  // I4
        Row(rule(.prefix, "/dir/"), "/dir", nil, false),
        Row(rule(.prefix, "/dir"), "/dir2", nil, true),
        Row(rule(.prefix, "/a?p=1"), "/a", "p=12", true),
        Row(rule(.target, "/a", host: "maps.test"), "/a", nil, true),
        Row(rule(.target, "/a", host: "other.test"), "/a", nil, false),
        Row(rule(.prefix, "/a", host: "maps.test"), "/a/b", nil, true),
        Row(rule(.prefix, "/a", host: "other.test"), "/a/b", nil, false),
        Row(rule(.prefix, "/", host: "other.test"), "/a/b", nil, false),
        Row(rule(.tag, "tags layer"), "/layer", nil, false),
    ]

    @Test("a rule reaches what its path says, on its host, in all variants", arguments: rows)
    func reach(_ row: Row) {
        var index = InvalidationIndex()
        index.insert(row.rule, number: 7)
        let key = canonical("Maps.test:80", row.path, row.query)
        #expect(index.number(of: key.span.bytes) == (row.isMatched ? 7 : 0))
        #expect(index.latest == 7)
    }

    @Test("the highest number of all that match decides")
    func highest() {
        var index = InvalidationIndex()
        index.insert(rule(.target, "/a"), number: 3)
        index.insert(rule(.prefix, "/"), number: 2)
        index.insert(rule(.prefix, "/a"), number: 5)
        index.insert(rule(.prefix, "/b"), number: 9)
        #expect(number(of: index, "/a") == 5)
        #expect(number(of: index, "/c") == 2)
        index.insert(rule(.target, "/a"), number: 11)
        #expect(number(of: index, "/a") == 11)
    }

    @Test("a retired rule is forgotten, and the horizon says so")
    func retired() {
        var index = InvalidationIndex()
        index.insert(rule(.target, "/a"), number: 3)
        index.insert(rule(.prefix, "/b"), number: 4)
        index.insert(rule(.tag, "tags t"), number: 5)
        index.retire(upTo: 4)
        #expect(number(of: index, "/a") == 0)
        #expect(number(of: index, "/b") == 0)
        #expect(number(of: index, tag: "t") == 5)
        #expect(index.horizon == 4)
        #expect(index.count == 1)
    }

    @Test("what is no canonical key counts as matched")
    func digest() {
        var index = InvalidationIndex()
        index.insert(rule(.target, "/a"), number: 3)
        let digest = [UInt8](repeating: 0xee, count: 32)
        #expect(index.number(of: digest.span.bytes) == 3)
    }

    @Test("too many prefixes are one: everything")
    func prefixLimit() {
        var index = InvalidationIndex()
        for number in 0..<InvalidationIndex.prefixLimit {
            index.insert(rule(.prefix, "/p\(number)/"), number: UInt64(number + 1))
        }
        #expect(number(of: index, "/q") == 0)
        index.insert(rule(.prefix, "/one-more/"), number: 10_000)
        #expect(number(of: index, "/q") == 10_000)
    }

    @Test("a look takes no longer among thousands of rules than among fifteen")
    func looks() {
        // Goes on with the longest of all rules, and further.
        let path = "/tiles/p7/x/y"
        let keys = [
            canonical("h", path), canonical("h", path, "v=1"), canonical("other", "/else"),
        ]
        func looks(_ count: Int) -> [Int] {
            var index = InvalidationIndex()
            for number in 1...count {
                for (reach, text, host) in [
                    (InvalidationRule.Reach.prefix, "/tiles/p\(number)/x", nil as String?),
                    (.prefix, "/tiles/q\(number)/", "h"), (.target, "/tiles/p\(number)/x", nil),
                    (.target, "/tiles/t\(number)", "h"), (.tag, "tag\(number)", nil),
                ] {
                    for isSoft in [false, true] {
                        var one =
                            reach == .tag
                            ? InvalidationRule(tag: Array(text.utf8), in: Array("Tags".utf8))
                            : rule(reach, text, host: host)
                        one.isSoft = isSoft
                        index.insert(one, number: UInt64(number))
                    }
                }
            }
            #expect(number(of: index, path) == 7 && number(of: index, "/else") == 0)
            return keys.map { index.looks(of: $0.span.bytes) }
        }
        let (few, many) = (looks(15), looks(InvalidationIndex.prefixLimit / 2))
        for (few, many) in zip(few, many) {
            // More branches on the way, and slots that are taken: never more than a byte each.
            #expect(few > 0 && many <= few + path.utf8.count, "\(few), \(many)")
        }
    }

    @Test("a soft rule reaches as far, and only ends lifetimes", arguments: rows)
    func soft(_ row: Row) {
        var (index, rule) = (InvalidationIndex(), row.rule)
        rule.isSoft = true
        index.insert(rule, number: 7)
        let key = canonical("Maps.test:80", row.path, row.query)
        let numbers = index.numbers(of: key.span.bytes)
        #expect(numbers == InvalidationIndex.Numbers(dead: 0, stale: row.isMatched ? 7 : 0))
        #expect(numbers.highest == (row.isMatched ? 7 : 0))
        let encoded = rule.encoded
        #expect(InvalidationRule(encoded: encoded.span.bytes) == rule)
        #expect(rule != row.rule && encoded != row.rule.encoded)
    }

    @Test("soft and hard rules stand side by side, and are retired alike")
    func both() {
        var index = InvalidationIndex()
        index.insert(rule(.target, "/a"), number: 3)
        var gentle = rule(.prefix, "/")
        gentle.isSoft = true
        index.insert(gentle, number: 5)
        gentle.bytes = Array("/a".utf8)
        index.insert(gentle, number: 6)
        let key = canonical("h", "/a")
        #expect(index.numbers(of: key.span.bytes) == .init(dead: 3, stale: 6))
        #expect(index.count == 3)
        index.retire(upTo: 4)
        #expect(index.numbers(of: key.span.bytes) == .init(dead: 0, stale: 6))
        index.retire(upTo: 6)
        #expect(index.count == 0)
        // Who carries a number from before the horizon is judged elsewhere.
        #expect(index.numbers(of: key.span.bytes).dead == 0)
        // What does not tell what it is of is dead to be on the safe side.
        let digest = [UInt8](repeating: 0xee, count: 32)
        #expect(index.numbers(of: digest.span.bytes).dead == 6)
    }

    @Test("a rule is read from the log as it was written", arguments: rows)
    func roundTrip(_ row: Row) {
        let encoded = row.rule.encoded
        #expect(InvalidationRule(encoded: encoded.span.bytes) == row.rule)
        for isSoft in [false, true] {
            var quiet = row.rule
            (quiet.isQuiet, quiet.isSoft) = (true, isSoft)
            let bytes = quiet.encoded
            #expect(InvalidationRule(encoded: bytes.span.bytes) == quiet)
        }
        for end in 0..<3 {
            let cut = Array(row.rule.encoded[..<end])
            #expect(InvalidationRule(encoded: cut.span.bytes) == nil)
        }
        let unknown: [UInt8] = [9, 0, 0]
        #expect(InvalidationRule(encoded: unknown.span.bytes) == nil)
    }
}
