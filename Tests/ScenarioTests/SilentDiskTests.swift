import Testing

@testable import Edge
@testable import Simulation

@Suite("A disk that hangs holds no writer for ever, and nothing is sent twice")
struct SilentDiskTests {
    private let hand: HandTurnedEdge

    init() throws {
        hand = try HandTurnedEdge(
            """
            config:
              behaviors: [{ path: "*", class: tiles }]
            steps:
              - origin: { body: done }
              - origin: { fault: reset }
              - request: POST /geoserver/rest/reload
                headers: { Authorization: Basic YTpi }
                body: x
                expect: any
            """)
    }

    @Test("a write is forwarded, and its answer goes out, when the disk says nothing")
    func answered() throws {
        try hand.script(0)
        let viewer = try hand.begin(2)
        hand.pass(milliseconds: 5_000)
        #expect(hand.site.seen.isEmpty, "it is not on disk yet")
        hand.pass(milliseconds: 60_000)
        #expect(hand.site.seen.count == 1)
        hand.pass(milliseconds: 60_000)
        #expect(viewer.isDone && viewer.answer?.head.status == 200)
        hand.close()
    }

    @Test("a write whose answer was lost is told so when the disk says nothing, and is sent once")
    func failed() throws {
        try hand.script(1)
        let viewer = try hand.begin(2)
        hand.pass(milliseconds: 200_000)
        #expect(hand.site.seen.count == 1)
        #expect(viewer.isDone && viewer.answer?.head.status == 502)
        hand.close()
    }

    @Test("word that comes late is not taken for word of something else")
    func late() throws {
        try hand.script(1)
        let viewer = try hand.begin(2)
        hand.pass(milliseconds: 40_000)
        #expect(hand.site.seen.count == 1 && !viewer.isDone)
        // That it was to be forwarded is on disk now; that it may have been done is as well.
        hand.write()
        hand.pass(milliseconds: 1_000)
        hand.pass(milliseconds: 100_000)
        #expect(viewer.isDone && hand.site.seen.count == 1)
        hand.close()
    }
}
