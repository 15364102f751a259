import CloudFront
import Edge
import Reactor

/// The key `distribution` and its flags as they were written.
struct DistributionDraft {
    /// nil: no distribution is served.
    var file: Given?
    /// The document itself, where `file` only names what it stands in, and its policies.
    var document: ConfigNode?
    var policyDocuments: [ConfigNode] = []
    var policies: Given?
    var id: Given?
    /// Public keys of signers in files of their own, by key id.
    var keys: [(id: String, file: Given)] = []
    var countries = CountrySettings()
    var isStrictAboutAliases = false
    var pointOfPresence: String?
    var readings = DistributionReadings()
    /// Keys that say how a distribution is served or read, where they say something of their own.
    var keysOfUse: [Given] = []
    /// What `behaviors` adds to those that are imported.
    var additions: [BehaviorAddition] = []
    /// `--origin`, whose ids only the export knows.
    var addresses: [Given] = []
}

extension ConfigurationReader {
    /// Whether `origins` and `behaviors` only add to those of a distribution.
    var isImporting: Bool { distribution.file != nil }

    /// The flags, which win over the section that is read after them.
    mutating func takeDistributionFlags(_ flags: ConfigurationFlags) {
        func given(_ name: String, _ text: String?) -> Given? {
            text.map { Given(name: name, text: $0, place: .flag(name)) }
        }
        distribution.file = given("--distribution", flags.distribution)
        distribution.policies = given("--policies", flags.policies)
        distribution.id = given("--distribution-id", flags.distributionID)
    }

    /// The keys of `distribution`.
    mutating func readDistribution(_ section: Section) {
        var section = section
        let file = section.given("file")
        let policies = section.given("policies")
        let id = section.given("id")
        distribution.file = distribution.file ?? file
        distribution.policies = distribution.policies ?? policies
        distribution.id = distribution.id ?? id
        if let keys = section.section("keys") { readKeyFiles(keys) }
        section.read("strictAliases", &distribution.isStrictAboutAliases, .flag)
        if let country = section.section("country") { readCountry(country) }
        section.read("pop", &distribution.pointOfPresence, .pointOfPresence)
        readReadings(&section)
        section.finish()
        distribution.keysOfUse = keysOfUse.map { key in
            Given(
                name: section.name + key, text: "", place: findings.place(of: section.name + key))
        }
    }

    private var keysOfUse: [String] {
        let (draft, standard) = (distribution, DistributionDraft())
        let keys = [
            ("strictAliases", draft.isStrictAboutAliases),
            ("country", draft.countries != standard.countries),
            ("pop", ![nil, DistributionSettings.standardPOP].contains(draft.pointOfPresence)),
        ]
        return keys.filter(\.1).map(\.0) + draft.readings.keysOfTheirOwn
    }

    private mutating func readKeyFiles(_ section: Section) {
        var section = section
        findings.understands(section.pattern + "*", isWritten: false)
        distribution.keys = section.namedValues().map { ($0.name, $0.value) }
    }

    private mutating func readCountry(_ section: Section) {
        var section = section
        section.read("field", &distribution.countries.field, .fieldName)
        let table = section.given("table")
        section.read("default", &distribution.countries.standard, .country)
        section.finish()
        distribution.countries.table = table.map { readCountryTable($0, findings) } ?? []
    }

    /// What is said of a distribution where none is.
    func checkDistributionIsThere() {
        let draft = distribution
        let idle =
            [draft.policies, draft.id].compactMap { $0 } + draft.keys.map(\.file) + draft.keysOfUse
        for given in idle {
            let isFlag = if case .flag = given.place { true } else { false }
            let problem = "\(given.name) says something of a distribution, and none is given"
            let remedy = "add --distribution FILE or the key distribution.file"
            if isFlag {
                findings.error(at: given.place, problem, remedy)
            } else {
                findings.warning(at: given.place, problem, remedy)
            }
        }
    }
}

extension ValueForm where Value == String {
    /// A distribution's id.
    static var distributionID: Self {
        Self { text throws(Complaint) in
            guard text.hasPrefix("E"), (2...32).contains(text.utf8.count), isCode(text) else {
                throw Complaint(
                    "is no distribution's id", "write E and capital letters or digits after it")
            }
            return text
        }
    }

    /// Two letters of ISO 3166-1; small ones are taken for capital ones.
    static var country: Self {
        Self { text throws(Complaint) in
            let capital = text.uppercased()
            guard capital.utf8.count == 2,
                capital.utf8.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) })
            else {
                throw Complaint(
                    "is no country", "write the two letters of ISO 3166-1, such as US")
            }
            return capital
        }
    }

    /// Such as `SEA19-C1`.
    static var pointOfPresence: Self {
        Self { text throws(Complaint) in
            guard (1...32).contains(text.utf8.count), isCode(text.filter { $0 != "-" }) else {
                throw Complaint(
                    "is no point of presence",
                    "write capital letters, digits and hyphens, such as SEA19-C1")
            }
            return text
        }
    }
}

/// Capital letters and digits of ASCII.
private func isCode(_ text: String) -> Bool {
    text.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0)
    }
}
