public import Simulation

extension ScenarioReport {
    /// What a person reads: one line, and below it the first difference.
    public var text: String {
        switch outcome {
        case .ok: "ok       \(scenario.name) (\(stepCount))"
        case .pending(let reason): "pending  \(scenario.name): \(reason)"
        case .holdsAlready:
            "FAILED   \(scenario.name)\n  \(scenario.place): it holds although it is pending; "
                + "remove \"pending:\""
        case .failed(let difference): "FAILED   \(scenario.name)\n\(difference.text)"
        }
    }

    private var stepCount: String {
        scenario.steps.count == 1 ? "1 step" : "\(scenario.steps.count) steps"
    }

    /// What a program reads: an object on one line.
    public var json: String {
        var fields: [(name: String, value: JSON)] = [
            ("name", .text(scenario.name)), ("file", .text(scenario.place.file)),
            ("line", .number(Int64(scenario.place.line))), ("outcome", .text(word)),
            ("steps", .number(Int64(scenario.steps.count))),
        ]
        switch outcome {
        case .ok, .holdsAlready: break
        case .pending(let reason): fields.append(("reason", .text(reason)))
        case .failed(let difference): fields.append(("difference", difference.json))
        }
        return JSON.object(fields).encoded
    }

    private var word: String {
        switch outcome {
        case .ok: "ok"
        case .pending: "pending"
        case .failed: "failed"
        case .holdsAlready: "holds-already"
        }
    }
}

extension Difference {
    /// The place, the step, both values one below the other, and who said what.
    var text: String {
        var lines = [
            "  \(place): step \(number): \(step)", "    \(subject)",
            "      expected  \(onOneLine(expected))", "      got       \(onOneLine(got))",
        ]
        if !answer.isEmpty {
            lines.append("    the viewer got")
            lines += answer.map { "      \($0)" }
        }
        if seen.isEmpty { lines.append("    no origin was asked") }
        lines += seen.map { "    \($0)" }
        return lines.joined(separator: "\n")
    }

    private func onOneLine(_ text: String) -> String {
        text.replacing("\r", with: "\\r").replacing("\n", with: "\\n")
    }

    fileprivate var json: JSON {
        .object([
            ("file", .text(place.file)), ("line", .number(Int64(place.line))),
            ("step", .number(Int64(number))), ("action", .text(step)),
            ("subject", .text(subject)), ("expected", .text(expected)), ("got", .text(got)),
            ("answer", .list(answer.map { .text($0) })), ("seen", .list(seen.map { .text($0) })),
        ])
    }
}

/// How many scenarios ended how.
public struct ScenarioTally: Sendable {
    public private(set) var ok = 0
    public private(set) var pending = 0
    public private(set) var failed = 0

    public init() {}

    public mutating func add(_ report: ScenarioReport) {
        switch report.outcome {
        case .ok: ok += 1
        case .pending: pending += 1
        case .failed, .holdsAlready: failed += 1
        }
    }

    /// `12 ok, 3 pending, 0 failed`.
    public var text: String { "\(ok) ok, \(pending) pending, \(failed) failed" }
}
