import Glibc
import Testing
import Tiles
import WireTesting

@Suite("Writes observed: law 3 over the wire")
struct WriteTests {
    private let origin: Origin
    private let room: Room
    private let picture = BlankTile.png(width: 16, height: 16)

    init() throws {
        origin = try Origin()
        room = origin.room("writes")
    }

    private var image: Reply {
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: \(picture.count)\r\n\r\n"
        return Reply([.send(Array(head.utf8) + picture)], status: 200)
    }

    private func map(_ layer: String, _ box: String = "-80,40,-70,50") -> String {
        room.path(
            "geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=\(layer)&STYLES="
                + "&SRS=EPSG:4326&BBOX=\(box)&WIDTH=16&HEIGHT=16&FORMAT=image/png")
    }

    private let far = "10,40,20,50"

    private func insert(padding: Int = 0) -> String {
        """
        <wfs:Transaction xmlns:wfs="http://www.opengis.net/wfs" service="WFS" version="1.0.0">\
        <!--\(String(repeating: "x", count: padding))-->\
        <wfs:Insert><f:X xmlns:f="http://www.geonode.org/"><f:the_geom>\
        <gml:Point xmlns:gml="http://www.opengis.net/gml" srsName="EPSG:4326">\
        <gml:coordinates>-74.8,45.5</gml:coordinates></gml:Point></f:the_geom></f:X></wfs:Insert>\
        </wfs:Transaction>
        """
    }

    private let success = """
        <wfs:WFS_TransactionResponse xmlns:wfs="http://www.opengis.net/wfs">\
        <wfs:TransactionResult><wfs:Status><wfs:SUCCESS/></wfs:Status></wfs:TransactionResult>\
        </wfs:WFS_TransactionResponse>
        """

    private func post(_ body: String) -> String {
        "POST \(room.path("geoserver/wfs")) HTTP/1.1\r\nHost: edge.test\r\n"
            + "Content-Type: text/xml\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body
    }

    /// An edge that has three tiles: two of X, one of them where the feature is, and one of Y.
    private func edge(_ directory: TemporaryDirectory, _ more: String...) throws -> Edge {
        let log = directory.file("access.log")
        return try Edge(
            origin: origin.url, arguments: ["--access-log", log] + more, directory: directory)
    }

    private func fill(_ edge: Edge) throws {
        room.answers { _ in image }
        for target in [map("geonode:X"), map("geonode:X", far), map("geonode:Y")] {
            #expect(try edge.get(target).body == picture)
            #expect(try edge.get(target).isHit, "\(target)")
        }
    }

    /// The same, on disk: what is stored goes there a little later.
    private func fillForGood(_ directory: TemporaryDirectory) throws {
        let edge = try edge(directory)
        try fill(edge)
        edge.child.signal(SIGTERM)
        #expect(edge.child.waitForExit() == 0)
    }

    /// Which of the three are served from the cache.
    private func hits(_ edge: Edge) throws -> [Bool] {
        room.answers { _ in image }
        return try [map("geonode:X"), map("geonode:X", far), map("geonode:Y")].map {
            try edge.get($0).isHit
        }
    }

    @Test("success makes old what it touched and no more, and log and metrics tell of it")
    func done() throws {
        let directory = try TemporaryDirectory()
        let edge = try edge(directory)
        try fill(edge)
        room.reply(.ok("Content-Type: text/xml", body: success))
        var viewer = try edge.viewer()
        #expect(try viewer.exchange(post(insert())).text == success)
        #expect(try hits(edge) == [false, true, true])
        #expect(try edge.metric("mapedge_writes_observed_total") == 1)
        #expect(try edge.metric("mapedge_writes_open") == 0)
        let status = try edge.admin("/status").text
        #expect(status.contains("\"latest\":[\"layer X in one place"), "\(status)")
        // A refusal behind it on the same connection.
        let refusal = "<ServiceExceptionReport><ServiceException/></ServiceExceptionReport>"
        room.reply(.ok("Content-Type: text/xml", "Content-Encoding: identity", body: refusal))
        #expect(try viewer.exchange(post(insert())).text == refusal)
        #expect(try hits(edge) == [true, true, true])
        #expect(try edge.metric("mapedge_writes_refused_total") == 1)
        edge.child.signal(SIGTERM)
        #expect(edge.child.waitForExit() == 0)
        let log = try readFile(directory.file("access.log"))
        let words = log.split(separator: "\n").compactMap { line -> Substring? in
            guard let mark = line.firstRange(of: "\"x-edge-write\":\"") else { return nil }
            return line[mark.upperBound...].prefix { $0 != "\"" }
        }
        #expect(words == ["happened", "refused"])
    }

