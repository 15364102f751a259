import CloudFront
import Edge
import Reactor
import Testing

@testable import Control

@Suite("Import: the origins of a distribution as pools")
struct ImportedOriginTests {
    private let files = ExportFiles()

    struct Case: CustomTestStringConvertible, Sendable {
        var custom: String
        /// Name and TLS host of each pool's member.
        var members: [String]
        var hosts: [String?]
        var secureOrigin: Int
        var testDescription: String { custom }
    }

    @Test(
        "the protocol policy decides how it is asked, and by whom",
        arguments: [
            Case(
                custom: Export.custom, members: ["http://tiles.test"], hosts: [nil],
                secureOrigin: 0),
            Case(
                custom: "\"HTTPPort\": 8080, \"HTTPSPort\": 443, "
                    + "\"OriginProtocolPolicy\": \"http-only\"",
                members: ["http://tiles.test:8080"], hosts: [nil], secureOrigin: 0),
            Case(
                custom: "\"HTTPPort\": 80, \"HTTPSPort\": 8443, "
                    + "\"OriginProtocolPolicy\": \"https-only\"",
                members: ["https://tiles.test:8443"], hosts: ["tiles.test"], secureOrigin: 0),
            Case(
                custom: "\"HTTPPort\": 80, \"HTTPSPort\": 443, "
                    + "\"OriginProtocolPolicy\": \"match-viewer\"",
                members: ["http://tiles.test", "https://tiles.test"], hosts: [nil, "tiles.test"],
                secureOrigin: 1),
        ])
    func protocols(_ example: Case) throws {
        let export = Export(origins: [Export.origin("maps", custom: example.custom)])
        let settings = try files.reading(export).configuration.settings
        #expect(settings.origins.map { $0.members.map(\.name) } == example.members.map { [$0] })
        #expect(settings.origins.map { $0.members[0].tlsHost } == example.hosts)
        #expect(settings.origins.map(\.hostHeader).allSatisfy { $0 == "tiles.test" })
        #expect(Set(settings.origins.map(\.id)).count == settings.origins.count)
        let behavior = try #require(settings.behaviors.first)
        #expect(behavior.origin == 0 && behavior.imported?.secureOrigin == example.secureOrigin)
        let ports = settings.origins.map { origin -> UInt16 in
            guard case .ip(let address) = origin.members[0].endpoints[0] else { return 0 }
            return address.port
        }
        let wanted = example.members.map { name -> UInt16 in
            name.split(separator: ":").last.flatMap { UInt16($0) }
                ?? (name.hasPrefix("https") ? 443 : 80)
        }
        #expect(ports == wanted)
    }

    @Test("path, fields, time-outs and attempts are the export's")
    func treatment() throws {
        let more = """
            , "OriginPath": "/geoserver", "ConnectionAttempts": 2, "ConnectionTimeout": 7,
            "ResponseCompletionTimeout": 90, "CustomHeaders": { "Quantity": 1, "Items": [
              { "HeaderName": "X-Key", "HeaderValue": "secret" } ] }
            """
        let custom = Export.custom + ", \"OriginReadTimeout\": 45, \"OriginKeepaliveTimeout\": 20"
        let export = Export(origins: [Export.origin("maps", custom: custom, more: more)])
        let origin = try #require(try files.reading(export).configuration.settings.origins.first)
        #expect(origin.path == "/geoserver" && origin.attempts == 2)
        #expect(origin.customHeaders == [HeaderSetting(name: "X-Key", value: "secret")])
        #expect(origin.connectTimeout == 7_000 && origin.totalTimeout == 90_000)
        #expect(origin.firstByteTimeout == 45_000 && origin.betweenBytesTimeout == 45_000)
        #expect(origin.idleTimeout == 20_000)
        // CloudFront checks nobody.
        #expect(origin.health.interval == 0)
    }

    @Test("a bucket is asked over TLS by its own name")
    func bucket() throws {
        let bucket = """
            { "Id": "files", "DomainName": "tiles.test", "S3OriginConfig": {
              "OriginAccessIdentity": "" } }
            """
        let export = Export(origins: [bucket], standard: Export.behavior("files"))
        let settings = try files.reading(export).configuration.settings
        #expect(settings.origins.map { $0.members[0].name } == ["https://tiles.test"])
        #expect(settings.origins[0].members[0].tlsHost == "tiles.test")
        #expect(settings.origins[0].firstByteTimeout == 30_000)
        #expect(settings.behaviors[0].imported?.isS3 == true)
    }

    @Test("a group's second origin is the one to fail over to")
    func group() throws {
        let group = """
            { "Id": "both", "FailoverCriteria": { "StatusCodes": { "Quantity": 2,
              "Items": [500, 503] } }, "Members": { "Quantity": 2, "Items": [
              { "OriginId": "maps" }, { "OriginId": "spare" } ] } }
            """
        let matching =
            "\"HTTPPort\": 80, \"HTTPSPort\": 443, \"OriginProtocolPolicy\": \"match-viewer\""
        let export = Export(
            origins: [
                Export.origin("maps", custom: matching), Export.origin("spare", "both.test"),
            ], groups: [group], standard: Export.behavior("both"))
        let settings = try files.reading(export).configuration.settings
        #expect(settings.origins.map(\.id) == ["maps", "maps+tls", "spare"])
        let imported = try #require(settings.behaviors[0].imported)
        #expect(settings.behaviors[0].origin == 0 && imported.secureOrigin == 1)
        #expect(imported.failover?.origin == 2 && imported.failover?.secureOrigin == 2)
        #expect(imported.failover?.criteria.statuses == [500, 503])
    }

