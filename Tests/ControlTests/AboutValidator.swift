/// 18F's `.about.yml` standard, read more strictly than its own schema.
///
/// The schema (draft-04, March 2016) lets unknown keys pass and does not look into addresses or
/// licence names; here both are errors, and so is a team without exactly one lead.
enum AboutValidator {
    /// What is wrong, one text for each mistake; empty for a valid record.
    static func errors(in record: AboutValue) -> [String] {
        Shape.record.errors(record, at: "about.yml") + leads(record["team"])
    }

    private static func leads(_ team: AboutValue?) -> [String] {
        guard case .list(let members)? = team else { return [] }
        let leads = members.count { $0["role"] == .text("lead") }
        return leads == 1 ? [] : ["team: \(leads) leads; name exactly one"]
    }
}

/// What a value must look like.
private indirect enum Shape: Sendable {
    case text
    case boolean
    case oneOf([String])
    case address
    case licence
    case unique(Shape)
    /// Any keys, each with the same shape.
    case named(Shape)
    case keys(required: [String: Shape], optional: [String: Shape])

    static let record = Shape.keys(
        required: [
            "name": .text, "full_name": .text, "description": .text, "impact": .text,
            "owner_type": .oneOf(["guild", "working-group", "project"]),
            "stage": .oneOf(["discovery", "alpha", "beta", "live"]),
            "testable": .boolean,
            "licenses": .named(
                .keys(required: ["name": .licence, "url": .address], optional: [:])),
            "team": .unique(
                .keys(required: ["github": .text], optional: ["id": .text, "role": .text])),
        ],
        optional: [
            "type": .oneOf(["app", "docs", "policy"]), "parent": .text,
            "partners": .unique(.text), "milestones": .unique(.text), "blogTag": .unique(.text),
            "stack": .unique(.text), "tags": .unique(.text),
            "contact": .unique(.keys(required: ["url": .address], optional: ["text": .text])),
            "links": .unique(
                .keys(
                    required: ["url": .address],
                    optional: ["text": .text, "category": .oneOf(["api", "process", "related"])])),
            "services": .unique(
                .keys(
                    required: ["name": .text],
                    optional: ["category": .text, "url": .address, "badge": .address])),
            "users": .unique(.keys(required: ["id": .text], optional: ["url": .address])),
        ])

    func errors(_ value: AboutValue, at place: String) -> [String] {
        switch (self, value) {
        case (.text, .text(let text)):
            text.isEmpty ? ["\(place): empty; write something or leave the key out"] : []
        case (.boolean, .boolean):
            []
        case (.oneOf(let words), .text(let text)):
            words.contains(text)
                ? [] : ["\(place): \"\(text)\"; write one of \(words.joined(separator: ", "))"]
        case (.address, .text(let text)):
            Self.isAddress(text)
                ? [] : ["\(place): \"\(text)\" is no http, https or mailto address"]
        case (.licence, .text(let text)):
            Self.isLicence(text)
                ? [] : ["\(place): \"\(text)\" is no SPDX licence expression known here"]
        case (.unique(let shape), .list(let values)):
            (Set(values).count == values.count ? [] : ["\(place): the same entry twice"])
                + values.enumerated().flatMap {
                    shape.errors($0.element, at: "\(place)[\($0.offset)]")
                }
        case (.named(let shape), .map(let values)):
            values.flatMap { shape.errors($0.value, at: "\(place).\($0.key)") }
        case (.keys(let required, let optional), .map(let values)):
            required.keys.filter { values[$0] == nil }.map { "\(place): \($0) is missing" }
                + values.flatMap { key, value in
                    (required[key] ?? optional[key])?.errors(value, at: "\(place).\(key)")
                        ?? ["\(place): unknown key \"\(key)\""]
                }
        default:
            ["\(place): wrong type"]
        }
    }

    private static func isAddress(_ text: String) -> Bool {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return false }
        if text.hasPrefix("mailto:") { return text.dropFirst(7).split(separator: "@").count == 2 }
        for scheme in ["https://", "http://"] where text.hasPrefix(scheme) {
            let host = text.dropFirst(scheme.count).prefix { $0 != "/" }
            return host.contains(".") && !host.hasPrefix(".") && !host.hasSuffix(".")
        }
        return false
    }

    /// SPDX identifiers of the components linked today and of those planned.
    private static func isLicence(_ text: String) -> Bool {
        [
            "Apache-2.0", "Apache-2.0 WITH Swift-exception", "MIT", "OLDAP-2.8", "Zlib",
        ].contains(text)
    }
}
