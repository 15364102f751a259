import Testing
import WireTesting

/// Fields that a viewer may write, and that a server behind would take for its proxy's word.
private let forged = [
    "X-Remote-User: admin", "REMOTE_USER: admin", "Oam_Remote-User: admin",
    "OAM-REMOTE-USER: admin", "SSL_CLIENT_S_DN: /CN=admin", "X-SSL-Client-Verify: SUCCESS",
    "X-Forwarded-User: admin", "X-Forwarded-Groups: admin", "X-Original-User: admin",
    "X-GEOAXIS-DN: cn=admin", "Client-Cert: :Zm9v:", "Proxy: http://evil.test/",
    "X-Original-URL: /admin", "X-Rewrite-URL: /admin", "X-HTTP-Method-Override: DELETE",
    "X-HTTP-Method: DELETE", "X-Method-Override: DELETE", "X-Host: evil.test",
    "SCRIPT_NAME: /admin", "any_thing: 1",
]
/// What a trusted proxy tells of the way.
private let account = [
    "X-Forwarded-Scheme: https", "X-Forwarded-Port: 444", "X-Forwarded-Prefix: /evil",
    "X-Forwarded-Server: evil.test",
]
/// What only CloudFront can say.
private let cloudFronts = ["CloudFront-Forwarded-Proto: https", "CloudFront-Viewer-Country: XX"]

private func name(_ field: String) -> String { String(field.prefix { $0 != ":" }) }

@Suite("RFC 9111 §7.1, RFC 9440 §4: whose word the origin gets")
struct TrustTests {
    /// What the origin gets of a request with all of them.
    private func asked(_ edge: Edge, _ room: Room, _ method: String = "GET") throws -> Request {
        room.always(.ok())
        var viewer = try edge.viewer()
        let lines =
            ["\(method) \(room.path()) HTTP/1.1", "Host: edge.test"] + forged + account
            + cloudFronts + [
                "X-Own: 1", "X-Forwarded-Host: evil.test", "Content-Length: 0",
            ]
        let response = try viewer.exchange(lines.joined(separator: "\r\n") + "\r\n\r\n")
        #expect(response.status == 200)
        return try #require(room.requests.last)
    }

    /// The same, of an edge that trusts some fields of some proxies.
    private func asked(
        trusting fields: String, of proxies: String = "127.0.0.1", _ method: String = "GET"
    ) throws -> Request {
        let origin = try Origin()
        let edge = try Edge(
            origin: origin.url,
            configuration: "trustedProxies: [\(proxies)]\ntrustedFields: [\(fields)]\n")
        return try asked(edge, origin.room("trust"), method)
    }

    private func present(_ fields: [String], in request: Request) -> [String] {
        fields.map(name).filter { request[$0] != nil }
    }

    @Test("reliability §2b.2: not a viewer's", arguments: ["rfc9111", "cloudfront"])
    func untrusted(_ mode: String) throws {
        let room = try SharedEdge.origin().room("trust")
        for method in ["GET", "POST"] {
            let request = try asked(SharedEdge.edge(mode: mode), room, method)
            #expect(present(forged + account + cloudFronts, in: request) == [])
            #expect(request["X-Own"] == "1" && request["X-Forwarded-Host"] == "edge.test")
            #expect(request.method == method)
        }
    }

    @Test("a trusted proxy's, as far as it is named; its account of the way is one viewer's")
    func trusted() throws {
        let (identity, rewriting) = ("x-remote-user, any_thing, X-Own", "X-Original-URL")
        // Who asks is told, and the answer is his.
        for (method, fields, isShared) in [
            ("GET", rewriting, true), ("GET", identity, false), ("PUT", identity, false),
        ] {
            let request = try asked(trusting: fields, method)
            #expect(
                present(forged, in: request)
                    == (isShared ? ["X-Original-URL"] : ["X-Remote-User", "any_thing"]))
            #expect(request["X-Remote-User"] == (isShared ? nil : "admin"))
            #expect(request["X-Own"] == "1")
            #expect(
                present(account, in: request) == (isShared ? [] : account.map(name)), "\(method)")
            let host = isShared ? "edge.test" : "evil.test"
            #expect(request.head.values("X-Forwarded-Host") == [host], "\(method)")
            #expect(present(cloudFronts, in: request) == cloudFronts.map(name))
        }
    }

    @Test("X-Forwarded-Host is a trusted proxy's with all requests where it is named")
    func trustedHost() throws {
        let request = try asked(trusting: "X-Forwarded-Host, X-Forwarded-Prefix")
        #expect(request.head.values("X-Forwarded-Host") == ["evil.test"])
        #expect(request["X-Forwarded-Prefix"] == "/evil" && request["X-Forwarded-Server"] == nil)
    }

    @Test("a field that is named is nobody else's")
    func namedByOthers() throws {
        let request = try asked(trusting: "X-Remote-User, X-Own", of: "192.0.2.1")
        #expect(present(forged + account + ["X-Own:"], in: request) == [])
    }

    @Test("a chunked request's trailers tell nothing of that kind")
    func trailers() throws {
        let room = try SharedEdge.origin().room("trailed")
        room.always(.ok())
        var viewer = try SharedEdge.edge().viewer()
        let response = try viewer.exchange(
            "POST \(room.path()) HTTP/1.1\r\nHost: edge.test\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "1\r\na\r\n0\r\nX-Remote-User: admin\r\nX_Remote_User: admin\r\nX-A: 1\r\n\r\n")
        #expect(response.status == 200)
        let request = try #require(room.requests.last)
        #expect(request.trailers.map { $0.name.lowercased() } == ["x-a"])
    }

    /// A distribution that sends all viewer headers, with a class for one of two behaviors.
    @Test("a twin's behavior passes what CloudFront would, unless it has a class")
    func distribution() throws {
        let lanes = ["pure", "maps"].map { name in
            Lane(name) {
                $0.sends = Lane.Sends(headers: ("allViewer", []))
                $0.takesWrites = true
            }
        }
        let stand = try Stand(
            lanes,
            Stand.Parts(
                configuration: """
                    behaviors:
                      - { path: "/*/maps/*", class: tiles }
                    """))
        for (lane, passes) in [("pure", true), ("maps", false)] {
            let room = stand.origin.room("row")
            room.always(.ok())
            let response = try stand.edge.get(
                room.path("\(lane)/it"), "X-Remote-User: admin", "X-Own: 1", "a_b: 1",
                "X-Forwarded-Prefix: /evil")
            #expect(response.status == 200)
            let request = try #require(room.requests.last)
            #expect(request["X-Own"] == "1")
            #expect((request["X-Remote-User"] != nil) == passes, "\(lane)")
            #expect((request["a_b"] != nil) == passes, "\(lane)")
            #expect((request["X-Forwarded-Prefix"] != nil) == passes, "\(lane)")
        }
    }

    @Test("a tier sets X-Forwarded-Host itself, once")
    func tier() throws {
        let stand = try Stand(
            [Lane("all") { $0.sends = Lane.Sends(headers: ("allViewer", [])) }],
            Stand.Parts(configuration: "role: tier\n"))
        let room = stand.origin.room("row")
        room.always(.ok())
        _ = try stand.edge.get(
            room.path("all/it"), "X-Forwarded-Host: evil.test", "X-Remote-User: admin")
        let request = try #require(room.requests.last)
        #expect(request.head.values("X-Forwarded-Host") == ["edge.test"])
        #expect(request["X-Remote-User"] == nil)
    }
}
