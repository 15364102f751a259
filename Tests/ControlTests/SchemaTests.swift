import CloudFront
import Edge
import Reactor
import Testing

@testable import Control

@Suite("Every member of an export is honoured, or named by check")
struct SchemaTests {
    private let files = ExportFiles()

    private static let export = """
        { "CallerReference": "maps-2026", "Comment": "", "Enabled": true,
          "Origins": { "Quantity": 3, "Items": [
            { "Id": "maps", "DomainName": "tiles.test",
              "CustomHeaders": { "Quantity": 1, "Items": [
                { "HeaderName": "X-Secret", "HeaderValue": "s" } ] },
              "CustomOriginConfig": { "HTTPPort": 80, "HTTPSPort": 443,
                "OriginProtocolPolicy": "match-viewer" } },
            { "Id": "media", "DomainName": "both.test", "S3OriginConfig": {} },
            { "Id": "third", "DomainName": "192.0.2.3", "CustomOriginConfig": {
                "HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only" } } ] },
          "OriginGroups": { "Quantity": 1, "Items": [ { "Id": "group",
            "FailoverCriteria": { "StatusCodes": { "Quantity": 1, "Items": [503] } },
            "Members": { "Quantity": 2, "Items": [
              { "OriginId": "maps" }, { "OriginId": "media" } ] } } ] },
          "DefaultCacheBehavior": {
            "TargetOriginId": "group", "ViewerProtocolPolicy": "allow-all",
            "AllowedMethods": { "Quantity": 3, "Items": ["GET", "HEAD", "OPTIONS"],
              "CachedMethods": { "Quantity": 2, "Items": ["GET", "HEAD"] } },
            "CachePolicyId": "08627262-05a9-4f76-9ded-b50ca2e3a84f" },
          "CacheBehaviors": { "Quantity": 1, "Items": [
            { "PathPattern": "/a/*", "TargetOriginId": "maps",
              "ViewerProtocolPolicy": "allow-all",
              "ForwardedValues": { "QueryString": false, "Cookies": { "Forward": "none" } },
              "MinTTL": 0, "DefaultTTL": 60, "MaxTTL": 600 } ] },
          "CustomErrorResponses": { "Quantity": 1, "Items": [ { "ErrorCode": 404,
            "ResponsePagePath": "/404.html", "ResponseCode": "404", "ErrorCachingMinTTL": 5 } ] }
        }
        """

    private func read(_ document: SchemaDocument) throws -> (Configuration, [String]) {
        let path = try files.write("dist.json", try document.json)
        let reading = reading { $0.distribution = path }
        return (reading.configuration, files.lines(reading))
    }

    @Test("what a member becomes when it is changed", arguments: rows)
    func fate(_ row: SchemaRow) throws {
        var document = try SchemaDocument(Self.export)
        for (path, value) in row.also { try document.set(path, value) }
        let (before, known) = try read(document)
        try document.set(row.path, row.value)
        let (after, found) = try read(document)
        let texts = found.map { $0.drop { $0 != " " }.dropFirst() }
        func isNamed(_ place: String, _ kinds: [String]) -> Bool {
            texts.contains { text in
                kinds.contains { kind in
                    let start = "\(kind)DistributionConfig.\(place)"
                    return text.hasPrefix(start)
                        && ":. ".contains(text.dropFirst(start.count).first!)
                }
            }
        }
        switch row.fate {
        case .served:
            #expect(!before.servedFacts.isEmpty, "\(known)")
            #expect(!after.servedFacts.isEmpty, "\(found)")
            #expect(before.servedFacts != after.servedFacts)
        case .told(let place): #expect(isNamed(place, ["warning: ", "note: "]), "\(found)")
        case .refused(let place): #expect(isNamed(place, [""]), "\(found)")
        case .label: #expect(row.value as? String == after.record.config.text(row.path))
        }
    }

    /// The members that the table knows.
    static var known: Set<String> { Set(rows.map(\.modelPath)) }

    @Test("an export with nothing unusual is told of in few lines, and warned of in fewer")
    func plain() throws {
        var document = try SchemaDocument(Self.export)
        for (path, value) in Self.usual { try document.set(path, value) }
        let (_, found) = try read(document)
        // ForwardedValues forward it unasked, and of classes the export knows nothing.
        let known = ["Origin is forwarded", "have no class"]
        let warnings = found.filter { $0.contains("warning: ") }
        #expect(warnings.allSatisfy { warning in known.contains { warning.contains($0) } })
        let notes = found.filter { $0.contains("note: ") }
        #expect(notes.count == 6, "\(notes)")
    }

