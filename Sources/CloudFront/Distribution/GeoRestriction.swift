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

    /// The officially assigned codes. Source: ISO 3166-1, alpha-2.
    private static let codes = Set(
        """
        AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO \
        BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ \
        DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP \
        GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG \
        KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML \
        MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE \
        PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL \
        SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM \
        US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
        """.split(separator: " "))

    static func read(_ given: ConfigFields) -> GeoRestriction {
        var fields = given
        defer { fields.finish() }
        var restriction = GeoRestriction()
        restriction.type = fields.requiredWord("RestrictionType", else: .none)
        for item in fields.items() {
            guard let code = fields.text(of: item) else { continue }
            if !Self.codes.contains(Substring(code)) {
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