    @Test("--origin replaces where to connect; Host and TLS name stay the export's")
    func addresses() throws {
        let export = Export(origins: [
            Export.origin("maps", "missing.test"),
            Export.origin("S3-a.b/c=d", "missing.test"),
        ])
        let reading = try files.reading(export) {
            $0.origins = [
                "maps=http://127.0.0.1:8001,https://127.0.0.1:8002",
                "S3-a.b/c=d=unix:/run/files.sock",
            ]
        }
        // Nobody was asked for the name that is not used.
        #expect(files.lines(reading, errorsOnly: true) == [])
        #expect(!files.lines(reading).contains { $0.contains("no address") })
        let settings = reading.configuration.settings
        #expect(settings.origins.count == 2)
        let maps = settings.origins[0]
        #expect(maps.members.map(\.tlsHost) == [nil, "missing.test"])
        #expect(
            maps.members.map(\.endpoints) == [
                [.ip(.loopback(port: 8001))], [.ip(.loopback(port: 8002))],
            ])
        #expect(maps.hostHeader == "missing.test")
        #expect(settings.origins[1].members[0].endpoints == [.unix(path: "/run/files.sock")])
        #expect(settings.behaviors[0].imported?.secureOrigin == settings.behaviors[0].origin)
    }

    @Test("the file gives members by the same id, and what CloudFront has no word for")
    func fileMembers() throws {
        let text = """
            origins:
              maps:
                members: [{ url: "http://127.0.0.1:1", weight: 3 }, "http://127.0.0.1:2"]
                memberConcurrency: 4
                health: { path: /up, interval: 3s }
            """
        let reading = try files.reading(Export(), text)
        #expect(files.lines(reading, errorsOnly: true) == [])
        let origin = try #require(reading.configuration.settings.origins.first)
        #expect(origin.members.map(\.weight) == [3, 1] && origin.memberConcurrency == 4)
        #expect(origin.health.checks.map(\.target) == ["/up"] && origin.health.interval == 3_000)
        #expect(origin.hostHeader == "tiles.test" && origin.attempts == 3)
        let flagged = try files.reading(Export(), text) { $0.origins = ["http://127.0.0.1:9"] }
        #expect(
            flagged.configuration.settings.origins[0].members.map(\.name)
                == ["http://127.0.0.1:9"])
        #expect(flagged.configuration.settings.origins[0].memberConcurrency == 4)
    }

    @Test("a name without an address is a warning, and the origin cannot be connected to")
    func unresolved() throws {
        let matching =
            "\"HTTPPort\": 80, \"HTTPSPort\": 443, \"OriginProtocolPolicy\": \"match-viewer\""
        let export = Export(origins: [Export.origin("maps", "missing.test", custom: matching)])
        let reading = try files.reading(export)
        #expect(reading.isUsable)
        let told = files.lines(reading).filter { $0.contains("no address") }
        #expect(
            told == [
                "dist.json:3: warning: the origin \"maps\" is missing.test, which has no address: "
                    + "Name or service not known; it answers 502 until there is one; "
                    + "give it one with --origin maps=URL"
            ])
        for origin in reading.configuration.settings.origins {
            #expect(origin.members.map(\.endpoints) == [[]])
            let port: UInt16 = origin.members[0].tlsHost == nil ? 80 : 443
            #expect(origin.members[0].unresolved == HostName("missing.test", port: port))
        }
    }

    @Test("what is said of origins that cannot be meant")
    func mistakes() throws {
        let two = Export(origins: [Export.origin("maps"), Export.origin("pages")])
        let reading = try files.reading(two, "origins: { mops: { path: /x, attempts: 1 } }") {
            $0.origins = [
                "pges=http://127.0.0.1:1", "http://127.0.0.1:2", "maps=http://127.0.0.1:3",
                "maps=http://127.0.0.1:4", "pages=ftp://x",
            ]
        }
        #expect(
            files.lines(reading, errorsOnly: true).sorted() == [
                "--origin is \"ftp://x\", which is no URL of an origin; "
                    + "write http://HOST[:PORT] or https://HOST[:PORT]",
                "--origin names no origin of the distribution; "
                    + "write ID=URL with one of maps, pages",
                "--origin: the distribution has no origin \"pges\"; did you mean \"pages\"?",
                "--origin: the origin \"maps\" is given twice; "
                    + "write its members in one --origin, with commas between",
                "edge.yaml:1: origins.mops.attempts is decided by the distribution; "
                    + "remove it; change ConnectionAttempts in the export",
                "edge.yaml:1: origins.mops.path is decided by the distribution; "
                    + "remove it; change OriginPath in the export",
                "edge.yaml:1: the distribution has no origin \"mops\"; did you mean \"maps\"?",
            ])
    }
}
