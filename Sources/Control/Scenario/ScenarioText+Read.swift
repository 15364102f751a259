import Simulation

extension ValueForm where Value == ScenarioText {
    /// A text in which `${…}` is filled in when it is used: `${now}`, `${now+10s}`, `${now-1d}`,
    /// `${count}`, `${path}`, `${header.NAME}`.
    static var scenarioText: Self {
        Self { text throws(Complaint) in
            var parts: [ScenarioText.Part] = []
            var rest = text[...]
            while let start = rest.firstRange(of: "${") {
                if start.lowerBound > rest.startIndex {
                    parts.append(.literal(String(rest[..<start.lowerBound])))
                }
                guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                    throw Complaint("has \"${\" without \"}\"", "close it")
                }
                parts.append(try part(String(rest[start.upperBound..<end])))
                rest = rest[rest.index(after: end)...]
            }
            if !rest.isEmpty { parts.append(.literal(String(rest))) }
            return ScenarioText(parts: parts)
        }
    }

    private static func part(_ word: String) throws(Complaint) -> ScenarioText.Part {
        switch word {
        case "now": return .date(0)
        case "count": return .count
        case "path": return .target
        default: break
        }
        if word.hasPrefix("header."), word.utf8.count > 7 {
            return .field(String(word.dropFirst(7)))
        }
        if word.hasPrefix("now+") || word.hasPrefix("now-") {
            let offset = try ValueForm<Int64>.duration(0...(1 << 50)).parse(
                String(word.dropFirst(4)))
            return .date(word.hasPrefix("now+") ? offset : -offset)
        }
        throw Complaint(
            "has the unknown \"${\(word)}\"",
            remedy(for: word, among: ["now", "now+10s", "count", "path", "header.NAME"]))
    }
}
