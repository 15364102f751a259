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
