import Testing
import WireTesting

/// CloudFront keeps what breaks off without a length (origin guide, "how CloudFront handles
/// incomplete responses").
@Suite("What comes in chunks has a length where its whole is here before its head goes out")
struct LengthTests {
    private static let page =
        "<html><body>\(String(repeating: "a story ", count: 100))</body></html>"

    private static func head(_ type: String) -> [UInt8] {
        Array(
            ("HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nCache-Control: max-age=600\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n").utf8)
    }

    private static func chunk(_ text: String) -> [UInt8] {
        Array("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n".utf8)
    }

    private static let end = Array("0\r\n\r\n".utf8)

    private func edge(_ name: String) throws -> Configured {
        try Configured(sections: ["behaviors: [{ path: \"*\", class: \(name) }]"])
    }

    @Test("a page is held until it is whole, however slowly it comes; a Hit has the same length")
    func page() throws {
        let test = try edge("pages")
        let (room, gate) = (test.origin.room(), Gate())
        room.always(
            Reply(
                [
                    .send(Self.head("text/html") + Self.chunk(Self.page)), .pass(gate),
                    .send(Self.chunk("<!-- end -->") + Self.end),
                ], status: 200))
        var viewer = try test.edge.viewer()
        try viewer.send("GET \(room.path("a")) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(gate.awaitArrival())
        gate.open()
        let first = try viewer.response()
        let length = "\(Self.page.utf8.count + 12)"
        #expect(first["Content-Length"] == length && first["Transfer-Encoding"] == nil)
        #expect(first.text == Self.page + "<!-- end -->" && !first.isHit)
        let hit = try test.edge.get(room.path("a"))
        #expect(hit.isHit && hit["Content-Length"] == length)
    }

    @Test("of any class but none, what comes with its head", arguments: ["pages", "tiles", "none"])
    func small(name: String) throws {
        let test = try edge(name)
        let room = test.origin.room()
        let body = Self.chunk("what") + Self.chunk(" it says")
        room.always(Reply([.send(Self.head("text/plain") + body + Self.end)], status: 200))
        let answer = try test.edge.get(room.path("a"))
        #expect(answer["Content-Length"] == (name == "none" ? nil : "12"))
        #expect(answer.text == "what it says" && answer.status == 200)
        // HEAD has no body that could say it.
        var viewer = try test.edge.viewer()
        let byHead = try viewer.exchange(
            "HEAD \(room.path("b")) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(byHead["Content-Length"] == nil && byHead.status == 200)
    }

    @Test("what goes on behind it goes out as it comes", arguments: ["pages", "tiles"])
    func streamed(name: String) throws {
        let test = try edge(name)
        let (room, gate) = (test.origin.room(), Gate())
        room.always(
            Reply(
                [
                    .send(Self.head("text/plain") + Self.chunk("what")), .pass(gate),
                    .send(Self.chunk(" it says") + Self.end),
                ], status: 200))
        var viewer = try test.edge.viewer()
        try viewer.send("GET \(room.path("a")) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        // The gate opens when the viewer has the head.
        let beginning = try viewer.headOnly()
        #expect(beginning["Transfer-Encoding"] == "chunked")
        gate.open()
        #expect(try viewer.rest(behind: beginning).text == "what it says")
    }
}
