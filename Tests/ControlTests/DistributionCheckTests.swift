import Caching
import CloudFront
import Edge
import Testing

@testable import Control

@Suite("A distribution's export, checked with its lines")
struct DistributionCheckTests {
    private let files = ExportFiles()

    /// As `check` reads it.
    private func read(_ path: String, policies: String? = nil) -> ConfigurationReading {
        reading {
            $0.distribution = path
            $0.policies = policies
        }
    }

    private func export(_ behavior: String, also: String = "") -> String {
        """
        {
          "ETag": "E2QWRUHAPOMQZL",
          "DistributionConfig": {
            "CallerReference": "maps", "Comment": "", "Enabled": true,
            "Origins": { "Quantity": 1, "Items": [
              { "Id": "maps", "DomainName": "maps.example.org",
                "CustomOriginConfig": { "HTTPPort": 80, "HTTPSPort": 443,
                  "OriginProtocolPolicy": "http-only" } } ] },
            "DefaultCacheBehavior": {
              "TargetOriginId": "maps", "ViewerProtocolPolicy": "allow-all",
              \(behavior) }\(also)
          }
        }
        """
    }

    @Test("an unmodified export with managed policies is well formed")
    func managed() throws {
        let path = try files.write(
            "dist.json",
            export("\"CachePolicyId\": \"658327ea-f89d-4fab-a63d-7e88639e58f6\""))
        let reading = read(path)
        #expect(reading.isUsable, "\(reading.findings)")
        #expect(
            reading.configuration.summary.hasPrefix(
                "the configuration is usable: origins 1, members 1, behaviors 1"))
    }

    @Test("a file that holds nothing is no distribution", arguments: ["", "\n", "# aws failed\n"])
    func empty(_ text: String) throws {
        let path = try files.write("dist.json", text)
        let reading = read(path)
        #expect(!reading.isUsable)
        #expect(
            reading.findings.map(\.description).contains {
                $0.hasPrefix("\(path):1: the file holds nothing; write it anew")
            }, "\(reading.findings)")
    }

    @Test("every mistake is told at once, with its line")
    func mistakes() throws {
        let path = try files.write(
            "dist.json",
            export(
                "\"CachePolicyId\": \"no-such-policy\"",
                also: ",\n    \"CustomErrorResponses\": { \"Quantity\": 2, \"Items\": [] }"))
        let reading = read(path)
        #expect(!reading.isUsable && reading.configuration.distribution == nil)
        let lines = reading.findings.map(\.description)
        let first = "\(path):12: DistributionConfig.CustomErrorResponses"
        #expect(lines.contains { $0.hasPrefix(first) }, "\(lines)")
    }

    @Test("a policy is read from the directory, and its absence told")
    func policies() throws {
        let path = try files.write("dist.json", export("\"CachePolicyId\": \"own\""))
        #expect(!read(path).isUsable)
        try files.write(
            "policies/own.json",
            """
            { "ETag": "E1", "CachePolicy": { "Id": "own", "CachePolicyConfig": {
              "Name": "own", "MinTTL": 0, "DefaultTTL": 60, "MaxTTL": 600,
              "ParametersInCacheKeyAndForwardedToOrigin": {
                "EnableAcceptEncodingGzip": false,
                "HeadersConfig": { "HeaderBehavior": "none" },
                "CookiesConfig": { "CookieBehavior": "none" },
                "QueryStringsConfig": { "QueryStringBehavior": "all" } } } } }
            """)
        let reading = read(path, policies: files.policies)
        #expect(reading.isUsable, "\(reading.findings)")
        #expect(reading.configuration.settings.behaviors.first?.policy.maxTTL == 600_000)
        let absent = read(path, policies: "\(files.directory)/none")
        #expect(absent.findings.contains { $0.description.contains("cannot be read") })
    }

    @Test("what is no JSON and no YAML is told where it ends to be one, by its own name")
    func malformed() throws {
        let cuts = ["{ \"DistributionConfig\": {\n  \"Comment\": \"x\n", " {\n \"a\": 1,\n"]
        for cut in cuts {
            let path = try files.write("dist.json", cut)
            let lines = files.lines(read(path), errorsOnly: true)
            #expect(lines.count == 1)
            #expect(lines.first?.contains(": this is no JSON: ") == true, "\(lines)")
            #expect(
                lines.first?.hasSuffix(
                    " for a comma, a quote or a bracket, or write the file anew if it was cut "
                        + "short") == true, "\(lines)")
        }
        let path = try files.write("dist.yaml", "DistributionConfig: [\n")
        #expect(files.lines(read(path)).contains { $0.contains("this is no YAML") })
    }

    @Test("a file that cannot be read is told where it is named")
    func absent() throws {
        let none = "\(files.directory)/none.json"
        let problem =
            "names \"none.json\", which cannot be opened: No such file or directory; "
            + "check the path and that this user may read it"
        #expect(files.lines(read(none), errorsOnly: true) == ["--distribution \(problem)"])
        let told = reading("\ndistribution: { file: \(none) }")
        #expect(
            files.lines(told, errorsOnly: true) == ["edge.yaml:2: distribution.file \(problem)"])
    }
}
