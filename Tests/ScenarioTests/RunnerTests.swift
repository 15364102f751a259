import Control
import Glibc
import Simulation
import Testing

/// Each golden is a scenario file, a line of dashes, and exactly what is printed of it.
///
/// `REWRITE_GOLDENS=1` writes what is printed now; the difference is then for the reviewer to read.
@Suite("Scenario runner: what is wrong is said with its line, and nothing passes unseen")
struct RunnerTests {
    private static let mark = "----------\n"
    private static let folder = String(#filePath.dropLast("RunnerTests.swift".count)) + "Goldens/"

    @Test(
        "the text of each mistake and each difference",
        arguments: ["answers", "mistakes", "origins", "pending", "steps"])
    func golden(_ name: String) throws {
        let path = "\(Self.folder)\(name).txt"
        let golden = try text(of: path)
        let end = golden.firstRange(of: Self.mark)
        let input = String(golden[..<(end?.lowerBound ?? golden.endIndex)])
        let printed = try printed(input)
        if getenv("REWRITE_GOLDENS") != nil {
            try write(input + Self.mark + printed, to: path)
        } else {
            let expected = end.map { String(golden[$0.upperBound...]) }
            #expect(printed == expected)
        }
    }

    @Test("a seed decides everything, and one scenario leaves nothing to the next")
    func repeats() throws {
        let scenario = try #require(Shipped.all.first).scenario
        var first: [String] = []
        _ = try ScenarioRun(scenario, seed: 7, trace: { first.append($0) }).run()
        var second: [String] = []
        _ = try ScenarioRun(scenario, seed: 7, trace: { second.append($0) }).run()
        #expect(!first.isEmpty)
        #expect(first == second)
    }

    @Test("ten years may pass, and no millisecond more")
    func longest() throws {
        func text(_ steps: [String]) throws -> String {
            try printed("name: t\nsteps:\n" + steps.map { "  - \($0)\n" }.joined())
        }
        let ask = "{ get: /a, expect: any }"
        let whole = ["at: 3000d", "advance: 650d", ask]
        #expect(try text(whole).contains("1 ok"))
        let problem =
            "more than 3650d pass until the end of this step, all steps together; let less time "
            + "pass: what is stored lives for a year at most\n"
        #expect(try text(["advance: 20000d", ask]) == "case.yaml:3: \(problem)")
        #expect(try text(whole + ["advance: 1ms", "advance: 1d"]) == "case.yaml:6: \(problem)")
        #expect(
            try text(whole + ["concurrently: [{ advance: 1ms }, { invalidate: [/a] }]"])
                == "case.yaml:6: \(problem)")
        #expect(try text(["at: 3651d", ask]) == "case.yaml:3: \(problem)")
        // No timer runs while a manual clock is set.
        let manual = "name: t\nclock: manual=2026-12-01T00:00:00Z\nsteps:\n"
        #expect(try printed(manual + "  - at: 3651d\n  - \(ask)\n").contains("1 ok"))
    }

    @Test("a distribution's file that is not there is told with the line that names it")
    func missingDistribution() throws {
        let text = try printed(
            "name: t\n\ndistribution: none.json\nsteps: [{ get: /a, expect: any }]\n")
        #expect(
            text == "case.yaml:3: distribution names \"none.json\", which cannot be opened: No "
                + "such file or directory; check the path and that this user may read it\n")
    }

    /// What `mapedge scenario run` would print of the file.
    private func printed(_ text: String) throws -> String {
        let reading = ScenarioReading.read(text: text, named: "case.yaml")
        guard reading.isUsable else {
            return reading.findings.map { "\($0)\n" }.joined()
        }
        var tally = ScenarioTally()
        var lines = ""
        for scenario in reading.scenarios {
            let report = try ScenarioRun(scenario).run()
            tally.add(report)
            lines += "\(report.text)\n"
        }
        return "\(lines)\(tally.text)\n".split(separator: "\n", omittingEmptySubsequences: false)
            .filter { line in !Self.passing.contains { line.hasPrefix("      \($0)") } }
            .map { $0.split(separator: " (Host:")[...].first ?? "" }.joined(separator: "\n")
    }

    /// Lines of answers that say nothing of the scenario, and change with the edge.
    private static let passing = [
        "Date:", "Via:", "Cache-Status:", "X-Amz-", "Retry-After:", "Server:", "Content-", "<",
    ]

    private func text(of path: String) throws -> String {
        guard let file = fopen(path, "re") else { throw SystemFailure(what: "no \(path)") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4_096)
        while case let count = fread(&part, 1, part.count, file), count > 0 {
            bytes += part[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func write(_ text: String, to path: String) throws {
        guard let file = fopen(path, "we") else { throw SystemFailure(what: "no \(path)") }
        defer { fclose(file) }
        let bytes = Array(text.utf8)
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else {
            throw SystemFailure(what: "cannot write \(path)")
        }
    }
}

struct SystemFailure: Error {
    var what: String
}
