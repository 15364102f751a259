import Caching
import Testing

@testable import CloudFront

@Suite("Traps are told before anybody falls into them")
struct TrapTests {
    private static let allViewer = ManagedPolicies.originRequest[0]

    private func problems(_ findings: [ConfigFinding]) -> String {
        findings.filter { $0.kind == .warning }.map { $0.problem }.joined(separator: "\n")
    }

    @Test(
        "each with a place and a remedy",
        arguments: [
            (Behaviors.cachePolicy(ttl: TTLBounds(minTTL: 1)), nil, "MinTTL is 1"),
            (Behaviors.cachePolicy(cookies: .all), nil, "all cookies are in the key"),
            (Behaviors.cachePolicy(cookies: .all), nil, "Set-Cookie is stored"),
            (Behaviors.cachePolicy(), allViewer, "Authorization is forwarded and not in the key"),
            (Behaviors.cachePolicy(), allViewer, "Origin is forwarded and not in the key"),
            (Behaviors.cachePolicy(), allViewer, "cookies that are not in the key"),
            (Behaviors.cachePolicy(), allViewer, "query strings that are not in the key"),
            (Behaviors.cachePolicy(), allViewer, "the viewer's Host is forwarded"),
            (Behaviors.cachePolicy(query: .all), nil, "all query strings are in the key"),
            (Behaviors.cachePolicy(headers: ["User-Agent"]), nil, "User-Agent is in the key"),
        ] as [(CachePolicy, OriginRequestPolicy?, String)])
    func traps(_ policy: CachePolicy, _ added: OriginRequestPolicy?, _ problem: String) {
        let findings = Behaviors.policies(policy, added).1
        #expect(problems(findings).contains(problem))
        #expect(findings.allSatisfy { $0.line > 0 && !$0.remedy.isEmpty })
    }

    @Test("a plain behavior is warned of nothing")
    func plain() {
        #expect(problems(Behaviors.policies(Behaviors.cachePolicy()).1) == "")
        let disabled = ManagedPolicies.cache[1]
        #expect(
            !problems(Behaviors.policies(disabled, Self.allViewer).1).contains("not in the key"))
    }

    @Test(
        "compression that comes to nothing, or to something else, is told",
        arguments: [
            (.brotli, .notEmulated, "for Brotli alone"), ([.gzip, .brotli], .note, "gets gzip"),
            (.gzip, nil, ""), ([], .warning, "nothing will be compressed"),
        ] as [(Codings, ConfigFinding.Kind?, String)])
    func compression(_ codings: Codings, _ kind: ConfigFinding.Kind?, _ words: String) {
        let policy = Behaviors.cachePolicy(codings: codings)
        let (behavior, all) = Behaviors.policies(policy, more: #", "Compress": true"#)
        let found = all.filter { $0.path.hasSuffix(".Compress") }
        #expect(found.map(\.kind) == [kind].compactMap(\.self))
        #expect(found.allSatisfy { $0.problem.contains(words) })
        #expect(behavior?.policy.compresses == codings.contains(.gzip))
        let silent = Behaviors.policies(policy).1
        #expect(!silent.contains { $0.path.hasSuffix(".Compress") })
    }

    @Test("Host in the key of a bucket: refused in a behavior's own list, a trap in a policy")
    func bucketHost() {
        let bucket = #"{"Id": "maps", "DomainName": "b.s3.amazonaws.com", "S3OriginConfig": {}}"#
        let host = Behaviors.cachePolicy(headers: ["host"])
        let (behavior, found) = Behaviors.policies(host, origin: bucket)
        #expect(behavior != nil && problems(found).contains("an S3 origin never gets it"))
        let listed = """
            \(Behaviors.head), "ForwardedValues": {"QueryString": false,
             "Cookies": {"Forward": "none"}, "Headers": {"Quantity": 1, "Items": ["Host"]}}
            """
        func errors(_ origin: String) -> [ConfigFinding] {
            DistributionConfig.read(json(Documents.distribution(behavior: listed, origin: origin)))
                .errors
        }
        #expect(errors(bucket).map(\.path) == ["DefaultCacheBehavior.ForwardedValues.Headers"])
        #expect(errors(bucket).first?.code == .invalidHeadersForS3Origin)
        #expect(errors(Documents.origin) == [])
    }

    @Test("ForwardedValues forward Origin unasked")
    func legacyOrigin() {
        func problems(_ headers: String...) -> String {
            let names = headers.map { "\"\($0)\"" }.joined()
            return self.problems(
                Behaviors.resolved(
                    """
                    \(Behaviors.head), "ForwardedValues": {"QueryString": false,
                     "Cookies": {"Forward": "none"},
                     "Headers": {"Quantity": \(headers.count), "Items": [\(names)]}}
                    """
                ).1)
        }
        #expect(problems().contains("Origin is forwarded and not in the key"))
        #expect(!problems().contains("Authorization is"))
        #expect(!problems("Origin").contains("Origin is forwarded"))
    }

    @Test("an added Cache-Control, a forwarded language, and Host in the key of two aliases")
    func additions() {
        var catalog = PolicyCatalog()
        let adds = """
            {"Name": "r", "CustomHeadersConfig": {"Quantity": 1, "Items": [
              {"Header": "cache-control", "Value": "max-age=5", "Override": true}]}}
            """
        #expect(catalog.add(json(adds), id: "r") == [])
        let added = Behaviors.resolved(
            Documents.behavior + #", "ResponseHeadersPolicyId": "r""#, catalog)
        #expect(problems(added.1).contains("sets Cache-Control, which viewers go by"))
        let sends = OriginRequestPolicy(
            id: "o", name: "o", headerBehavior: .whitelist, headers: ["accept-language"])
        for headers in [[], ["Accept-Language"]] {
            let found = Behaviors.policies(Behaviors.cachePolicy(headers: headers), sends).1
            #expect(
                problems(found).contains("Accept-Language is forwarded and not in the key")
                    == headers.isEmpty)
        }
        catalog.add(Behaviors.cachePolicy(headers: ["host"]))
        for (aliases, isTold) in [
            (Documents.list("a.test"), false), (Documents.list("a.test", "b.test"), true),
        ] {
            let found = Behaviors.resolved(
                #"\#(Behaviors.head), "CachePolicyId": "c""#, catalog,
                more: #", "Aliases": \#(aliases)"#
            ).1
            #expect(problems(found).contains("each alias stores its own copy") == isTold)
        }
    }

    @Test("error pages that answer 200 are told at behaviors that take writes")
    func errorPages() {
        let pages = """
            , "CustomErrorResponses": {"Quantity": 1, "Items": [{"ErrorCode": 404,
              "ResponsePagePath": "/index.html", "ResponseCode": "200", "ErrorCachingMinTTL": 300}]}
            """
        let methods = """
            , "AllowedMethods": {"Quantity": 7, "Items":
              ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]}
            """
        let findings = Behaviors.resolved(Documents.behavior + methods, more: pages).1
        #expect(problems(findings).contains("turn this behavior's errors into 200"))
        #expect(problems(findings).contains("error 404 stays for 300 s"))
        #expect(findings.allSatisfy { $0.line > 0 })
    }

    @Test("an origin asked over http behind a redirect to https is told")
    func redirectLoop() {
        let members = Documents.behavior.replacing("allow-all", with: "redirect-to-https")
        #expect(problems(Behaviors.resolved(members).1).contains("makes a loop"))
    }
}
