import Testing

@testable import CloudFront

@Suite("A whole export of the AWS CLI")
struct ExportTests {
    /// With every member that the API has, switched off where it is not emulated.
    private static let plain = """
        {
          "ETag": "E2QWRUHAPOMQZL",
          "DistributionConfig": {
            "CallerReference": "terraform-20240102", "Aliases": {"Quantity": 1, "Items": ["maps.example.org"]},
            "DefaultRootObject": "index.html",
            "Origins": {"Quantity": 2, "Items": [
              {"Id": "geonode", "DomainName": "origin.example.org", "OriginPath": "/live",
               "CustomHeaders": {"Quantity": 1, "Items": [
                 {"HeaderName": "X-Origin-Secret", "HeaderValue": "s"}]},
               "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443,
                 "OriginProtocolPolicy": "https-only",
                 "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
                 "OriginReadTimeout": 60, "OriginKeepaliveTimeout": 5, "IpAddressType": "ipv4"},
               "ConnectionAttempts": 3, "ConnectionTimeout": 10, "ResponseCompletionTimeout": 90,
               "OriginShield": {"Enabled": false}, "OriginAccessControlId": ""},
              {"Id": "media", "DomainName": "b.s3.amazonaws.com", "OriginPath": "",
               "CustomHeaders": {"Quantity": 0},
               "S3OriginConfig": {"OriginAccessIdentity": "", "OriginReadTimeout": 30},
               "ConnectionAttempts": 2, "ConnectionTimeout": 5, "OriginShield": {"Enabled": false}}]},
            "OriginGroups": {"Quantity": 0},
            "DefaultCacheBehavior": {
              "TargetOriginId": "geonode", "TrustedSigners": {"Enabled": false, "Quantity": 0},
              "TrustedKeyGroups": {"Enabled": false, "Quantity": 0},
              "ViewerProtocolPolicy": "redirect-to-https",
              "AllowedMethods": {"Quantity": 7,
                "Items": ["HEAD", "DELETE", "POST", "GET", "OPTIONS", "PUT", "PATCH"],
                "CachedMethods": {"Quantity": 2, "Items": ["HEAD", "GET"]}},
              "SmoothStreaming": false, "Compress": false,
              "LambdaFunctionAssociations": {"Quantity": 0}, "FunctionAssociations": {"Quantity": 0},
              "FieldLevelEncryptionId": "", "GrpcConfig": {"Enabled": false},
              "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
              "OriginRequestPolicyId": "b689b0a8-53d0-40ab-baf2-68738e2966ac"},
            "CacheBehaviors": {"Quantity": 1, "Items": [{
              "PathPattern": "/static/*", "TargetOriginId": "media",
              "TrustedSigners": {"Enabled": false, "Quantity": 0},
              "ViewerProtocolPolicy": "allow-all",
              "AllowedMethods": {"Quantity": 2, "Items": ["HEAD", "GET"],
                "CachedMethods": {"Quantity": 2, "Items": ["HEAD", "GET"]}},
              "SmoothStreaming": false, "Compress": true,
              "LambdaFunctionAssociations": {"Quantity": 0}, "FunctionAssociations": {"Quantity": 0},
              "FieldLevelEncryptionId": "",
              "ForwardedValues": {"QueryString": false,
                "Cookies": {"Forward": "none"}, "Headers": {"Quantity": 0},
                "QueryStringCacheKeys": {"Quantity": 0}},
              "MinTTL": 0, "DefaultTTL": 86400, "MaxTTL": 31536000}]},
            "CustomErrorResponses": {"Quantity": 1, "Items": [{"ErrorCode": 503,
              "ResponsePagePath": "", "ResponseCode": "", "ErrorCachingMinTTL": 5}]},
            "Comment": "maps", "Logging": {"Enabled": false, "IncludeCookies": false, "Bucket": "", "Prefix": ""},
            "PriceClass": "PriceClass_100", "Enabled": true,
            "ViewerCertificate": {"CloudFrontDefaultCertificate": false,
              "ACMCertificateArn": "arn:aws:acm:us-east-1:1:certificate/c", "SSLSupportMethod": "sni-only",
              "MinimumProtocolVersion": "TLSv1.2_2021", "Certificate": "arn", "CertificateSource": "acm"},
            "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
            "WebACLId": "", "HttpVersion": "http2and3", "IsIPV6Enabled": true,
            "ContinuousDeploymentPolicyId": "", "Staging": false, "ConnectionMode": "direct",
            "CacheTagConfig": {"HeaderName": "Cache-Tag"}
          }
        }
        """

    /// What the API tells of a distribution beside its configuration.
    private static let facts = """
        "Id": "EDFDVBD632BHDS5", "ARN": "arn:aws:cloudfront::1:distribution/EDFDVBD632BHDS5",
        "Status": "Deployed", "LastModifiedTime": "2024-01-02T03:04:05Z",
        "DomainName": "d111.cloudfront.net", "InProgressInvalidationBatches": 0,
        "ActiveTrustedSigners": {"Enabled": false, "Quantity": 0},
        """

