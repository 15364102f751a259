import Caching
import Simulation

extension StepReader {
    /// The keys of an `origin` step: what it answers from now on, or how it is reached.
    func origin(_ section: Section) -> Step.Action? {
        var section = section
        defer { section.finish() }
        var name: String?
        section.read("name", &name, .choice(origins))
        if section.has("connect") {
            var manner = ConnectManner.works
            section.read("connect", &manner, .word)
            return .connect(origin: name, manner)
        }
        var script = OriginScript()
        script.origin = name
        section.read("path", &script.path, .pathPattern)
        section.read("method", &script.method, .fieldName)
        section.read("fault", &script.manner, .fault)
        section.read("status", &script.status, .count(200...599))
        section.read("body", &script.body, .scenarioText)
        section.read("size", &script.size, .bytes(0...(64 << 20)))
        section.read("bytes", &script.beginning, .base64)
        if script.size == nil, !script.beginning.isEmpty { script.size = script.beginning.count }
        section.read("framing", &script.framing, .word)
        section.read("delay", &script.delay, .duration(0...3_600_000))
        section.read("conditional", &script.isConditional, .flag)
        section.read("ranges", &script.servesRanges, .flag)
        section.read("once", &script.isOnce, .flag)
        if let headers = section.section("headers") { script.fields = fields(headers) }
        return .script(script)
    }
}

extension ValueForm where Value == String {
    /// One of the names.
    static func choice(_ names: [String]) -> Self {
        Self { text throws(Complaint) in
            if names.contains(text) { return text }
            throw Complaint("is no origin", remedy(for: text, among: names))
        }
    }
}

extension ValueForm where Value == [UInt8] {
    /// Bytes that are no text (RFC 4648 §4).
    fileprivate static var base64: Self {
        Self { text throws(Complaint) in
            guard let bytes = Base64.decode(text) else {
                throw Complaint("is no base64", "write letters, digits, + and /, padded with =")
            }
            return bytes
        }
    }
}

extension ValueForm where Value == OriginScript.Manner {
    fileprivate static var fault: Self {
        .choice([
            "hang": .hangs, "reset": .resets, "close": .closes, "cut": .cuts, "stall": .stalls,
            "garbage": .garbles,
        ])
    }
}

extension ValueForm where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of an enumeration's own words.
    fileprivate static var word: Self {
        Self { text throws(Complaint) in
            if let value = Value(rawValue: text) { return value }
            throw Complaint(
                "is not known", remedy(for: text, among: Value.allCases.map(\.rawValue)))
        }
    }
}
