import Simulation

/// Reads what a step expects.
struct CheckReader {
    /// What may be expected of a step: an answer of a request; requests at origins, unless other
    /// steps run at the same time.
    struct Scope {
        var isRequest: Bool
        var isConcurrent: Bool
    }

    let findings: Findings
    /// Names of the origins that there are.
    let origins: [String]

    /// In the order of the file; empty for `any`, nil if the step has no `expect`.
    func read(_ section: inout Section, _ scope: Scope) -> [Check]? {
        guard let elements = section.elements("expect") else { return nil }
        var checks: [Check] = []
        for element in elements {
            switch element {
            case .value(let given): checks += word(given, scope)
            case .section(var expected):
                for entry in expected.entries() { checks += self.checks(entry, scope) }
            }
        }
        return checks
    }

    private func word(_ given: Given, _ scope: Scope) -> [Check] {
        let words = scope.isRequest ? ["any"] : ["accepted", "refused"]
        guard words.contains(given.text) else {
            findings.error(
                at: given.place,
                "\(given.name) is \"\(printable(given.text))\", which is not known",
                remedy(for: given.text, among: words))
            return []
        }
        return given.text == "any"
            ? [] : [Check(.outcome, .text(given.text), line: given.place.lineNumber)]
    }

    private func checks(_ entry: Section.Entry, _ scope: Scope) -> [Check] {
        let ofOrigins = scope.isConcurrent ? [] : ["origin", "origins"]
        let ofAnswers =
            !scope.isRequest
            ? [] : ["status", "x-cache", "headers", "body", "size", "cut", "within", "after"]
        switch entry.name {
        case "status" where scope.isRequest: return check(.status, entry)
        case "x-cache" where scope.isRequest: return check(.xCache, entry)
        case "body" where scope.isRequest: return check(.body, entry)
        case "size" where scope.isRequest: return check(.size, entry, as: Self.size)
        case "cut" where scope.isRequest: return check(.isCut, entry)
        case "within" where scope.isRequest: return time(entry) { 0...$0 }
        case "after" where scope.isRequest: return time(entry) { $0...Int.max }
        case "headers" where scope.isRequest:
            return nested(entry).flatMap { check(.header($0.name), $0) }
        case "origin" where !scope.isConcurrent:
            return nested(entry).flatMap { sent($0, to: nil) }
        case "origins" where !scope.isConcurrent:
            return nested(entry).flatMap { origin -> [Check] in
                let named = Given(name: "origins", text: origin.name, place: origin.place)
                _ = named.read(.choice(origins), findings)
                return nested(origin).flatMap { sent($0, to: origin.name) }
            }
        default:
            let known = ofAnswers + ofOrigins
            findings.error(
                at: entry.place, "\"\(printable(entry.name))\" cannot be expected here",
                remedy(for: entry.name, among: known))
            return []
        }
    }

    /// What an origin must have seen.
    private func sent(_ entry: Section.Entry, to origin: String?) -> [Check] {
        switch entry.name {
        case "requests": return check(.requests(origin: origin), entry)
        case "method": return check(.sent(.method, origin: origin), entry)
        case "path": return check(.sent(.path, origin: origin), entry)
        case "body": return check(.sent(.body, origin: origin), entry)
        case "headers":
            return nested(entry).flatMap {
                check(.sent(.header($0.name), origin: origin), $0)
            }
        default:
            findings.error(
                at: entry.place, "\"\(printable(entry.name))\" cannot be expected of an origin",
                remedy(for: entry.name, among: ["requests", "method", "path", "body", "headers"]))
            return []
        }
    }

    private func nested(_ entry: Section.Entry) -> [Section.Entry] {
        guard entry.elements.count == 1, case .section(var section) = entry.elements[0] else {
            findings.error(
                at: entry.place, "\(printable(entry.name)) is no mapping",
                "write what is expected below it, indented")
            return []
        }
        return section.entries()
    }

    /// A value, several of them for fields of one name, or `{ contains: TEXT }`.
    private func check(
        _ subject: Check.Subject, _ entry: Section.Entry,
        as form: (String) -> String = { $0 }
    ) -> [Check] {
        var texts: [String] = []
        for element in entry.elements {
            switch element {
            case .value(let given): texts.append(form(given.text))
            case .section(var section):
                let part = section.given("contains")
                section.finish()
                return part.map {
                    [Check(subject, .containing($0.text), line: $0.place.lineNumber)]
                } ?? []
            }
        }
        let text = texts.joined(separator: ", ")
        let wanted: Check.Wanted =
            text == "absent" ? .absent : text == "present" ? .present : .text(text)
        return [Check(subject, wanted, line: entry.place.lineNumber)]
    }

    private func time(
        _ entry: Section.Entry, _ range: (Int) -> ClosedRange<Int>
    ) -> [Check] {
        guard case .value(let given)? = entry.elements.first,
            let time = given.read(ValueForm<Int>.duration(0...3_600_000), findings)
        else { return [] }
        return [Check(.time, .within(range(time)), line: given.place.lineNumber)]
    }

    /// `10KB` is compared as a number of bytes; what is none is compared as it stands.
    private static func size(_ text: String) -> String {
        let bytes = try? ValueForm<Int>.bytes(0...Int.max).parse(text)
        return bytes.map { "\($0)" } ?? text
    }
}
