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
        index.insert(InvalidationRule(.tag, Array("roads".utf8)), number: 3)
        index.insert(InvalidationRule(.tag, Array("rivers".utf8)), number: 5)
        var soft = InvalidationRule(.tag, Array("soft".utf8))
        soft.isSoft = true
        index.insert(soft, number: 7)
        return index
    }

    private func numbers(
        _ index: InvalidationIndex, _ block: String, field: String = "edge-tags"
    ) -> InvalidationIndex.Numbers {
        let (block, field) = (Array(block.utf8), Array(field.utf8))
        return index.numbers(ofTagsIn: block.span.bytes, field: field.span.bytes)
    }

    @Test("by the field that the distribution names, its first 50 tags", arguments: rows)
    func match(_ row: Row) {
        #expect(numbers(index(), row.block) == row.numbers)
        #expect(numbers(index(), row.block, field: "") == .init(dead: 0, stale: 0))
        #expect(numbers(InvalidationIndex(), row.block) == .init(dead: 0, stale: 0))
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
