/// From which countries the distribution may be read. Source: CloudFront, "Restricting the
/// geographic distribution of your content".
public struct GeoRestriction: Sendable, Equatable {
    public enum RestrictionType: String, Sendable, CaseIterable {
        case none, whitelist, blacklist
    }

    public var type: RestrictionType
    /// ISO 3166-1 codes of two capital letters.
    public var countries: [String]

    /// No restriction.
    public init() {
        type = .none
        countries = []
    }

    /// Whether a viewer from there is served; one whose country is not known is.
    public func allows(country: String?) -> Bool {
        guard let country, type != .none else { return true }
        return countries.contains(country) == (type == .whitelist)
    }

    static func read(_ given: ConfigFields) -> GeoRestriction {
        var fields = given
        defer { fields.finish() }
        var restriction = GeoRestriction()
        restriction.type = fields.requiredWord("RestrictionType", else: .none)
        for item in fields.items() {
            guard let code = fields.text(of: item) else { continue }
            let isCode = code.utf8.count == 2 && code.utf8.allSatisfy { (65...90).contains($0) }
            if !isCode {
                fields.log.error(
                    item.place, "\"\(code)\" is no country code",
                    "write the two capital letters of ISO 3166-1, such as US")
            }
            restriction.countries.append(code)
        }
        if (restriction.type == .none) != restriction.countries.isEmpty {
            fields.log.error(
                fields.place,
                "RestrictionType is \(restriction.type.rawValue) with "
                    + "\(restriction.countries.count) countries",
                "list countries exactly when there is a restriction")
        }
        return restriction
    }
}
