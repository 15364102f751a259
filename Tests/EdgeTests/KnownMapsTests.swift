import Caching
import Testing
import Tiles

@testable import Edge

@Suite("Maps asked for lately: their keys without reading them once more")
final class KnownMapsTests {
    private var known = KnownMaps()
    private let services = MapServices()

    deinit { known.deallocate() }

    private struct Read: Equatable {
        var key: [UInt8]
        var isKeyed: Bool
        var isPicture: Bool
        var hasToken: Bool
        var notOlderThan: Milliseconds
    }

    private func read(_ target: String, known: KnownMaps?, _ services: MapServices) -> Read {
        let pieces = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let (path, query) = (Array(pieces[0].utf8), Array(pieces.dropFirst().joined().utf8))
        return unsafe withUnsafeTemporaryAllocation(byteCount: 8_192, alignment: 1) { memory in
            var (key, map) = unsafe (CanonicalKey(memory), MapFacts())
            unsafe TargetKey.append(
                host: Array("a.test".utf8).span.bytes, path: path.span.bytes,
                query: query.span.bytes, maps: .passUnretained(services), keepsEmptyQuery: false,
                dropsCacheBusters: false, known: known, &map, to: &key)
            return unsafe Read(
                key: [UInt8](key.bytes), isKeyed: map.isKeyed, isPicture: map.isPicture,
                hasToken: map.hasToken, notOlderThan: map.notOlderThan)
        }
    }

    /// What is asked for by the known maps' way; that it is what reading says is expected.
    private func ask(_ target: String, _ services: MapServices? = nil) -> Read {
        let services = services ?? self.services
        let found = read(target, known: known, services)
        #expect(found == read(target, known: nil, services), "\(target)")
        return found
    }

    private static func tile(_ index: Int, _ rest: String = "") -> String {
        "/geoserver/gwc/service/tms/1.0.0/geonode:storms@EPSG:900913@png/12/\(index % 4096)/"
            + "\(index / 64).png\(rest)"
    }

    @Test("far more maps than there are places: each has its own key, at first and once more")
    func many() {
        var keys: Set<[UInt8]> = []
        for _ in 0..<2 {
            for index in 0..<3 * KnownMaps.places { keys.insert(ask(Self.tile(index)).key) }
        }
        #expect(keys.count == 3 * KnownMaps.places)
    }

    @Test(
        "words that share a beginning, an end, or all but where the query begins",
        arguments: [
            "/geoserver/wms?request=GetMap&layers=a&format=image/png",
            "/geoserver/wms?request=GetMap&layers=b&format=image/png",
            "/geoserver/wms?request=GetMap&layers=a&format=image/gif",
            "/geoserver/wms?request=GetMap&layers=a&format=application/pdf",
            "/geoserver/wms?request=GetMap&layers=a&layers=b&format=image/png",
            "/geoserver/wms?request=GetMap&layers=a&format=image/png&_dc=1700000000000",
            "/geoserver/wms?request=GetMap&layers=a&format=image/png&authkey=1",
            "/geoserver/wms?request=GetMap&layers=a&format=image/png&sld_body=x",
            "/geoserver/wmsrequest=GetMap&layers=a&format=image/png", "/a", "/a?b", "", "?",
        ])
    func alike(_ target: String) {
        let first = ask(target)
        _ = ask("/geoserver/wms?request=GetMap&layers=a&format=image/png")
        #expect(ask(target) == first)
    }

    /// Whether the words are remembered now.
    private func isKnown(_ target: String, _ services: MapServices? = nil) -> Bool {
        let pieces = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let (path, query) = (Array(pieces[0].utf8), Array(pieces.dropFirst().joined().utf8))
        return unsafe withUnsafeTemporaryAllocation(byteCount: 8_192, alignment: 1) { memory in
            var (key, map) = unsafe (CanonicalKey(memory), MapFacts())
            return unsafe known.recall(
                path.span.bytes, query.span.bytes, .passUnretained(services ?? self.services),
                &map, to: &key)
        }
    }

    @Test("two maps have room where their words hash to one pair of places, whoever came first")
    func pairs() {
        // A third pushes the older of two out, which is told by who is known then.
        for index in 0..<3 * KnownMaps.places {
            _ = ask(Self.tile(index))
            #expect(isKnown(Self.tile(index)))
            if index > 0 { #expect(isKnown(Self.tile(index - 1))) }
        }
        let kept = (0..<3 * KnownMaps.places).count { isKnown(Self.tile($0)) }
        #expect(kept > KnownMaps.places * 9 / 10 && kept <= KnownMaps.places)
    }

    private static let map = "/geoserver/wms?request=GetMap&layers=a&format=image/png"

    @Test("a token is not kept, nor what does not come again")
    func exceptions() {
        for rest in ["&access_token=abc", "&authkey=1", "&_dc=1700000000000", "&_olSalt=0.5"] {
            _ = ask(Self.map + rest)
            #expect(!isKnown(Self.map + rest), "\(rest)")
        }
        _ = ask(Self.map)
        #expect(isKnown(Self.map))
    }

    @Test("what does not fit into a place is read each time")
    func limit() {
        let named = "/geoserver/wms?request=GetMap&format=image/png&layers="
        // A key's three parts have a head each; the method has a byte, the host none.
        let form = ask(named + "a").key.count - 3 * CanonicalKey.partHead - 1
        let room = KnownMaps.placeSize - KnownMaps.headSize - (named.utf8.count - 1) - form
        let fits = named + String(repeating: "a", count: 1 + (room - 1) / 2)
        #expect(ask(fits).isKeyed && isKnown(fits))
        #expect(ask(fits + "a").isKeyed && !isKnown(fits + "a"))
        #expect(isKnown(fits))
    }

    @Test("other services' maps are others, and those of a configuration that is gone")
    func editions() {
        let others = MapServices(contexts: [MapServices.Context(bareWorkspace: "geonode")])
        #expect(ask(Self.map).key != ask(Self.map, others).key)
        #expect(isKnown(Self.map, others) && isKnown(Self.map))
        known.forget()
        #expect(!isKnown(Self.map, others) && !isKnown(Self.map))
        _ = ask(Self.map, others)
        #expect(isKnown(Self.map, others) && !isKnown(Self.map))
    }
}
