import Testing
import WireTesting

@Suite("cloudfront mode: an origin that failed is left alone for a while")
struct KnownFailureTests {
    private let edge: Edge
    private let room: Room

    init() throws {
        edge = try SharedEdge.edge(mode: "cloudfront")
        room = try SharedEdge.origin().room("cloudfront")
    }

    @Test("while a failed origin's time runs, stale is served without asking it")
    func notAskedAgain() throws {
        room.reply(.ok("Cache-Control: max-age=0", "ETag: \"a\"", body: "kept"))
        expect(try edge.get(room.path()), 200, "kept", "Miss")
        room.always(.response(503, body: "broken"))
        for _ in 0..<3 { expect(try edge.get(room.path()), 200, "kept", "RefreshHit") }
        #expect(room.count == 2)
    }

    @Test("the edge's own 502 is stored as the origin's would be")
    func ownError() throws {
        room.always(.raw("", .reset))
        #expect(try edge.get(room.path()).status == 502)
        let asked = room.count
        #expect(try edge.get(room.path()).status == 502)
        #expect(room.count == asked)
    }
}
