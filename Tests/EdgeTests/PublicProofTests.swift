import Caching
import HTTP
import Reactor
import Testing
import Tiles

@testable import Edge

@Suite("A public map is proved by asking as nobody")
struct PublicProofTests {
    private static let map =
        "/geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=a:b&STYLES="
        + "&SRS=EPSG:4326&BBOX=0,0,1,1&WIDTH=16&HEIGHT=16&FORMAT=image/png"
    private let bench = StoreBench()

    /// - Parameter refusal: why it is not stored; nil: it is.
    private func head(
        _ status: Int, _ refusal: StoreRefusal? = .statusNotCacheable
    ) throws -> FetchedHead {
        let bytes = Array("HTTP/1.1 \(status) Any\r\nContent-Length: 4\r\n\r\n".utf8)
        var (parsed, scan) = (ResponseHead(), HeadScan())
        let result = unsafe parseResponse(
            bytes.span.bytes, &scan, limits: .response, toHead: false, into: &parsed)
        try #require(result == .complete)
        let times = EntryTimes(
            storedAt: 0, initialAge: 0, freshUntil: 1, swrUntil: 1, sieUntil: 1)
        return FetchedHead(
            bytes: bytes, head: parsed,
            facts: unsafe ResponseFacts(parsed, bytes: bytes.span.bytes, now: 0), blob: [],
            receivedAt: 0, requestedAt: 0,
            storability: refusal.map { .refused($0) } ?? .storable(times, []), variant: nil)
    }

    @Test(
        "an answer of another status is a failure, or refuses nobody the layer or the request",
        arguments: [
            (301, NobodysAnswer.refusal(isOfLayer: true)), (302, .refusal(isOfLayer: true)),
            (401, .refusal(isOfLayer: true)), (403, .refusal(isOfLayer: true)),
            (404, .refusal(isOfLayer: true)), (410, .refusal(isOfLayer: true)),
            (400, .refusal(isOfLayer: false)), (405, .refusal(isOfLayer: false)),
            (304, .refusal(isOfLayer: false)), (206, .refusal(isOfLayer: false)),
            (408, .failure), (429, .failure), (500, .failure), (502, .failure), (503, .failure),
            (504, .failure),
        ])
    func statuses(status: Int, answer: NobodysAnswer) throws {
        #expect(try head(status).nobodysAnswer { nil } == answer)
        // That it is stored does not make it a picture.
        #expect(try head(status, nil).nobodysAnswer { nil } == answer)
    }

    @Test("a picture that may be stored is public, another proves nothing")
    func pictures() throws {
        #expect(try head(200, nil).nobodysAnswer { nil } == .map)
        for refusal in [StoreRefusal.setCookie, .noStore, .isPrivate, .varyCookie] {
            #expect(try head(200, refusal).nobodysAnswer { nil } == .refusal(isOfLayer: true))
        }
        // One viewer's own wish, or his long field, says nothing of the layer.
        for refusal in [StoreRefusal.requestNoStore, .varyTooLong, .varyUntellable] {
            #expect(try head(200, refusal).nobodysAnswer { nil } == .map)
        }
        let unknown = ExceptionReport(code: "InvalidParameterValue", locator: "LAYER")
        #expect(try head(400).nobodysAnswer { unknown } == .refusal(isOfLayer: true))
    }

    @Test(
        "what is no picture is judged by what it says",
        arguments: [
            (TileVerdict.exception, "LayerNotDefined", "layers", true),
            (.exception, "InvalidParameterValue", "LAYER", true),
            (.exception, "InvalidParameterValue", "styles", false),
            (.exception, "StyleNotDefined", nil, false), (.exception, "InvalidSRS", nil, false),
            (.exception, nil, nil, false), (.wrongType, nil, nil, true), (.empty, nil, nil, false),
            (.wrongSignature, nil, nil, false), (.incomplete, nil, nil, false),
        ] as [(TileVerdict, String?, String?, Bool)])
    func rejected(
        verdict: TileVerdict, code: String?, locator: String?, isOfLayer: Bool
    ) throws {
        let head = FetchedHead(try head(200, nil), rejected: verdict)
        let report = ExceptionReport(code: code, locator: locator)
        #expect(head.nobodysAnswer { report } == .refusal(isOfLayer: isOfLayer))
    }

    @Test("refusals are forgotten by time, by what touches the map, and when they are too many")
    func memory() {
        func name(_ number: Int) -> CacheKey {
            CacheKey.hash(Array("\(number)".utf8).span.bytes, seed: (1, 2))
        }
        let refused = RefusedMaps()
        refused.remember(name(1), isOfLayer: true, at: 1_000, invalidation: 7)
        #expect(refused.has(name(1), at: 60_999, least: 7))
        #expect(!refused.has(name(2), at: 1_000, least: 0))
        #expect(!refused.has(name(1), at: 61_000, least: 7) && refused.count == 0)
        refused.remember(name(1), isOfLayer: true, at: 1_000, invalidation: 7)
        #expect(!refused.has(name(1), at: 1_000, least: 8) && refused.count == 0)
        refused.remember(name(0), isOfLayer: true, at: 0, invalidation: 0)
        for number in 1...RefusedMaps.places {
            refused.remember(name(number), isOfLayer: false, at: 0, invalidation: 0)
            #expect(refused.count <= RefusedMaps.places)
        }
        // Those of requests go, and layers' stay, but for as many layers.
        #expect(refused.count == 2 && refused.has(name(0), at: 0, least: 0))
        #expect(refused.has(name(RefusedMaps.places), at: 0, least: 0))
        for number in 1...RefusedMaps.places {
            refused.remember(name(number), isOfLayer: true, at: 0, invalidation: 0)
            #expect(refused.count <= RefusedMaps.places)
        }
    }

