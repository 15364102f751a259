import Caching
import CloudFront
import HTTP
import Reactor
import Testing
import Tiles

@testable import Edge

@Suite("Maps in keys: what the hit path makes of a request")
struct MapKeyTests {
    private static let now = Explaining.now
    private let bench = StoreBench()

    private static let tile =
        "/geoserver/wms?LAYERS=geonode:storms&STYLES=&FORMAT=image/png&TRANSPARENT=TRUE"
        + "&TILE#EPSG:900913/3/2/3"
    private static let map =
        "/geoserver/geonode/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=storms&STYLES="
        + "&SRS=EPSG:900913&BBOX=-10018754.171394622,0,-5009377.085697311,5009377.085697311"
        + "&WIDTH=256&HEIGHT=256&FORMAT=image/png&TRANSPARENT=TRUE"

    private func settings(
        mode: Mode = .cloudfront, hasMaps: Bool = true, asksAsNobody: Bool = true
    ) -> Settings {
        var settings = Explaining.settings(mode: mode)
        if hasMaps { settings.behaviors[0].maps = MapServices(asksAsNobody: asksAsNobody) }
        return settings
    }

    private func explain(
        _ target: String, _ fields: String = "", method: String = "GET", store: Store? = nil,
        _ settings: Settings? = nil
    ) throws -> Explanation {
        try Explaining.explain(
            "\(method) \(target) HTTP/1.1\r\nHost: a.test\r\n\(fields)\r\n",
            try store ?? bench.open(), settings ?? self.settings())
    }

    private func parts(_ told: Explanation) -> [String] {
        told.key?.parts.map { "\($0.label) \($0.value ?? "")" } ?? []
    }

