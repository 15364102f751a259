import Testing
import WireTesting

@Suite("The minimum rate of uploads")
struct UploadRateTests {
    private func post(_ path: String, _ count: Int) -> String {
        "POST \(path) HTTP/1.1\r\nHost: edge.test\r\nContent-Length: \(count)\r\n\r\n"
    }

    /// An upload of a byte for each answer of the admin port: never silent, never fast.
    private func drip(_ test: Configured, _ path: String) throws -> Viewer {
        let viewer = try test.edge.viewer()
        try viewer.send(post(path, 100_000_000))
        let isCut = eventually { () -> Bool? in
            guard (try? test.edge.admin("/healthz")) != nil else { return nil }
            return (try? viewer.send([0x61])) == nil ? true : nil
        }
        #expect(isCut == true)
        return viewer
    }

    @Test("cuts a slow viewer, and not one that waits for the origin")
    func binds() throws {
        let test = try Configured(
            sections: ["limits:", "  minimumRate: 100000", "  rateGrace: 300ms"])
        let (room, gate) = (test.origin.room(), Gate())
        // One origin that does not read, and one that has read all and thinks.
        room.reply(Reply.response(200, body: "unread").early().held(by: gate))
        var unread = try test.edge.viewer()
        try unread.send(post(room.path("unread"), 50_000_000))
        let socket = unread.socket
        background { try? Pattern.send(50_000_000, to: socket) }
        #expect(gate.awaitArrival())
        room.reply(Reply.response(200, body: "read").held(by: gate))
        var read = try test.edge.viewer()
        try read.send(post(room.path("read"), 5) + "bytes")
        #expect(gate.awaitArrival(2))
        room.always(.ok())
        // Each takes longer than the grace.
        for path in 0..<3 {
            var slow = try drip(test, room.path("slow-\(path)"))
            if let response = try? slow.response() { #expect(response.status == 408) }
        }
        #expect(try test.edge.metric("mapedge_slow_peers_total") == 3)
        gate.open()
        #expect(try unread.response().text == "unread")
        #expect(try read.response().text == "read")
        #expect(room.requests.filter { !$0.isCut }.count == 2)
    }
}
