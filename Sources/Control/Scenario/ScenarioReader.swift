import Caching
import CloudFront
import Edge
import Simulation
import Yams

/// Reads one document of a scenario file.
///
/// A reading goes on after a mistake, so that all of them are told at once.
struct ScenarioReader {
    let file: String
    let findings = Findings()

    init(file: String) { self.file = file }

    /// The scenario; nil after mistakes, which are in `findings`.
    func read(_ node: Node) -> Scenario? {
        let line = node.mark?.line ?? 1
        guard case .mapping(let mapping) = node else {
            findings.error(
                at: .line(file: file, line), "the document is no mapping",
                "write \"name:\" and \"steps:\", and \"---\" between two scenarios")
            return nil
        }
        var top = Section(
            mapping, name: "scenario.", pattern: "scenario.", file: file,
            place: .line(file: file, line), findings: findings)
        var name: String?
        top.read("name", &name, .text)
        var about: String?
        top.read("about", &about, .text)
        let reports = (top.list("report") ?? []).compactMap { $0.read(.link, findings) }
        var pending: String?
        top.read("pending", &pending, .text)
        let clock = top.given("clock")?.read(.scenarioClock, findings)
        let settings = readStage(&top)
        let steps = top.elements("steps") ?? []
        let reader = StepReader(
            findings: findings, origins: settings?.originNames ?? [], settings: settings)
        let read = steps.compactMap { reader.step($0) }
        top.finish()
        checkTime(read, isManual: clock?.isManual ?? false)
        if name == nil || steps.isEmpty {
            findings.error(
                at: top.place, "the scenario has no \(name == nil ? "name" : "steps")",
                "add \"\(name == nil ? "name" : "steps"):\"")
        }
        guard let name, let settings, !findings.hasErrors else { return nil }
        let place = Scenario.Place(file: file, line: line)
        var scenario = Scenario(name: name, place: place, settings: settings, steps: read)
        scenario.about = about ?? ""
        scenario.start = clock?.start
        scenario.hasManualClock = clock?.isManual ?? false
        scenario.reports = reports
        scenario.pending = pending
        return scenario
    }

    /// Tells the first step that ends too late.
    ///
    /// - Parameter isManual: `at` sets the clock forward, and no timer runs meanwhile.
    private func checkTime(_ steps: [Step], isManual: Bool) {
        var time: Milliseconds = 0
        for step in steps {
            if case .wait(let end) = step.action, !isManual { time = max(time, end) }
            time += step.advance
            guard time > Scenario.longest else { continue }
            let day: Milliseconds = 86_400_000
            findings.error(
                at: .line(file: file, step.line),
                "more than \(Scenario.longest / day)d pass until the end of this step, all steps "
                    + "together",
                "let less time pass: what is stored lives for a year at most")
            return
        }
    }
}

extension Step {
    /// How far it sets the clock, in milliseconds.
    fileprivate var advance: Milliseconds {
        switch action {
        case .advance(let time): time
        case .concurrently(let steps): steps.reduce(0) { $0 + $1.advance }
        default: 0
        }
    }
}

extension ValueForm where Value == (start: Milliseconds, isManual: Bool) {
    /// `2026-12-01T00:00:00Z`, when the first step begins; with `manual=` before it the clock moves
    /// by steps alone.
    fileprivate static var scenarioClock: Self {
        Self { text throws(Complaint) in
            let isManual = text.hasPrefix("manual=")
            return (
                try ValueForm<Milliseconds>.moment.parse(
                    isManual ? String(text.dropFirst(7)) : text), isManual
            )
        }
    }
}

extension ValueForm where Value == String {
    /// Where something can be read about.
    static var link: Self {
        Self { text throws(Complaint) in
            guard text.hasPrefix("https://") || text.hasPrefix("http://"), !text.contains(" ")
            else { throw Complaint("is no link", "write one such as https://example.org/issues/1") }
            return text
        }
    }
}
