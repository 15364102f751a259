import Testing
import Tiles
import WireTesting

@Suite("Fairness: limits, turns, members left alone, second requests, viewers' rates")
struct FairnessTests {
    private static func tile(_ room: Room, _ time: Int) -> String {
        room.path(
            "wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=a&STYLES=&SRS=EPSG:4326"
                + "&BBOX=0,0,1,1&WIDTH=16&HEIGHT=16&FORMAT=image/png&TIME=\(time)")
    }

    private static func request(_ target: String, from viewer: String) -> String {
        "GET \(target) HTTP/1.1\r\nHost: edge.test\r\nX-Forwarded-For: \(viewer)\r\n\r\n"
    }

    private static let trusted = ["trustedProxies: [127.0.0.1]"]

    @Test("a thousand viewers on one cold tile make one request, on however many loops")
    func crowd() throws {
        let test = try Configured(loops: 2)
        let (room, gate) = (test.origin.room("tile"), Gate())
        let picture = String(repeating: "p", count: 1_000)
        room.reply(
            Reply(
                [.pass(gate)]
                    + Reply.ok("Cache-Control: max-age=60", body: picture).steps))
        room.always(.ok(body: "another"))
        let target = room.path("15/7/3.png")
        let viewers = try test.edge.crowd(
            1_000, "GET \(target) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(gate.awaitArrival())
        gate.open()
        for var viewer in viewers { #expect(try viewer.response().text == picture) }
        #expect(room.count == 1)
    }

    @Test("ten viewers are not behind the forty pictures that another one plays")
    func playback() throws {
        let test = try Configured(
            pool: "limits: { tiles: 1 }", "queueTimeout: 60s", sections: Self.trusted)
        let (room, gate) = (test.origin.room("map"), Gate())
        room.reply(Reply([.pass(gate)] + Reply.response(404, body: "none").steps))
        room.always(.response(404, body: "none"))
        var viewers: [Viewer] = []
        func ask(_ time: Int, from viewer: String) throws {
            let one = try test.edge.viewer()
            try one.send(Self.request(Self.tile(room, time), from: viewer))
            viewers.append(one)
        }
        for time in 0..<40 {
            try ask(time, from: "192.0.2.1")
            if time == 0 { #expect(gate.awaitArrival()) }
        }
        try awaitQueued(39, test.edge)
        for other in 3_001...3_010 { try ask(other, from: "198.51.100.\(other - 3_000)") }
        try awaitQueued(49, test.edge)
        gate.open()
        for index in viewers.indices { #expect(try viewers[index].response().status == 404) }
        let order = room.requests.map(\.target)
        #expect(order.count == 50)
        // The first was under way; then everybody has a turn in each round.
        let last = order.lastIndex { $0.contains("TIME=30") && !$0.hasSuffix("=30") }
        #expect((last ?? 50) <= 12, "the last of the ten was served as number \(last ?? 50)")
    }

    private func awaitQueued(_ count: Double, _ edge: Edge) throws {
        let isQueued = try eventually {
            let status = try JSON(edge.admin("/status").text)
            let queues = status["origins"]?.elements.first?["queues"]
            return queues?["tiles"]?.number == count ? true : nil
        }
        #expect(isQueued == true, "\(count) are not queued")
    }

    @Test("a member that asks to be left alone is, over real sockets, and is not blamed")
    func held() throws {
        let pair = try TwoMembers()
        pair.rooms[0].reply(.response(503, ["Retry-After: 60", "Cache-Control: no-store"]))
        for room in pair.rooms { room.always(.ok("Cache-Control: no-store", body: "ok")) }
        for path in 0..<20 {
            let target = pair.rooms[0].path("wfs?request=GetFeature&maxFeatures=\(path)")
            #expect(try pair.edge.get(target).text == "ok")
        }
        #expect(pair.rooms[0].count == 1)
        let member = try #require(try pair.members().first)
        #expect(member["state"]?.text == "up")
        #expect(member["failures"]?.number == 0)
        #expect(member["leftAlone"]?.elements.first?.text == "features")
        let metrics = try pair.edge.admin("/metrics").text
        #expect(metrics.contains("mapedge_member_holds_total 1\n"))
    }

    @Test("a slow tile is asked of the second member, and the first's connection is closed")
    func hedged() throws {
        let pair = try TwoMembers(pool: ["hedge: { budget: 100, delay: 50ms }"])
        // Says nothing, and ends when the edge does.
        pair.rooms[0].always(Reply([.echo]))
        let picture = BlankTile.png(width: 16, height: 16)
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nCache-Control: max-age=60\r\n"
            + "Content-Length: \(picture.count)\r\n\r\n"
        pair.rooms[1].always(Reply([.send(Array(head.utf8) + picture)], status: 200))
        let answer = try pair.edge.get(Self.tile(pair.rooms[0], 1))
        #expect(answer.status == 200)
        #expect(answer.body == picture)
        #expect(try pair.edge.get(Self.tile(pair.rooms[0], 1)).isHit)
        #expect(pair.rooms.map(\.count) == [1, 1])
        #expect(pair.first.awaitEnd(of: 0))
        let metrics = try pair.edge.admin("/metrics").text
        #expect(metrics.contains("mapedge_hedges_total 1\n"))
        #expect(metrics.contains("mapedge_hedges_won_total 1\n"))
        #expect(metrics.contains("mapedge_hedges_lost_total 0\n"))
        #expect(try pair.members().allSatisfy { $0["inFlight"]?.number == 0 })
    }

    @Test("each viewer behind a trusted proxy has a rate of its own")
    func rates() throws {
        let test = try Configured(
            sections: Self.trusted + [
                "viewerRates: { exempt: [203.0.113.0/24], other: { rate: 1/h, burst: 2 } }"
            ])
        let room = test.origin.room("rate")
        room.always(.ok("Cache-Control: max-age=60", body: "ok"))
        func status(_ viewer: String) throws -> Int {
            var one = try test.edge.viewer()
            let answer = try one.exchange(Self.request(room.path("a"), from: viewer))
            if answer.status == 429 {
                let wait = Int(answer["Retry-After"] ?? "") ?? 0
                #expect((3_500...3_600).contains(wait))
            }
            return answer.status
        }
        for viewer in ["192.0.2.1", "2001:db8:0:1::1"] {
            #expect(try (0..<4).map { _ in try status(viewer) } == [200, 200, 429, 429])
        }
        // The same household, and another one.
        #expect(try status("2001:db8:0:1:ffff::7") == 429)
        #expect(try status("2001:db8:0:2::1") == 200)
        #expect(try (0..<4).map { _ in try status("203.0.113.9") } == [200, 200, 200, 200])
        let metrics = try test.edge.admin("/metrics").text
        #expect(metrics.contains("mapedge_viewers_limited_total 5\n"))
    }
}