    @Test("a write goes out on a connection that its member cannot just have closed")
    func ownConnection() throws {
        let edge = try edge(try TemporaryDirectory())
        var viewer = try edge.viewer()
        func reuses(_ request: String) throws -> Int {
            let before = try edge.metric("mapedge_origin_reuses_total")
            room.reply(.ok("Content-Type: text/xml", body: success))
            #expect(try viewer.exchange(request).text == success)
            return try edge.metric("mapedge_origin_reuses_total") - before
        }
        let commit =
            "GET \(room.path("geoserver/geogig/repos/X/commit")) HTTP/1.1\r\nHost: edge.test"
        #expect(try reuses(post(insert())) == 0)
        #expect(try reuses(post("<GetFeature/>")) == 1, "it was kept")
        #expect(try reuses(commit + "\r\n\r\n") == 0)
        #expect(try reuses(post(insert())) == 0)
    }

    @Test("an answer in many pieces, and one that no length tells, are read to their end")
    func framings() throws {
        let edge = try edge(try TemporaryDirectory())
        let (first, rest) = (success.prefix(60), success.dropFirst(60))
        func chunk(_ text: Substring) -> String {
            String(text.utf8.count, radix: 16) + "\r\n\(text)\r\n"
        }
        let chunked = Reply.raw(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(chunk(first))",
            .send(Array("\(chunk(rest))0\r\n\r\n".utf8)))
        let closed = Reply.raw("HTTP/1.1 200 OK\r\n\r\n\(success)", .close)
        for reply in [chunked, closed] {
            try fill(edge)
            room.reply(reply)
            var viewer = try edge.viewer()
            #expect(try viewer.exchange(post(insert())).text == success)
            #expect(try hits(edge) == [false, true, true])
        }
        #expect(try edge.metric("mapedge_writes_unknown_total") == 0)
    }

    @Test("a reset behind the body, with or without a beginning of an answer, counts as done")
    func reset() throws {
        let edge = try edge(try TemporaryDirectory())
        for steps: [Reply.Step] in [
            [.reset],
            [.send(Array("HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n<a>".utf8)), .reset],
        ] {
            try fill(edge)
            let asked = room.count
            room.reply(Reply(steps))
            var viewer = try edge.viewer()
            #expect(try viewer.exchange(post(insert())).status == 502)
            #expect(room.count == asked + 1, "sent once")
            #expect(try hits(edge) == [false, true, true])
        }
        #expect(try edge.metric("mapedge_writes_unknown_total") == 2)
        #expect(try edge.metric("mapedge_writes_repeating") == 2)
    }

    @Test(
        "a body longer than what is held is forwarded while it is read, and touches its own place")
    func long() throws {
        let edge = try edge(try TemporaryDirectory())
        try fill(edge)
        room.reply(.ok("Content-Type: text/xml", body: success))
        var viewer = try edge.viewer()
        let body = insert(padding: 300_000)
        #expect(try viewer.exchange(post(body)).text == success)
        #expect(room.requests.last?.body.count == body.utf8.count)
        #expect(try hits(edge) == [false, true, true])
    }

    /// An edge with everything in its cache is killed once so much of a request has been sent and
    /// its beginning has come to the origin; the edge that starts where it was.
    private func afterKill(_ request: some Collection<UInt8>, _ reply: (Gate) -> Reply) throws
        -> Edge
    {
        let directory = try TemporaryDirectory()
        let gate = Gate()
        defer { gate.open() }
        try fillForGood(directory)
        do {
            let edge = try edge(directory)
            #expect(try hits(edge) == [true, true, true])
            room.reply(reply(gate))
            let viewer = try edge.viewer()
            try viewer.send(Array(request))
            #expect(gate.awaitArrival(), "its beginning is forwarded")
            edge.child.kill9()
        }
        return try edge(directory)
    }

