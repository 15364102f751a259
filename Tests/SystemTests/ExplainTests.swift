import Testing
import WireTesting

@Suite("mapedge explain, beside a running edge")
struct ExplainTests {
    private let origin: Origin
    private let directory: TemporaryDirectory

    init() throws {
        origin = try Origin()
        directory = try TemporaryDirectory()
    }

    /// All query strings and one field in the key, and a minimum above 0: a trap or two.
    private var export: String {
        """
        { "CallerReference": "explain", "Comment": "", "Enabled": true,
          "Origins": { "Quantity": 1, "Items": [
            { "Id": "site", "DomainName": "site.invalid",
              "CustomOriginConfig": { "HTTPPort": 80, "HTTPSPort": 443,
                "OriginProtocolPolicy": "http-only" } } ] },
          "CacheBehaviors": { "Quantity": 0 },
          "DefaultCacheBehavior": {
            "TargetOriginId": "site", "ViewerProtocolPolicy": "allow-all",
            "ForwardedValues": { "QueryString": true,
              "Cookies": { "Forward": "whitelist",
                "WhitelistedNames": { "Quantity": 1, "Items": [ "theme" ] } },
              "Headers": { "Quantity": 1, "Items": [ "Accept-Language" ] } },
            "MinTTL": 5, "DefaultTTL": 60, "MaxTTL": 600 } }
        """
    }

    private func edge() throws -> Edge {
        _ = try directory.write("dist.json", export)
        return try Edge(
            origin: nil, mode: "cloudfront",
            arguments: [
                "--distribution", directory.file("dist.json"), "--origin", "site=\(origin.url)",
            ], directory: directory)
    }

    /// What the command prints, and how it ends.
    private func explain(
        _ edge: Edge, _ arguments: String...
    ) throws -> (status: Int, text: String) {
        let output = directory.file("explained-\(Serial.next())")
        let child = try Child(
            Edge.program, ["explain", "--admin", "127.0.0.1:\(edge.adminPort)"] + arguments,
            output: output)
        let status = child.waitForExit(within: 60_000)
        return (status ?? -1, try readFile(output) + child.wholeLog)
    }

    @Test("an entry, its lifetime and whose word it is; the near misses; nobody is asked")
    func stored() throws {
        let room = origin.room()
        room.always(
            .ok(
                "Cache-Control: max-age=900, max-age: 0", "Vary: Accept, Accept-Language",
                "Set-Cookie: sid=1; Path=/", "ETag: \"v1\"", body: "a page"))
        let edge = try edge()
        let path = room.path("p?v=1")
        #expect(try edge.get(path, "Accept-Language: de").text == "a page")
        let url = "http://edge.test\(path)"
        let told = try explain(edge, "--json", "-H", "Accept-Language: de", url)
        #expect(told.status == 0, "\(told.text)")
        let json = try JSON(told.text)
        #expect(json["decision"]?["action"]?.text == "serve", "\(told.text)")
        let entry = try #require(json["entry"])
        #expect(entry["source"]?.text == "max-age" && entry["bound"]?.text == "max-ttl")
        #expect(entry["field"]?.text == "Cache-Control: max-age=900, max-age: 0")
        #expect(json["origin"]?["asked"] == .bool(false))
        let warned = (json["warnings"]?.elements ?? []).compactMap { $0["word"]?.text }
        #expect(warned.prefix(3) == ["set-cookie", "directive", "validator"])
        #expect(warned.contains("behavior"))

        let other = try explain(
            edge, "-H", "Accept-Language: en", "http://edge.test\(room.path("p?v=2"))")
        #expect(other.text.contains("fetch (absent): nothing is stored under this key"))
        #expect(other.text.contains(#"  "v=2" here,  "v=1" there  (v)"#), "\(other.text)")
        #expect(other.text.contains(#"field accept-language  "en" here,   "de" there"#))
        let differences = try explain(edge, "--diff", url, url + "&w=1")
        #expect(differences.text.contains("They share no object"))
        #expect(differences.text.contains("query is in the key:"))
        let fields = try explain(
            edge, "--diff", "-H", "Accept-Language: de", url, "--second-header",
            "accept-language: en")
        let found = #""de" in the first,  "en" in the second"#
        #expect(fields.text.contains(found), "\(fields.text)")
        let none = try explain(edge, "--diff", url, "--second-header", "X-Not-In-The-Key: 1")
        #expect(none.text.contains("They share one object."), "\(none.text)")
        #expect(room.requests.count == 1)
    }

    @Test("an override by MinTTL, and the invalidation that killed an entry")
    func killed() throws {
        let room = origin.room()
        room.always(.ok("Cache-Control: no-store", body: "mine"))
        let edge = try edge()
        #expect(try edge.get(room.path("p")).text == "mine")
        let url = "http://edge.test\(room.path("p"))"
        let kept = try explain(edge, url)
        #expect(kept.text.contains("lifetime by directive (Cache-Control: no-store), held up by"))
        #expect(kept.text.contains("MinTTL overrides Cache-Control: no-store"), "\(kept.text)")
        let command = try Child(
            Edge.program,
            ["invalidate", "--admin", "127.0.0.1:\(edge.adminPort)", room.path("*")],
            output: "/dev/null")
        #expect(command.waitForExit(within: 60_000) == 0)
        let dead = try explain(edge, url)
        #expect(dead.text.contains("\(room.path("*")):"), "\(dead.text)")
        #expect(dead.text.contains("decision      fetch (absent)"))
        #expect(room.requests.count == 1)
    }