    @Test("a layer's first refusal counts, until it is served; too many are all forgotten")
    func refusedLayers() {
        func name(_ number: Int) -> CacheKey {
            CacheKey.hash(Array("\(number)".utf8).span.bytes, seed: (1, 2))
        }
        let refused = RefusedLayers()
        #expect(refused.since { name(0) } == nil)
        refused.note(name(0), at: 1_000)
        refused.note(name(0), at: 9_000)
        refused.note(name(1), at: 5_000)
        #expect(refused.since { name(0) } == 1_000 && refused.since { name(1) } == 5_000)
        refused.forget { name(0) }
        #expect(refused.since { name(0) } == nil && refused.since { name(1) } == 5_000)
        #expect(refused.since { nil } == nil)
        for number in 2...RefusedLayers.places { refused.note(name(number), at: 6_000) }
        #expect(refused.since { name(1) } == 5_000 && refused.count == RefusedLayers.places)
        refused.note(name(0), at: 7_000)
        #expect(refused.since { name(1) } == nil && refused.count == 1)
    }

    private func explain(
        _ target: String, _ fields: String = "", method: String = "GET",
        _ change: (inout BehaviorSettings) -> Void = { _ in }
    ) throws -> Explanation {
        var settings = Explaining.settings()
        settings.behaviors[0].maps = .standard
        settings.behaviors[0].sessionCookies = ["sessionid", "JSESSIONID"]
        change(&settings.behaviors[0])
        return try Explaining.explain(
            "\(method) \(target) HTTP/1.1\r\nHost: a.test\r\n\(fields)\r\n", try bench.open(),
            settings)
    }

    private func credentials(_ told: Explanation) -> String? {
        told.rewritings.first { $0.what == "credentials" }?.result
    }

    @Test(
        "who shows credentials is looked up, and asks, as nobody",
        arguments: [
            ("&access_token=s3cret", ""), ("&authkey=s3cret", ""), ("&JSESSIONID=s3cret", ""),
            ("", "Authorization: Basic s3cret\r\n"), ("", "Authorization: Bearer s3cret\r\n"),
            ("", "Cookie: _ga=1; sessionid=s3cret\r\n"), ("", "Cookie: JSESSIONID=s3cret\r\n"),
            ("&access_token=s3cret", "Cookie: a=s3cret\r\nAuthorization: Bearer s3cret\r\n"),
        ])
    func asked(more: String, fields: String) throws {
        let plain = try explain(Self.map)
        let session = Self.map.replacing("/wms?", with: "/wms;jsessionid=s3cret?")
        for target in [Self.map + more, session + more] {
            let told = try explain(target, fields)
            #expect(told.decision.action == "fetch" && told.decision.reason == "absent")
            #expect(told.decision.storeRefusal == nil)
            #expect(told.key?.hash == plain.key?.hash && told.key != nil)
            #expect(told.origin?.requestLine == plain.origin?.requestLine)
            let sent = told.origin?.fields ?? []
            #expect(!sent.isEmpty && !sent.contains { $0.value.contains("s3cret") })
            #expect(credentials(told)?.hasPrefix("set aside: asked as nobody") == true)
        }
        #expect(credentials(plain) == nil)
    }

    @Test("where nothing is proved, or cannot be, they are passed on as they came")
    func passed() throws {
        let token = Self.map + "&access_token=x"
        let pass = MapServices(asksAsNobody: false)
        #expect(try explain(token) { $0.maps = pass }.decision.reason == "session")
        let shared = try explain(token) { $0.policy.sessionsBypass = false }
        #expect(shared.decision.reason == "session")
        // Where Authorization is everybody's, nothing has to be proved, nor would it be.
        let unjudged = try explain(token) { $0.policy.judgesAuthorization = false }
        #expect(unjudged.decision.reason == "session")
        #expect(unjudged.origin?.requestLine.contains("access_token=x") == true)
        #expect(credentials(unjudged)?.contains("asked as nobody") != true)
        #expect(try explain(token, method: "HEAD").decision.action == "pass")
        let told = try explain(token, method: "HEAD")
        #expect(told.origin?.requestLine.contains("access_token=x") == true)
        #expect(credentials(told)?.hasPrefix("taken along") == true)
        let style = try explain(token + "&SLD_BODY=x")
        #expect(style.decision.reason == "style-document")
        #expect(style.origin?.requestLine.contains("access_token=x") == true)
        let document = try explain(
            "/geoserver/wms?SERVICE=WMS&REQUEST=GetCapabilities", "Cookie: sessionid=1\r\n")
        #expect(document.decision.reason == "session" && credentials(document) == nil)
    }
}
