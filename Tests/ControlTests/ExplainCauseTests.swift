import Edge
import Testing

@testable import CloudFront
@testable import Control
@testable import Edge

@Suite("Explain: causes that an answer does not tell")
struct ExplainCauseTests {
    private let bench = ExplainBench()

    @Test("all headers forwarded the older way is told as such, not as TTLs of 0")
    func allHeaders() throws {
        let caching =
            "\"ForwardedValues\": { \"QueryString\": true, \"Cookies\": { \"Forward\": \"none\" }, "
            + "\"Headers\": { \"Quantity\": 1, \"Items\": [ \"*\" ] } }, \"MinTTL\": 0, "
            + "\"DefaultTTL\": 86400, \"MaxTTL\": 31536000"
        let export = Export(standard: Export.behavior("maps", caching: caching))
        let told = try bench.explain("http://a.test/a", export: export)
        #expect(told.decision.reason == "caching-disabled")
        #expect(told.decision.sentence.contains("list \"*\" under Headers"))
        #expect(told.warnings.contains { $0.text.hasPrefix("Headers is \"*\"") })
        let disabled = Export(
            standard: Export.behavior(
                "maps", caching: "\"CachePolicyId\": \"4135ea2d-6df8-44a3-9df3-4b5a84be39ad\""))
        let other = try bench.explain("http://a.test/a", export: disabled)
        #expect(other.decision.sentence.contains("three TTLs are 0"))
    }

    @Test("a group, its members and what makes it ask the second")
    func group() throws {
        let group = """
            { "Id": "both", "FailoverCriteria": { "StatusCodes": { "Quantity": 2,
              "Items": [ 503, 500 ] } },
              "Members": { "Quantity": 2, "Items": [ { "OriginId": "maps" },
                { "OriginId": "spare" } ] } }
            """
        let methods =
            ", \"AllowedMethods\": { \"Quantity\": 7, \"Items\": [ \"GET\", \"HEAD\", \"POST\", "
            + "\"PUT\", \"PATCH\", \"OPTIONS\", \"DELETE\" ] }"
        var export = Export(origins: [Export.origin("maps"), Export.origin("spare")])
        export.groups = [group]
        export.behaviors = [Export.behavior("both", "/a", more: methods)]
        let told = try bench.explain("http://a.test/a", export: export)
        #expect(told.origin?.id == "maps")
        #expect(told.origin?.group?.text == "group both: maps first, then spare after 500, 503")
        let text = ExplanationText(told).text
        #expect(text.contains("group both: maps first"), "\(text)")
        let post = try bench.explain("http://a.test/a", method: "POST", export: export)
        #expect(post.origin?.group?.text.contains("maps first and alone") == true)
        #expect(try bench.explain("http://a.test/b", export: export).origin?.group == nil)
    }

    @Test("why a signature does not count is told here alone")
    func signature() {
        #expect(
            Refusal.signature(.expired).explanation
                == "the request must be signed: Access denied (it has expired)")
        #expect(Refusal.signature(.invalidKey).explanation.hasSuffix("signed: Unknown Key"))
    }
}
