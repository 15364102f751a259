import Testing
import WireTesting

@Suite("RFC 9111 §4: who waits for another's part, head or whole", .serialized)
struct PartCollapseTests {
    static let modes = ["rfc9111", "cloudfront"]
    private let gate = Gate()
    private let origin: Origin
    private let digits = "0123456789"

    init() throws { origin = try Origin() }

    /// Answers with the digits, or such of them as are asked for, once the gate is open.
    private func answer(_ room: Room, _ control: String = "max-age=3600") {
        room.answers { [gate, digits] request in
            let fields = ["Cache-Control: \(control)", "ETag: \"a\""]
            guard let range = request["Range"]?.dropFirst("bytes=".count).split(separator: "-"),
                let first = range.first.flatMap({ Int($0) }), let last = Int(range[1])
            else {
                let body = request.method == "HEAD" ? "" : digits
                let length = "Content-Length: \(digits.utf8.count)"
                return .response(200, fields + [length], body: body).held(by: gate)
            }
            return .response(
                206, fields + ["Content-Range: bytes \(first)-\(last)/10"],
                body: String(digits.dropFirst(first).prefix(last - first + 1))
            ).held(by: gate)
        }
    }

    /// The answers to requests in their order, once so many of them wait for others.
    private func ask(
        _ edge: Edge, _ room: Room, _ asked: [String], waiting: Int
    ) throws -> [Response] {
        let before = try edge.metric("mapedge_collapsed_total")
        var viewers: [Viewer] = []
        for (number, text) in asked.enumerated() {
            let words = text.split(separator: " ", maxSplits: 1)
            let field = words.count > 1 ? "Range: bytes=\(words[1])\r\n" : ""
            let viewer = try edge.viewer()
            let line = "\(words[0]) \(room.path()) HTTP/1.1"
            try viewer.send("\(line)\r\nHost: edge.test\r\n\(field)\r\n")
            viewers.append(viewer)
            if number == 0 { #expect(gate.awaitArrival()) }
        }
        let haveJoined = try eventually {
            try edge.metric("mapedge_collapsed_total") >= before + waiting ? true : nil
        }
        #expect(haveJoined == true)
        #expect(gate.awaitArrival(asked.count - waiting))
        gate.open()
        return try zip(viewers, asked).map { viewer, text in
            var viewer = viewer
            return try viewer.response(toHead: text.hasPrefix("HEAD"))
        }
    }

    @Test("one part is asked for once, each other one by itself", arguments: modes)
    func parts(_ mode: String) throws {
        let (edge, room) = (try Edge(origin: origin.url, mode: mode), origin.room())
        answer(room)
        let asked = ["2-4", "2-4", "5-5", "2-4", "5-5", "2-3"]
        let responses = try ask(edge, room, asked.map { "GET \($0)" }, waiting: 3)
        #expect(responses.map(\.text) == ["234", "234", "5", "234", "5", "23"])
        #expect(responses.allSatisfy { $0.status == 206 && $0["Content-Range"] != nil })
        #expect(room.count == 3)
    }

    @Test("HEADs ask once; a GET beside them asks for itself", arguments: modes)
    func heads(_ mode: String) throws {
        let (edge, room) = (try Edge(origin: origin.url, mode: mode), origin.room())
        answer(room)
        let responses = try ask(edge, room, ["HEAD", "HEAD", "GET", "HEAD"], waiting: 2)
        #expect(responses.allSatisfy { $0.status == 200 && $0["Content-Length"] == "10" })
        #expect(responses[2].text == digits)
        #expect(room.requests.map(\.method) == ["HEAD", "GET"])
    }

    @Test("who wants a part of the whole, or its head, waits for who fetches it", arguments: modes)
    func whole(_ mode: String) throws {
        let (edge, room) = (try Edge(origin: origin.url, mode: mode), origin.room())
        answer(room)
        let asked = ["GET", "GET 2-4", "HEAD", "GET 5-", "GET 20-30", "GET"]
        let responses = try ask(edge, room, asked, waiting: 5)
        #expect(responses.map(\.status) == [200, 206, 200, 206, 416, 200])
        #expect(responses.map(\.text)[0..<4] == [digits, "234", "", "56789"])
        #expect(room.count == 1)
    }

    @Test("what is for nobody else each asks for himself, as he would have done", arguments: modes)
    func unshared(_ mode: String) throws {
        let (edge, room) = (try Edge(origin: origin.url, mode: mode), origin.room())
        answer(room, "no-store")
        let asked = ["GET", "GET 2-4", "HEAD", "GET 2-4"]
        let responses = try ask(edge, room, asked, waiting: 3)
        #expect(responses.map(\.text) == [digits, "234", "", "234"])
        #expect(room.count == 4)
        #expect(room.request(2).map { $0.method == "HEAD" || $0["Range"] != nil } == true)
    }

    @Test("nobody waits for all of a long file to get a part of it", arguments: modes)
    func long(_ mode: String) throws {
        let (edge, room) = (try Edge(origin: origin.url, mode: mode), origin.room())
        let (whole, part) = (Gate(), Gate())
        room.answers { request in
            let fields = ["Cache-Control: max-age=3600", "ETag: \"a\""]
            if request["Range"] == nil {
                let head = fields + ["Content-Length: 9000000"]
                return .response(200, head, body: "x").then(.pass(whole)).then(.reset)
            }
            return .response(206, fields + ["Content-Range: bytes 2-4/9000000"], body: "234")
                .held(by: part)
        }
        var first = try edge.viewer()
        try first.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        _ = try first.headOnly()
        let second = try edge.viewer()
        try second.send(
            "GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\nRange: bytes=2-4\r\n\r\n")
        #expect(part.awaitArrival(), "while the whole is under way")
        part.open()
        var viewer = second
        #expect(try viewer.response().text == "234")
        whole.open()
    }

    @Test("a whole that breaks off leaves its waiters to ask for their part", arguments: modes)
    func broken(_ mode: String) throws {
        let (edge, room) = (try Edge(origin: origin.url, mode: mode), origin.room())
        answer(room)
        room.reply(
            .raw(
                "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\n012",
                .pass(gate), .reset))
        let responses = try ask(edge, room, ["GET", "GET 2-4", "GET 2-4"], waiting: 2)
        #expect(responses[0].isCut && responses[1...].map(\.text) == ["234", "234"])
        #expect(room.count == 2)
    }
}