    /// What `create-distribution` puts into each.
    private static let usual: [(String, any Sendable)] = [
        ("HttpVersion", "http2"), ("PriceClass", "PriceClass_All"), ("IsIPV6Enabled", true),
        ("ViewerCertificate.CloudFrontDefaultCertificate", true),
        ("ViewerCertificate.MinimumProtocolVersion", "TLSv1"),
        ("ViewerCertificate.SSLSupportMethod", "vip"),
        ("ViewerCertificate.CertificateSource", "cloudfront"),
        ("Origins.Items[0].CustomOriginConfig.IpAddressType", "ipv4"),
        ("Origins.Items[2].CustomOriginConfig.IpAddressType", "ipv4"),
        ("Origins.Items[0].CustomOriginConfig.OriginHttpVersion", "http1.1"),
        ("Origins.Items[0].OriginAccessControlId", ""), ("Origins.Items[0].OriginPath", ""),
        ("WebACLId", ""), ("Staging", false), ("ContinuousDeploymentPolicyId", ""),
        ("Aliases.Items", [String]()),
    ]

    @Test("what is no word of the service is named around the configuration too")
    func envelope() throws {
        let export = Export(origins: [Export.origin("maps", "192.0.2.1")])
        let path = try files.write(
            "dist.json",
            """
            { "ETag": "E1", "Misspelt": 1, "Distribution": { "Id": "E1", "ARN": "a",
              "Status": "Deployed", "LastModifiedTime": "2026", "InProgressInvalidationBatches": 0,
              "DomainName": "d.cloudfront.net", "ActiveTrustedSigners": {},
              "ActiveTrustedKeyGroups": {}, "Stray": true,
              "DistributionConfig": \(export.config) } }
            """)
        let found = files.lines(reading { $0.distribution = path })
        let unknown = found.filter { $0.contains("not known here") }
        #expect(unknown.count == 2, "\(unknown)")
        #expect(unknown.first?.hasPrefix("dist.json:1: warning: Misspelt: ") == true)
        #expect(unknown.last?.contains("Distribution.Stray: ") == true)
    }
}

@Suite("What the listeners decide, and not the export")
struct ViewerSideTests {
    private let files = ExportFiles()

    /// What is found beside listeners at these addresses.
    private func found(
        _ more: String, at addresses: [String] = ["192.0.2.1"], least: TLSVersion? = nil,
        isStrict: Bool = false
    ) throws -> [ConfigFinding] {
        let path = try files.write("dist.json", Export(more: more).config)
        let document = try #require(readDocument(path, Findings()))
        let config = try #require(DistributionConfig.read(document).value)
        var settings = Settings()
        settings.listeners = addresses.map { address in
            ListenerSettings(
                endpoint: .ip(SocketAddress(ip: address)!.with(port: 443)),
                speaksTLS: least != nil)
        }
        if let least {
            settings.viewerTLS = TLSServerSettings(identities: [])
            settings.viewerTLS?.rules.versionMin = least
        }
        return ViewerSide(config, settings, isStrictAboutAliases: isStrict).findings
    }

    @Test(
        "TLS versions: a warning where viewers are let in or refused against the export's will",
        arguments: [
            ("TLSv1.3_2025", .tls12, .warning), ("TLSv1.3_2025", .tls13, .note),
            ("TLSv1.2_2021", .tls12, .note), ("TLSv1.2_2025", .tls13, .warning),
            ("TLSv1", .tls12, .note), ("TLSv1.1_2016", .tls13, .warning),
        ] as [(String, TLSVersion, ConfigFinding.Kind)])
    func versions(_ word: String, _ least: TLSVersion, _ kind: ConfigFinding.Kind) throws {
        let more = """
            , "ViewerCertificate": { "ACMCertificateArn": "arn", "SSLSupportMethod": "sni-only",
                "MinimumProtocolVersion": "\(word)" }
            """
        let all = try found(more, least: least)
        #expect(
            all.map(\.path) == [
                "ViewerCertificate", "ViewerCertificate.SSLSupportMethod",
                "ViewerCertificate.MinimumProtocolVersion",
            ])
        #expect(all.map(\.kind) == [.note, .note, kind])
        #expect(all[2].line == all[0].line + 1)
        // Where nobody speaks TLS, one note says so.
        #expect(try found(more).map(\.path) == ["ViewerCertificate"])
    }

    @Test(
        "IPv6: a note where it is wanted and not there, a warning the other way round",
        arguments: [
            (true, ["192.0.2.1"], .note), (true, ["192.0.2.1", "2001:db8::1"], nil),
            (false, ["192.0.2.1"], nil), (false, ["2001:db8::1"], .warning),
        ] as [(Bool, [String], ConfigFinding.Kind?)])
    func families(_ isEnabled: Bool, _ addresses: [String], _ kind: ConfigFinding.Kind?) throws {
        let all = try found(", \"IsIPV6Enabled\": \(isEnabled)", at: addresses)
        #expect(all.map(\.kind) == [kind].compactMap(\.self))
        #expect(all.allSatisfy { $0.path == "IsIPV6Enabled" })
    }

    @Test("aliases are named where nobody insists on them")
    func aliases() throws {
        let more = ", \"Aliases\": \(Export.list(["\"maps.example.org\""]))"
        #expect(try found(more).map(\.path) == ["Aliases"])
        #expect(try found(more, isStrict: true).isEmpty)
        #expect(try found("", least: .tls12).isEmpty)
    }
}
