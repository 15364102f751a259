import CloudFront
import HTTP
import Synchronization
import Testing

@testable import Control

@Suite("Control API: the distribution, its policies and tags")
struct DistributionAPITests {
    private let path = "/distribution/EDFDVBD632BHDS"
    private let other = ScriptedDistribution.config.replacing("a.org", with: "b.org")

    @Test("its configuration comes as it stands, with an ETag")
    func config() throws {
        let answer = try Asking(try ScriptedDistribution())(.get, "\(path)/config")
        #expect(answer.line == "200 DistributionConfig")
        let text = String(decoding: answer.response.body, as: UTF8.self)
        #expect(text.contains("<Items><CNAME>a.org</CNAME></Items>"))
        let version = try #require(answer.response.header("ETag"))
        #expect(version.count == 14 && isVersion(version))
    }

    @Test("it is described with what CloudFront adds")
    func description() throws {
        let answer = try Asking(try ScriptedDistribution())(.get, path)
        #expect(answer.line == "200 Distribution")
        #expect(answer.node.text("Status") == "Deployed")
        #expect(
            answer.node.text("ARN")
                == "arn:aws:cloudfront::123456789012:distribution/EDFDVBD632BHDS")
        let groups = try #require(answer.node["ActiveTrustedKeyGroups"])
        #expect(groups.text("Enabled") == "true")
        #expect(groups.items?.first?.text("KeyGroupId") == "k1")
        #expect(answer.node["ActiveTrustedSigners"]?.text("Enabled") == "false")
    }

    @Test("the list has the one, with all required members")
    func list() throws {
        let answer = try Asking(try ScriptedDistribution())(.get, "/distribution")
        #expect(answer.line == "200 DistributionList")
        let summary = try #require(answer.node.items?.first)
        for key in [
            "Id", "ARN", "Status", "LastModifiedTime", "DomainName", "Aliases", "Origins",
            "DefaultCacheBehavior", "CacheBehaviors", "CustomErrorResponses", "Comment",
            "PriceClass", "Enabled", "ViewerCertificate", "Restrictions", "WebACLId",
            "HttpVersion", "IsIPV6Enabled", "Staging",
        ] {
            #expect(summary[key] != nil, "\(key)")
        }
    }

    @Test("an update with the version in force is in force, and has another version")
    func update() throws {
        let state = try ScriptedDistribution()
        let ask = Asking(state)
        let version = state.distribution.version
        let answer = try ask(.put, "\(path)/config", other, headers: [("If-Match", version)])
        #expect(answer.line == "200 Distribution")
        #expect(answer.response.header("ETag") != version)
        #expect(state.distribution.config["Aliases"]?.items?.first?.scalar == "b.org")
        #expect(state.distribution.lastModified == Asking.now)
        let stale = try ask(.put, "\(path)/config", other, headers: [("If-Match", version)])
        #expect(stale.line == "412 PreconditionFailed")
    }

    @Test("an update without a version, or with another reference, changes nothing")
    func badUpdates() throws {
        let state = try ScriptedDistribution()
        let ask = Asking(state)
        let before = state.distribution
        let version = [("if-match", "\"\(before.version)\"")]
        let target = "\(path)/config"
        #expect(try ask(.put, target, other).line == "400 InvalidIfMatchVersion")
        #expect(
            try ask(.put, target, other, headers: [("If-Match", "*")]).line
                == "400 InvalidIfMatchVersion")
        let foreign = other.replacing(">maps<", with: ">other<")
        #expect(try ask(.put, target, foreign, headers: version).line == "400 IllegalUpdate")
        #expect(try ask(.put, target, headers: version).line == "400 MissingBody")
        #expect(try ask(.put, target, "<A/>", headers: version).line == "400 MalformedXML")
        state.contents.withLock { $0.failure = .invalidArgument("no such thing") }
        #expect(try ask(.put, target, other, headers: version).line == "400 InvalidArgument")
        #expect(state.distribution == before)
    }

    @Test("there is no second one, and the one stays")
    func others() throws {
        let state = try ScriptedDistribution()
        let ask = Asking(state)
        let version = [("If-Match", state.distribution.version)]
        #expect(try ask(.post, "/distribution", other).line == "409 DistributionAlreadyExists")
        let tagged = "<DistributionConfigWithTags>\(other)<Tags/></DistributionConfigWithTags>"
        #expect(
            try ask(.post, "/distribution?WithTags", tagged).line
                == "409 DistributionAlreadyExists")
        let foreign = other.replacing(">maps<", with: ">other<")
        #expect(try ask(.post, "/distribution", foreign).line == "403 AccessDenied")
        #expect(try ask(.delete, path).line == "400 InvalidIfMatchVersion")
        #expect(try ask(.delete, path, headers: version).line == "409 DistributionNotDisabled")
        let disabled = other.replacing(
            "<Enabled>true</Enabled><A", with: "<Enabled>false</Enabled><A")
        _ = try ask(.put, "\(path)/config", disabled, headers: version)
        #expect(
            try ask(.delete, path, headers: [("If-Match", state.distribution.version)]).line
                == "403 AccessDenied")
    }

    @Test(
        "§4.4 a policy that does not exist is 404 by its kind",
        arguments: [
            ("cache-policy", "NoSuchCachePolicy"),
            ("origin-request-policy", "NoSuchOriginRequestPolicy"),
            ("response-headers-policy", "NoSuchResponseHeadersPolicy"),
        ])
    func noSuchPolicy(_ word: String, _ code: String) throws {
        let ask = Asking(try ScriptedDistribution())
        #expect(try ask(.get, "/\(word)/none").line == "404 \(code)")
        #expect(try ask(.get, "/\(word)/none/config").line == "404 \(code)")
    }

    @Test("what an edge does not offer is AccessDenied, not a server's error")
    func unknown() throws {
        let ask = Asking(try ScriptedDistribution())
        for (method, target) in [
            (HTTP.Method.post, "/function"), (.get, "/nothing"), (.get, "/"),
            (.put, path), (.post, "/cache-policy"), (.delete, "\(path)/config"),
            (.get, "/function/x/describe"), (.get, "\(path)/config/x"),
        ] {
            #expect(try ask(method, target).line == "403 AccessDenied", "\(target)")
        }
    }

    @Test(
        "lists of what an edge never has are empty",
        arguments: [
            ("function", "FunctionList"), ("key-group", "KeyGroupList"),
            ("public-key", "PublicKeyList"),
            ("origin-access-control", "OriginAccessControlList"),
        ])
    func empty(_ word: String, _ root: String) throws {
        let answer = try Asking(try ScriptedDistribution())(.get, "/\(word)")
        #expect(answer.line == "200 \(root)")
        #expect(answer.node.text("Quantity") == "0" && answer.node.text("MaxItems") == "100")
    }

    @Test("signers' keys and groups are listed by page, and found by id")
    func signers() throws {
        let state = try ScriptedDistribution()
        let keys = (1...3).map { number in
            SignerRecord(
                id: "K\(number)",
                config: .map([
                    "CallerReference": .text("r"), "Name": .text("n\(number)"),
                    "EncodedKey": .text("PEM \(number)\n"),
                ]))
        }
        let group = SignerRecord(
            id: "k1",
            config: .map([
                "Name": .text("g"), "Items": ConfigNode(.list([.text("K1"), .text("K3")])),
            ]))
        state.contents.withLock { $0.signers = [.publicKey: keys, .keyGroup: [group]] }
        let ask = Asking(state)
        let page = try ask(.get, "/public-key?MaxItems=2").node
        #expect(page.items?.map { $0.text("Id") } == ["K1", "K2"])
        #expect(page.items?.map { $0.text("EncodedKey") } == ["PEM 1\n", "PEM 2\n"])
        #expect(page.text("NextMarker") == "K2" && page["IsTruncated"] == nil)
        let rest = try ask(.get, "/public-key?Marker=K2").node
        #expect(rest.items?.map { $0.text("Name") } == ["n3"] && rest["NextMarker"] == nil)
        let one = try ask(.get, "/public-key/K3")
        #expect(one.line == "200 PublicKey")
        #expect(one.node["PublicKeyConfig"]?.text("EncodedKey") == "PEM 3\n")
        let config = try ask(.get, "/public-key/K3/config")
        #expect(config.line == "200 PublicKeyConfig" && config.node.text("Name") == "n3")
        #expect(config.response.header("ETag") == one.response.header("ETag"))
        #expect(try ask(.get, "/public-key/K4").line == "404 NoSuchPublicKey")
        let groups = try ask(.get, "/key-group").node
        let listed = groups.items?.first?["KeyGroup"]
        #expect(listed?["KeyGroupConfig"]?["Items"]?.list?.map(\.scalar) == ["K1", "K3"])
        #expect(try ask(.get, "/key-group/k1").line == "200 KeyGroup")
        #expect(try ask(.get, "/key-group/k1/config").line == "200 KeyGroupConfig")
        #expect(try ask(.get, "/key-group/k2").line == "404 NoSuchResource")
        #expect(try ask(.get, "/key-group/k1/config/x").line == "403 AccessDenied")
        #expect(try ask(.post, "/public-key").line == "403 AccessDenied")
        // The distribution tells whose keys it trusts.
        let active = try ask(.get, path).node["ActiveTrustedKeyGroups"]?.items?.first
        #expect(active?["KeyPairIds"]?.items?.map(\.scalar) == ["K1", "K3"])
    }

    @Test("policies are listed by type and page, and found by id", arguments: PolicyKind.allCases)
    func policies(_ kind: PolicyKind) throws {
        let state = try ScriptedDistribution()
        let policies = (1...3).map { number in
            PolicyRecord(
                id: "id-\(number)", isManaged: number < 3, lastModified: 0,
                config: .map(["Name": .text("n\(number)")]))
        }
        state.contents.withLock { $0.policies[kind] = policies }
        let ask = Asking(state)
        func ids(_ query: String) throws -> [String] {
            let answer = try ask(.get, "/\(kind.pathWord)\(query)")
            #expect(answer.line == "200 \(kind.rawValue)List")
            #expect(answer.node["IsTruncated"] == nil)
            return (answer.node.items ?? []).compactMap { $0[kind.rawValue]?.text("Id") }
        }
        #expect(try ids("") == ["id-1", "id-2", "id-3"])
        #expect(try ids("?Type=managed") == ["id-1", "id-2"])
        #expect(try ids("?Type=custom&MaxItems=9") == ["id-3"])
        #expect(try ids("?MaxItems=2") == ["id-1", "id-2"])
        #expect(try ids("?MaxItems=2&Marker=id-2") == ["id-3"])
        #expect(try ask(.get, "/\(kind.pathWord)?Type=x").line == "400 InvalidArgument")

        let one = try ask(.get, "/\(kind.pathWord)/id-3")
        #expect(one.line == "200 \(kind.rawValue)")
        #expect(one.node["\(kind.rawValue)Config"]?.text("Name") == "n3")
        let config = try ask(.get, "/\(kind.pathWord)/id-3/config")
        #expect(config.line == "200 \(kind.rawValue)Config" && config.node.text("Name") == "n3")
        #expect(config.response.header("ETag") == one.response.header("ETag"))
        #expect(try ask(.get, "/\(kind.pathWord)/id-4").line == "404 NoSuch\(kind.rawValue)")
    }

    @Test("tags are added, replaced and removed by key")
    func tags() throws {
        let state = try ScriptedDistribution()
        let ask = Asking(state)
        let resource =
            "Resource=arn%3Aaws%3Acloudfront%3A%3A1%3Adistribution%2FEDFDVBD632BHDS"
        func tag(_ pairs: [(String, String)]) -> String {
            let items = pairs.map { "<Tag><Key>\($0)</Key><Value>\($1)</Value></Tag>" }
            return "<Tags><Items>\(items.joined())</Items></Tags>"
        }
        let added = try ask(
            .post, "/tagging?Operation=Tag&\(resource)", tag([("a", "1"), ("b", "2")]))
        #expect(added.status == 204 && added.response.body.isEmpty)
        _ = try ask(.post, "/tagging?Operation=Tag&\(resource)", tag([("a", "3"), ("c", "")]))
        _ = try ask(
            .post, "/tagging?Operation=Untag&\(resource)",
            "<TagKeys><Items><Key>b</Key></Items></TagKeys>")
        #expect(
            state.tags == [ResourceTag(key: "a", value: "3"), ResourceTag(key: "c", value: "")])
        let list = try ask(.get, "/tagging?\(resource)")
        #expect(list.line == "200 Tags")
        guard case .list(let items) = list.node["Items"]?.content else {
            Issue.record("no items")
            return
        }
        #expect(items.map { $0.text("Key") } == ["a", "c"])
        let wrong = tag([("aws:x", "")])
        #expect(
            try ask(.post, "/tagging?Operation=Tag&\(resource)", wrong).line
                == "400 InvalidTagging")
        #expect(try ask(.get, "/tagging?Resource=arn%3Aaws%3As3").line == "404 NoSuchResource")
        #expect(try ask(.get, "/tagging").line == "400 InvalidArgument")
    }
}
