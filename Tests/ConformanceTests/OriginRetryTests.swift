import Synchronization
import Testing
import WireTesting

/// A head that promises more than comes, and the end of the connection with it.
private let broken: [BadAnswer] = [
    BadAnswer("a body cut short", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789"),
    BadAnswer("no body at all", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"),
    BadAnswer("a chunk cut short", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
    BadAnswer(
        "a chunk that is none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnone\r\n"),
    BadAnswer(
        "a body that is kept",
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 100\r\n\r\n0123456789"),
]

@Suite("RFC 9110 §9.2.2: what broke before a viewer was told is asked of another member")
struct OriginRetryTests {
    private let origins: [Origin]
    private let rooms: [Room]
    private let edge: Edge

    init() throws {
        origins = try [Origin(), Origin()]
        rooms = origins.map { $0.room(named: "retry") }
        edge = try Edge(origin: origins.map(\.url).joined(separator: ","))
    }

    /// The first that is asked gives this, all after it a good answer.
    private func begin(with reply: Reply) {
        let turns = Turns()
        let good = Reply.ok("Cache-Control: max-age=60", body: "good")
        for room in rooms { room.answers { _ in turns.isFirst() ? reply : good } }
    }

    private var asked: Int { rooms.map(\.count).reduce(0, +) }

    @Test("head and end in one", arguments: broken)
    func together(answer: BadAnswer) throws {
        begin(with: Reply([.sendAndEnd(Array(answer.text.utf8))]))
        let response = try edge.get(rooms[0].path())
        #expect(response.status == 200 && response.text == "good")
        #expect(asked == 2 && rooms.allSatisfy { $0.count == 1 })
    }

    @Test("what the first head said of the store is no word on the second")
    func stored() throws {
        let large = "Cache-Control: max-age=60\r\nContent-Length: 1000000000\r\n\r\n0123456789"
        begin(with: Reply([.sendAndEnd(Array("HTTP/1.1 200 OK\r\n\(large)".utf8))]))
        for asks in [2, 2] {
            let response = try edge.get(rooms[0].path())
            #expect(response.status == 200 && response.text == "good")
            #expect(asked == asks)
        }
    }

    @Test("a body that a viewer has begun to get stays cut")
    func relayed() throws {
        let gate = Gate()
        begin(
            with: .raw(
                "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789", .pass(gate), .close))
        var viewer = try edge.viewer()
        try viewer.send("GET \(rooms[0].path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        _ = try viewer.headOnly()
        gate.open()
        #expect(try viewer.bytes(100).count == 10)
        #expect(asked == 1)
    }

    @Test(
        "by the RFC's book what is idempotent goes to another member, with its body if short",
        arguments: [
            ("DELETE", 0, false, true), ("OPTIONS", 0, false, true), ("PUT", 0, false, true),
            ("PUT", 1, false, true), ("PUT", 65_536, false, true), ("PUT", 65_537, false, false),
            ("PUT", 4_000, true, true), ("DELETE", 10, false, true), ("POST", 1, false, false),
        ])
    func idempotent(method: String, length: Int, isChunked: Bool, isRepeated: Bool) throws {
        begin(with: Reply([.close]))
        let body = String(repeating: "x", count: length)
        let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(length)"
        let content =
            isChunked ? "\(String(length, radix: 16))\r\n\(body)\r\n0\r\n\r\n" : body
        var viewer = try edge.viewer()
        let head = "\(method) \(rooms[0].path()) HTTP/1.1\r\nHost: edge.test\r\n\(framing)\r\n\r\n"
        let response = try viewer.exchange(head + content)
        #expect(response.status == (isRepeated ? 200 : 502))
        #expect(asked == (isRepeated ? 2 : 1))
        let sent = rooms.flatMap(\.requests)
        #expect(sent.allSatisfy { $0.bodyCount == length }, "\(sent.map(\.bodyCount))")
    }

    @Test("what is no question is not asked twice")
    func write() throws {
        begin(with: Reply([.sendAndEnd(Array(broken[0].text.utf8))]))
        var viewer = try edge.viewer()
        let response = try viewer.exchange(
            "POST \(rooms[0].path()) HTTP/1.1\r\nHost: edge.test\r\nContent-Length: 0\r\n\r\n")
        #expect(response.status == 502)
        #expect(asked == 1)
    }
}

@Suite("RFC 9112 §9.3.1: a member without another is asked once more if its head was cut short")
struct OriginRepeatTests {
    private let origin: Origin
    private let edge: Edge
    private let room: Room

    init() throws {
        origin = try Origin()
        edge = try Edge(origin: origin.url)
        room = origin.room()
    }

    private static let cut = [
        "", "H", "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n",
    ]

    private func ask(_ viewer: inout Viewer, _ method: String) throws -> Response {
        try viewer.exchange(
            "\(method) \(room.path()) HTTP/1.0\r\nHost: edge.test\r\nConnection: keep-alive\r\n"
                + "Content-Length: 0\r\n\r\n")
    }

    @Test("on a new connection, whether the first was new or kept", arguments: cut, [true, false])
    func once(head: String, isKept: Bool) throws {
        var viewer = try edge.viewer()
        if isKept {
            room.reply(.ok("Cache-Control: no-store", body: "before"))
            #expect(try ask(&viewer, "GET").text == "before")
        }
        room.reply(Reply([.sendAndEnd(Array(head.utf8))]), .ok(body: "good"))
        let response = try ask(&viewer, "GET")
        #expect(response.status == 200 && response.text == "good")
        let last = room.requests.suffix(2).map(\.connection)
        #expect(room.count == (isKept ? 3 : 2) && last.first != last.last)
    }

    @Test("and no more often than that", arguments: cut)
    func twice(head: String) throws {
        room.always(Reply([.sendAndEnd(Array(head.utf8))]))
        var viewer = try edge.viewer()
        #expect(try ask(&viewer, "GET").status == 502)
        #expect(room.count == 2)
    }

    @Test("nor what may not be asked twice", arguments: cut)
    func write(head: String) throws {
        room.always(Reply([.sendAndEnd(Array(head.utf8))]))
        var viewer = try edge.viewer()
        #expect(try ask(&viewer, "POST").status == 502)
        #expect(room.count == 1)
    }
}

private final class Turns: Sendable {
    private let count = Mutex(0)

    func isFirst() -> Bool {
        count.withLock { count in
            count += 1
            return count == 1
        }
    }
}
