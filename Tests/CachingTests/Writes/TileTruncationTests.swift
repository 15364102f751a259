import Caching
import Testing
import Tiles

/// Truncations by grid set, where pools tell of sets of their own.
@Suite("Writes: tiles of a pool's grid set")
struct TileTruncationTests {
    /// Tiles of New Zealand under a name and a version.
    private static func set(_ name: String, version: String, north: Double = 1e7) -> GridSet {
        var set = GridSet(
            name: name, code: 2193, isNorthingFirst: true,
            extent: BoundingBox(west: -1e6, south: 8e5, east: 8_175_040, north: north),
            origin: .topLeft,
            levels: (0..<6).map { level in
                GridSet.Level(
                    resolution: 8960 / Double(1 << level), name: "\(level)",
                    place: .init(west: -1e6, north: north, columns: 4 << level, rows: 4 << level))
            })
        set.version = version
        return set
    }

    private static func pool(_ sets: GridSet...) -> MapServices {
        MapServices.standard.knowing([], documents: nil, poolSets: sets)
    }

    private static func isDead(
        _ tile: String, of pool: MapServices, byTruncating gridSet: String, at all: MapServices,
        levels: ClosedRange<Int>? = nil
    ) throws -> Bool {
        let target = "/geoserver/gwc/service/wmts/rest/a:b//\(tile)?format=image/png"
        let key = try #require(EntrySubjectTests.normal(target, pool))
        var truncation = TileTruncation(layer: LayerName("a:b"))
        (truncation.gridSet, truncation.levels) = (gridSet, levels)
        return EntrySubjectTests.isDead(
            key, by: truncation.scope(all.gridSets), ScopeReading(services: all))
    }

    private static let tile = "3/3/5"

    @Test("tiles that two pools call otherwise are truncated by either name")
    func twins() throws {
        let (foo, bar) = (Self.set("foo", version: "a"), Self.set("bar", version: "b"))
        let all = Self.pool(foo, bar)
        for name in ["foo", "bar"] {
            for (pool, set) in [(Self.pool(foo), "foo"), (Self.pool(bar), "bar")] {
                #expect(
                    try Self.isDead("\(set)/\(Self.tile)", of: pool, byTruncating: name, at: all),
                    "\(set) by \(name)")
                #expect(
                    try !Self.isDead(
                        "EPSG:900913/\(Self.tile)", of: pool, byTruncating: name, at: all))
            }
        }
        // Pools may list them in either order, too.
        let turned = Self.pool(bar, foo)
        #expect(
            try Self.isDead("foo/\(Self.tile)", of: turned, byTruncating: "foo", at: all))
        // Levels are counted by the set that is named.
        #expect(
            try !Self.isDead(
                "foo/\(Self.tile)", of: Self.pool(foo), byTruncating: "foo", at: all,
                levels: 0...2))
    }

    @Test("a set that has changed, and may change back, is truncated with its former tiles")
    func versions() throws {
        let (old, new) = (
            Self.pool(Self.set("foo", version: "a")),
            Self.pool(Self.set("foo", version: "b", north: 9e6))
        )
        // In force when it was truncated, and when the tile is asked for again.
        #expect(try Self.isDead("foo/\(Self.tile)", of: old, byTruncating: "foo", at: new))
        let target = "/geoserver/gwc/service/wmts/rest/a:b//foo/\(Self.tile)?format=image/png"
        let key = try #require(EntrySubjectTests.normal(target, old))
        var truncation = TileTruncation(layer: LayerName("a:b"))
        truncation.gridSet = "foo"
        let scope = truncation.scope(new.gridSets)
        #expect(EntrySubjectTests.isDead(key, by: scope, ScopeReading(services: old)))
    }

    @Test("sets too many to be told apart are all truncated")
    func many() {
        for (count, isEach) in [(8, true), (9, false)] {
            let sets = (0..<count).map { Self.set("s\($0)", version: "v") }
            let all = MapServices.standard.knowing([], documents: nil, poolSets: sets)
            var truncation = TileTruncation(layer: LayerName("a:b"))
            truncation.gridSet = "s3"
            let parts = truncation.scope(all.gridSets).parts
            #expect(parts.count == (isEach ? count : 1))
            #expect(parts.allSatisfy { ($0.selection.gridSet != nil) == isEach })
        }
    }
}
