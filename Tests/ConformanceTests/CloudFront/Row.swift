import Testing
import WireTesting

/// One row of CloudFront's documented behaviour and the exchanges that show it.
struct Row: Sendable, CustomTestStringConvertible {
    /// Where the behaviour is told of: a section of the reference of CloudFront's behaviour.
    var section: String
    var rule: String
    /// The behavior of the distribution that takes the requests.
    var lane: String
    var steps: [Step]

    init(_ section: String, _ rule: String, _ lane: String, _ steps: Step...) {
        self.init(section, rule, lane, steps)
    }

    init(_ section: String, _ rule: String, _ lane: String, _ steps: [Step]) {
        (self.section, self.rule, self.lane, self.steps) = (section, rule, lane, steps)
    }

    var testDescription: String { "\(section) \(rule)" }
}

/// One request, what the origin answers, and what has to come of it.
struct Step: Sendable {
    enum Content: Sendable {
        /// The last of the origin's replies.
        case reply
        /// What was stored before.
        case stored
        /// Whatever the checks say.
        case checked
    }

    var ask: Ask
    /// The origin must be asked exactly as often as there are.
    var replies: [Reply]
    /// In `X-Cache`.
    var word: String
    var content: Content
    /// Whether the origin is asked with a condition.
    var isConditional: Bool?
    var hasAge: Bool?
    var checks: [Check]

    /// The origin answers, and nothing that is stored plays a part.
    static func miss(_ ask: Ask, _ reply: Reply, _ checks: Check...) -> Step {
        Step(
            ask: ask, replies: [reply], word: "Miss", content: .reply, isConditional: false,
            hasAge: false, checks: checks)
    }

    static func miss(_ reply: Reply, _ checks: Check...) -> Step {
        Step(
            ask: get(), replies: [reply], word: "Miss", content: .reply, isConditional: false,
            hasAge: false, checks: checks)
    }

    /// As `miss`, whatever conditions the origin gets.
    static func passes(_ ask: Ask, _ reply: Reply, _ checks: Check...) -> Step {
        Step(ask: ask, replies: [reply], word: "Miss", content: .reply, checks: checks)
    }

    static func hit(_ ask: Ask = get(), _ checks: Check...) -> Step {
        Step(ask: ask, replies: [], word: "Hit", content: .stored, hasAge: true, checks: checks)
    }

    /// The origin confirms what is stored.
    static func refreshed(_ reply: Reply, _ checks: Check...) -> Step {
        Step(
            ask: get(), replies: [reply], word: "RefreshHit", content: .stored,
            isConditional: true, hasAge: false, checks: checks)
    }

    /// The origin's error goes to the viewer.
    static func error(_ ask: Ask, _ reply: Reply, _ checks: Check...) -> Step {
        Step(ask: ask, replies: [reply], word: "Error", content: .reply, checks: checks)
    }

    static func error(_ reply: Reply, _ checks: Check...) -> Step {
        Step(ask: get(), replies: [reply], word: "Error", content: .reply, checks: checks)
    }

    /// An error that is stored.
    static func storedError(_ ask: Ask = get(), _ checks: Check...) -> Step {
        Step(ask: ask, replies: [], word: "Error", content: .stored, checks: checks)
    }

    /// The origin fails in these ways, and what is stored is served.
    static func stale(_ ask: Ask = get(), _ replies: Reply...) -> Step {
        Step(
            ask: ask, replies: replies, word: "RefreshHit", content: .stored, hasAge: true,
            checks: [])
    }

    /// The edge answers by itself.
    static func refused(_ ask: Ask, _ status: Int, _ checks: Check...) -> Step {
        Step(
            ask: ask, replies: [], word: "Error", content: .checked,
            checks: [.status(status)] + checks)
    }

    static func any(
        _ ask: Ask, _ replies: [Reply], _ word: String, _ checks: Check...
    ) -> Step {
        Step(ask: ask, replies: replies, word: word, content: .checked, checks: checks)
    }
}

/// Plays a row against a stand.
func play(_ row: Row, on stand: Stand) throws {
    var player = RowPlayer(stand: stand, room: stand.origin.room("row"), lane: row.lane)
    for (number, step) in row.steps.enumerated() {
        let problems = player.play(step)
        guard problems.isEmpty else {
            let list = problems.joined(separator: "; ")
            Issue.record(
                "\(row.testDescription), step \(number + 1): \(list)\n\(player.transcript)")
            return
        }
    }
}

private struct RowPlayer {
    let stand: Stand
    let room: Room
    let lane: String
    /// The last answer of the origin that was no 304.
    private var stored: Reply?
    private(set) var transcript = ""

    init(stand: Stand, room: Room, lane: String) {
        (self.stand, self.room, self.lane) = (stand, room, lane)
    }

    mutating func play(_ step: Step) -> [String] {
        let before = room.count
        let replies = step.replies.map { $0.asOfNow() }
        for reply in replies { room.reply(reply) }
        defer { _ = room.clearReplies() }
        var ask = step.ask
        ask.path = "\(lane)/\(ask.path)"
        let text = ask.text(in: room)
        transcript = "sent \(quoted(Array(text.utf8)[...]))"
        let response: Response
        do {
            var viewer = try stand.edge.viewer()
            response = try viewer.exchange(text)
        } catch {
            return ["no response: \(error) (the origin was asked \(room.count - before) times)"]
        }
        let requests = Array(room.requests[before...])
        for request in requests {
            transcript += "\nthe origin got \(quoted(request.head.raw[...]))"
        }
        transcript += "\ngot \(quoted(response.head.raw[...])) + \(response.body.count) bytes"
        if let last = replies.last, last.status != 304, step.word != "RefreshHit" {
            stored = last
        }
        return judge(step, response, requests)
            + step.checks.compactMap { $0.problem(response, requests.last) }
    }

    private func judge(
        _ step: Step, _ response: Response, _ requests: [Request]
    ) -> [String] {
        var problems: [String] = []
        let word = response["X-Cache"] ?? "absent"
        if word != "\(step.word) from cloudfront" {
            problems.append("X-Cache is \(word), not \(step.word)")
        }
        if requests.count != step.replies.count {
            problems.append(
                "the origin is asked \(requests.count) times, not \(step.replies.count)")
        }
        if let isConditional = step.isConditional {
            for request in requests where request.hasCondition != isConditional {
                problems.append("the request is \(isConditional ? "not " : "")conditional")
            }
        }
        if let hasAge = step.hasAge, (response["Age"] != nil) != hasAge {
            problems.append("Age is \(response["Age"] ?? "absent")")
        }
        return problems + judgeContent(step, response)
    }

    private func judgeContent(_ step: Step, _ response: Response) -> [String] {
        if step.content == .checked { return [] }
        guard let expected = step.content == .reply ? step.replies.last : stored else {
            return ["the row has nothing to compare with"]
        }
        if expected.status == 0 { return [] }
        if step.checks.contains(where: { $0.concernsBody }) { return [] }
        if response.status != expected.status {
            return ["status \(response.status), not \(expected.status)"]
        }
        let body = step.ask.method == "HEAD" ? "" : expected.body
        return response.text == body
            ? [] : ["body \(quoted(response.body[...])), not \"\(body)\""]
    }
}

extension Request {
    fileprivate var hasCondition: Bool {
        self["If-None-Match"] != nil || self["If-Modified-Since"] != nil
    }
}
