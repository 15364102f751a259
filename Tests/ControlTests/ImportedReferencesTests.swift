import Caching
import CloudFront
import Edge
import Testing

@testable import Control

@Suite("Import: policies and signers that a distribution names")
struct ImportedReferencesTests {
    private let files = ExportFiles()
    private static let key = "-----BEGIN PUBLIC KEY-----\\nMIIB\\n-----END PUBLIC KEY-----\\n"

    @Test("who may sign is judged where a policy is missing, too")
    func signersAndPolicies() throws {
        let signers =
            ", \"TrustedKeyGroups\": { \"Enabled\": true, \"Quantity\": 1, \"Items\": [\"G1\"] }"
        let accounts =
            ", \"TrustedSigners\": { \"Enabled\": true, \"Quantity\": 1, \"Items\": [\"self\"] }"
        let unknown = "\"CachePolicyId\": \"none\""
        let export = Export(
            behaviors: [Export.behavior("maps", "/own/*", more: accounts)],
            standard: Export.behavior("maps", caching: unknown, more: signers))
        let lines = files.lines(try files.reading(export), errorsOnly: true)
        let problems = lines.map { String($0.prefix { $0 != ";" }) }
        let place = "dist.json:8: DistributionConfig.DefaultCacheBehavior"
        let expected: [String] = [
            "dist.json:7: DistributionConfig.CacheBehaviors.Items[0].TrustedSigners: "
                + "no public key of theirs is known",
            "\(place).CachePolicyId: no cache policy \"none\" is known",
            "\(place).TrustedKeyGroups: no key group \"G1\" is known",
        ]
        #expect(problems == expected)
    }

    @Test("policies that are missing are told in the order of the console")
    func policyOrder() throws {
        let caching =
            "\"ResponseHeadersPolicyId\": \"r\", \"OriginRequestPolicyId\": \"o\", "
            + "\"CachePolicyId\": \"c\""
        let export = Export(standard: Export.behavior("maps", caching: caching))
        let lines = files.lines(try files.reading(export), errorsOnly: true)
        let problems = lines.map { line in
            String(line.prefix { $0 != ";" }.split(separator: ": ").last ?? "")
        }
        #expect(
            problems == [
                "no cache policy \"c\" is known", "no origin request policy \"o\" is known",
                "no response headers policy \"r\" is known",
            ])
    }

    @Test("what list-… prints holds the same as get-… of each")
    func lists() throws {
        func list(_ kind: String, _ items: String, _ more: String = "") throws {
            let list = "{\(more) \"MaxItems\": 100, \"Quantity\": 1,\n\"Items\": [ \(items) ] }"
            let text = "{ \"\(kind)List\": \(list) }"
            try files.write("policies/\(kind).json", text)
        }
        func policy(_ kind: String, _ id: String, _ config: String, _ type: String) -> String {
            let document = "{ \"Id\": \"\(id)\", \"\(kind)Config\": { \"Name\": \"n\"\(config) } }"
            return "{ \"Type\": \"\(type)\", \"\(kind)\": \(document) }"
        }
        let times = ", \"MinTTL\": 0, \"DefaultTTL\": 60, \"MaxTTL\": 600"
        let nothing =
            ", \"HeadersConfig\": { \"HeaderBehavior\": \"none\" }, "
            + "\"CookiesConfig\": { \"CookieBehavior\": \"none\" }, "
            + "\"QueryStringsConfig\": { \"QueryStringBehavior\": \"none\" }"
        let managed = "658327ea-f89d-4fab-a63d-7e88639e58f6"
        let brought = policy("CachePolicy", managed, times, "managed")
        let custom = policy("CachePolicy", "c", times, "custom")
        try list("CachePolicy", "\(brought),\n\(custom)", " \"NextMarker\": \"d\",")
        try list("OriginRequestPolicy", policy("OriginRequestPolicy", "o", nothing, "custom"))
        try list("ResponseHeadersPolicy", policy("ResponseHeadersPolicy", "r", "", "custom"))
        try list(
            "KeyGroup",
            "{ \"KeyGroup\": { \"Id\": \"G1\", \"KeyGroupConfig\": { \"Items\": [\"K1\"] } } }")
        try list(
            "PublicKey", "{ \"Id\": \"K1\", \"Name\": \"k\", \"EncodedKey\": \"\(Self.key)\" }")
        let caching =
            "\"ResponseHeadersPolicyId\": \"r\", \"OriginRequestPolicyId\": \"o\", "
            + "\"CachePolicyId\": \"c\", \"TrustedKeyGroups\": "
            + "{ \"Enabled\": true, \"Quantity\": 1, \"Items\": [\"G1\"] }"
        let export = Export(standard: Export.behavior("maps", caching: caching))
        let read = try files.reading(export) { $0.policies = files.policies }
        #expect(files.lines(read, errorsOnly: true) == [])
        #expect(read.configuration.settings.behaviors.first?.policy.maxTTL == 600_000)
        #expect(
            files.lines(read).contains(
                "policies/CachePolicy.json:1: warning: the CachePolicyList is not whole: it goes "
                    + "on at d; save the rest beside it, with --marker d"), "\(files.lines(read))")
        #expect(!files.lines(read).contains { $0.contains("is not known here") })
        let own = try #require(read.configuration.distribution)
        #expect(own.policies[.cache]?.filter { !$0.isManaged }.map(\.id) == ["c"])
        #expect(own.policies[.cache]?.filter { $0.id == managed }.count == 1)
        #expect(own.references.signers.publicKeys["K1"]?.hasPrefix("-----BEGIN") == true)
        // With the document of get-cache-policy beside it, it is listed once all the same.
        try files.write("policies/z.json", custom)
        let both = try files.reading(export) { $0.policies = files.policies }
        #expect(
            both.configuration.distribution?.policies[.cache]?.filter { !$0.isManaged }.map(\.id)
                == ["c"])
    }

    @Test("another document among them is told as such")
    func foreign() throws {
        try files.write("policies/package.json", "{ \"name\": \"maps\", \"version\": \"1\" }")
        let read = try files.reading(Export()) { $0.policies = files.policies }
        #expect(
            files.lines(read, errorsOnly: true) == [
                "policies/package.json:1: this is no policy, key or key group; remove it, or give "
                    + "the output of get-cache-policy and its like"
            ])
    }
}
