import CloudFront
import Testing

@Suite("A distribution's configuration")
struct DistributionConfigTests {
    @Test("it may be bare, or in what either command prints")
    func envelopes() {
        let bare = Documents.distribution()
        let forms = [
            bare, #"{"ETag": "E1", "DistributionConfig": \#(bare)}"#,
            #"{"ETag": "E1", "Distribution": {"Id": "EDFDVBD6", "DomainName": "d1.cloudfront.net", "DistributionConfig": \#(bare)}}"#,
        ]
        let readings = forms.map { DistributionConfig.read(json($0)) }
        for reading in readings {
            #expect(reading.findings == [])
            #expect(reading.value?.callerReference == "r1")
            #expect(reading.value?.source["CallerReference"]?.content == .scalar("r1"))
        }
        #expect(readings.map { $0.value?.etag } == ["", "E1", "E1"])
        #expect(readings.map { $0.value?.id } == ["", "", "EDFDVBD6"])
        #expect(readings[2].value?.domainName == "d1.cloudfront.net")
    }

    @Test(
        "§2.3 the whole exchange may not end before an answer's time-out",
        arguments: [(29, nil, 1), (30, nil, 0), (39, 40, 1), (40, 40, 0), (1, 1, 0)]
            as [(Int, Int?, Int)])
    func completionTime(_ whole: Int, _ read: Int?, _ errors: Int) {
        let time = read.map { ", \"OriginReadTimeout\": \($0)" } ?? ""
        let origins = [
            """
            "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443,
              "OriginProtocolPolicy": "http-only"\(time)}
            """,
            #""S3OriginConfig": {"OriginAccessIdentity": ""\#(time)}"#,
        ]
        for kind in origins {
            let origin = """
                {"Id": "maps", "DomainName": "maps.example.org", \(kind),
                 "ResponseCompletionTimeout": \(whole)}
                """
            let reading = DistributionConfig.read(json(Documents.distribution(origin: origin)))
            #expect(reading.errors.count == errors)
            #expect(
                reading.errors.allSatisfy {
                    $0.path == "Origins.Items[0].ResponseCompletionTimeout"
                        && $0.code == .invalidArgument
                })
        }
    }

    @Test("all errors are told at once, each with its place, what it is and what to do")
    func allErrors() {
        let text = """
            {"ETag": "E1", "DistributionConfig": {
              "CallerReference": "r1", "Comment": "", "Enabled": "yes",
              "Aliases": {"Quantity": 2, "Items": ["a.example.org"]},
              "DefaultRootObject": "/index.html",
              "Origins": {"Quantity": 1, "Items": [
                {"Id": "maps", "DomainName": "http://maps", "S3OriginConfig": {"OriginAccessIdentity": ""}}]},
              "DefaultCacheBehavior": {"TargetOriginId": "map", "ViewerProtocolPolicy": "both",
                "CachePolicyId": "p"},
              "CacheBehaviors": {"Quantity": 1, "Items": [
                {"TargetOriginId": "maps", "ViewerProtocolPolicy": "https-only", "CachePolicyId": "p",
                 "PathPattern": "/a b",
                 "AllowedMethods": {"Quantity": 1, "Items": ["GET"]}}]}}}
            """
        let reading = DistributionConfig.read(json(text))
        #expect(reading.value == nil)
        #expect(
            lines(reading.findings) == [
                "2: DistributionConfig.Enabled: \"yes\" is no boolean; write true or false",
                "3: DistributionConfig.Aliases.Quantity: Quantity is 2 and Items has 1; make Quantity 1",
                "4: DistributionConfig.DefaultRootObject: \"/index.html\" begins with /; "
                    + "write \"index.html\"",
                "6: DistributionConfig.Origins.Items[0].DomainName: \"http://maps\" is no domain name; "
                    + "leave scheme, port and path out; they have members of their own",
                "7: DistributionConfig.DefaultCacheBehavior.TargetOriginId: no origin is named "
                    + "\"map\"; name one of maps",
                "7: DistributionConfig.DefaultCacheBehavior.ViewerProtocolPolicy: \"both\" is not "
                    + "allowed here; write one of allow-all, https-only, redirect-to-https",
                "11: DistributionConfig.CacheBehaviors.Items[0].PathPattern: \" \" is not allowed in "
                    + "a pattern; use letters, digits and _-.*?$/~\"'@:+&",
                "12: DistributionConfig.CacheBehaviors.Items[0].AllowedMethods: CloudFront has no such "
                    + "set of methods; allow GET and HEAD, or these and OPTIONS, or all seven",
            ])
    }

    @Test("a root object with a slash in front is followed where it is in force already")
    func slashedRoot() {
        let text = Documents.distribution(#", "DefaultRootObject": "/index.html""#)
        #expect(DistributionConfig.read(json(text)).value == nil)
        let reading = DistributionConfig.read(json(text), isExport: true)
        #expect(reading.findings.map(\.kind) == [.warning])
        #expect(reading.value?.refusesRoot == true)
        #expect(reading.value?.rootObjectPath(forRoot: "/") == nil)
    }

    @Test(
        "what is not emulated is told with its place",
        arguments: [
            (#", "WebACLId": "arn:waf""#, "WebACLId: WAF is not emulated"),
            (#", "ContinuousDeploymentPolicyId": "x""#, "ContinuousDeploymentPolicyId: Con"),
            (#", "Staging": true"#, "Staging: continuous deployment is not emulated"),
            (#", "Tagz": "x""#, #"Tagz: "Tagz" is not known here"#),
            (#", "ViewerMtlsConfig": {"Mode": "required"}"#, "ViewerMtlsConfig: V"),
        ])
    func notEmulated(_ more: String, _ start: String) {
        let reading = DistributionConfig.read(json(Documents.distribution(more)))
        #expect(reading.value != nil)
        #expect(reading.findings.map { $0.kind } == [.notEmulated])
        #expect(reading.findings[0].message.hasPrefix(start))
        #expect(reading.findings[0].line == 6)
    }

    @Test(
        "so is what belongs to a behavior or an origin",
        arguments: [
            (#""SmoothStreaming": true"#, true), (#""SmoothStreaming": false"#, false),
            (#""FieldLevelEncryptionId": """#, false), (#""FieldLevelEncryptionId": "x""#, true),
            (#""RealtimeLogConfigArn": "arn""#, true),
            (#""GrpcConfig": {"Enabled": false}"#, false),
            (#""GrpcConfig": {"Enabled": true}"#, true),
            (#""FunctionAssociations": {"Quantity": 0}"#, false),
            (#""LambdaFunctionAssociations": {"Quantity": 1, "Items": [{}]}"#, true),
        ])
    func notEmulatedInBehavior(_ member: String, _ isTold: Bool) {
        let text = Documents.distribution(behavior: "\(Documents.behavior), \(member)")
        let reading = DistributionConfig.read(json(text))
        #expect(reading.findings.map { $0.kind } == (isTold ? [.notEmulated] : []))
    }

    @Test("an XML document's lists are elements of their own name")
    func xmlLists() {
        let alias = ConfigNode(.scalar("a.example.org"))
        let aliases = ConfigNode(
            .map([
                .init("Quantity", ConfigNode(.scalar("2"))),
                .init("Items", ConfigNode(.map([.init("CNAME", alias), .init("CNAME", alias)]))),
            ]))
        var document = json(Documents.distribution())
        if case .map(let members) = document.content {
            document.content = .map(members + [.init("Aliases", aliases)])
        }
        let findings = DistributionConfig.read(document).findings
        #expect(
            lines(findings) == [
                "0: Aliases: the alias \"a.example.org\" stands twice; keep one of them"
            ])
    }

    @Test(
        "members that contradict each other are errors",
        arguments: [
            (
                Documents.behavior
                    + #", "ForwardedValues": {"QueryString": false, "Cookies": {"Forward": "none"}}"#,
                "beside CachePolicyId"
            ),
            (
                #""TargetOriginId": "maps", "ViewerProtocolPolicy": "allow-all""#,
                "nothing says what the key"
            ),
            (
                #""TargetOriginId": "maps", "ViewerProtocolPolicy": "allow-all", "MinTTL": 5, "MaxTTL": 2, "ForwardedValues": {"QueryString": false, "Cookies": {"Forward": "none"}}"#,
                "are not in order"
            ),
            (
                #""TargetOriginId": "maps", "ViewerProtocolPolicy": "allow-all", "MinTTL": 5, "ForwardedValues": {"QueryString": false, "Headers": {"Quantity": 1, "Items": ["*"]}, "Cookies": {"Forward": "none"}}"#,
                "all headers are forwarded"
            ),
            (
                #""TargetOriginId": "maps", "ViewerProtocolPolicy": "allow-all", "OriginRequestPolicyId": "x", "ForwardedValues": {"QueryString": false, "Cookies": {"Forward": "none"}}"#,
                "needs a cache policy"
            ),
        ])
    func contradictions(_ behavior: String, _ problem: String) {
        let reading = DistributionConfig.read(json(Documents.distribution(behavior: behavior)))
        #expect(reading.errors.count == 1)
        #expect(reading.errors.first?.problem.contains(problem) == true)
    }

    @Test("the API answers the first error with its code")
    func apiError() {
        let text = Documents.distribution(#", "Aliases": {"Quantity": 1}"#)
        let error = APIError(DistributionConfig.read(json(text)).findings)
        #expect(error?.code.rawValue == "InconsistentQuantities")
        #expect(error?.code.status == 400)
    }

    @Test(
        "a member that the API has a code for is answered with it",
        arguments: [
            (#", "DefaultRootObject": "/a""#, "InvalidDefaultRootObject"),
            (list("CustomErrorResponses", #"{"ErrorCode": 418}"#), "InvalidErrorCode"),
            (
                list(
                    "CustomErrorResponses",
                    #"{"ErrorCode": 404, "ResponseCode": "299", "ResponsePagePath": "/a"}"#),
                "InvalidResponseCode"
            ),
            (
                list(
                    "CustomErrorResponses",
                    #"{"ErrorCode": 404, "ResponseCode": "200", "ResponsePagePath": "a"}"#),
                "InvalidRelativePath"
            ),
            (
                #", "Restrictions": {"GeoRestriction": {"RestrictionType": "blacklist", "#
                    + #""Quantity": 1, "Items": ["Elbonia"]}}"#,
                "InvalidLocationCode"
            ),
            (
                #", "Restrictions": {"GeoRestriction": {"RestrictionType": "blacklist", "#
                    + #""Quantity": 2, "Items": ["AU", "ZZ"]}}"#,
                "InvalidLocationCode"
            ),
            (
                #", "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "#
                    + #""Quantity": 1, "Items": ["AU"]}}"#,
                "InvalidGeoRestrictionParameter"
            ),
            (#", "Aliases": {"Quantity": 1, "Items": ["a b"]}"#, "InvalidArgument"),
            (
                #", "ViewerCertificate": {"MinimumProtocolVersion": "TLSv9"}"#,
                "InvalidMinimumProtocolVersion"
            ),
            (#", "Aliases": {"Quantity": 1, "Items": [{}]}"#, "InvalidArgument"),
        ])
    func codesOfMembers(_ member: String, _ code: String) {
        let reading = DistributionConfig.read(json(Documents.distribution(member)))
        #expect(APIError(reading.findings)?.code.rawValue == code)
    }

    @Test(
        "an alias is a host's name, with a star for its first label at the most",
        arguments: [
            ("a.example.org", true), ("*.example.org", true), ("_a-1.EXAMPLE.org", true),
            (String(repeating: "a", count: 63) + ".org", true),
            (String(repeating: "a", count: 64) + ".org", false),
            (String(repeating: "abcd.", count: 50) + "org", true),
            (String(repeating: "abcd.", count: 50) + "orgs", false),
            ("", false), ("*", false), ("a..b", false), (".a", false), ("a.", false),
            ("-a.test", false), ("a-.test", false), ("a.*.test", false), ("*a.test", false),
            ("a b", false), ("a/b", false), ("\u{E9}.test", false),
        ])
    func alias(_ alias: String, _ isGood: Bool) {
        let member = #", "Aliases": {"Quantity": 1, "Items": ["\#(alias)"]}"#
        let reading = DistributionConfig.read(json(Documents.distribution(member)))
        #expect((reading.value != nil) == isGood, "\(reading.findings)")
    }

    private static func list(_ key: String, _ item: String) -> String {
        #", "\#(key)": {"Quantity": 1, "Items": [\#(item)]}"#
    }
}
