import Caching
import HTTP
import Reactor
import Testing
import Tiles

@testable import Edge

@Suite("The scheme that an origin is told, in keys")
struct ToldSchemeTests {
    private static let now = Explaining.now
    private let bench = StoreBench()

    struct Row: CustomTestStringConvertible {
        var fields: [String]
        var trusted = true
        var secured = false
        var seesCloudFront = true
        var parts: [String]

        init(
            _ fields: String..., trusted: Bool = true, secured: Bool = false,
            seesCloudFront: Bool = true, parts: [String]
        ) {
            (self.fields, self.trusted, self.secured) = (fields, trusted, secured)
            (self.seesCloudFront, self.parts) = (seesCloudFront, parts)
        }

        var testDescription: String {
            "\(fields)\(trusted ? "" : " of a stranger")\(secured ? " over TLS" : "")"
        }
    }

    private static let http = "X-Forwarded-Proto: http"
    private static let https = "X-Forwarded-Proto: https"

    @Test(
        "http is no part; anything else that the origin is told is one, as it is told",
        arguments: [
            Row(trusted: false, parts: []),
            Row(trusted: false, secured: true, parts: ["https"]),
            Row(https, trusted: false, parts: []),
            Row(http, trusted: false, secured: true, parts: ["https"]),
            Row("CloudFront-Forwarded-Proto: https", trusted: false, parts: []),
            Row(parts: []),
            Row(secured: true, parts: ["https"]),
            Row(https, parts: ["https"]),
            Row(http, parts: []),
            // What is sent on counts, not how the proxy came.
            Row(http, secured: true, parts: []),
            Row("x-forwarded-proto:  https ", parts: ["https"]),
            Row("X-Forwarded-Proto: HTTP", parts: ["HTTP"]),
            Row("X-Forwarded-Proto: https, http", parts: ["https, http"]),
            Row("X-Forwarded-Proto:", parts: [""]),
            Row("X-Forwarded-Proto: wss", parts: ["wss"]),
            // The first line is what is sent on.
            Row(https, http, parts: ["https"]),
            // CloudFront removes X-Forwarded-Proto, and says it in a field of its own.
            Row("CloudFront-Forwarded-Proto: https", parts: ["http", "https"]),
            Row("cloudfront-forwarded-proto: http", parts: ["http", "http"]),
            Row("CloudFront-Forwarded-Proto: https", secured: true, parts: ["https", "https"]),
            Row(https, "CloudFront-Forwarded-Proto: http", parts: ["https", "http"]),
            Row(
                "CloudFront-Forwarded-Proto: http", "CloudFront-Forwarded-Proto: https",
                parts: ["http", "http", "https"]),
            Row("CloudFront-Forwarded-Protocol: https", parts: []),
            Row("CloudFront-Forwarded-Proto: https", seesCloudFront: false, parts: []),
        ])
    func table(_ row: Row) throws {
        let lines = row.fields.map { "\($0)\r\n" }.joined()
        let bytes = Array("GET /a HTTP/1.1\r\nHost: a.test\r\n\(lines)\r\n".utf8)
        var (head, scan) = (RequestHead(), HeadScan())
        try #require(
            parseRequest(bytes.span.bytes, &scan, limits: .request, into: &head) == .complete)
        let told = ToldScheme(isTrusted: row.trusted, isSecured: row.secured)
        let parts = withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { memory in
            var key = CanonicalKey(memory)
            told.append(
                head, bytes.span.bytes, seesCloudFront: row.seesCloudFront, to: &key)
            var (walk, parts) = (CanonicalParts(), [String]())
            while let (part, range) = walk.next(in: key.bytes.bytes) {
                #expect(part == .scheme)
                parts.append(String(decoding: key.bytes[range], as: UTF8.self))
            }
            #expect(!walk.isBroken)
            return parts
        }
        #expect(parts == row.parts)
    }

    private func explain(
        _ target: String, _ store: Store, _ settings: Settings, fields: String = "",
        usesTLS: Bool = false
    ) throws -> Explanation {
        try Explaining.explain(
            "GET \(target) HTTP/1.1\r\nHost: a.test\r\n\(fields)\r\n", store, settings,
            usesTLS: usesTLS)
    }

    private func labels(_ told: Explanation) -> [String] {
        told.key?.parts.map { "\($0.label) \($0.value ?? "")" } ?? []
    }

    @Test("explain shows it, and the copy under the other scheme as a near miss")
    func explained() throws {
        let store = try bench.open()
        var settings = Explaining.settings()
        settings.behaviors[0].maps = .standard
        let plain = try explain("/a?b", store, settings)
        #expect(labels(plain) == ["method GET or HEAD", "host a.test", "path /a", "query b"])
        let secured = try explain(
            "/a?b", store, settings, fields: "Accept-Encoding: gzip\r\n", usesTLS: true)
        #expect(
            labels(secured) == [
                "method GET or HEAD", "host a.test", "path /a", "query b", "scheme https",
                "coding gzip",
            ])
        let part = try #require(secured.key?.parts.first { $0.kind == "scheme" })
        #expect(part.source == "X-Forwarded-Proto, as the origin gets it")
        #expect(plain.key?.hash != secured.key?.hash)
        put(store, "/a")
        let missed = try explain("/a", store, settings, usesTLS: true)
        #expect(missed.entry == nil)
        #expect(
            missed.nearMisses.first?.differences == [
                Explanation.KeyDifference("scheme", wanted: "https", found: nil)
            ])
        #expect(try explain("/a", store, settings).entry != nil)
        store.invalidate([InvalidationRule(.prefix, Array("/a".utf8))])
        #expect(try explain("/a", store, settings).entry == nil)
    }

    @Test("a map's key is the same under both, what is no picture has it")
    func maps() throws {
        let store = try bench.open()
        var settings = Explaining.settings()
        settings.behaviors[0].maps = .standard
        let map =
            "/geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=a:b&STYLES="
            + "&SRS=EPSG:900913&BBOX=-10018754.17,0,-5009377.08,5009377.08&WIDTH=256&HEIGHT=256"
        for (target, isSame) in [
            ("\(map)&FORMAT=image/png", true), ("\(map)&FORMAT=image/tiff", true),
            ("\(map)&FORMAT=application/pdf", false),
            ("/geoserver/wms?SERVICE=WMS&REQUEST=GetCapabilities", false), ("/", false),
        ] {
            let plain = try explain(target, store, settings)
            let secured = try explain(target, store, settings, usesTLS: true)
            #expect((labels(plain) == labels(secured)) == isSame, "\(target)")
        }
    }

    private func put(_ store: Store, _ path: String) {
        let (host, bytes) = (Array("a.test".utf8), Array(path.utf8))
        let canonical = withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { memory in
            var (key, map) = (CanonicalKey(memory), MapFacts())
            TargetKey.append(
                host: host.span.bytes, path: bytes.span.bytes, query: RawSpan(), maps: nil,
                keepsEmptyQuery: false, dropsCacheBusters: false, &map, to: &key)
            return [UInt8](key.bytes)
        }
        let times = EntryTimes(
            storedAt: Self.now, initialAge: 0, freshUntil: Self.now + 60_000,
            swrUntil: Self.now + 60_000, sieUntil: Self.now + 60_000)
        _ = store.enqueue(
            StorePut(
                key: CacheKey.hash(canonical.span.bytes, seed: store.seed),
                header: EntryHeader(status: 200, flags: [], times: times),
                canonicalKey: canonical, headers: Array("Cache-Control: max-age=60\r\n".utf8),
                body: .segments([StoreSegment(copying: [1])])))
    }
}
