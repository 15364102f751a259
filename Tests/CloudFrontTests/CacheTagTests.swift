import Caching
import CloudFront
import HTTP
import Testing

@Suite("Cache tags: which rules reach a stored response")
struct CacheTagTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var block: String
        var numbers: InvalidationIndex.Numbers
        var testDescription: String { String(block.prefix(60)) }

        init(_ block: String, dead: UInt64 = 0, stale: UInt64 = 0) {
            self.block = block
            numbers = .init(dead: dead, stale: stale)
        }
    }

    static let many = (0..<50).map { "t\($0)" }.joined(separator: ",")
    static let rows = [
        Row(""),
        Row("Tags: roads\r\nETag: \"tags\"\r\n"),
        Row("Edge-Tags: roads\r\n", dead: 3),
        Row("eDGE-tAGS:  x ,ROADS\t\r\n", dead: 3),
        Row("Edge-Tags: rivers\r\nA: b\r\nEdge-Tags: roads\r\n", dead: 5),
        Row("Edge-Tags: soft, roads\r\n", dead: 3, stale: 7),
        Row("Edge-Tags: roadside, road s, ,\r\n"),
        Row("Edge-Tags: \(many),roads\r\n"),
        Row("Edge-Tags: \(many)\r\nEdge-Tags: roads\r\n"),
        Row("Edge-Tags: ,,\(String(many.dropFirst(3))),roads\r\n", dead: 3),
    ]

    private func index() -> InvalidationIndex {
        var index = InvalidationIndex()
        index.insert(InvalidationRule(tag: "roads".utf8, in: "Edge-Tags".utf8), number: 3)
        index.insert(InvalidationRule(tag: "rivers".utf8, in: "edge-tags".utf8), number: 5)
        var soft = InvalidationRule(tag: "soft".utf8, in: "edge-tags".utf8)
        soft.isSoft = true
        index.insert(soft, number: 7)
        return index
    }

    private func numbers(
        _ index: InvalidationIndex, _ block: String
    ) -> InvalidationIndex.Numbers {
        let block = Array(block.utf8)
        return index.numbers(ofTagsIn: block.span.bytes)
    }

    @Test("by the field that the distribution names, its first 50 tags", arguments: rows)
    func match(_ row: Row) {
        #expect(numbers(index(), row.block) == row.numbers)
        #expect(numbers(InvalidationIndex(), row.block) == .init(dead: 0, stale: 0))
    }

    @Test("a rule finds its tag under the field's name of its own time, one of no name everything")
    func named() {
        var index = index()
        index.insert(InvalidationRule(tag: "roads".utf8, in: "Later".utf8), number: 8)
        #expect(numbers(index, "Edge-Tags: roads\r\n").dead == 3)
        #expect(numbers(index, "Later: ROADS\r\n").dead == 8)
        #expect(numbers(index, "Later: rivers\r\n").dead == 0)
        #expect(numbers(index, "Later: rivers\r\nEdge-Tags: rivers\r\n").dead == 5)
        index.retire(upTo: 7)
        #expect(index.tagFieldCount == 1 && numbers(index, "Later: roads\r\n").dead == 8)
        index.insert(InvalidationRule(.tag, Array("roads".utf8)), number: 9)
        #expect(index.number(of: Array("any".utf8).span.bytes) == 9)
    }

    @Test("the latest rule for a tag is known, until it is retired")
    func latest() {
        var index = index()
        #expect(index.latestTag == 7 && index.anyTag == .init(dead: 5, stale: 7))
        index.insert(InvalidationRule(.target, Array("/".utf8)), number: 9)
        #expect(index.latestTag == 7 && index.latest == 9)
        index.retire(upTo: 5)
        #expect(index.anyTag == .init(dead: 0, stale: 7))
        index.retire(upTo: 8)
        #expect(index.latestTag == 0)
    }
}
