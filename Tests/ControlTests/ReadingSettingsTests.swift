import Caching
import CloudFront
import HTTP
import Testing

@testable import Control
@testable import Edge

@Suite("Configuration: what CloudFront does not document")
struct ReadingSettingsTests {
    private let files = ExportFiles()
    private let origin = "origins: { default: { members: [\"http://127.0.0.1:1\"] } }\n"
    private let export = Export(
        origins: [Export.origin("maps")], standard: Export.behavior("maps"))

    @Test("every reading is a key of imported behaviors, and the other one than the default's")
    func imported() throws {
        for reading in Reading.all {
            let standard = BehaviorPolicy.cloudFrontPure[keyPath: reading.flag]
            let text =
                "behaviors: [{ path: \"*\", class: none, \(reading.key): \(!standard) }]\n"
            let read = try files.reading(export, text)
            #expect(files.lines(read, errorsOnly: true) == [], "\(reading.key)")
            let policy = read.configuration.settings.behaviors[0].policy
            #expect(policy[keyPath: reading.flag] == !standard, "\(reading.key)")
            var usual = policy
            usual[keyPath: reading.flag] = standard
            #expect(usual == read.configuration.settings.behaviors[0].imported?.behavior.policy)
            #expect(reading.sentence(policy) != reading.sentence(usual))
        }
    }

    @Test("what is in the key, and what is forwarded, follows the policy")
    func adopted() throws {
        let text = """
            behaviors:
              - { path: "*", class: none, keysNormalPath: true, keysNormalQuery: true, \
            sharesAcrossPolicies: true, forwardsConditions: true, forwardsOnlyNamed: true }

            """
        let settings = try files.reading(export, text).configuration.settings
        let behavior = try #require(settings.behaviors[0].imported?.behavior)
        #expect(behavior.key.normalizesPath && behavior.key.normalizesQuery)
        #expect(behavior.key.identity.isEmpty)
        #expect(behavior.forwarding.passesConditions && behavior.forwarding.passesOnlyNamed)
    }

