import Testing
import WireTesting

@Suite("What is a member's fault, and what is not")
struct BlameTests {
    @Test("a viewer that uploads slowly is no failure of the member")
    func slowUpload() throws {
        let test = try Configured(
            pool: "firstByteTimeout: 200ms", "attempts: 1",
            sections: ["limits:", "  bodyTimeout: 60s"])
        let (room, gate) = (test.origin.room(), Gate())
        room.answers { request in
            request.method == "POST" ? .ok(body: "taken") : Reply([.pass(gate)])
        }
        var viewer = try test.edge.viewer()
        try viewer.send(
            "POST \(room.path()) HTTP/1.1\r\nHost: edge.test\r\nContent-Length: 8\r\n\r\nhalf")
        // The clock is another request's time-out: twice the time a first byte may take goes by.
        for path in 0..<2 { #expect(try test.edge.get(room.path("\(path)")).status == 504) }
        try viewer.send("half")
        let response = try viewer.response()
        #expect(response.status == 200)
        #expect(response.text == "taken")
        gate.open()
    }

    @Test("once the whole request is sent, the first byte has its time and no more")
    func silentAfterUpload() throws {
        let test = try Configured(pool: "firstByteTimeout: 200ms", "attempts: 1")
        let (room, gate) = (test.origin.room(), Gate())
        room.always(Reply([.pass(gate)]))
        var viewer = try test.edge.viewer()
        try viewer.send(
            "POST \(room.path()) HTTP/1.1\r\nHost: edge.test\r\nContent-Length: 8\r\n\r\nhalf")
        try viewer.send("half")
        #expect(try viewer.response().status == 504)
        gate.open()
    }

    @Test("a member that does not take the request is a failure, and the viewer is not blamed")
    func stuckMember() throws {
        let test = try Configured(
            pool: "firstByteTimeout: 400ms", "attempts: 1",
            sections: ["limits:", "  bodyTimeout: 300ms"])
        let (room, gate) = (test.origin.room(), Gate())
        room.always(Reply([.pass(gate)]).early())
        let length = 64 << 20
        var viewer = try test.edge.viewer()
        let socket = viewer.socket
        try viewer.send(
            "POST \(room.path()) HTTP/1.1\r\nHost: edge.test\r\nContent-Length: \(length)\r\n\r\n")
        background {
            let piece = Pattern.bytes(at: 0, 65_521)
            for _ in 0..<(length / piece.count) {
                guard (try? socket.send(piece)) != nil else { return }
            }
        }
        #expect(try viewer.response().status == 504)
        gate.open()
    }

    @Test(
        "an answer that the request may have caused ejects nobody",
        arguments: [
            ("500", "it"), ("501", "it"), ("404", "it"),
            (
                "exception",
                "wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=none&STYLES=&SRS=EPSG:3857"
                    + "&BBOX=0,0,1,1&WIDTH=8&HEIGHT=8&FORMAT=image/png"
            ),
        ])
    func badRequests(kind: String, path: String) throws {
        let pool = try TwoMembers(pool: ["health:", "  consecutiveFailures: 1", "  ejection: 60s"])
        let xml = "Content-Type: application/vnd.ogc.se_xml"
        let bad =
            Int(kind).map { Reply.response($0, ["Cache-Control: no-store"]) }
            ?? .ok(xml, body: "<ServiceExceptionReport version=\"1.1.1\"/>")
        pool.rooms[0].always(.ok("Cache-Control: no-store", body: "ok"))
        pool.rooms[1].always(bad)
        for _ in 0..<8 { _ = try pool.edge.get(pool.rooms[0].path(path)) }
        // About an exception another member is asked; neither answers well, and nobody is blamed.
        if kind != "exception" { #expect(pool.rooms.map(\.count) == [4, 4]) }
        #expect(try pool.states() == ["up", "up"])
    }

    @Test("502, 503 and 504 do eject, and /status tells why", arguments: [502, 503, 504])
    func gatewayErrors(status: Int) throws {
        let pool = try TwoMembers(pool: ["health:", "  consecutiveFailures: 1", "  ejection: 60s"])
        pool.rooms[0].always(.ok("Cache-Control: no-store", body: "ok"))
        pool.rooms[1].always(.response(status, ["Cache-Control: no-store"]))
        for path in 0..<4 {
            #expect(try pool.edge.get(pool.rooms[0].path("\(path)")).text == "ok")
        }
        #expect(pool.rooms[1].count == 1)
        let members = try pool.members()
        #expect(members.map { $0["state"]?.text } == ["up", "ejected"])
        #expect(members.map { $0["lastFailure"] } == [.null, .string("status \(status)")])
    }

    @Test("an origin's own 503 reaches the viewer when no retry is left, with body and Retry-After")
    func ownAnswer() throws {
        let pool = try TwoMembers(pool: [
            "retryBudget: 0", "health:", "  consecutiveFailures: 1000",
        ])
        for room in pool.rooms {
            room.always(
                .response(503, ["Retry-After: 7", "Cache-Control: no-store"], body: "overloaded"))
        }
        // Three retries are in hand at the start.
        for path in 0..<6 {
            let response = try pool.edge.get(pool.rooms[0].path("\(path)"))
            #expect(response.status == 503)
            #expect(response["Retry-After"] == "7")
            #expect(response.text == "overloaded")
        }
        #expect(pool.rooms.map(\.count).reduce(0, +) == 9)
    }

    @Test("an origin's own 503 reaches the viewer when the other member is at its limit")
    func nobodyFree() throws {
        let pool = try TwoMembers(pool: [
            "memberConcurrency: 1", "health:", "  consecutiveFailures: 1000",
        ])
        let gate = Gate()
        for room in pool.rooms {
            room.answers { request in
                request.target.hasSuffix("busy")
                    ? Reply([.pass(gate)] + Reply.ok(body: "late").steps)
                    : .response(503, ["Retry-After: 7"], body: "overloaded")
            }
        }
        var busy = try pool.edge.viewer()
        try busy.send("GET \(pool.rooms[0].path("busy")) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(gate.awaitArrival())
        let response = try pool.edge.get(pool.rooms[0].path("it"))
        #expect(response.status == 503)
        #expect(response["Retry-After"] == "7")
        #expect(response.text == "overloaded")
        gate.open()
        #expect(try busy.response().text == "late")
    }
}
