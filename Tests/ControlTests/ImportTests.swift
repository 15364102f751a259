import Caching
import CloudFront
import Edge
import Glibc
import Reactor
import Testing

@testable import Control

@Suite("Import: a distribution as a whole")
struct ImportTests {
    private let files = ExportFiles()
    private static let key = "-----BEGIN PUBLIC KEY-----\\nMIIB\\n-----END PUBLIC KEY-----\\n"

    @Test("its id and domain name are the export's, a flag's, or always the same")
    func names() throws {
        let derived = try #require(try files.reading(Export()).configuration.distribution?.record)
        #expect(derived == (try files.reading(Export()).configuration.distribution?.record))
        #expect(derived.id.hasPrefix("E") && derived.id.utf8.count == 14)
        #expect(derived.domainName == "d\(derived.id.dropFirst().lowercased()).cloudfront.net")
        let flagged = try files.reading(Export()) { $0.distributionID = "E1TEST" }
        #expect(flagged.configuration.settings.distribution?.id == "E1TEST")
        #expect(flagged.configuration.settings.distribution?.domainName == derived.domainName)
        let whole = """
            { "Distribution": { "Id": "EDFDVBD6EXAMPLE", "DomainName": "d1.cloudfront.net",
              "DistributionConfig": \(Export().config) } }
            """
        let path = try files.write("whole.json", whole)
        let own = reading { $0.distribution = path }.configuration.distribution?.record
        #expect(own?.id == "EDFDVBD6EXAMPLE" && own?.domainName == "d1.cloudfront.net")
        #expect(own?.config.text("CallerReference") == "maps-2026")
    }

    @Test("what does not say how old it is is as old as its file")
    func age() throws {
        let read = try files.reading(Export())
        let moment = timespec(tv_sec: 1_600_000_000, tv_nsec: 5_000_000)
        let path = "\(files.directory)/dist.json"
        #expect(utimensat(AT_FDCWD, path, [moment, moment], 0) == 0)
        #expect(read.configuration.record(now: 9).lastModified == 1_600_000_000_005)
    }

    @Test("its account and its time are the export's as well, and so are its policies' times")
    func facts() throws {
        let whole = """
            { "Distribution": { "Id": "EDFDVBD6EXAMPLE", "DomainName": "d1.cloudfront.net",
              "ARN": "arn:aws:cloudfront::999999999999:distribution/EDFDVBD6EXAMPLE",
              "LastModifiedTime": "2026-01-01T00:00:00.123000+00:00",
              "DistributionConfig": \(Export().config) } }
            """
        let policy = """
            { "ETag": "E1", "CachePolicy": { "Id": "p-1",
              "LastModifiedTime": "2026-01-01T00:00:01Z",
              "CachePolicyConfig": { "Name": "P", "MinTTL": 0 } } }
            """
        let path = try files.write("whole.json", whole)
        _ = try files.write("policies/p.json", policy)
        let read = reading {
            $0.distribution = path
            $0.policies = files.policies
        }
        let own = try #require(read.configuration.distribution)
        let newYear: Int64 = 1_767_225_600_000
        #expect(own.record.arn == "arn:aws:cloudfront::999999999999:distribution/EDFDVBD6EXAMPLE")
        #expect(own.record.lastModified == newYear + 123)
        let custom = own.policies[.cache]?.filter { !$0.isManaged }
        #expect(custom?.map(\.lastModified) == [newYear + 1_000])
        let bare = try files.reading(Export()).configuration.distribution?.record
        #expect(bare?.arn.hasPrefix("arn:aws:cloudfront::123456789012:distribution/E") == true)
    }

    @Test(
        "what is no distribution's ARN tells no account",
        arguments: [
            "", "a", "arn:aws:cloudfront::1:distribution/E1",
            "arn:aws:cloudfront::12345678901x:distribution/E1",
            "arn:aws:s3::123456789012:distribution/E1",
            "arn:aws:cloudfront::123456789012:function/E1",
            "arn:aws:cloudfront:eu:123456789012:distribution/E1",
        ])
    func strangeARN(_ arn: String) { #expect(DistributionRecord.place(ofARN: arn) == nil) }

    @Test("a root object that begins with a slash is a warning of an export, an error of an update")
    func rootObject() throws {
        var export = Export()
        export.more = ", \"DefaultRootObject\": \"/index.html\""
        let read = try files.reading(export)
        #expect(files.lines(read, errorsOnly: true) == [])
        let lines = files.lines(read).filter { $0.contains("DefaultRootObject") }
        #expect(lines.count == 1)
        #expect(
            lines.first?.hasSuffix(
                "DefaultRootObject: \"/index.html\" begins with /, so that a request for / is "
                    + "answered 403; write \"index.html\"") == true, "\(lines)")
        let config = try #require(read.configuration.distribution?.record.config)
        var code: APIError.Code?
        do throws(APIError) {
            _ = try read.configuration.replacingDistribution(by: config, TableResolver())
        } catch { code = error.code }
        #expect(code == .invalidDefaultRootObject)
    }

