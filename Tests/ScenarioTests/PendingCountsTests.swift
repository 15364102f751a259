import Testing

@testable import Edge
@testable import Simulation

@Suite("What waits for the disk counts for more than what is on it")
struct PendingCountsTests {
    @Test("a deletion that waits: the entry is absent, though the file has it")
    func deleted() throws {
        let hand = try HandTurnedEdge(
            """
            config: { mode: rfc9111 }
            steps:
              - origin: { headers: { ETag: '"a"', Cache-Control: max-age=3600 }, body: first }
              - origin: { headers: { ETag: '"b"', Cache-Control: max-age=3600 }, body: second }
              - get: /a
                expect: any
              - request: HEAD /a
                headers: { Cache-Control: no-cache }
                expect: any
            """)
        try hand.script(0)
        #expect(String(decoding: try hand.ask(2).body, as: UTF8.self) == "first")
        hand.write()
        try hand.script(1)
        #expect(try hand.ask(3).head.status == 200)
        #expect(String(decoding: try hand.ask(2).body, as: UTF8.self) == "second")
        hand.write()
        #expect(String(decoding: try hand.ask(2).body, as: UTF8.self) == "second")
        #expect(hand.site.seen.count == 3)
        hand.close()
    }

    @Test("a record that is new for a body that is stored: the body is found where it is")
    func refreshed() throws {
        let page = String(repeating: "sorry ", count: 2_000)
        let hand = try HandTurnedEdge(
            wideDistribution(sorryPage(as: 404)) + """
                steps:
                  - origin:
                      path: /sorry.html
                      headers: { ETag: '"a"', Cache-Control: max-age=1 }
                      body: \(page)
                  - origin:
                      path: /sorry.html
                      status: 304
                      headers: { Cache-Control: max-age=60 }
                  - origin: { path: /a, status: 404 }
                  - get: /sorry.html
                    expect: any
                  - get: /a
                    expect: any
                """)
        try hand.script(0)
        try hand.script(2)
        let first = try hand.ask(3).body
        #expect(first.count > 8_000)
        hand.write()
        hand.pass(milliseconds: 2_000)
        try hand.script(1)
        #expect(try hand.ask(3).body == first)
        #expect(hand.edge.store.hasPending)
        #expect(try hand.ask(4).body == first)
        hand.close()
    }
}
