import Testing
import WireTesting

/// Who joins a fetch of which the head came some time ago takes an answer that is so old.
@Suite("RFC 9111 §4.2.3: what is taken from another's fetch has an age")
struct LateJoinerTests {
    private static let length = 2_000

    private struct Case: CustomTestStringConvertible {
        var mode: String
        var fields: String
        /// What the first and who joins 6 s later are told.
        var ages: (String?, String?)
        var control: [String]

        var testDescription: String { "\(mode), \(fields)" }
    }

    @Test(arguments: [
        Case(
            mode: "rfc9111", fields: "Cache-Control: max-age=100\r\n", ages: (nil, "6"),
            control: ["max-age=100"]),
        Case(
            mode: "rfc9111", fields: "Cache-Control: max-age=100\r\nAge: 30\r\n",
            ages: ("30", "36"), control: ["max-age=100"]),
        Case(
            mode: "cloudfront", fields: "Cache-Control: max-age=100\r\n", ages: (nil, "6"),
            control: ["max-age=100", "s-maxage=94"]),
        Case(
            mode: "cloudfront", fields: "Cache-Control: max-age=9, s-maxage=100\r\n",
            ages: (nil, "6"), control: ["max-age=9", "s-maxage=94"]),
    ])
    private func joins(_ row: Case) throws {
        let origin = try Origin()
        let edge = try Edge(
            origin: origin.url, mode: row.mode, arguments: ["--clock", "manual"])
        let (room, gate) = (origin.room(), Gate())
        let half = [UInt8](repeating: 97, count: Self.length / 2)
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: text/x-none\r\n\(row.fields)"
            + "Content-Length: \(Self.length)\r\n\r\n"
        room.reply(Reply([.send(Array(head.utf8) + half), .pass(gate), .send(half)]))
        let request = "GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n"
        var first = try edge.viewer()
        try first.send(request)
        #expect(gate.awaitArrival())
        // Its head has to be there before time passes.
        let begun = try first.headOnly()
        #expect(try edge.admin("/clock/advance?by=6s", method: "POST").status == 200)
        var late = try edge.viewer()
        try late.send(request)
        #expect(
            try eventually { try edge.metric("mapedge_collapsed_total") == 1 ? true : nil } == true)
        gate.open()
        let told = try late.response()
        #expect(told["Age"] == row.ages.1 && told.body.count == Self.length)
        #expect(told.head.values("Cache-Control") == row.control)
        #expect(begun.values("Age").first == row.ages.0)
        let hit = try edge.get(room.path())
        #expect(hit.isFromStore && hit["Age"] == row.ages.1)
        #expect(hit.head.values("Cache-Control") == row.control)
        #expect(room.count == 1)
    }
}
