import Testing
import WireTesting

/// Bytes that must not get through, or only in one meaning.
struct Attack: Sendable, CustomTestStringConvertible {
    enum Outcome: Sendable {
        /// One of these statuses, then the connection closes; the origin sees nothing.
        case refused([Int])
        /// As `refused`, where the origin may have seen the beginning of the request.
        case brokenOff([Int])
        /// Exactly one request, with one meaning, reaches the origin and is answered.
        case passed(Meaning)
        /// Either of them.
        case refusedOrPassed([Int], Meaning)
    }

    /// What the request that arrives has to be.
    struct Meaning: Sendable {
        var method = "GET"
        var body = ""
        var host = "edge.test"
        /// Fields that must not arrive.
        var without: [String] = []
    }

    var name: String
    /// What is sent: each scalar is a byte, `{path}` a path in the test's room.
    var text: String
    var outcome: Outcome

    var testDescription: String { name }

    static func refused(_ name: String, _ text: String) -> Attack { refused(name, [400], text) }

    static func refused(_ name: String, _ statuses: [Int], _ text: String) -> Attack {
        Attack(name: name, text: text, outcome: .refused(statuses))
    }

    static func brokenOff(_ name: String, _ text: String) -> Attack {
        Attack(name: name, text: text, outcome: .brokenOff([400]))
    }

    static func passed(_ name: String, _ text: String, _ meaning: Meaning = Meaning()) -> Attack {
        Attack(name: name, text: text, outcome: .passed(meaning))
    }
}

/// A request with a Host, the given fields and whatever follows the head.
func message(_ line: String, _ fields: String..., body: String = "") -> String {
    ([line, "Host: edge.test"] + fields).joined(separator: "\r\n") + "\r\n\r\n" + body
}

func get(with fields: String...) -> String {
    (["GET {path} HTTP/1.1", "Host: edge.test"] + fields).joined(separator: "\r\n") + "\r\n\r\n"
}

/// A POST whose body is `body`, chunked.
func chunks(_ body: String) -> String {
    message("POST {path} HTTP/1.1", "Transfer-Encoding: chunked", body: body)
}

/// Sends an attack with a well-formed request behind it and judges what comes of both.
func run(_ attack: Attack, mode: String = "rfc9111") throws {
    let origin = try SharedEdge.origin()
    let room = origin.room("framing")
    room.always(.ok(body: "answered"))
    let text = attack.text.split(separator: "{path}", omittingEmptySubsequences: false)
        .joined(separator: room.path("it"))
    let bytes = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    var viewer = try SharedEdge.edge(mode: mode).viewer()
    let behind = "GET \(room.path("behind")) HTTP/1.1\r\nHost: edge.test\r\n\r\n"
    // The edge may close before it has read all; what it says is what counts.
    try? viewer.send(bytes + Array(behind.utf8))
    let outcome = Observed(viewer: &viewer, room: room, isHead: text.hasPrefix("HEAD "))
    let problems = outcome.problems(attack.outcome)
    guard !problems.isEmpty else { return }
    let list = problems.joined(separator: "; ")
    Issue.record("\(attack.name): \(list)\nsent \(quoted(bytes[...]))")
}

/// What came of an attack.
private struct Observed {
    var response: Response?
    var failure = ""
    /// The connection ends behind the response; else the request behind was answered.
    var isClosed = false
    var behind: Response?
    var requests: [Request]

    init(viewer: inout Viewer, room: Room, isHead: Bool) {
        do {
            let first = try viewer.response(toHead: isHead)
            response = first
            if first["Connection"]?.lowercased() == "close" || first.status >= 400 {
                isClosed = try viewer.isClosed()
            } else {
                behind = try viewer.response()
            }
        } catch {
            failure = "\(error)"
        }
        requests = room.requests
    }

    func problems(_ outcome: Attack.Outcome) -> [String] {
        switch outcome {
        case .refused(let statuses): refusal(statuses, isBrokenOff: false)
        case .brokenOff(let statuses): refusal(statuses, isBrokenOff: true)
        case .passed(let meaning): passage(meaning)
        case .refusedOrPassed(let statuses, let meaning):
            requests.isEmpty ? refusal(statuses, isBrokenOff: false) : passage(meaning)
        }
    }

    private func refusal(_ statuses: [Int], isBrokenOff: Bool) -> [String] {
        var problems: [String] = []
        if let response {
            if !statuses.contains(response.status) {
                problems.append("status \(response.status), not one of \(statuses)")
            }
            if !isClosed { problems.append("the connection is not closed") }
        } else {
            problems.append("no answer: \(failure)")
        }
        for request in requests where !isBrokenOff || !request.isCut {
            problems.append("the origin saw \(quoted(request.head.raw[...]))")
        }
        return problems
    }

    private func passage(_ meaning: Attack.Meaning) -> [String] {
        guard let response else { return ["no answer: \(failure)"] }
        guard response.status == 200 else { return ["status \(response.status), not 200"] }
        guard let request = requests.first else { return ["the origin saw nothing"] }
        var problems = canonicalProblems(request)
        if request.method != meaning.method { problems.append("the origin saw \(request.method)") }
        if request.text != meaning.body { problems.append("with body \(request.text)") }
        if request["Host"] != meaning.host {
            problems.append("with Host \(request["Host"] ?? "absent")")
        }
        for name in meaning.without {
            let hasTrailer = request.trailers.contains { $0.name.lowercased() == name.lowercased() }
            if request[name] != nil || hasTrailer { problems.append("with \(name)") }
        }
        let isEnded = isClosed && requests.count == 1
        if !isEnded, behind?.status != 200 || requests.count != 2 {
            problems.append(
                "\(requests.count) requests in all; the one behind was answered "
                    + (behind.map { "\($0.status)" } ?? failure))
        }
        return problems
    }
}
