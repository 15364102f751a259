import HTTP
import Testing

@testable import CloudFront

@Suite("What of a request the origin gets")
struct ForwardingTests {
    private func fate(_ behavior: Behavior?, _ name: String, _ method: Method = .get) -> FieldFate?
    {
        guard let behavior else { return nil }
        return name.withBytes {
            behavior.forwarding.fate(of: $0, KnownField.named($0), method: method)
        }
    }

    private static let table:
        [(String, legacy: FieldFate, policy: FieldFate, allViewer: FieldFate)] = [
            ("Host", .setByEdge, .setByEdge, .forwarded),
            ("User-Agent", .setByEdge, .setByEdge, .forwarded),
            ("X-Amz-Cf-Id", .setByEdge, .setByEdge, .setByEdge),
            ("Via", .setByEdge, .setByEdge, .setByEdge),
            ("X-Forwarded-For", .setByEdge, .setByEdge, .setByEdge),
            ("Connection", .setByEdge, .setByEdge, .setByEdge),
            ("Accept", .removed, .removed, .forwarded),
            ("Accept-Charset", .removed, .removed, .forwarded),
            ("Accept-Language", .removed, .removed, .forwarded),
            ("Referer", .removed, .removed, .forwarded), ("Expect", .removed, .removed, .forwarded),
            ("TE", .removed, .removed, .removed), ("Trailer", .removed, .removed, .removed),
            ("Proxy-Authorization", .removed, .removed, .removed),
            ("X-Forwarded-Proto", .removed, .removed, .removed),
            ("X-HTTP-Method-Override", .removed, .removed, .forwarded),
            ("X-Real-IP", .removed, .removed, .removed), ("X-Edge-A", .removed, .removed, .removed),
            ("Upgrade", .removed, .removed, .removed),
            ("Accept-Encoding", .removed, .removed, .forwarded),
            ("Authorization", .removed, .removed, .forwarded),
            ("Cookie", .removed, .removed, .setByEdge),
            ("Cache-Control", .forwarded, .removed, .forwarded),
            ("Pragma", .forwarded, .removed, .forwarded),
            ("Date", .forwarded, .removed, .forwarded),
            ("From", .forwarded, .removed, .forwarded),
            ("If-None-Match", .forwarded, .removed, .forwarded),
            ("Max-Forwards", .forwarded, .removed, .forwarded),
            ("Origin", .forwarded, .removed, .forwarded),
            ("Request-Range", .forwarded, .removed, .forwarded),
            ("Warning", .forwarded, .removed, .forwarded),
            ("X-Custom", .forwarded, .removed, .forwarded),
            ("Range", .forwarded, .forwarded, .forwarded),
            ("Content-Type", .forwarded, .forwarded, .forwarded),
            ("Content-MD5", .forwarded, .forwarded, .forwarded),
            ("Content-Length", .setByEdge, .setByEdge, .setByEdge),
            ("CloudFront-Viewer-Country", .removed, .removed, .removed),
        ]

    @Test("the table of request headers, column by column")
    func headerTable() {
        let legacy = Behaviors.legacy()
        let policy = Behaviors.policies(Behaviors.cachePolicy()).0
        let viewer = ManagedPolicies.originRequest[0]
        let all = Behaviors.policies(Behaviors.cachePolicy(), viewer).0
        for row in Self.table {
            #expect(fate(legacy, row.0) == row.legacy, "\(row.0), ForwardedValues")
            #expect(fate(policy, row.0) == row.policy, "\(row.0), policy")
            #expect(fate(all, row.0) == row.allViewer, "\(row.0), AllViewer")
        }
    }

    @Test("Authorization passes with methods whose answers are not stored, or when it is keyed")
    func authorization() {
        let plain = Behaviors.policies(Behaviors.cachePolicy()).0
        for method in [Method.post, .put, .patch, .delete, .options] {
            #expect(fate(plain, "Authorization", method) == .forwarded)
        }
        #expect(fate(plain, "Authorization", .head) == .removed)
        let cachesOptions = Behaviors.policies(
            Behaviors.cachePolicy(),
            more: """
                , "AllowedMethods": {"Quantity": 3, "Items": ["GET", "HEAD", "OPTIONS"],
                  "CachedMethods": {"Quantity": 3, "Items": ["GET", "HEAD", "OPTIONS"]}}
                """
        ).0
        #expect(fate(cachesOptions, "Authorization", .options) == .removed)
        let keyed = Behaviors.policies(Behaviors.cachePolicy(headers: ["authorization"])).0
        #expect(fate(keyed, "Authorization") == .forwarded)
    }

    @Test("AllViewerExceptHostHeader keeps Host back and adds CloudFront's own fields")
    func exceptHost() {
        let made = Behaviors.policies(Behaviors.cachePolicy(), ManagedPolicies.originRequest[1]).0
        #expect(fate(made, "Host") == .setByEdge)
        #expect(fate(made, "X-Custom") == .forwarded)
        #expect(fate(made, "CloudFront-Viewer-Country") == .setByEdge)
        let keyed = Behaviors.policies(
            Behaviors.cachePolicy(headers: ["Host"]), ManagedPolicies.originRequest[1]
        ).0
        #expect(fate(keyed, "Host") == .forwarded)
    }

    @Test("what is in the key is forwarded, and the origin request policy adds to it")
    func union() {
        let added = OriginRequestPolicy(
            id: "o", name: "o", headerBehavior: .whitelist, headers: ["X-B"],
            cookies: NameSelection(.list, ["b"]), queryStrings: .all)
        let made = Behaviors.policies(
            Behaviors.cachePolicy(
                headers: ["X-A"], cookies: NameSelection(.list, ["a"]),
                query: NameSelection(.list, ["q"])), added
        ).0
        #expect(fate(made, "x-a") == .forwarded)
        #expect(fate(made, "x-b") == .forwarded)
        #expect(fate(made, "x-c") == .removed)
        #expect(made?.forwarding.cookies == NameSelection(.list, ["a", "b"]))
        #expect(made?.forwarding.queryStrings == .all)
        #expect(made?.key.queryStrings == NameSelection(.list, ["q"]))
        #expect(made?.key.cookies == NameSelection(.list, ["a"]))
    }

    @Test("Vary keeps what the key or the forwarding can tell apart")
    func vary() {
        let plain = Behaviors.policies(
            Behaviors.cachePolicy(headers: ["Accept-Language", "CloudFront-Is-Mobile-Viewer"])
        ).0
        let cases = [
            ("Accept-Encoding", true), ("cookie", true), ("accept-language", true),
            ("User-Agent", true), ("Origin", false), ("X-Custom", false),
        ]
        for (name, isKept) in cases {
            #expect(name.withBytes { plain?.forwarding.keepsVary($0) } == isKept, "\(name)")
        }
    }

    @Test("an S3 origin sees neither Host nor cookies, and no cookie is in the key")
    func s3() {
        let bucket = """
            {"Id": "maps", "DomainName": "b.s3.amazonaws.com",
             "S3OriginConfig": {"OriginAccessIdentity": ""}}
            """
        let made = Behaviors.policies(
            Behaviors.cachePolicy(headers: ["Host"], cookies: .all), origin: bucket
        ).0
        #expect(fate(made, "Host") == .setByEdge)
        #expect(fate(made, "Cookie") == .removed)
        #expect(made?.key.cookies == NameSelection.none)
    }
}
