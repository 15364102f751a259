import Testing
import WireTesting

private let etag = "ETag: \"a\""

@Suite("What waiters get of another's answer")
struct WaiterTests {
    private let test: Configured
    private let room: Room
    private let gate = Gate()

    init() throws {
        test = try Configured()
        room = test.origin.room()
    }

    private func request(_ fields: String...) -> String {
        (["GET \(room.path()) HTTP/1.1", "Host: edge.test"] + fields).joined(separator: "\r\n")
            + "\r\n\r\n"
    }

    /// A viewer whose question stands at the gate, and others that wait for its answer.
    private func line(_ waiters: Int, _ first: String, _ others: String) throws -> [Viewer] {
        let leader = try test.edge.viewer()
        try leader.send(first)
        #expect(gate.awaitArrival())
        let crowd = try test.edge.crowd(waiters, others)
        let areThere = try eventually {
            try test.edge.metric("mapedge_collapsed_total") == waiters ? true : nil
        }
        #expect(areThere == true)
        return [leader] + crowd
    }

    private func responses(_ viewers: [Viewer]) throws -> [Response] {
        gate.open()
        return try viewers.map {
            var viewer = $0
            return try viewer.response()
        }
    }

    @Test("the cookie of a 304 is for who asked, and all get the body")
    func cookie() throws {
        room.reply(.ok("Cache-Control: max-age=10", "Age: 20", etag, body: "stored"))
        _ = try test.edge.get(room.path())
        room.reply(
            Reply.response(304, ["Cache-Control: max-age=60", etag, "Set-Cookie: s=1"])
                .held(by: gate))
        room.always(.response(304, ["Cache-Control: max-age=60", etag]))
        let answers = try responses(try line(9, request(), request()))
        #expect(answers.map(\.text) == Array(repeating: "stored", count: 10))
        #expect(answers.map { $0["Set-Cookie"] } == ["s=1"] + Array(repeating: nil, count: 9))
        let later = try test.edge.get(room.path())
        #expect(later.isHit)
        #expect(later["Set-Cookie"] == nil)
    }

    @Test("a field that is private is for who asked", arguments: ["Set-Cookie", "X-Mine"])
    func privateField(name: String) throws {
        room.answers { [gate] _ in
            Reply.ok(
                "Cache-Control: max-age=60, private=\"\(name)\"", "\(name): s=\(Serial.next())",
                "X-Ours: 1", body: "shared"
            ).held(by: gate)
        }
        let answers = try responses(try line(9, request(), request()))
        #expect(answers.map(\.text) == Array(repeating: "shared", count: 10))
        #expect(answers.allSatisfy { $0["X-Ours"] == "1" })
        #expect(answers[0][name] != nil)
        let values = answers.compactMap { $0[name] }
        #expect(Set(values).count == values.count, "one's \(name) is another's: \(values)")
        #expect(try test.edge.get(room.path())[name] == nil)
    }

    @Test("a 304 about another response makes each get the new one")
    func denied() throws {
        room.reply(.ok("Cache-Control: max-age=10", "Age: 20", etag, body: "old"))
        _ = try test.edge.get(room.path())
        room.reply(Reply.response(304, ["ETag: \"b\""]).held(by: gate))
        room.always(.ok("Cache-Control: max-age=60", "ETag: \"b\"", body: "new"))
        let answers = try responses(try line(5, request(), request()))
        #expect(answers.map(\.text) == Array(repeating: "new", count: 6))
        #expect(room.requests.dropFirst(2).allSatisfy { $0["If-None-Match"] == nil })
        #expect(try test.edge.get(room.path()).text == "new")
    }

    @Test("who wants the whole does not get the part that a 304 confirmed for another")
    func part() throws {
        let digits = Array("0123456789")
        @Sendable func part(_ range: ClosedRange<Int>) -> Reply {
            let place = "\(range.lowerBound)-\(range.upperBound)/10"
            return .response(
                206, ["Cache-Control: no-cache", etag, "Content-Range: bytes \(place)"],
                body: String(digits[range]))
        }
        room.reply(part(0...4))
        #expect(try test.edge.get(room.path(), "Range: bytes=0-4").status == 206)
        let gate = gate
        room.answers { request in
            if request["If-None-Match"] != nil { return .response(304, [etag]).held(by: gate) }
            if request["Range"] == "bytes=5-9" { return part(5...9) }
            return .ok("Cache-Control: no-cache", etag, body: "0123456789")
        }
        let answers = try responses(try line(3, request("Range: bytes=1-3"), request()))
        #expect(answers.map(\.status) == [206, 200, 200, 200])
        #expect(answers.map(\.text) == ["123"] + Array(repeating: "0123456789", count: 3))
        #expect(answers.dropFirst().allSatisfy { $0["Content-Range"] == nil })
    }

    @Test("a range that cannot be had does not keep others from waiting")
    func unsatisfiable() throws {
        room.reply(.response(416, ["Content-Range: bytes */10"]))
        #expect(try test.edge.get(room.path(), "Range: bytes=50-").status == 416)
        room.reply(Reply.ok("Cache-Control: max-age=60", body: "0123456789").held(by: gate))
        room.always(.response(500))
        let answers = try responses(try line(20, request(), request()))
        #expect(answers.allSatisfy { $0.text == "0123456789" })
        #expect(room.count == 2)
    }
}