    @Test("without a distribution: a variant by Vary, and a stale entry with its validator")
    func variants() throws {
        let room = origin.room()
        room.always(
            .ok("Cache-Control: max-age=0", "ETag: \"one\"", "Vary: Accept-Language", body: "de"))
        let edge = try Edge(origin: origin.url, directory: directory)
        #expect(try edge.get(room.path("p"), "Accept-Language: de").text == "de")
        let url = "http://edge.test\(room.path("p"))"
        let told = try JSON(explain(edge, "--json", "-H", "Accept-Language: de", url).text)
        #expect(told["decision"]?["action"]?.text == "revalidate")
        #expect(told["entry"]?["variant"]?.text?.count == 32)
        let fields = told["origin"]?["fields"]?.elements ?? []
        #expect(fields.contains { $0["name"]?.text == "If-None-Match" })
        let other = try JSON(explain(edge, "--json", "-H", "Accept-Language: en", url).text)
        #expect(other["decision"]?["reason"]?.text == "variant-absent")
        let miss = other["nearMisses"]?.elements.first
        #expect(miss?["differences"]?.elements.first?["part"]?.text == "vary accept-language")
        #expect(room.requests.count == 1)
    }

    @Test("X-Edge-Explain answers who connects from here, and nobody behind a proxy")
    func field() throws {
        let room = origin.room()
        room.always(.ok("Cache-Control: s-maxage=60", "Vary: Accept-Language", body: "x"))
        let edge = try Edge(origin: origin.url, mode: "cloudfront", directory: directory)
        let path = room.path("p")
        #expect(try edge.get(path)["X-Edge-Explain"] == nil)
        func summary(_ path: String) throws -> String? {
            try edge.get(path, "X-Edge-Explain: 1").head.values("X-Edge-Explain").first
        }
        let hit = try #require(try summary(path))
        #expect(hit.hasPrefix("behavior=\"*\"; key="), "\(hit)")
        #expect(hit.hasSuffix("; action=serve; reason=fresh; lifetime=60; source=s-maxage"))
        let told = try JSON(explain(edge, "--json", "http://edge.test\(path)").text)
        let key = try #require(told["key"]?["hash"]?.text)
        #expect(hit.contains("key=\(key);"))
        #expect(told["warnings"]?.elements.first?["word"]?.text == "vary")
        let miss = try #require(try summary(room.path("q")))
        #expect(
            miss.hasSuffix(
                "; action=fetch; reason=absent; lifetime=60; source=s-maxage; stored=yes"),
            "\(miss)")
        #expect(room.requests.allSatisfy { $0["X-Edge-Explain"] == nil })
        for trace in ["X-Forwarded-For: 10.0.0.1", "Via: 1.1 p", "Forwarded: for=a"] {
            #expect(try edge.get(path, "X-Edge-Explain: 1", trace)["X-Edge-Explain"] == nil)
        }
        origin.stop()
        let failed = try summary(room.path("r"))
        #expect(failed?.contains("; action=answer-itself; reason=") == true, "\(failed ?? "")")
        #expect(try edge.get(path, "X-Edge-Explain: 1")["X-Cache"] == "Hit from mapedge")
    }

    @Test("where proxies are trusted, they alone are told")
    func trusted() throws {
        let room = origin.room()
        room.always(.ok("Cache-Control: s-maxage=60", body: "x"))
        let other = try Edge(
            origin: origin.url, configuration: "trustedProxies: [192.0.2.0/24]\n",
            directory: directory)
        #expect(try other.get(room.path("p"), "X-Edge-Explain: 1")["X-Edge-Explain"] == nil)
        let own = try Edge(
            origin: origin.url, configuration: "trustedProxies: [127.0.0.1/32]\n")
        #expect(try own.get(room.path("p"), "X-Edge-Explain: 1")["X-Edge-Explain"] != nil)
    }

    @Test("an admin port that other machines can reach tells nothing of what is stored")
    func reachable() throws {
        let edge = try Edge(
            origin: origin.url, arguments: ["--admin", "0.0.0.0:0"],
            configuration: "api: { enabled: false }\n")
        let told = try explain(edge, "http://edge.test/p")
        #expect(told.status == 1)
        #expect(told.text.contains("bind admin to 127.0.0.1"), "\(told.text)")
        #expect(try edge.admin("/status").status == 200)
    }

    @Test("an origin that failed a moment ago is not asked, and explain says so")
    func knownFailure() throws {
        let room = origin.room()
        let path = room.path("p")
        let edge = try Edge(origin: origin.url, mode: "cloudfront", directory: directory)
        origin.stop()
        #expect(try edge.get(path).status == 502)
        let told = try explain(edge, "http://edge.test\(path)")
        #expect(told.text.contains("decision      answer-known-failure"), "\(told.text)")
    }

    @Test("mistakes: a wrong URL is status 2; no edge, or no request, status 1")
    func mistakes() throws {
        let edge = try SharedEdge.edge()
        #expect(try explain(edge, "edge.test/x").status == 2)
        #expect(try explain(edge, "--diff", "/x").status == 2)
        #expect(try explain(edge, "/x", "/y").status == 2)
        #expect(try explain(edge, "/x", "--second-header", "A: b").status == 2)
        let rejected = try explain(edge, "-H", "Content-Length: x", "/x")
        #expect(rejected.status == 1)
        #expect(rejected.text.contains("such a request is answered with 400"), "\(rejected.text)")
        #expect(try edge.admin("/explain").status == 405)
        #expect(try edge.admin("/explain", method: "POST").status == 411)
    }
}
