public import Simulation

/// A recorded scenario that was played: what does not come out as it was is left out, and said.
///
/// What an edge does may hang on what the recording has not seen, such as a copy that was stored
/// before. A file that does not hold is of no use; one that holds but for a few steps is.
public struct HeldRecording {
    /// The file, with a comment for each step that it is short of.
    public private(set) var text: String
    /// Steps that it has.
    public private(set) var steps = 0
    /// What is not in it and why, one line each.
    public private(set) var leftOut: [String] = []
    /// Why it does not hold for all that, in lines; empty: it holds.
    public private(set) var objections: [String] = []

    /// More would be no case of this recording's.
    private static let attempts = 20
    private static let mark = "# Left out, "
    private static let item = "  - "

    /// - Parameters:
    ///   - name: of the file, for objections.
    ///   - play: plays it.
    /// - Throws: what `play` does.
    public init(
        _ text: String, named name: String,
        _ play: (Scenario) throws -> ScenarioReport = { try ScenarioRun($0).run() }
    ) throws {
        self.text = text
        for attempt in 0...Self.attempts {
            let reading = ScenarioReading.read(text: self.text, named: name)
            guard let scenario = reading.scenarios.first else {
                objections =
                    hasSteps
                    ? reading.findings.map(\.description)
                    : ["nothing is recorded that can be played; ask the edge something meanwhile"]
                break
            }
            steps = scenario.steps.count
            let report = try play(scenario)
            guard case .failed(let difference) = report.outcome else { break }
            guard attempt < Self.attempts, leaveOut(difference, of: steps) else {
                objections = report.text.split(separator: "\n").map(String.init)
                break
            }
        }
        leftOut = self.text.split(separator: "\n").prefix { $0.hasPrefix("#") }
            .filter { $0.hasPrefix(Self.mark) }.map { String($0.dropFirst(Self.mark.count)) }
    }

    private var hasSteps: Bool {
        guard let steps = text.firstRange(of: "\nsteps:\n") else { return true }
        return text[steps.upperBound...].split(separator: "\n").contains {
            $0.hasPrefix(Self.item)
        }
    }

    /// A signature that was replaced by a word is nobody's; see ``Redaction``.
    private static func isSigned(_ lines: ArraySlice<Substring>) -> Bool {
        lines.contains { line in
            line.contains("Signature=secret-") || line.contains("Key-Pair-Id=secret-")
                || line.contains("Policy=secret-")
        }
    }

    /// Takes a step out of the text, with the answers of origins that are for it alone; false where
    /// the text is not as it was written.
    private mutating func leaveOut(_ difference: Difference, of count: Int) -> Bool {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let start = lines.firstIndex(of: "steps:") else { return false }
        let starts = lines.indices.filter { $0 > start && lines[$0].hasPrefix(Self.item) }
        guard starts.count == count, starts.indices.contains(difference.number - 1) else {
            return false
        }
        let ends = Array(starts.dropFirst()) + [lines.endIndex - 1]
        func isScript(_ step: Int) -> Bool {
            lines[starts[step]] == "\(Self.item)origin:"
        }
        var first = difference.number - 1
        while first > 0, isScript(first - 1) { first -= 1 }
        let why =
            "\(difference.step): when played, \(difference.subject) is \(difference.got), not "
            + difference.expected
            + (Self.isSigned(lines[starts[first]..<ends[difference.number - 1]])
                ? "; its signature was replaced: record it with --with-secrets" : "")
        let oneLine = why.split(whereSeparator: \.isNewline).joined(separator: " ")
        var rest = lines[..<starts[first]] + lines[ends[difference.number - 1]...]
        rest.insert("\(Self.mark)\(oneLine)"[...], at: 1)
        text = rest.joined(separator: "\n")
        return true
    }
}