    @Test("an edge that is killed while a write is under way knows it when it starts again")
    func killed() throws {
        let edge = try afterKill(post(insert()).utf8) { Reply([.pass($0)]) }
        #expect(edge.child.log.contains { $0.contains("1 writes were under way") })
        #expect(try hits(edge) == [false, true, true])
    }

    @Test("one that is killed before a long body has ended holds everything for touched")
    func killedMidway() throws {
        let whole = post(insert(padding: 300_000)).utf8
        let edge = try afterKill(whole.prefix(150_000)) { Reply([.pass($0)]).early() }
        #expect(try hits(edge) == [false, false, false])
    }

    @Test("a write that becomes a tunnel counts as done, and is not open for ever")
    func tunnel() throws {
        let edge = try edge(try TemporaryDirectory())
        try fill(edge)
        room.reply(
            Reply([
                .send(
                    Array(
                        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                            + "Connection: Upgrade\r\n"
                            + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nhello")
                            .utf8))
            ]))
        let viewer = try edge.viewer()
        try viewer.send(
            "GET \(room.path("geoserver/geogig/repos/X/commit")) HTTP/1.1\r\nHost: edge.test\r\n"
                + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        for _ in 0..<2_000 where try edge.metric("mapedge_tunnels_total") == 0 {}
        #expect(try edge.metric("mapedge_tunnels_total") == 1)
        #expect(try settles(edge))
        #expect(try edge.metric("mapedge_writes_observed_total") == 1)
        #expect(try hits(edge) == [false, false, false])
    }

    @Test("a viewer who left is written for to the end; what one left in mid-document was not done")
    func gone() throws {
        let edge = try edge(try TemporaryDirectory())
        try fill(edge)
        let gate = Gate()
        room.reply(.ok("Content-Type: text/xml", body: success).held(by: gate))
        do {
            let viewer = try edge.viewer()
            try viewer.send(post(insert()))
            #expect(gate.awaitArrival())
            viewer.socket.reset()
        }
        #expect(try hits(edge) == [true, true, true])
        gate.open()
        #expect(try settles(edge))
        #expect(try hits(edge) == [false, true, true])

        let second = Gate()
        room.reply(Reply([.pass(second)]).early())
        do {
            let viewer = try edge.viewer()
            try viewer.send(Array(Array(post(insert(padding: 300_000)).utf8)[..<150_000]))
            #expect(second.awaitArrival())
            viewer.socket.reset()
        }
        defer { second.open() }
        #expect(try settles(edge))
        #expect(try hits(edge) == [true, true, true])
    }

    @Test("rubbish that never ends makes nothing old")
    func rubbish() throws {
        let edge = try edge(try TemporaryDirectory())
        try fill(edge)
        let gate = Gate()
        room.reply(Reply([.pass(gate)]).early())
        defer { gate.open() }
        do {
            let viewer = try edge.viewer()
            let whole = Array(post(String(repeating: " ", count: 300_000)).utf8)
            try viewer.send(Array(whole[..<150_000]))
            #expect(gate.awaitArrival())
            viewer.socket.reset()
        }
        #expect(try settles(edge))
        #expect(try edge.metric("mapedge_writes_observed_total") == 1)
        #expect(try hits(edge) == [true, true, true])
    }

    /// Waits until no write is under way.
    private func settles(_ edge: Edge) throws -> Bool {
        for _ in 0..<2_000 where try edge.metric("mapedge_writes_open") == 0 { return true }
        return false
    }

    @Test("explain names the write that made a tile old")
    func explained() throws {
        let directory = try TemporaryDirectory()
        let edge = try edge(directory)
        try fill(edge)
        room.reply(.ok("Content-Type: text/xml", body: success))
        var viewer = try edge.viewer()
        _ = try viewer.exchange(post(insert()))
        let output = directory.file("explained")
        let child = try Child(
            Edge.program,
            [
                "explain", "--admin", "127.0.0.1:\(edge.adminPort)",
                "http://edge.test\(map("geonode:X"))",
            ], output: output)
        #expect(child.waitForExit(within: 60_000) == 0)
        let told = try readFile(output)
        #expect(told.contains("a write to layer X in one place"), "\(told)")
    }
}
