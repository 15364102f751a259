import Testing
import WireTesting

@Suite("Pools of origins")
struct PoolTests {
    @Test("requests go round")
    func robin() throws {
        let pair = try TwoMembers()
        for room in pair.rooms { room.always(.ok("Cache-Control: no-store", body: "ok")) }
        for path in 0..<20 {
            #expect(try pair.edge.get(pair.rooms[0].path("\(path)")).text == "ok")
        }
        #expect(pair.rooms.map(\.count) == [10, 10])
    }

    @Test("a member that is gone costs nobody an answer, and is told in /status")
    func gone() throws {
        let pair = try TwoMembers(pool: ["health:", "  interval: 200ms", "  fall: 1"])
        for room in pair.rooms { room.always(.ok("Cache-Control: no-store", body: "ok")) }
        pair.second.stop()
        for path in 0..<30 {
            #expect(try pair.edge.get(pair.rooms[0].path("\(path)")).text == "ok")
        }
        let isTold = try eventually {
            let states = try pair.states()
            return states.count == 2 && states[0] == "up" && states[1] != "up" ? true : nil
        }
        #expect(isTold == true)
    }

    @Test("a member that fails is ejected, and the last one never")
    func ejected() throws {
        let pair = try TwoMembers(pool: ["health:", "  consecutiveFailures: 3", "  ejection: 60s"])
        pair.rooms[0].always(.ok("Cache-Control: no-store", body: "ok"))
        pair.rooms[1].always(.raw("", .reset))
        for path in 0..<40 {
            #expect(try pair.edge.get(pair.rooms[0].path("\(path)")).text == "ok")
        }
        #expect(pair.rooms[1].count < 12, "asked \(pair.rooms[1].count) times")
        pair.rooms[0].always(.raw("", .reset))
        for path in 0..<20 { _ = try? pair.edge.get(pair.rooms[0].path("bad\(path)")) }
        for room in pair.rooms { room.always(.ok("Cache-Control: no-store", body: "back")) }
        #expect(try pair.edge.get(pair.rooms[0].path("again")).text == "back")
    }

    @Test("when the last of them fails, it is told what it did, and no try is counted in vain")
    func lastFails() throws {
        let pair = try TwoMembers(pool: [
            "retryBudget: 100", "health:", "  consecutiveFailures: 1", "  ejection: 60s",
        ])
        for room in pair.rooms { room.always(.raw("", .reset)) }
        for path in 0..<6 {
            let response = try pair.edge.get(pair.rooms[0].path("\(path)"))
            #expect(response.status == 502)
            let told = response["cache-status"] ?? ""
            #expect(told.contains("fwd=uri-miss") && told.contains("OriginCommError"), "\(told)")
        }
        let asked = pair.rooms.map(\.count).reduce(0, +)
        #expect(try pair.edge.metric("mapedge_origin_retries_total") == asked - 6)
    }

    @Test("a check with a path, a status and a body takes out who fails it")
    func activeCheck() throws {
        let pair = try TwoMembers(pool: [
            "health:", "  path: /health/it", "  body: alive", "  interval: 100ms", "  rise: 1",
            "  fall: 1",
        ])
        let health = pair.first.room(named: "health")
        health.always(.ok(body: "I am alive"))
        pair.second.room(named: "health").always(.ok(body: "I am not well"))
        for room in pair.rooms { room.always(.ok("Cache-Control: no-store", body: "ok")) }
        let isOut = try eventually { try pair.states() == ["up", "down"] ? true : nil }
        #expect(isOut == true)
        let before = pair.rooms[1].count
        for path in 0..<10 {
            #expect(try pair.edge.get(pair.rooms[0].path("\(path)")).text == "ok")
        }
        #expect(pair.rooms[1].count == before)
    }

    @Test("more than a member's limit waits, and more than the queue is 503")
    func queue() throws {
        let test = try Configured(pool: "memberConcurrency: 1", "queueLength: 1")
        let (room, gate) = (test.origin.room(), Gate())
        room.answers { _ in Reply([.pass(gate)] + Reply.ok("Cache-Control: no-store").steps) }
        var viewers: [Viewer] = []
        for path in 0..<3 {
            let viewer = try test.edge.viewer()
            try viewer.send("GET \(room.path("\(path)")) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
            viewers.append(viewer)
            if path == 0 { #expect(gate.awaitArrival()) }
            if path == 1 { #expect(try becomes(queued: 1, at: test.edge)) }
        }
        #expect(try viewers[2].response().status == 503)
        gate.open()
        for index in 0..<2 { #expect(try viewers[index].response().status == 200) }
    }

    private func becomes(queued count: Double, at edge: Edge) throws -> Bool {
        try eventually {
            let status = try JSON(edge.admin("/status").text)
            return status["origins"]?.elements.first?["queued"]?.number == count ? true : nil
        } == true
    }
}