    @Test("what --query Distribution leaves of it has its names")
    func queried() {
        let config = Self.plain.text(after: "\"DistributionConfig\":")
        let text = "{\(Self.facts) \"DistributionConfig\": \(config)"
        let reading = DistributionConfig.read(json(text))
        #expect(reading.findings.allSatisfy { $0.kind == .note })
        #expect(reading.value?.id == "EDFDVBD632BHDS5")
        #expect(reading.value?.arn == "arn:aws:cloudfront::1:distribution/EDFDVBD632BHDS5")
        #expect(reading.value?.domainName == "d111.cloudfront.net")
        #expect(reading.value?.lastModifiedTime == "2024-01-02T03:04:05Z")
        #expect(reading.value?.origins.count == 2)
    }

    @Test(
        "a summary of list-distributions lacks what the edge needs, and a list is of several",
        arguments: [
            "{FACTS \"Origins\": {\"Quantity\": 0}, \"Enabled\": true}",
            "{\"DistributionList\": {\"Quantity\": 1, \"Items\": [{FACTS \"Enabled\": true}]}}",
            "[{FACTS \"Enabled\": true}]",
        ])
    func listed(_ shape: String) {
        let reading = DistributionConfig.read(json(shape.replacing("FACTS", with: Self.facts)))
        #expect(reading.value == nil)
        #expect(reading.findings.filter { $0.kind == .error }.count == 1)
        #expect(reading.findings[0].problem.hasPrefix("list-distributions"))
        #expect(reading.findings[0].remedy.contains("get-distribution"))
    }

    @Test("nothing but notes is found in one without fault, and every part of it is there")
    func plain() {
        let reading = DistributionConfig.read(json(Self.plain))
        #expect(
            reading.findings.map { "\($0.kind) \($0.path.dropFirst(19))" } == [
                "note Origins.Items[0].CustomOriginConfig.IpAddressType", "note PriceClass",
                "note HttpVersion",
            ])
        let config = reading.value
        #expect(config?.etag == "E2QWRUHAPOMQZL")
        #expect(config?.origins[0].path == "/live")
        #expect(config?.origins[0].customHeaders == [.init("X-Origin-Secret", "s")])
        #expect(config?.origins[1].isS3 == true)
        #expect(config?.origins[1].connectionTimeoutSeconds == 5)
        #expect(config?.defaultCacheBehavior.allowedMethods == .all)
        #expect(config?.cacheTagHeaderName == "Cache-Tag")
        #expect(
            config?.viewerCertificate.source == .acm("arn:aws:acm:us-east-1:1:certificate/c"))
        #expect(config?.rootObjectPath(forRoot: "/") == "/index.html")
        #expect(config?.rootObjectPath(forRoot: "/a/") == nil)
        let resolved = config.map { Distribution.resolve($0, PolicyCatalog()) }
        #expect(resolved.map { lines($0.findings) } == [])
        #expect(resolved?.value?.behaviors.map { $0.disablesCaching } == [false, true])
    }

    @Test("what is switched on and not emulated is told, each at its place")
    func everything() {
        var text = Self.plain
        for (off, on) in [
            (#""SmoothStreaming": false"#, #""SmoothStreaming": true"#),
            (
                #""FunctionAssociations": {"Quantity": 0}"#,
                #""FunctionAssociations": {"Quantity": 1, "Items": [{}]}"#
            ),
            (#""OriginAccessControlId": """#, #""OriginAccessControlId": "E1""#),
            (
                #""OriginShield": {"Enabled": false}, "OriginAccess"#,
                #""OriginShield": {"Enabled": true, "OriginShieldRegion": "us-east-1"}, "OriginAccess"#
            ),
            (
                #""Logging": {"Enabled": false, "IncludeCookies": false, "Bucket": """#,
                #""Logging": {"Enabled": true, "IncludeCookies": true, "Bucket": "b""#
            ),
            (#""WebACLId": """#, #""WebACLId": "arn""#),
            (#""ContinuousDeploymentPolicyId": """#, #""ContinuousDeploymentPolicyId": "c""#),
        ] {
            text = text.replacing(off, with: on)
        }
        let reading = DistributionConfig.read(json(text))
        #expect(reading.value?.origins[0].shieldRegion == "us-east-1")
        #expect(
            reading.findings.map { "\($0.kind) \($0.path.dropFirst(19))" }.filter {
                !$0.contains("Logging") && !$0.hasPrefix("note ")
            } == [
                "notEmulated Origins.Items[0].OriginShield",
                "notEmulated Origins.Items[0].OriginAccessControlId",
                "notEmulated DefaultCacheBehavior.SmoothStreaming",
                "notEmulated DefaultCacheBehavior.FunctionAssociations",
                "notEmulated CacheBehaviors.Items[0].SmoothStreaming",
                "notEmulated CacheBehaviors.Items[0].FunctionAssociations",
                "notEmulated WebACLId", "notEmulated ContinuousDeploymentPolicyId",
            ])
        #expect(
            reading.findings.map { "\($0.kind) \($0.path.dropFirst(19))" }.filter {
                $0.contains("Logging")
            } == ["notEmulated Logging.Enabled", "notEmulated Logging.IncludeCookies"])
    }
}

extension String {
    /// What follows a mark, to the end.
    fileprivate func text(after mark: String) -> Substring {
        firstRange(of: mark).map { self[$0.upperBound...] } ?? self[...]
    }
}
