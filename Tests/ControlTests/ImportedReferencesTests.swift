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
}
