import Testing

@Suite("18F .about.yml")
struct AboutTests {
    @Test("the project's record is valid")
    func isValid() throws {
        #expect(AboutValidator.errors(in: try .ofTheProject()) == [])
    }

    @Test("each of the 27 broken records is refused", arguments: AboutMutant.all)
    func refuses(_ mutant: AboutMutant) throws {
        let broken = mutant.apply(to: try .ofTheProject())
        #expect(!AboutValidator.errors(in: broken).isEmpty)
    }

    @Test("there are 27 broken records, and each differs from the valid one")
    func mutantsAreWhole() throws {
        let record = try AboutValue.ofTheProject()
        let broken = AboutMutant.all.map { $0.apply(to: record) }
        #expect(Set(broken).count == 27)
        #expect(!broken.contains(record))
    }

    @Test("each linked component has its licence, and nothing else has one")
    func licencesFollowTheManifest() throws {
        guard case .map(let licences)? = try AboutValue.ofTheProject()["licenses"] else {
            Issue.record("licenses is no map")
            return
        }
        #expect(Set(licences.keys) == (try linkedComponents()))
    }

    /// The product and the language's runtime, the packages, and the libraries behind the module maps.
    private func linkedComponents() throws -> Set<String> {
        var components: Set<String> = ["mapedge", "swift-runtime"]
        let libraries = ["CLMDB": "lmdb", "CZlib": "zlib", "COpenSSL": "openssl"]
        for line in try projectFile("Package.swift").split(separator: "\n") {
            if let url = quoted(after: ".package(url: ", in: line) {
                components.insert(url.split(separator: "/").last.map { $0.lowercased() } ?? "")
            } else if let target = quoted(after: ".systemLibrary(name: ", in: line) {
                // The kernel's headers link nothing.
                if target != "CLinux" { components.insert(libraries[target] ?? target) }
            }
        }
        return components
    }

    private func quoted(after start: String, in line: Substring) -> String? {
        let line = line.drop { $0 == " " }
        guard line.hasPrefix(start) else { return nil }
        return line.split(separator: "\"", omittingEmptySubsequences: false).dropFirst().first
            .map { String($0) }
    }
}

/// One way to break the record.
struct AboutMutant: CustomTestStringConvertible, Sendable {
    let testDescription: String
    private let change: @Sendable (inout AboutValue) -> Void

    func apply(to record: AboutValue) -> AboutValue {
        var record = record
        change(&record)
        return record
    }

    static let all = missing + empty + outsideTheEnumeration + others

    private static let required = [
        "name", "full_name", "description", "impact", "owner_type", "stage", "testable",
        "licenses", "team",
    ]

    private static let missing = required.map { key in
        AboutMutant(testDescription: "\(key) is missing") { $0[key] = nil }
    }

    private static let empty = required.map { key in
        AboutMutant(testDescription: "\(key) has no value") { $0[key] = .null }
    }

    private static let outsideTheEnumeration = [
        AboutMutant(testDescription: "owner_type is unknown") { $0["owner_type"] = .text("team") },
        AboutMutant(testDescription: "stage is unknown") { $0["stage"] = .text("production") },
        AboutMutant(testDescription: "type is unknown") { $0["type"] = .text("service") },
        AboutMutant(testDescription: "a link's category is unknown") {
            $0["links"]?.first?["category"] = .text("production site")
        },
    ]

    private static let others = [
        AboutMutant(testDescription: "testable is a text") { $0["testable"] = .text("yes") },
        AboutMutant(testDescription: "a link has no address") { $0["links"]?.first?["url"] = nil },
        AboutMutant(testDescription: "a link's address is none") {
            $0["links"]?.first?["url"] = .text("not a uri here")
        },
        AboutMutant(testDescription: "a tag stands twice") {
            $0["tags"] = .list([.text("cache"), .text("cache")])
        },
        AboutMutant(testDescription: "a key is unknown") { $0["status"] = .text("fine") },
    ]
}
