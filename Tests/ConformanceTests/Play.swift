import Testing
import WireTesting

/// Plays a case over the wire against the shared edge and records what differs.
func play(_ test: Case) throws {
    let edge = try SharedEdge.edge()
    var player = Player(edge: edge, room: try SharedEdge.origin().room(test.id))
    for (number, exchange) in test.exchanges.enumerated() {
        let problems = player.play(exchange)
        guard problems.isEmpty else {
            let list = problems.joined(separator: "; ")
            Issue.record("\(test.id), exchange \(number + 1): \(list)\n\(player.transcript)")
            return
        }
    }
}

/// A viewer and an origin in the middle of a case.
private struct Player {
    let edge: Edge
    let room: Room
    private var viewer: Viewer?
    /// The last reply that could have been stored.
    private var stored: Reply?
    private(set) var transcript = ""

    init(edge: Edge, room: Room) {
        self.edge = edge
        self.room = room
    }

    /// Plays one exchange; says what is wrong.
    mutating func play(_ exchange: Exchange) -> [String] {
        let before = room.count
        if let first = exchange.first { room.reply(first.inRoom(room)) }
        // A lost GET is asked once more: an origin that is gone is gone then, too.
        if let reply = exchange.reply {
            for _ in 0..<(reply.isGone ? 3 : 1) { room.reply(reply.inRoom(room)) }
        }
        defer { _ = room.clearReplies() }
        let text = exchange.ask.text(in: room)
        transcript = "sent \(quoted(Array(text.utf8)[...]))"
        let response: Response
        do {
            response = try send(text)
        } catch {
            return ["no response: \(error) (the origin was asked \(room.count - before) times)"]
        }
        transcript += "\ngot \(quoted(response.head.raw[...])) + \(response.body.count) bytes"
        if exchange.source == .storedMeanwhile, room.request(before + 1) == nil {
            return ["the origin is not asked to refresh"]
        }
        let requests = Array(room.requests[before...])
        var problems = judge(exchange, response, requests)
        problems += exchange.checks.compactMap { $0.problem(response, requests.first) }
        problems += invariants(response, exchange.ask)
        if exchange.checks.contains(where: { if case .closes = $0 { true } else { false } }) {
            if (try? viewer?.isClosed()) != true { problems.append("the connection stays open") }
            viewer = nil
        }
        if response.isCut || response["Connection"]?.lowercased() == "close" { viewer = nil }
        note(exchange, wasAsked: !requests.isEmpty)
        return problems
    }

    /// Keeps the reply that later exchanges expect from the store.
    private mutating func note(_ exchange: Exchange, wasAsked: Bool) {
        let isFill = [.origin, .originTwice, .any].contains(exchange.source)
        guard wasAsked, isFill, exchange.ask.method == "GET", let reply = exchange.reply else {
            return
        }
        if reply.status != 304 { stored = reply }
    }

    private mutating func send(_ text: String) throws -> Response {
        var viewer = try viewer ?? edge.viewer()
        let response = try viewer.exchange(text)
        self.viewer = viewer
        return response
    }

    private func judge(
        _ exchange: Exchange, _ response: Response, _ requests: [Request]
    ) -> [String] {
        var problems: [String] = []
        func expect(asked: Int) {
            if requests.count != asked {
                problems.append("the origin is asked \(requests.count) times, not \(asked)")
            }
        }
        func expect(_ reply: Reply?) {
            guard !exchange.checks.contains(where: \.concernsBody), let reply else { return }
            // A raw reply says nothing of itself; the checks do.
            guard reply.status != 0 else { return }
            if response.status != reply.status {
                problems.append("status \(response.status), not \(reply.status)")
            } else if exchange.ask.method != "HEAD", response.text != reply.body {
                problems.append("body \(quoted(response.body[...])), not \"\(reply.body)\"")
            }
        }
        switch exchange.source {
        case .origin:
            expect(asked: 1)
            expect(exchange.reply)
        case .revalidation:
            expect(asked: 1)
            if requests.first?.isConditional == false {
                problems.append("the request is not conditional")
            }
            expect(stored)
        case .originTwice:
            expect(asked: 2)
            if requests.map(\.isConditional) != [true, false] {
                problems.append("the requests are not a conditional one and a plain one")
            }
            expect(exchange.reply)
        case .storedInstead, .storedMeanwhile:
            expect(asked: 1)
            expect(stored)
        case .cache:
            expect(asked: 0)
            expect(stored)
            let age = response["Age"] ?? "absent"
            if UInt32(age) == nil { problems.append("Age of a stored response is \(age)") }
            let status = response["Cache-Status"] ?? ""
            if !status.contains("; hit") { problems.append("Cache-Status of a hit is \(status)") }
        case .edge: expect(asked: 0)
        case .any: break
        }
        return problems
    }

    /// What holds for every response, whatever the case is about.
    private func invariants(_ response: Response, _ ask: Ask) -> [String] {
        var problems: [String] = []
        if response["Date"] == nil { problems.append("no Date") }
        if response.head.values("Date").count > 1 { problems.append("more than one Date") }
        let status = response.head.values("Cache-Status")
        if let problem = cacheStatusProblem(status) { problems.append(problem) }
        for name in ["Keep-Alive", "Proxy-Connection", "TE"] where response[name] != nil {
            problems.append("the hop-by-hop field \(name) is passed on")
        }
        if ask.version == "1.0", response.isChunked { problems.append("chunks to HTTP/1.0") }
        return problems
    }
}

extension Request {
    fileprivate var isConditional: Bool {
        self["If-None-Match"] != nil || self["If-Modified-Since"] != nil
    }
}

extension Reply {
    /// The same of this moment, with `{room}` replaced in its bytes.
    fileprivate func inRoom(_ room: Room) -> Reply {
        var copy = asOfNow(["Date", "Expires"])
        copy.steps = copy.steps.map { step in
            guard case .send(let bytes) = step else { return step }
            let text = String(decoding: bytes, as: UTF8.self)
            return text.contains("{room}") ? .send(Array(text.inRoom(room).utf8)) : step
        }
        return copy
    }
}
