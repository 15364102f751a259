/// Compares what came of a step with what had to.
struct StepJudge {
    let scenario: Scenario
    let number: Int
    let result: StepResult
    let seen: [ScenarioSite.Seen]

    /// The first thing that is not as expected.
    var difference: Difference? {
        if let viewer = result.viewer, leaves == nil {
            guard let answer = viewer.answer else {
                return difference("answer", "a response", "nothing", result.step.line)
            }
            if !viewer.isWhole, !result.step.checks.contains(where: { $0.subject == .isCut }) {
                let got = "the first \(answer.body.count) bytes of a body"
                return difference("answer", "a whole response", got, result.step.line)
            }
        }
        for check in result.step.checks {
            let found = found(check.subject)
            if !check.holds(for: found) {
                return difference(
                    check.subject.description, check.wanted.description, found ?? "nothing",
                    check.line)
            }
        }
        return nil
    }

    private var leaves: Int64? {
        if case .request(let request) = result.step.action { request.leavesAfter } else { nil }
    }

    private func found(_ subject: Check.Subject) -> String? {
        let answer = result.viewer?.answer
        switch subject {
        case .status: return answer.map { "\($0.head.status)" }
        case .xCache: return answer?.head.joined("x-cache")
        case .header(let name): return answer?.head.joined(name)
        case .body: return answer.map { String(decoding: $0.body, as: UTF8.self) }
        case .size: return answer.map { "\($0.body.count)" }
        case .isCut: return result.viewer.map { "\(!$0.isWhole)" }
        case .time: return result.viewer.map { "\($0.time)" }
        case .outcome: return result.outcome
        case .requests(let origin): return "\(seen(by: origin).count)"
        case .sent(let part, let origin):
            guard let request = seen(by: origin).last?.request else { return nil }
            switch part {
            case .method: return request.head.start[0]
            case .path: return request.head.start[1]
            case .body: return String(decoding: request.body, as: UTF8.self)
            case .header(let name): return request.head.joined(name)
            }
        }
    }

    private func seen(by origin: String?) -> [ScenarioSite.Seen] {
        seen.filter { origin == nil || $0.origin == origin }
    }

    private func difference(
        _ subject: String, _ expected: String, _ got: String, _ line: Int
    ) -> Difference {
        Difference(
            place: Scenario.Place(file: scenario.place.file, line: line), number: number,
            step: result.step.action.description, subject: subject, expected: expected, got: got,
            answer: answerLines, seen: seen.map(\.line))
    }

    private var answerLines: [String] {
        guard let answer = result.viewer?.answer else { return [] }
        let body = String(decoding: answer.body.prefix(200), as: UTF8.self)
        let rest = answer.body.count > 200 ? " … (\(answer.body.count) bytes)" : ""
        return [answer.head.start.joined(separator: " ")]
            + answer.head.lines.map { "\($0.name): \($0.value)" }
            + (body.isEmpty ? [] : [body.oneLine + rest])
    }
}

extension ScenarioSite.Seen {
    /// On one line.
    fileprivate var line: String {
        let head = request.head
        let fields = head.lines.map { "\($0.name): \($0.value)" }.joined(separator: ", ")
        return "\(origin) saw \(head.start[0]) \(head.start[1]), answered \(answer) (\(fields))"
    }
}

extension PlainHead {
    /// The values of all fields of that name, in order; nil where there is none.
    package func joined(_ name: String) -> String? {
        let values = lines.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }
}

extension String {
    /// Line ends shown as such.
    var oneLine: String {
        replacing("\r", with: "\\r").replacing("\n", with: "\\n")
    }
}

extension Step.Action: CustomStringConvertible {
    public var description: String {
        switch self {
        case .script(let script): "\(script.origin ?? "the origin") answers \(script.path)"
        case .connect(let origin, let manner):
            "connections to \(origin ?? "the origin"): \(manner.rawValue)"
        case .request(let request): "\(request.method) \(request.target)"
        case .concurrently(let steps): "\(steps.count) steps at the same time"
        case .advance(let time):
            time.isMultiple(of: 1_000) ? "\(time / 1_000) s pass" : "\(time) ms pass"
        case .wait(let time): "time passes until \(time) ms after the beginning"
        case .invalidate(let invalidation):
            "invalidation of \(invalidation.paths.joined(separator: ", "))"
        case .restart: "the edge starts again"
        }
    }
}