    @Test(
        "GET and HEAD have a picture's normal form in their key, and no coding",
        arguments: ["GET", "HEAD"], ["", "Accept-Encoding: gzip\r\n"])
    func picture(method: String, fields: String) throws {
        let told = try explain(Self.map, fields, method: method)
        #expect(
            parts(told) == ["method GET or HEAD", "host any", "map \(Self.tile)"])
        #expect(told.decision.reason == "absent" && told.refusal == nil)
        #expect(
            told.origin?.requestLine
                == "\(method) /geoserver/geonode/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap"
                + "&LAYERS=storms&STYLES=&FORMAT=image/png&TRANSPARENT=TRUE&SRS=EPSG:3857"
                + "&BBOX=-10018754.17139462,0,-5009377.08569731,5009377.08569731"
                + "&WIDTH=256&HEIGHT=256 HTTP/1.1")
        let coding = told.origin?.fields.first { $0.name.lowercased() == "accept-encoding" }
        #expect(coding?.value == (fields.isEmpty ? nil : "identity"))
    }

    @Test("what is no picture, and a behavior without map services, are keyed as they are")
    func others() throws {
        for target in [
            "/page?a=1", "/geoserver/wms?SERVICE=WMS&REQUEST=GetCapabilities",
            "/geoserver/wms?REQUEST=GetMap&LAYERS=a&FORMAT=application/pdf",
        ] {
            let words = parts(try explain(target, "Accept-Encoding: gzip\r\n"))
            #expect(words.contains("query \(target.split(separator: "?")[1])"))
            #expect(words.last == "coding gzip")
        }
        let told = try explain(Self.map, "", settings(hasMaps: false))
        #expect(parts(told).contains { $0.hasPrefix("query SERVICE=WMS") })
        #expect(told.origin?.requestLine.hasPrefix("GET \(Self.map) ") == true)
    }

    @Test("contradictions are refused, the same value twice is not")
    func refused() throws {
        let told = try explain(Self.map + "&srs=EPSG:4326")
        #expect(told.refusal?.word == "ambiguous-map" && told.decision.action == "refuse")
        #expect(told.refusal?.text == "SRS is given twice with different values; give it once")
        #expect(try explain(Self.map + "&srs=EPSG:900913").refusal == nil)
        #expect(try explain(Self.map + "&CRS=EPSG:4326").refusal?.word == "ambiguous-map")
        #expect(
            try explain(Self.map + "&srs=EPSG:4326", "", settings(hasMaps: false)).refusal == nil)
    }

    @Test(
        "what is nobody else's passes, in the viewer's own words",
        arguments: [
            ("&SLD_BODY=x", "style-document"), ("&access_token=x", "session"),
            ("&authkey=x&_dc=1", "session"), ("&JSESSIONID=1", "session"),
            ("&a1&a2&a3&a4&a5&a6&a7&a8&a9&b1&b2&b3&b4&b5&b6&b7&b8", "many-parameters"),
        ])
    func passed(more: String, reason: String) throws {
        for mode in [Mode.cloudfront, .rfc9111] {
            var settings = settings(mode: mode, asksAsNobody: false)
            let told = try explain(Self.map + more, "", settings)
            #expect(told.decision.action == "pass" && told.decision.reason == reason)
            #expect(told.decision.storeRefusal != nil && told.key == nil)
            #expect(told.origin?.requestLine.hasPrefix("GET \(Self.map)\(more) ") == true)
            // Where sessions are shared, credentials that are in no key are not.
            settings.behaviors[0].policy.sessionsBypass = false
            #expect(try explain(Self.map + more, "", settings).decision.action == "pass")
        }
        let path = try explain(
            Self.map.replacing("/wms?", ";jsessionid=1/wms?"), "", settings(asksAsNobody: false))
        #expect(path.decision.reason == "session")
    }

    @Test("credentials of requests that are no pictures are found as ever")
    func credentials() throws {
        for target in [
            "/geoserver/wms?SERVICE=WMS&REQUEST=GetCapabilities&access_token=x",
            "/geoserver/wms?REQUEST=GetMap&LAYERS=a&FORMAT=application/pdf&authkey=x",
        ] {
            #expect(try explain(target).decision.reason == "session")
        }
    }

    private func put(_ store: Store, _ map: String, age: Milliseconds) {
        let key = withUnsafeTemporaryAllocation(byteCount: 8_192, alignment: 1) { memory in
            var key = CanonicalKey(memory)
            key.append(.methodClass, byte: UInt8(ascii: "G"))
            key.append(host: RawSpan())
            key.append(.mapRequest, Array(map.utf8).span.bytes)
            return [UInt8](key.bytes)
        }
        let storedAt = Self.now - age
        let times = EntryTimes(
            storedAt: storedAt, initialAge: 0, freshUntil: storedAt + 60_000,
            swrUntil: storedAt + 60_000, sieUntil: storedAt + 60_000)
        _ = store.enqueue(
            StorePut(
                key: CacheKey.hash(key.span.bytes, seed: store.seed),
                header: EntryHeader(status: 200, flags: [], times: times), canonicalKey: key,
                headers: Array("Cache-Control: max-age=60\r\n".utf8),
                body: .segments([StoreSegment(copying: [1, 2, 3])])))
    }

    @Test("one entry answers all spellings; a cache-buster is a floor for it, a future one is now")
    func floors() throws {
        let store = try bench.open()
        put(store, Self.tile, age: 10_000)
        let tms = "/geoserver/gwc/service/tms/1.0.0/geonode:storms@EPSG:900913@png/3/2/4.png"
        for (target, reason) in [
            (Self.map, "fresh"), (tms, "fresh"), (tms + "?_dc=\(Self.now - 10_000)", "fresh"),
            (tms + "?_dc=\(Self.now - 9_999)", "cache-buster"),
            (tms + "?t=\(Self.now / 1_000 - 10)", "fresh"),
            (Self.map + "&_olSalt=0.123", "cache-buster"),
            (Self.map + "&timestamp=\(Self.now + 86_400_000)", "cache-buster"),
        ] {
            let told = try explain(target, store: store)
            #expect(told.decision.reason == reason, "\(target)")
            #expect(told.entry != nil, "\(target)")
        }
        put(store, Self.tile, age: 0)
        let ahead = try explain(
            Self.map + "&timestamp=\(Self.now + 86_400_000)", store: store)
        #expect(ahead.decision.reason == "fresh")
    }

    @Test("a document's cache-buster is a floor, and in no key; elsewhere it is a word like any")
    func documentFloors() throws {
        let legend = "/geoserver/wms?request=GetLegendGraphic&layer=a"
        var settings = settings()
        for (drops, busted) in [(false, legend + "&t=1531234567890"), (true, legend)] {
            settings.behaviors[0].dropsCacheBusters = drops
            let told = try explain(legend + "&t=1531234567890", "", settings)
            #expect(
                parts(told).contains("query " + busted.drop { $0 != "?" }.dropFirst()), "\(drops)")
            let floors = told.rewritings.filter { $0.what == "not older than" }
            #expect(floors.isEmpty == !drops)
        }
        let page = try explain("/maps/1?t=1531234567890", "", settings)
        #expect(parts(page).contains("query t=1531234567890"))
    }

    @Test("what is told of a map: grid set, tile, box, what is not in the key, the question")
    func told() throws {
        let told = try explain(Self.map + "&_dc=1&EXCEPTIONS=XML&TIME=current")
        let rewritings = Dictionary(
            uniqueKeysWithValues: told.rewritings.map { ($0.what, $0.result) })
        #expect(rewritings["map request"] == "wms map 256x256")
        #expect(rewritings["grid set"] == "EPSG:900913")
        #expect(rewritings["tile"] == "level 3, column 2, row 3 from the north")
        #expect(
            rewritings["box"] == "-10018754.171394622, 0.0 to -5009377.085697312, 5009377.085697312"
        )
        #expect(rewritings["not older than"]?.hasPrefix("0s") == true)
        #expect(rewritings["time"]?.contains("60s") == true)
        #expect(rewritings["asked as"]?.contains("EXCEPTIONS") == false)
        #expect(rewritings["asked as"]?.hasSuffix("&HEIGHT=256&TIME=current") == true)
        let names = told.key?.leftOut.map(\.name) ?? []
        #expect(names.contains("_dc") && names.contains("EXCEPTIONS") && !names.contains("TIME"))
    }

    @Test("near misses name the parameters that differ")
    func nearMisses() throws {
        let store = try bench.open()
        put(store, Self.tile + "&TIME=2005", age: 1_000)
        let told = try explain(Self.map + "&TIME=2006", store: store)
        #expect(told.nearMisses.first?.differences.map(\.note) == ["TIME"])
    }

    @Test("an item of an invalidation stands for what it names under the normal form")
    func invalidations() throws {
        let settings = settings()
        func rules(_ item: String, _ settings: Settings) throws -> [String] {
            settings.rules(for: try InvalidationPath(item)).map {
                "\($0.reach) \(String(decoding: $0.bytes, as: UTF8.self))"
            }
        }
        #expect(
            try rules("/geoserver/geonode/wms*", settings)
                == ["prefix /geoserver/geonode/wms", "prefix /geoserver/wms?LAYERS=geonode:"])
        #expect(try rules("/geoserver/*", settings) == ["prefix /geoserver/"])
        #expect(try rules("/page", settings) == ["target /page"])
        #expect(
            try rules(Self.map, settings) == ["target \(Self.map)", "target \(Self.tile)"])
        let plain = self.settings(hasMaps: false)
        #expect(try rules(Self.map, plain) == ["target \(Self.map)"])
        // And such a rule kills what is stored.
        let store = try bench.open()
        put(store, Self.tile, age: 1_000)
        store.settle()
        #expect(try explain(Self.map, store: store).entry != nil)
        store.invalidate(settings.rules(for: try InvalidationPath("/geoserver/geonode/wms*")))
        #expect(try explain(Self.map, store: store).entry == nil)
    }
}

extension String {
    fileprivate func replacing(_ word: String, _ other: String) -> String {
        guard let range = firstRange(of: word) else { return self }
        return self[..<range.lowerBound] + other + self[range.upperBound...]
    }
}