    @Test("those of a distribution are refused without one, and those of CloudFront by the letter")
    func misplaced() {
        for reading in Reading.all {
            let key = reading.key
            let standard = BehaviorPolicy.standard(mode: .cloudfront)[keyPath: reading.flag]
            let behavior = "behaviors: [{ path: \"*\", class: pages, \(key): \(!standard) }]\n"
            let own = findings(origin + behavior)
            let letter = findings("mode: rfc9111\n" + origin + behavior)
            let none =
                "edge.yaml:2: behaviors[0].\(key) is about behaviors of a distribution, and there "
                + "is none; remove it, or add distribution.file"
            let late =
                "edge.yaml:2: behaviors[0].\(key) lets what an invalidation has cleared come back, "
                + "in role tier; remove it, or choose role: twin"
            switch reading.scope {
            case .any: #expect(own.isEmpty && letter.isEmpty, "\(key)")
            case .distribution: #expect(own == [none])
            case .cloudFront:
                #expect(own == (key == "storesLateFetches" ? [late] : []))
                #expect(
                    letter == [
                        "edge.yaml:3: behaviors[0].\(key) does nothing in mode rfc9111; remove it, "
                            + "or choose mode: cloudfront"
                    ])
            }
        }
    }

    @Test("a list of statuses, of those about which nothing is said")
    func statuses() throws {
        func read(_ list: String) throws -> (StatusSet?, [String]) {
            let reading = try files.reading(
                export, "behaviors: [{ path: \"*\", class: none, cachedStatuses: \(list) }]\n")
            return (
                reading.configuration.settings.behaviors.first?.policy.cachedStatuses,
                files.lines(reading, errorsOnly: true)
            )
        }
        let (some, none) = (try read("[204, 451]"), try read("[]"))
        #expect(some.0 == StatusSet([204, 451]) && some.1 == [])
        #expect(none.0 == [] && none.1 == [])
        let all = StatusSet.all.map(String.init).joined(separator: ", ")
        #expect(
            try read("[404]").1 == [
                "edge.yaml:1: behaviors[0].cachedStatuses[0] is \"404\", which is no status that "
                    + "CloudFront says nothing about; use some of \(all)"
            ])
    }

    @Test("those of a distribution as a whole")
    func distribution() throws {
        let text = """
            distribution:
              pathDecoding: all
              rootMatch: slash
              rootInvalidation: two
              invalidationQuery: narrowed
              checkOrder: [stacked, signature, body, method, scheme, country, enabled, host]
              missingSignature: none here
              missingPolicy: none there
            behaviors: [{ path: "*", class: none }]

            """
        let read = try files.reading(export, text)
        #expect(files.lines(read, errorsOnly: true) == [])
        let readings = try #require(read.configuration.settings.distribution?.readings)
        #expect(readings.pathDecoding == .all && readings.matchesRootAsSlash)
        #expect(readings.separatesRoot && readings.narrowsInvalidations)
        #expect(readings.checks == DistributionReadings.Check.allCases.reversed())
        #expect(readings.body(.missingSignature).contains("<Message>none here</Message>"))
        #expect(readings.body(.missingPolicy).contains("<Message>none there</Message>"))
        #expect(readings.body(.missingKey) == AccessDenial.missingKey.body)
    }

    @Test(
        "mistakes in them",
        arguments: [
            (
                "checkOrder: [host, method]",
                "checkOrder lacks enabled, country, scheme, body, signature, stacked; name each "
                    + "check once"
            ),
            (
                "checkOrder: [host, host, enabled, country, scheme, method, body, signature, "
                    + "stacked]",
                "checkOrder names one twice; name each check once"
            ),
            (
                "checkOrder: [hosts]",
                "checkOrder[0] is \"hosts\", which is not known; did you mean \"host\"?"
            ),
            (
                "missingPolicy: \"<b>\"",
                "missingPolicy is \"<b>\", which is no message; write at most 200 ASCII "
                    + "characters, without <, > and &"
            ),
        ])
    func mistakes(_ line: String, _ expected: String) throws {
        let text = "behaviors: [{ path: \"*\", class: none }]\ndistribution:\n  \(line)\n"
        #expect(
            files.lines(try files.reading(export, text), errorsOnly: true) == [
                "edge.yaml:3: distribution.\(expected)"
            ])
    }

    @Test("what an invalidation names, by the distribution's own readings")
    func settled() throws {
        var rooted = export
        rooted.more = ", \"DefaultRootObject\": \"index.html\""
        func settled(_ texts: [String], _ keys: String = "") throws -> [InvalidationPath] {
            let text = "behaviors: [{ path: \"*\", class: none }]\ndistribution: { \(keys) }\n"
            let settings = try files.reading(rooted, text).configuration.settings
            return try texts.flatMap { settings.settled(try InvalidationPath($0)) }
        }
        func paths(_ texts: [String]) throws -> [InvalidationPath] {
            try texts.map { try InvalidationPath($0) }
        }
        let given = ["/", "/?a=1", "/*", "/a/", "#tag"]
        #expect(
            try settled(given)
                == paths(["/index.html", "/index.html?a=1", "/*", "/a/", "#tag"]))
        #expect(try settled(given, "rootInvalidation: two") == paths(given))
        #expect(
            try settled(given, "invalidationQuery: narrowed")
                == paths(["/index.html", "/index.html", "/*", "/a/", "#tag"]))
    }

    @Test("the root object is stored by the keys of two behaviors where / is matched as it is")
    func root() throws {
        var rooted = export
        rooted.more = ", \"DefaultRootObject\": \"index.html\""
        // All query strings, which the other one has none of.
        let caching = "\"CachePolicyId\": \"4cc15a8a-d715-48a4-82b8-cc0b614638fe\""
        rooted.behaviors = [Export.behavior("maps", "/", caching: caching)]
        func settled(_ item: String, _ keys: String) throws -> [InvalidationPath] {
            let text =
                "behaviors: [{ path: \"*\", class: none }, { path: \"/\", class: none }]\n"
                + "distribution: { invalidationQuery: narrowed, \(keys) }\n"
            return try files.reading(rooted, text).configuration.settings.settled(
                try InvalidationPath(item))
        }
        func paths(_ texts: [String]) throws -> [InvalidationPath] {
            try texts.map { try InvalidationPath($0) }
        }
        let both = try paths(["/index.html", "/index.html?a=1"])
        #expect(try settled("/?a=1", "rootMatch: object") == paths(["/index.html"]))
        #expect(try settled("/?a=1", "rootMatch: slash") == both)
        #expect(try settled("/index.html?a=1", "rootMatch: slash") == both)
        #expect(try settled("/other?a=1", "rootMatch: slash") == paths(["/other"]))
        #expect(try settled("/", "rootMatch: slash") == paths(["/index.html"]))
        #expect(
            try settled("/?a=1", "rootMatch: slash, rootInvalidation: two") == paths(["/?a=1"]))
    }

    @Test("those of the control API")
    func api() {
        let text =
            "api: { referencePaths: list, maxItems: 7, malformedCode: MalformedInput }\n" + origin
        let read = reading(text)
        #expect(read.findings.isEmpty)
        #expect(read.configuration.api.ordersReferencePaths)
        #expect(read.configuration.api.pageItems == 7)
        #expect(read.configuration.api.malformedCode == .malformedInput)
        #expect(
            findings("api: { maxItems: 0 }\n" + origin) == [
                "edge.yaml:1: api.maxItems is \"0\", which is too small; give 1 to 10000"
            ])
    }

    @Test("the control API answers by them")
    func answers() throws {
        var settings = APISettings()
        settings.ordersReferencePaths = true
        settings.pageItems = 2
        settings.malformedCode = .malformedInput
        let ask = Asking(try ScriptedDistribution(), settings)
        #expect(try ask.invalidate(["/a", "/b"], reference: "r").line == "201 Invalidation")
        #expect(try ask.invalidate(["/b", "/a"], reference: "r").line == "400 InvalidArgument")
        #expect(try ask.invalidate(["/a", "/b"], reference: "r").line == "201 Invalidation")
        for reference in ["s", "t"] { _ = try ask.invalidate(["/a"], reference: reference) }
        let path = "/distribution/EDFDVBD632BHDS/invalidation"
        for (query, count) in [("", "2"), ("?MaxItems=100", "2"), ("?MaxItems=1", "1")] {
            let list = try ask(.get, path + query)
            #expect(list.node.text("MaxItems") == count && list.node.text("Quantity") == count)
            #expect(list.node.text("IsTruncated") == "true")
        }
        #expect(try ask(.post, path, "<a").line == "400 MalformedInput")
    }

    @Test("explain names those that had a part")
    func explained() throws {
        let bench = ExplainBench()
        func keys(_ url: String, _ fields: [String] = [], method: String = "GET") throws
            -> [String]
        {
            try bench.explain(url, fields, method: method).assumptions.map(\.word)
        }
        #expect(try keys("http://a.example.org/tiles/1") == [])
        #expect(
            try keys("http://a.example.org/tiles/%31") == [
                "keysNormalPath", "distribution.pathDecoding",
            ])
        #expect(try keys("http://a.example.org/pages/1?page=1&page=1") == ["keysNormalQuery"])
        #expect(try keys("http://a.example.org/tiles/1", method: "HEAD") == ["asksGetForHead"])
        #expect(
            try keys("http://a.example.org/tiles/1", ["If-None-Match: \"a\"", "Range: bytes=0-1"])
                == ["forwardsConditions", "forwardsOnlyNamed"])
        #expect(
            try keys("http://a.example.org/") == [
                "distribution.rootMatch", "distribution.rootInvalidation",
            ])
        let told = try bench.explain(
            "http://a.example.org/tiles/1", method: "HEAD",
            file: "behaviors: [{ path: /tiles/*, asksGetForHead: true }]\n")
        #expect(told.origin?.requestLine == "GET /service/tiles/1 HTTP/1.1")
        #expect(
            told.assumptions.map(\.text) == [
                "a HEAD that finds nothing is asked as GET, and stored"
            ]
        )
        #expect(ExplanationText(told).text.contains("assumed       a HEAD that finds nothing"))
    }
}