    @Test("the file's section says the rest of it")
    func section() throws {
        let export = try files.write("dist.json", Export().json)
        let table = try files.write(
            "countries.csv",
            "# blocks\n203.0.113.0/24, au\r\n\n2001:db8::/32,JP, city= Tōkyō%2C a ,asn=64496\n")
        var tokyo = ViewerPlace()
        _ = (tokyo.add(.city, "T%C5%8Dky%C5%8D%2C a".utf8), tokyo.add(.asn, "64496".utf8))
        let read = reading(
            """
            role: tier
            distribution:
              file: \(export)
              id: E7
              strictAliases: true
              country: { field: X-Country, table: \(table), default: de }
              pop: FRA2-C1
            """)
        #expect(files.lines(read, errorsOnly: true) == [])
        let settings = try #require(read.configuration.settings.distribution)
        #expect(read.configuration.settings.role == .tier)
        #expect(settings.id == "E7" && settings.isStrictAboutAliases)
        #expect(settings.pointOfPresence == "FRA2-C1")
        #expect(settings.countries.field == "X-Country" && settings.countries.standard == "DE")
        #expect(
            settings.countries.table == [
                CountryBlock(try #require(AddressBlock("203.0.113.0/24")), country: "AU"),
                CountryBlock(
                    try #require(AddressBlock("2001:db8::/32")), country: "JP", place: tokyo),
            ])
    }

    @Test(
        "mistakes in what a table tells of a place",
        arguments: [
            ("town=Perth", "is nothing that is known of a place"),
            ("Perth", "is nothing that is known of a place"),
            ("asn=AS1", "is no asn, or a second one"), ("city=A,city=B", "is no city, or a second"),
        ])
    func placeMistakes(_ more: String, _ problem: String) throws {
        let export = try files.write("dist.json", Export().json)
        let table = try files.write("places.csv", "10.0.0.0/8,AU\n10.0.0.0/9,AU,\(more)\n")
        let found = files.lines(
            reading("distribution: { file: \(export), country: { table: \(table) } }"),
            errorsOnly: true)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("places.csv:2: ") == true)
        #expect(found.first?.contains(problem) == true, "\(found)")
    }

    @Test("mistakes in the section, each with its line")
    func sectionMistakes() throws {
        let export = try files.write("dist.json", Export().json)
        let table = try files.write(
            "countries.csv",
            "10.0.0.0/8,US\n10.0.0.0/8\nx,US\n" + String(repeating: "bad\n", count: 20))
        let read = reading(
            """
            mode: rfc9111
            distribution:
              file: \(export)
              id: abc
              keys: { K1: \(files.directory)/none.pem, K2: \(table) }
              country: { table: \(table), default: DEU }
              pop: a b
              strictAlias: true
            """)
        let found = files.lines(read, errorsOnly: true)
        let wanted = """
            edge.yaml:1: mode is rfc9111, and a distribution is served, which is CloudFront's by \
            nature; remove the mode, or distribution.file
            edge.yaml:4: distribution.id is "abc", which is no distribution's id; \
            write E and capital letters or digits after it
            edge.yaml:5: distribution.keys.K1 names "none.pem", which cannot be opened: \
            No such file or directory; check the path and that this user may read it
            edge.yaml:5: distribution.keys.K2 of the key "K2" is no public key; \
            give it as PEM, beginning with -----BEGIN PUBLIC KEY-----
            edge.yaml:6: distribution.country.default is "DEU", which is no country; \
            write the two letters of ISO 3166-1, such as US
            edge.yaml:7: distribution.pop is "a b", which is no point of presence; \
            write capital letters, digits and hyphens, such as SEA19-C1
            edge.yaml:8: "strictAlias" is no key of distribution; did you mean "strictAliases"?
            countries.csv:2: this line is no block with its country; \
            write CIDR,CC, such as 203.0.113.0/24,AU
            countries.csv:3: this line is no block with its country; \
            write CIDR,CC, such as 203.0.113.0/24,AU
            countries.csv:4: this line is no block with its country; \
            write CIDR,CC, such as 203.0.113.0/24,AU
            """
        #expect(found.prefix(10).joined(separator: "\n") == wanted)
        // A file of another kind is told by its first lines.
        #expect(found.count == 17)
    }

