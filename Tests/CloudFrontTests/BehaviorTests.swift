import Caching
import Testing

@testable import CloudFront

@Suite("Behaviors in one form")
struct BehaviorTests {
    @Test("lifetimes go to the caching rules in milliseconds, traps included")
    func lifetimes() {
        let policy = Behaviors.policies(
            Behaviors.cachePolicy(ttl: TTLBounds(minTTL: 1, defaultTTL: 2, maxTTL: 3))
        ).0?.policy
        #expect(policy?.minTTL == 1_000)
        #expect(policy?.defaultTTL == 2_000)
        #expect(policy?.maxTTL == 3_000)
        #expect(policy?.mode == .cloudfront)
        #expect(policy?.judgesCookies == false)
        #expect(policy?.keepsFallback == true)
        #expect(policy?.collapses == true)
    }

    @Test("all lifetimes 0, or all headers forwarded, disable caching")
    func disabled() {
        let zero = TTLBounds(minTTL: 0, defaultTTL: 0, maxTTL: 0)
        let made = Behaviors.policies(Behaviors.cachePolicy(ttl: zero)).0
        #expect(made?.disablesCaching == true)
        #expect(made?.policy.collapses == false)
        let star = Behaviors.legacy(
            #""QueryString": true, "Cookies": {"Forward": "all"}, "Headers": \#(Documents.list("*"))"#
        )
        #expect(star?.disablesCaching == true)
        #expect(star?.forwarding.forwardsHost == true)
    }

    @Test("forwarded cookies end collapsing")
    func collapsing() {
        let keyed = Behaviors.policies(Behaviors.cachePolicy(cookies: .all)).0
        #expect(keyed?.policy.collapses == false)
        let added = OriginRequestPolicy(
            id: "o", name: "o", headerBehavior: .none, cookies: NameSelection(.list, ["a"]))
        let forwarded = Behaviors.policies(Behaviors.cachePolicy(), added).0
        #expect(forwarded?.policy.collapses == false)
        #expect(forwarded?.forwarding.forwardsCookies == true)
    }

    @Test("ForwardedValues: what is forwarded is keyed, but for listed query strings")
    func legacy() {
        let made = Behaviors.legacy(
            """
            "QueryString": true, "QueryStringCacheKeys": \(Documents.list("a")),
            "Cookies": {"Forward": "whitelist", "WhitelistedNames": \(Documents.list("s*"))},
            "Headers": \(Documents.list("Host"))
            """, more: #", "MinTTL": 0, "DefaultTTL": 5, "MaxTTL": 9, "Compress": true"#)
        #expect(made?.forwarding.queryStrings == .all)
        #expect(made?.key.queryStrings == NameSelection(.list, ["a"]))
        #expect(made?.key.cookies == NameSelection(.list, ["s*"], hasWildcards: true))
        #expect(made?.key.headers.texts == ["Host"])
        #expect(made?.forwarding.forwardsHost == true)
        #expect(made?.key.codings == .gzip)
        #expect(made?.isCompressing == true)
        #expect(made?.policy.maxTTL == 9_000)
    }

    @Test("ForwardedValues without QueryString key and forward none")
    func legacyWithoutQuery() {
        let made = Behaviors.legacy(#""QueryString": false, "Cookies": {"Forward": "none"}"#)
        #expect(made?.forwarding.queryStrings == NameSelection.none)
        #expect(made?.key.queryStrings == NameSelection.none)
        #expect(made?.key.codings == [])
    }

    @Test("a policy that lists Accept-Encoding gets it as it is and compresses nothing")
    func explicitAcceptEncoding() {
        let made = Behaviors.policies(
            Behaviors.cachePolicy(codings: [.gzip, .brotli], headers: ["accept-encoding"]),
            more: #", "Compress": true"#)
        #expect(made.0?.key.codings == [])
        #expect(made.0?.isCompressing == false)
        #expect(made.1.contains { $0.problem.contains("nothing will be compressed") })
        let legacy = Behaviors.legacy(
            """
            "QueryString": false, "Cookies": {"Forward": "none"},
            "Headers": \(Documents.list("Accept-Encoding"))
            """, more: #", "Compress": true"#)
        #expect(legacy?.key.codings == [])
        #expect(legacy?.forwarding.normalizesCodings == false)
        #expect(legacy?.isCompressing == false)
    }

    @Test("policies that nobody knows are errors with their codes")
    func unknownPolicies() {
        let members = """
            \(Behaviors.head), "CachePolicyId": "x", "OriginRequestPolicyId": "y",
            "ResponseHeadersPolicyId": "z"
            """
        let (behavior, findings) = Behaviors.resolved(members)
        #expect(behavior == nil)
        #expect(
            Set(findings.map { $0.code }) == [
                .noSuchCachePolicy, .noSuchOriginRequestPolicy, .noSuchResponseHeadersPolicy,
            ])
        #expect(
            findings.first { $0.code == .noSuchCachePolicy }?.remedy
                == "save the output of aws cloudfront get-cache-policy --id x in the directory "
                + "that policies (flag: --policies) names")
    }

    @Test("an origin group becomes two origins and what makes the second be asked")
    func group() {
        let text = """
            {"CallerReference": "r", "Comment": "", "Enabled": true,
             "Origins": {"Quantity": 2, "Items": [\(Documents.origin),
               {"Id": "spare", "DomainName": "s.example.org", "CustomOriginConfig":
               {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"}}]},
             "OriginGroups": {"Quantity": 1, "Items": [{"Id": "pair",
               "FailoverCriteria": {"StatusCodes": {"Quantity": 2, "Items": [500, 504]}},
               "Members": {"Quantity": 2, "Items": [{"OriginId": "maps"}, {"OriginId": "spare"}]}}]},
             "DefaultCacheBehavior": {"TargetOriginId": "pair", "ViewerProtocolPolicy": "allow-all",
               "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"}}
            """
        let config = DistributionConfig.read(json(text)).value
        let made = config.flatMap { Distribution.resolve($0, PolicyCatalog()).value }
        let criteria = FailoverCriteria(statuses: [500, 504])
        #expect(made?.behaviors[0].target == .group(primary: 0, secondary: 1, criteria))
        #expect(criteria.failsOver(.status(500)) && !criteria.failsOver(.status(404)))
        #expect(criteria.failsOver(.timedOut) && !criteria.failsOver(.notConnected))
    }
}
