import Caching
import Testing

@testable import Edge
@testable import Simulation

@Suite("Tags of what has more fields than its record holds")
struct LongTagTests {
    /// 50 of them, the most that count, over several chunks.
    private static let tags = (1...50).map { "t\($0)-\(String(repeating: "x", count: 190))" }

    @Test("a hit is judged by them as any other: no tag, none that was named, or one that was")
    func hit() throws {
        let hand = try HandTurnedEdge(
            wideDistribution("CacheTagConfig: { HeaderName: Edge-Tag }") + """
                steps:
                  - origin:
                      path: /none
                      headers: { Content-Security-Policy: \(String(repeating: "x", count: 2_600)) }
                      body: none
                  - origin:
                      path: /many
                      headers: { Edge-Tag: "\(Self.tags.joined(separator: ", "))" }
                      body: many
                  - get: /none
                    expect: any
                  - get: /many
                    expect: any
                """)
        try hand.script(0)
        try hand.script(1)
        func ask() throws -> Int {
            for step in 2...3 { _ = try hand.ask(step) }
            return hand.site.seen.count
        }
        func invalidate(_ tag: String) {
            hand.edge.store.invalidate(
                [InvalidationRule(tag: tag.utf8, in: "edge-tag".utf8)])
        }
        #expect(try ask() == 2)
        hand.write()
        #expect(try ask() == 2)
        invalidate("nothing")
        // The second time by what was found out at the first.
        #expect(try ask() == 2 && ask() == 2)
        invalidate(Self.tags[49])
        #expect(try ask() == 3)
        hand.close()
    }
}
