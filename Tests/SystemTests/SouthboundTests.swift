import Testing
import WireTesting

/// An edge with a listener for the site's own calls, beside that for viewers.
private struct Southbound {
    let origin: Origin
    let edge: Edge
    let port: UInt16

    /// Nothing but the section's own times can end a wait.
    init(_ section: String..., arguments: [String] = []) throws {
        origin = try Origin()
        let listen = "listen: [\"127.0.0.1:0\", { address: \"127.0.0.1:0\", southbound: true }]"
        let text = Configured.text(
            members: [origin.url], pool: ["firstByteTimeout: 1h", "totalTimeout: 0"],
            sections: [listen, "southbound:"] + section.map { "  " + $0 })
        edge = try Edge(
            origin: nil, mode: "cloudfront", arguments: arguments, configuration: text, listen: nil)
        let line = try #require(edge.child.line(with: "southbound on http"))
        port = try #require(UInt16(line.split(separator: ":").last ?? ""))
    }

    func call(_ path: String, method: String = "GET") throws -> Response {
        var caller = try Viewer(port: port)
        return try caller.exchange("\(method) \(path) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
    }
}

@Suite("The site's own calls to its map server")
struct SouthboundTests {
    @Test func `an origin that is silent costs no more than the deadline`() throws {
        let test = try Southbound("deadline: 200ms", "breakerFailures: 100")
        let (room, gate) = (test.origin.room(), Gate())
        defer { gate.open() }
        room.always(Reply.ok().held(by: gate))
        for method in ["GET", "HEAD", "OPTIONS"] {
            var caller = try Viewer(port: test.port)
            let answer = try caller.exchange(
                "\(method) \(room.path(method)) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
            #expect(answer.status == 504)
            #expect(answer["Retry-After"] != nil)
        }
        #expect(try test.edge.metric("mapedge_southbound_deadlines_total") == 3)
    }

    @Test func `writes have the origin's own time`() throws {
        let test = try Southbound("deadline: 200ms", "breakerFailures: 100")
        let (room, gate) = (test.origin.room(), Gate())
        room.always(Reply.ok(body: "written").held(by: gate))
        var writer = try Viewer(port: test.port)
        let head = "POST \(room.path("w")) HTTP/1.1\r\nHost: edge.test\r\nContent-Length: 0\r\n\r\n"
        try writer.send(head)
        #expect(gate.awaitArrival())
        // Those that came later have reached their deadline: the write's would have been before.
        #expect(try test.call(room.path("r")).status == 504)
        gate.open()
        #expect(try writer.response().text == "written")
    }

    @Test func `what is stale is served at the deadline`() throws {
        let test = try Southbound("deadline: 200ms", arguments: ["--clock", "manual"])
        let (room, gate) = (test.origin.room(), Gate())
        defer { gate.open() }
        room.reply(.ok("Cache-Control: max-age=60", body: "capabilities"))
        room.always(Reply.ok(body: "late").held(by: gate))
        #expect(try test.call(room.path()).text == "capabilities")
        _ = try test.edge.admin("/clock/advance?by=1h", method: "POST")
        let stale = try test.call(room.path())
        #expect(stale.text == "capabilities")
        #expect(stale["Age"] == "3600")
    }

    @Test func `an answer that stops in the middle is cut off`() throws {
        let test = try Southbound("deadline: 200ms")
        let (room, gate) = (test.origin.room(), Gate())
        defer { gate.open() }
        room.always(.raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", .pass(gate), .close))
        let answer = try test.call(room.path())
        #expect(answer.isCut)
        #expect(answer.text == "12345")
    }

    @Test func `after failures in a row calls fail at once, until one is answered`() throws {
        let test = try Southbound("deadline: 200ms", "breakerFailures: 2", "breakerTime: 300ms")
        let (room, gate) = (test.origin.room(), Gate())
        defer { gate.open() }
        room.answers { request in
            request.target.hasSuffix("well")
                ? .ok("Cache-Control: no-store", body: "well") : Reply.ok().held(by: gate)
        }
        let refusals = "mapedge_southbound_refusals_total"
        for path in ["a", "b"] { #expect(try test.call(room.path(path)).status == 504) }
        #expect(try test.call(room.path("well")).status == 503)
        #expect(try test.edge.metric(refusals) == 1)
        #expect(room.count == 2)
        // Viewers have a listener of their own.
        #expect(try test.edge.get(room.path("well")).text == "well")
        let isClosed = try eventually {
            try test.call(room.path("well")).status == 200 ? true : nil
        }
        #expect(isClosed == true)
        #expect(test.edge.child.line(with: "answers the site's own calls again") != nil)
    }

    @Test func `while no member is up nobody is asked`() throws {
        let test = try Southbound("deadline: 1h")
        let room = test.origin.room()
        test.origin.stop()
        let isRefused = try eventually {
            try test.call(room.path()).status == 503 ? true : nil
        }
        #expect(isRefused == true)
    }
}