    @Test("flags without a distribution say what is missing")
    func idle() {
        let found = findings {
            $0.origins = ["http://127.0.0.1:1"]
            $0.policies = "/nowhere"
        }
        #expect(
            found == [
                "--policies says something of a distribution, and none is given; "
                    + "add --distribution FILE or the key distribution.file"
            ])
        let text = "distribution: { id: E7 }\norigins: { maps: { members: [\"http://[::1]\"] } }"
        let read = reading(text)
        #expect(read.isUsable && read.configuration.settings.role == .tier)
        #expect(read.findings.count == 1)
    }

    @Test(
        "what concerns a distribution is idle without one, and is said to be",
        arguments: [
            ("pathDecoding: all", "pathDecoding"), ("rootMatch: slash", "rootMatch"),
            ("rootInvalidation: two", "rootInvalidation"),
            ("invalidationQuery: narrowed", "invalidationQuery"),
            (
                "checkOrder: [enabled, host, country, scheme, method, body, signature, stacked]",
                "checkOrder"
            ),
            ("missingSignature: none", "missingSignature"),
            ("missingPolicy: none", "missingPolicy"),
            ("strictAliases: true", "strictAliases"), ("pop: LHR5-P2", "pop"),
            ("country: { default: US }", "country"),
            // As it is by itself.
            ("rootMatch: object", nil), ("strictAliases: false", nil), ("pop: SEA19-C1", nil),
        ] as [(String, String?)])
    func idleKeys(_ line: String, _ key: String?) {
        let text = "origins: { maps: { members: [\"http://[::1]\"] } }\ndistribution:\n  \(line)\n"
        let expected = key.map {
            "edge.yaml:3: warning: distribution.\($0) says something of a distribution, and none is "
                + "given; add --distribution FILE or the key distribution.file"
        }
        #expect(reading(text).findings.map(\.description) == (expected.map { [$0] } ?? []))
    }

    @Test("§6.3: more keys of a group, and more groups, than CloudFront takes draw a warning")
    func keyQuotas() throws {
        let groups = (1...5).map { "\"G\($0)\"" }.joined(separator: ", ")
        let more =
            ", \"TrustedKeyGroups\": { \"Enabled\": true, \"Quantity\": 5, "
            + "\"Items\": [\(groups)] }"
        for number in 1...5 {
            let keys = (1...(number + 1)).map { "\"K\($0)\"" }.joined(separator: ", ")
            try files.write(
                "policies/group\(number).json",
                "{ \"KeyGroup\": { \"Id\": \"G\(number)\", \"KeyGroupConfig\": "
                    + "{ \"Items\": [\(keys)] } } }")
        }
        let export = Export(standard: Export.behavior("maps", more: more))
        let read = try files.reading(export) { $0.policies = files.policies }
        let quotas = read.findings.map(\.description).filter { $0.contains("quota") }
        let place = "DistributionConfig.DefaultCacheBehavior.TrustedKeyGroups: "
        #expect(quotas.count == 2, "\(quotas)")
        #expect(
            quotas.contains { $0.hasSuffix("5 key groups exceed CloudFront's quota; keep to 4") })
        #expect(
            quotas.contains {
                $0.hasSuffix("\(place)6 keys of group G5 exceed CloudFront's quota; keep to 5")
            })
    }

    @Test("an origin that an update renames leaves its address behind, and that is told")
    func renamedOrigin() throws {
        let read = try files.reading(Export()) { $0.origins = ["maps=http://127.0.0.1:1"] }
        let next = Export(origins: [Export.origin("tiles")], standard: Export.behavior("tiles"))
        let path = try files.write("next.json", next.config)
        func told(_ export: String) throws -> [String] {
            let config = try #require(readDocument(export, Findings()))
            let next = try read.configuration.replacingDistribution(by: config, TableResolver())
            return next.distributionFindings.map(\.description).filter {
                $0.contains("--origin")
            }
        }
        #expect(
            try told(path) == [
                "warning: the distribution has no origin \"maps\" any more, so that its addresses "
                    + "and what else --origin and origins say of it are idle, and an origin that "
                    + "took its place is asked at its DomainName; name it \"maps\" again, or change "
                    + "the export with --origin or origins, and restart"
            ])
        #expect(try told(try files.write("same.json", Export().config)).isEmpty)
    }

    @Test("signers' keys come from the policies' directory and from files")
    func keys() throws {
        let more =
            ", \"TrustedKeyGroups\": { \"Enabled\": true, \"Quantity\": 1, \"Items\": [\"G1\"] }"
        let accounts =
            ", \"TrustedSigners\": { \"Enabled\": true, \"Quantity\": 1, \"Items\": [\"self\"] }"
        let export = Export(
            behaviors: [Export.behavior("maps", "/own/*", more: accounts)],
            standard: Export.behavior("maps", more: more))
        let bare = files.lines(try files.reading(export), errorsOnly: true)
        #expect(
            bare == [
                "dist.json:7: DistributionConfig.CacheBehaviors.Items[0].TrustedSigners: "
                    + "no public key of theirs is known; "
                    + "name its file in the key distribution.keys: { KEY-ID: FILE.pem }",
                "dist.json:8: DistributionConfig.DefaultCacheBehavior.TrustedKeyGroups: "
                    + "no key group \"G1\" is known; save the output of "
                    + "aws cloudfront get-key-group --id G1 beside the policies",
            ])
        try files.write(
            "policies/group.json",
            """
            { "ETag": "E1", "KeyGroup": { "Id": "G1", "KeyGroupConfig": { "Name": "signers",
              "Items": ["K1", "K2"] } } }
            """)
        try files.write(
            "policies/K1.json",
            "{ \"PublicKeyConfig\": { \"Name\": \"k\", \"EncodedKey\": \"\(Self.key)\" } }")
        let half = try files.reading(export) { $0.policies = files.policies }
        #expect(
            files.lines(half, errorsOnly: true) == [
                "dist.json:8: DistributionConfig.DefaultCacheBehavior.TrustedKeyGroups: "
                    + "no key \"K2\" of group G1 is known; save the output of "
                    + "aws cloudfront get-public-key --id K2 beside the policies, "
                    + "or name its file in the key distribution.keys"
            ])
        let pem = try files.write("k2.pem", Self.key.replacing("\\n", with: "\n"))
        let whole = try files.reading(export, "distribution: { keys: { K2: \(pem) } }") {
            $0.policies = files.policies
        }
        #expect(files.lines(whole, errorsOnly: true) == [])
        let settings = try #require(whole.configuration.settings.distribution)
        #expect(settings.keyGroups == ["G1": ["K1", "K2"]])
        #expect(settings.publicKeys.keys.sorted() == ["K1", "K2"])
        // The API tells the same, each with what its document says.
        let told = whole.configuration.signers
        #expect(told[.publicKey]?.map(\.id) == ["K1", "K2"])
        #expect(told[.publicKey]?.map { $0.config.text("Name") } == ["k", "K2"])
        #expect(told[.publicKey]?.last?.config.text("EncodedKey") == settings.publicKeys["K2"])
        #expect(told[.keyGroup]?.map(\.keys) == [["K1", "K2"]])
        #expect(settings.publicKeys["K1"]?.hasPrefix("-----BEGIN PUBLIC KEY-----\nMIIB") == true)
        try files.write(
            "policies/K3.json",
            "{ \"PublicKey\": { \"Id\": \"K3\", "
                + "\"PublicKeyConfig\": { \"EncodedKey\": \"MIIB\" } } }")
        let broken = try files.reading(export) { $0.policies = files.policies }
        #expect(
            files.lines(broken, errorsOnly: true).contains {
                $0.hasPrefix("policies/K3.json:1: EncodedKey of the key \"K3\" is no public key")
            })
    }

    @Test("policies that were read are the control API's to list")
    func policies() throws {
        let config = """
            { "Name": "own", "MinTTL": 0, "DefaultTTL": 60, "MaxTTL": 600,
              "ParametersInCacheKeyAndForwardedToOrigin": {
                "EnableAcceptEncodingGzip": false, "HeadersConfig": { "HeaderBehavior": "none" },
                "CookiesConfig": { "CookieBehavior": "none" },
                "QueryStringsConfig": { "QueryStringBehavior": "none" } } }
            """
        let forwarding = """
            { "Name": "o", "HeadersConfig": { "HeaderBehavior": "allViewer" },
              "CookiesConfig": { "CookieBehavior": "none" },
              "QueryStringsConfig": { "QueryStringBehavior": "none" } }
            """
        try files.write(
            "policies/a.json",
            "{ \"CachePolicy\": { \"Id\": \"own\", \"CachePolicyConfig\": "
                + "\(config) } }")
        try files.write("policies/named.json", "{ \"CachePolicyConfig\": \(config) }")
        try files.write("policies/bare.json", config)
        try files.write("policies/asked.json", forwarding)
        try files.write("policies/shown.json", "{ \"Name\": \"s\" }")
        let managed = ManagedPolicies.cache[0].id
        try files.write(
            "policies/managed.json",
            "{ \"CachePolicy\": { \"Id\": \"\(managed)\", "
                + "\"CachePolicyConfig\": \(config) } }")
        let export = Export(
            standard: Export.behavior("maps", caching: "\"CachePolicyId\": \"bare\""))
        let read = try files.reading(export) { $0.policies = files.policies }
        #expect(files.lines(read, errorsOnly: true) == [])
        let policies = try #require(read.configuration.distribution?.policies)
        let own = policies.mapValues { $0.filter { !$0.isManaged }.map(\.id) }
        #expect(
            own == [
                .cache: ["own", "bare", "named"], .originRequest: ["asked"],
                .responseHeaders: ["shown"],
            ])
        #expect(policies[.cache]?.first?.isManaged == true)
        #expect(
            policies[.cache]?.filter { !$0.isManaged }.allSatisfy {
                $0.config.text("Name") == "own"
            } == true)
        #expect(read.configuration.settings.behaviors[0].policy.maxTTL == 600_000)
    }

    @Test("another DistributionConfig takes the place of the first, and all else stays")
    func replacing() throws {
        let first = try files.reading(Export()) { $0.origins = ["maps=http://127.0.0.1:1"] }
            .configuration
        let next = Export(
            origins: [Export.origin("maps"), Export.origin("more")],
            behaviors: [Export.behavior("more", "/more/*")])
        let path = try files.write("next.json", next.config)
        let findings = Findings()
        let node = try #require(readDocument(path, findings))
        let second = try first.replacingDistribution(by: node, TableResolver())
        #expect(second.settings.behaviors.map(\.pattern) == ["/more/*", "*"])
        #expect(second.settings.origins[0].members.map(\.name) == ["http://127.0.0.1:1"])
        #expect(second.distribution?.record.id == first.distribution?.record.id)
        #expect(second.distribution?.record.config == node)
        #expect(second.settings.distribution?.id == first.settings.distribution?.id)
        #expect(second.settings.listeners == first.settings.listeners)
    }

    @Test("one that cannot be followed is refused as the API does")
    func refusals() throws {
        let first = try files.reading(Export()).configuration
        func code(_ export: Export, _ from: Configuration) throws -> APIError.Code? {
            let path = try files.write("next.json", export.config)
            let node = try #require(readDocument(path, Findings()))
            do throws(APIError) {
                _ = try from.replacingDistribution(by: node, TableResolver())
                return nil
            } catch {
                return error.code
            }
        }
        #expect(try code(Export(standard: Export.behavior("none")), first) == .noSuchOrigin)
        let unknown = Export.behavior("maps", caching: "\"CachePolicyId\": \"none\"")
        #expect(try code(Export(standard: unknown), first) == .noSuchCachePolicy)
        let signed =
            ", \"TrustedKeyGroups\": { \"Enabled\": true, \"Quantity\": 1, \"Items\": [\"G1\"] }"
        #expect(
            try code(Export(standard: Export.behavior("maps", more: signed)), first)
                == .trustedKeyGroupDoesNotExist)
        #expect(APIError.Code.trustedKeyGroupDoesNotExist.status == 400)
        let own = reading { $0.origins = ["http://127.0.0.1:1"] }.configuration
        #expect(try code(Export(), own) == .illegalUpdate)
        #expect(try code(Export(), first) == nil)
    }
}
