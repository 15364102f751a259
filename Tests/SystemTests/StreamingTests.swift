import Testing
import WireTesting

@Suite("Bodies of any size, in memory that does not grow")
struct StreamingTests {
    private let size = 200_000_000
    /// KiB that the edge may take more than it had.
    private let growth = 64_000

    @Test("an upload of 200 MB streams through", arguments: [true, false])
    func upload(isChunked: Bool) throws {
        let test = try Configured()
        let room = test.origin.room()
        room.always(.ok(body: "taken"))
        _ = try test.edge.get(room.path("warm"))
        let before = try #require(test.edge.child.memory("VmHWM"))
        var viewer = try test.edge.viewer()
        let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(size)"
        try viewer.send("POST \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\(framing)\r\n\r\n")
        if isChunked {
            try sendChunks(to: viewer.socket)
        } else {
            try Pattern.send(size, to: viewer.socket)
        }
        #expect(try viewer.response().text == "taken")
        let request = try #require(room.requests.last)
        #expect(request.bodyCount == size)
        #expect(request.isPattern)
        let after = try #require(test.edge.child.memory("VmHWM"))
        #expect(after - before < growth, "\(after - before) KiB more")
    }

    private func sendChunks(to socket: Socket) throws {
        var at = 0
        while at < size {
            let piece = Pattern.bytes(at: at, min(50_000, size - at))
            try socket.send(Array((String(piece.count, radix: 16) + "\r\n").utf8))
            try socket.send(piece)
            try socket.send("\r\n")
            at += piece.count
        }
        try socket.send("0\r\n\r\n")
    }

    @Test("a download of 200 MB streams through")
    func download() throws {
        let test = try Configured()
        let room = test.origin.room()
        room.always(.pattern(size, "Cache-Control: no-store"))
        let before = try #require(test.edge.child.memory("VmHWM"))
        var viewer = try test.edge.viewer()
        try viewer.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        let (head, count, isPattern) = try viewer.patternResponse()
        #expect(head["Content-Length"] == "\(size)")
        #expect(count == size)
        #expect(isPattern)
        let after = try #require(test.edge.child.memory("VmHWM"))
        #expect(after - before < growth, "\(after - before) KiB more")
    }

    @Test("an upload waits for an origin that does not read")
    func backPressure() throws {
        let test = try Configured()
        let (room, gate) = (test.origin.room(), Gate())
        room.always(Reply.response(200, body: "taken").early().held(by: gate))
        let viewer = try test.edge.viewer()
        let socket = viewer.socket
        try viewer.send(
            "POST \(room.path()) HTTP/1.1\r\nHost: edge.test\r\nContent-Length: \(size)\r\n\r\n")
        background { try? Pattern.send(200_000_000, to: socket) }
        #expect(gate.awaitArrival())
        for path in 0..<20 { _ = try test.edge.admin("/healthz?\(path)") }
        let memory = try #require(test.edge.child.memory("VmRSS"))
        #expect(memory < 200_000, "\(memory) KiB")
        gate.open()
    }

    @Test("a large response is stored while it streams, and served again whole")
    func largeEntry() throws {
        let test = try Configured()
        let room = test.origin.room()
        room.always(.pattern(12_000_000, "Cache-Control: max-age=60"))
        for _ in 0..<3 {
            var viewer = try test.edge.viewer()
            try viewer.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
            let (_, count, isPattern) = try viewer.patternResponse()
            #expect(count == 12_000_000)
            #expect(isPattern)
        }
        #expect(room.count == 1)
    }

    @Test(
        "ranges of a large entry are the right bytes", arguments: [0, 4079, 4080, 4081, 9_999_000])
    func largeRanges(start: Int) throws {
        let edge = try SharedEdge.edge()
        let room = try SharedEdge.origin().room()
        room.always(.pattern(10_000_000, "Cache-Control: max-age=60", "ETag: \"large\""))
        var viewer = try edge.viewer()
        try viewer.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(try viewer.patternResponse().isPattern)
        let part = try edge.get(room.path(), "Range: bytes=\(start)-\(start + 49_999)")
        #expect(part.status == 206)
        let end = min(start + 50_000, 10_000_000)
        #expect(part.body == Pattern.bytes(at: start, end - start))
        #expect(room.count == 1)
    }
}
