import Testing
import WireTesting

private let hour = "Cache-Control: max-age=3600"
private let etag = "ETag: \"a\""

@Suite("RFC 9211 §2.4, §2.5: what a confirmed response says of how it came", .serialized)
struct ConfirmedStatusTests {
    private let gate = Gate()

    private let origin: Origin

    init() throws { origin = try Origin() }

    private func stand(_ mode: String = "rfc9111") throws -> (edge: Edge, room: Room) {
        (
            try Edge(origin: origin.url, mode: mode, arguments: ["--clock", "manual"]),
            origin.room()
        )
    }

    /// Cache-Status of the answer that an origin's 304 with these fields leads to.
    private func status(_ fields: String...) throws -> String {
        let (edge, room) = try stand()
        room.reply(
            .ok("Cache-Control: max-age=10", "Age: 20", etag, body: "old"),
            .response(304, [etag] + fields))
        #expect(try edge.get(room.path()).text == "old")
        let answer = try edge.get(room.path())
        #expect(answer.status == 200 && answer.text == "old")
        return answer["Cache-Status"] ?? ""
    }

    @Test("one whose new lifetime is kept is stored")
    func kept() throws {
        #expect(try status(hour).contains("; fwd=stale; fwd-status=304; stored; ttl="))
    }

    @Test(
        "one that nobody may keep is not",
        arguments: [
            "Set-Cookie: s=1", "Cache-Control: no-store", "Cache-Control: private", "Vary: *",
        ])
    func refused(field: String) throws {
        let lines = field.hasPrefix("Cache-Control") ? [field, "X-B: 1"] : [field, hour]
        #expect(try status(lines[0], lines[1]).contains("; fwd=stale; fwd-status=304; ttl="))
    }

    @Test("nor one that an invalidation has overtaken")
    func fenced() throws {
        let (edge, room) = try stand()
        room.answers { [gate] request in
            if request.method == "DELETE" { return .ok(body: "gone") }
            if request["If-None-Match"] == nil {
                return .ok("Cache-Control: max-age=10", "Age: 20", etag, body: "old")
            }
            return .response(304, [etag, hour]).held(by: gate)
        }
        #expect(try edge.get(room.path()).text == "old")
        var first = try edge.viewer()
        try first.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(gate.awaitArrival())
        var writer = try edge.viewer()
        let write = "DELETE \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n"
        #expect(try writer.exchange(write).text == "gone")
        gate.open()
        let confirmed = try first.response()["Cache-Status"] ?? ""
        #expect(confirmed.contains("; fwd=stale; fwd-status=304; ttl="))
    }

    @Test("who waited for another's question says so", arguments: ["rfc9111", "cloudfront"])
    func waiters(mode: String) throws {
        let (edge, room) = try stand(mode)
        room.answers { [gate] request in
            if request["If-None-Match"] == nil {
                return .ok("Cache-Control: max-age=10", etag, body: "old")
            }
            return .response(304, [etag, hour]).held(by: gate)
        }
        #expect(try edge.get(room.path()).text == "old")
        #expect(try edge.admin("/clock/advance?by=20s", method: "POST").status == 200)
        let before = try edge.metric("mapedge_collapsed_total")
        var viewers: [Viewer] = []
        for number in 0..<3 {
            let viewer = try edge.viewer()
            try viewer.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
            viewers.append(viewer)
            if number == 0 { #expect(gate.awaitArrival()) }
        }
        let haveJoined = try eventually {
            try edge.metric("mapedge_collapsed_total") >= before + 2 ? true : nil
        }
        #expect(haveJoined == true)
        gate.open()
        for index in viewers.indices {
            let answer = try viewers[index].response()
            let collapsed = index == 0 ? "" : "; collapsed"
            let status = answer["Cache-Status"] ?? ""
            #expect(answer.text == "old")
            #expect(status.contains("; fwd=stale; fwd-status=304\(collapsed); stored; ttl="))
            #expect(cacheStatusProblem([status]) == nil)
        }
        #expect(room.count == 2)
    }
}
