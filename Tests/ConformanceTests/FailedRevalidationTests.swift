import Testing
import WireTesting

/// How a revalidation fails that others wait for.
private struct Failure: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var reply: Reply
    /// What they get who may have nothing stale.
    var status: Int
    /// How often one request makes the origin be asked, at most.
    var asks = 1
}

private let failures = [
    Failure(testDescription: "500", reply: .response(500), status: 500),
    Failure(
        testDescription: "503, kept", reply: .response(503, ["Cache-Control: max-age=60"]),
        status: 503),
    Failure(
        testDescription: "503, private",
        reply: .response(503, ["Cache-Control: private", "Set-Cookie: a=b"]), status: 503),
    Failure(
        testDescription: "502 without a length",
        reply: .raw("HTTP/1.1 502 Bad\r\nConnection: close\r\n\r\nbad", .close), status: 502),
    Failure(testDescription: "nothing", reply: .raw("", .close), status: 504, asks: 3),
]

@Suite("RFC 9111 §4.3.3: who waits behind a revalidation that fails", .serialized)
struct FailedRevalidationTests {
    private let gate = Gate()

    @Test(
        "asks no origin himself: stale if he may, else the leader's end",
        arguments: failures, [true, false])
    fileprivate func crowd(_ failure: Failure, mayBeStale: Bool) throws {
        let origin = try Origin()
        let edge = try Edge(origin: origin.url)
        let room = origin.room()
        let rule = mayBeStale ? "stale-if-error=3600" : "must-revalidate"
        let count = 6
        room.reply(
            .response(
                200, ["Cache-Control: max-age=10, \(rule)", "Age: 20", "ETag: \"a\""],
                body: "old"))
        #expect(try edge.get(room.path()).text == "old")
        for _ in 0..<(count * 2) { room.reply(failure.reply.held(by: gate)) }
        let before = try edge.metric("mapedge_collapsed_total")
        var viewers: [Viewer] = []
        for number in 0..<count {
            let viewer = try edge.viewer()
            try viewer.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
            viewers.append(viewer)
            if number == 0 { #expect(gate.awaitArrival()) }
        }
        let haveJoined = try eventually {
            try edge.metric("mapedge_collapsed_total") >= before + count - 1 ? true : nil
        }
        #expect(haveJoined == true)
        gate.open()
        for index in viewers.indices {
            let answer = try viewers[index].response()
            #expect(answer.status == (mayBeStale ? 200 : failure.status))
            if mayBeStale { #expect(answer.text == "old") }
            #expect(index == 0 || answer["Set-Cookie"] == nil)
        }
        #expect(room.count <= 1 + failure.asks)
    }
}
