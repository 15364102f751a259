import Caching
import CloudFront
import Edge
import Testing

@testable import Control

@Suite("Import: the behaviors of a distribution, and what the file adds to them")
struct ImportedBehaviorTests {
    private let files = ExportFiles()

    private var three: Export {
        Export(
            origins: [Export.origin("maps"), Export.origin("pages", "both.test")],
            behaviors: [
                Export.behavior("maps", "/geoserver/*"),
                Export.behavior(
                    "pages", "static/*",
                    caching: "\"ForwardedValues\": { \"QueryString\": true, "
                        + "\"Cookies\": { \"Forward\": \"none\" } }, \"MinTTL\": 1, "
                        + "\"DefaultTTL\": 60, \"MaxTTL\": 600"),
            ], standard: Export.behavior("pages"))
    }

    @Test("they stand in their order, the default one last, and are CloudFront pure")
    func order() throws {
        let reading = try files.reading(three)
        #expect(reading.isUsable, "\(files.lines(reading))")
        let settings = reading.configuration.settings
        #expect(settings.behaviors.map(\.pattern) == ["/geoserver/*", "static/*", "*"])
        #expect(settings.behaviors.map(\.origin) == [0, 1, 1])
        #expect(settings.behaviors.allSatisfy { $0.policy.mapClass == .none })
        #expect(settings.behaviors.allSatisfy { $0.sessionCookies.isEmpty })
        #expect(settings.behaviors.map { $0.policy == $0.imported?.behavior.policy }.count == 3)
        let policy = settings.behaviors[1].policy
        #expect(policy.minTTL == 1_000 && policy.defaultTTL == 60_000 && policy.maxTTL == 600_000)
        #expect(settings.mode == .cloudfront && settings.role == .twin)
        let warned = files.lines(reading).filter { $0.contains("have no class") }
        #expect(
            warned == [
                "--distribution: warning: 3 of 3 imported behaviors have no class: they cache as "
                    + "CloudFront does, sessions, Set-Cookie and Authorization included; give "
                    + "them one in behaviors, such as - { path: \"/geoserver/*\", class: pages }, "
                    + "or none to be content"
            ])
    }

    @Test("a class brings its rules, and leaves to CloudFront what it decides")
    func classes() throws {
        let text = """
            behaviors:
              - { path: "/geoserver/*", class: tiles, edgeTTL: 2h, sMaxage: 30, judgesCookies: false }
              - { path: "/static/*", class: pages, sessionCookies: [sid], staleIfError: maxTTL }
              - { path: "*", class: none, staleWhileRevalidate: 5s }
            """
        let reading = try files.reading(three, text)
        #expect(files.lines(reading, errorsOnly: true) == [])
        #expect(!files.lines(reading).contains { $0.contains("no class") })
        let behaviors = reading.configuration.settings.behaviors
        let tiles = behaviors[0].policy
        #expect(tiles.mapClass == .tiles && tiles.edgeTTL == 7_200_000 && tiles.sMaxage == 30_000)
        #expect(!tiles.judgesCookies && tiles.judgesAuthorization && tiles.sessionsBypass)
        #expect(!tiles.keepsFallback && tiles.invalidatesOnUnsafe)
        #expect(tiles.defaultTTL == 86_400_000 && tiles.minTTL == 1_000)
        // Compress, CachedMethods and forwarded cookies are the export's, class or none.
        let export = try #require(behaviors[0].imported).behavior.policy
        #expect(!export.compresses && !tiles.compresses)
        #expect(tiles.cachesOptions == export.cachesOptions)
        #expect(tiles.revalidates == export.revalidates)
        #expect(behaviors[0].sessionCookies == ["sessionid", "JSESSIONID"])
        #expect(behaviors[0].imported != nil && behaviors[0].pattern == "/geoserver/*")
        #expect(behaviors[1].policy.mapClass == .pages && behaviors[1].policy.maxTTL == 600_000)
        #expect(behaviors[1].policy.staleIfError == .max)
        #expect(behaviors[1].sessionCookies == ["sid"] && behaviors[1].origin == 1)
        var pure = try #require(behaviors[2].imported).behavior.policy
        pure.staleWhileRevalidate = 5_000
        #expect(behaviors[2].policy == pure)
    }

    @Test("what the export decides, and what it does not have, is refused")
    func mistakes() throws {
        let text = """
            behaviors:
              - path: "/geoserver/*"
                origin: maps
                minTTL: 1s
                collapses: false
                edgeTTL: x
              - { path: "geoserver/*", class: tiles }
              - { path: "/statik/*", class: tiles }
              - { class: tiles }
              - { path: "*", class: tile, klass: x }
              - "/static/*"
            """
        let found = files.lines(try files.reading(three, text), errorsOnly: true)
        #expect(
            found == [
                "edge.yaml:3: behaviors[0].origin is decided by the distribution; "
                    + "remove it; change TargetOriginId in the export",
                "edge.yaml:4: behaviors[0].minTTL is decided by the distribution; "
                    + "remove it; change MinTTL in the export",
                "edge.yaml:5: behaviors[0].collapses is decided by the distribution; "
                    + "remove it; CloudFront has no such choice",
                "edge.yaml:6: behaviors[0].edgeTTL is \"x\", which is no duration; "
                    + "write a whole number with ms, s, m, h or d, such as 500ms or 10s",
                "edge.yaml:7: the behavior \"geoserver/*\" is given twice; keep one of them",
                "edge.yaml:8: the distribution has no behavior \"/statik/*\"; "
                    + "did you mean \"static/*\"?",
                "edge.yaml:9: behaviors[3] has no path; "
                    + "add \"path:\" and the PathPattern of a behavior of the distribution",
                "edge.yaml:10: behaviors[4].class is \"tile\", which is not known; "
                    + "did you mean \"tiles\"?",
                "edge.yaml:10: \"klass\" is no key of behaviors[4]; did you mean \"class\"?",
                "edge.yaml:11: behaviors[5] is no mapping; "
                    + "write it as - { path: \"/geoserver/*\", origin: ID }",
            ])
    }

    @Test("the standard access log goes by the distribution that is served")
    func log() throws {
        let text = "accessLog: { format: cloudfront, directory: /d }"
        let found = try files.reading(three, text) { $0.distributionID = "EABC" }
        let archive = try #require(found.configuration.settings.accessLog?.archive)
        let record = try #require(found.configuration.distribution).record
        #expect(archive.distribution == "EABC" && archive.domainName == record.domainName)
    }

    @Test(
        "a root object that is no path is refused", arguments: ["a b.html", "a#b", "\u{e9}.html"])
    func rootObject(_ name: String) throws {
        var export = three
        export.more = ", \"DefaultRootObject\": \"\(name)\""
        let lines = try files.lines(files.reading(export), errorsOnly: true)
        #expect(lines.contains { $0.contains("is no path") }, "\(lines)")
    }

    @Test("a table says what would be served")
    func table() throws {
        let text = "behaviors: [{ path: \"/geoserver/*\", class: tiles }]"
        let lines = try files.reading(three, text) { $0.distributionID = "EABC" }
            .configuration.servedLines
        #expect(lines.first?.hasPrefix("distribution EABC (d") == true)
        #expect(
            Array(lines.dropFirst()) == [
                "  ORIGIN  ASKED AT           HOST        PATH",
                "  maps    http://tiles.test  tiles.test  /",
                "  pages   http://both.test   both.test   /",
                "  PATTERN       TARGET  MIN/DEFAULT/MAX  CLASS  KEY",
                "  /geoserver/*  maps    1s/1d/365d       tiles  path, gzip, br",
                "  static/*      pages   1s/1m/10m        none   path, query all",
                "  *             pages   1s/1d/365d       none   path, gzip, br",
            ])
        #expect(reading { $0.origins = ["http://127.0.0.1:1"] }.configuration.servedLines == [])
    }
}
