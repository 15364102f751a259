import Caching
import HTTP
import Testing
import Tiles

@Suite("Maps in keys: their normal form in place of path and query")
struct CanonicalMapTests {
    /// The parts of a key, each as `part value`.
    private func parts(_ target: String, room: Int = 8_192) -> (parts: [String], Bool) {
        let pieces = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let (path, query) = (Array(pieces[0].utf8), Array(pieces.dropFirst().joined().utf8))
        var key: [UInt8] = []
        var overflowed = false
        withUnsafeTemporaryAllocation(byteCount: room, alignment: 1) { memory in
            var canonical = CanonicalKey(memory)
            canonical.append(.methodClass, byte: UInt8(ascii: "G"))
            _ = canonical.append(
                mapOf: path.span.bytes, query: query.span.bytes, services: .standard)
            canonical.append(.coding, byte: UInt8(ascii: "g"))
            (key, overflowed) = ([UInt8](canonical.bytes), canonical.overflowed)
        }
        var (walk, parts) = (CanonicalParts(), [String]())
        while let (part, range) = walk.next(in: key.span.bytes) {
            parts.append("\(part) \(String(decoding: key[range], as: UTF8.self))")
        }
        return (parts, overflowed)
    }

    private let map = "/geoserver/wms?request=GetMap&layers=a&format=image/png"

    @Test("a picture has one part, and what comes behind it is whole")
    func picture() {
        let (parts, overflowed) = parts(map)
        #expect(
            parts == [
                "methodClass G",
                "mapRequest /geoserver/wms?LAYERS=a&STYLES=&FORMAT=image/png&TRANSPARENT=FALSE",
                "coding g",
            ])
        #expect(!overflowed)
    }

    @Test(
        "what is no picture, ambiguous or nobody else's leaves no trace",
        arguments: [
            "/a?b", "/geoserver/wms?request=GetMap&layers=a&format=application/pdf",
            "/geoserver/wms?request=GetMap&layers=a&layers=b&format=image/png",
            "/geoserver/wms?request=GetMap&layers=a&format=image/png&sld_body=x",
        ])
    func others(_ target: String) {
        #expect(parts(target).parts == ["methodClass G", "coding g"])
    }

    @Test("memory that ends within a map leaves a key that can be gone on with")
    func short() {
        #expect(parts(map, room: 40).parts == ["methodClass G", "coding g"])
        #expect(parts(map, room: 5).1)
    }

    private func target(_ text: String) -> [String?] {
        withUnsafeTemporaryAllocation(byteCount: 1_024, alignment: 1) { memory in
            var key = CanonicalKey(memory)
            key.append(host: Array("a.test".utf8).span.bytes)
            key.append(.mapRequest, Array(text.utf8).span.bytes)
            let bytes = [UInt8](key.bytes)
            guard let found = InvalidationTarget(in: bytes.span.bytes) else { return [] }
            return [found.path, found.query].map { range in
                range.map { String(decoding: bytes[$0], as: UTF8.self) }
            }
        }
    }

    @Test("an invalidation finds it by the path and query of the normal form")
    func invalidation() {
        #expect(target("/geoserver/wms?LAYERS=a#b") == ["/geoserver/wms", "LAYERS=a#b"])
        #expect(target("/x/1/2.png#TIME=1") == ["/x/1/2.png", "TIME=1"])
        #expect(target("/x/1/2.png#") == ["/x/1/2.png", nil])
        #expect(target("/x") == ["/x", nil])
    }

    // MARK: floors

    private func decide(floor: Milliseconds, after: Milliseconds, tag: Bool = true) -> Decision {
        var request = ask()
        request.notOlderThan = floor
        let response =
            tag
            ? answer(200, "Cache-Control: max-age=60", "ETag: \"a\"")
            : answer(200, "Cache-Control: max-age=60")
        guard let stored = entry(response, .cloudFront) else { return Decision(.pass, .absent) }
        return Caching.decide(
            .entry(stored), request: request, policy: .cloudFront, health: .up, now: epoch + after)
    }

    @Test("what was stored before a cache-buster's time is asked for anew, to the millisecond")
    func floor() {
        #expect(decide(floor: .min, after: 5).action == .serve)
        #expect(decide(floor: epoch, after: 5) == Decision(.serve, .fresh))
        #expect(decide(floor: epoch + 1, after: 5) == Decision(.revalidate, .cacheBuster))
        #expect(decide(floor: epoch + 1, after: 5, tag: false) == Decision(.fetch, .cacheBuster))
    }

    // MARK: the present

    @Test("feature info is fresh for featureInfoTTL at the most", arguments: Mode.allCases)
    func featureInfo(_ mode: Mode) {
        var policy = BehaviorPolicy.standard(mode: mode)
        for (limit, wanted): (Milliseconds, Milliseconds) in [
            (5_000, 5_000), (0, 0), (BehaviorPolicy.year, 60_000),
        ] {
            policy.featureInfoTTL = limit
            let (bytes, head) = Heads.response(200, [])
            var silent = ResponseFacts(head, bytes: bytes.span.bytes, now: epoch)
            (silent.lifetimeClass, silent.isFeatureInfo) = (.features, true)
            let lifetime = freshnessLifetime(silent, policy, now: epoch)
            #expect(lifetime.milliseconds == wanted)
            #expect((lifetime.bound == .featureInfoTTL) == (wanted == limit))
        }
    }

    @Test("what moves with the clock is fresh for presentTTL at the most", arguments: Mode.allCases)
    func present(_ mode: Mode) {
        var policy = BehaviorPolicy.standard(mode: mode)
        policy.presentTTL = 7_000
        for (fields, wanted) in [
            (["Cache-Control: max-age=60"], Lifetime(milliseconds: 7_000, source: .maxAge)),
            (["Cache-Control: max-age=5"], Lifetime(milliseconds: 5_000, source: .maxAge)),
            ([], Lifetime(milliseconds: 7_000, source: .mapClass)),
        ] {
            let (bytes, head) = Heads.response(200, fields)
            var facts = ResponseFacts(head, bytes: bytes.span.bytes, now: epoch)
            facts.lifetimeClass = .tiles
            let still = freshnessLifetime(facts, policy, now: epoch)
            #expect(still.milliseconds >= wanted.milliseconds && still.bound == .none)
            facts.movesWithClock = true
            let lifetime = freshnessLifetime(facts, policy, now: epoch)
            #expect(lifetime.milliseconds == wanted.milliseconds)
            #expect(lifetime.source == wanted.source)
            #expect((lifetime.bound == .presentTTL) == (wanted.milliseconds == 7_000))
        }
    }
}
