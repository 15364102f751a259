import Caching
import HTTP
import Testing
import Tiles

@Suite("Writes: of a layer's tiles only some")
struct TileSelectionTests {
    private static func scope(
        _ selection: TileSelection, at box: GeographicBox? = nil
    ) -> WriteScope {
        var scope = WriteScope()
        scope.insert(
            WriteScope.Part(
                .layer(LayerName("geonode:roads")), .tiles, boxes: box.map { [$0] } ?? [],
                selection: selection))
        return scope
    }

    /// Whether each form of a target's key is touched; they agree.
    private static func isDead(_ target: String, by scope: WriteScope) -> Bool {
        let keys = [EntrySubjectTests.sent(target), EntrySubjectTests.normal(target)]
        let dead = keys.compactMap(\.self).map { EntrySubjectTests.isDead($0, by: scope) }
        #expect(Set(dead).count == 1, "\(target)")
        return dead.contains(true)
    }

    @Test(
        "a tile is of its level, in each of its spellings", arguments: EntrySubjectTests.spellings)
    func levels(_ target: String) {
        for (levels, isDead) in [
            (3...3, true), (0...3, true), (3...9, true), (0...2, false), (4...64, false),
        ] as [(ClosedRange<UInt8>, Bool)] {
            let scope = Self.scope(TileSelection(levels: levels))
            #expect(Self.isDead(target, by: scope) == isDead, "\(levels)")
        }
        let far = WriteScopeTests.box(13, 52, 0.1)
        let scope = Self.scope(TileSelection(levels: 3...3), at: far)
        #expect(!Self.isDead(target, by: scope), "place and level count together")
    }

    @Test("a tile is of its grid set and in its format, and what is no tile may be of any")
    func kinds() {
        func selection(_ set: String?, _ format: MapFormat? = nil) -> TileSelection {
            var selection = TileSelection()
            (selection.gridSet, selection.format) = (set, format)
            return selection
        }
        let tile = EntrySubjectTests.spellings[0]
        let cases: [(String, TileSelection, Bool)] = [
            (tile, selection("EPSG:900913"), true), (tile, selection("EPSG:4326"), false),
            (tile, selection("EPSG:900913", .jpeg), false),
            (tile, selection(nil, .png8), false), (tile, selection(nil, .png), true),
            (Self.map + "&STYLES=", selection("EPSG:4326"), true),
            (Self.map + "&STYLES=", selection("EPSG:4326", .jpeg), false),
            (
                Self.map.replacing("image/png", with: "application/odd") + "&STYLES=",
                selection(nil, .jpeg), true
            ),
        ]
        for (target, selection, isDead) in cases {
            #expect(Self.isDead(target, by: Self.scope(selection)) == isDead, "\(selection)")
        }
    }

    @Test("version 3 is these bytes for ever, and only where grid sets or formats are selected")
    func newest() {
        var selection = TileSelection(levels: 1...2)
        (selection.gridSet, selection.format) = ("EPSG:4326", .jpeg)
        let scope = Self.scope(selection)
        let expected: [UInt8] =
            [3, 0, 1, 0, 18, 1, 0, 0, 0, 7, 0, 5, 0] + Array("geonoderoads".utf8) + [
                49, 1, 2, 9, 0,
            ] + Array("EPSG:4326".utf8) + [3]
        #expect(scope.encoded == expected)
        #expect(WriteScope(encoded: expected.span.bytes) == scope)
        #expect(
            scope.words()
                == "layer geonode:roads of levels 1 to 2, grid set EPSG:4326, format jpeg (tiles)")
        // A format that is none, one of version 2, and what version 2 could have said.
        for (place, byte) in [(expected.count - 1, 99 as UInt8), (0, 2), (25, 1)] {
            var bytes = expected
            bytes[place] = byte
            #expect(WriteScope(encoded: bytes.span.bytes) == nil)
        }
    }

    private static let map =
        "/geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=geonode:roads"
        + "&FORMAT=image/png&SRS=EPSG:900913&WIDTH=256&HEIGHT=257"
        + "&BBOX=0,5009377.085,5009377.085,10018754.17"

    @Test(
        "what a request does not tell may be meant",
        arguments: [
            ("&STYLES=", TileSelection(levels: 1...1), true),
            ("&STYLES=&TIME=2016-05-03", TileSelection(time: "2016-05"), true),
            ("&STYLES=&TIME=2016-06-03", TileSelection(time: "2016-05"), false),
            ("&STYLES=&TIME=2016-06-03,2016-04", TileSelection(time: "2016-05"), true),
            ("&STYLES=&TIME=2016-01/2017-01", TileSelection(time: "2016-05"), true),
            ("&STYLES=&TIME=current", TileSelection(time: "2016-05"), true),
            ("&STYLES=", TileSelection(time: "2016-05"), true),
            ("&STYLES=line", TileSelection(style: LayerName("line")), true),
            ("&STYLES=line", TileSelection(style: LayerName("w:line")), true),
            ("&STYLES=w:line", TileSelection(style: LayerName("line")), true),
            ("&STYLES=v:line", TileSelection(style: LayerName("w:line")), false),
            ("&STYLES=area", TileSelection(style: LayerName("line")), false),
            ("&STYLES=", TileSelection(style: LayerName("line")), true),
            (
                "&STYLES=line&TIME=2016-06",
                TileSelection(time: "2016-05", style: LayerName("line")), false
            ),
        ])
    func telling(_ rest: String, _ selection: TileSelection, _ isDead: Bool) {
        #expect(Self.isDead(Self.map + rest, by: Self.scope(selection)) == isDead)
    }

    @Test("of several layers each counts in its own style")
    func several() {
        let target = Self.map.replacing("geonode:roads", with: "geonode:towns,geonode:roads")
        let scope = Self.scope(TileSelection(style: LayerName("line")))
        #expect(Self.isDead(target + "&STYLES=area,line", by: scope))
        #expect(!Self.isDead(target + "&STYLES=line,area", by: scope))
    }

    @Test("parts with another selection stand beside each other, and none means all")
    func union() {
        var scope = Self.scope(TileSelection(levels: 1...2))
        scope.formUnion(Self.scope(TileSelection(levels: 5...6)))
        #expect(scope.parts.count == 2)
        scope.formUnion(Self.scope(.all))
        #expect(scope.parts.count == 3)
        #expect(Self.isDead(Self.map + "&STYLES=", by: scope))
        #expect(
            Self.scope(TileSelection(levels: 1...2, time: "2016", style: LayerName("s"))).words()
                == "layer geonode:roads of levels 1 to 2, time 2016, style s (tiles)")
        // What has no room for its style means all of them.
        let long = LayerName(String(repeating: "s", count: 600))
        #expect(Self.scope(TileSelection(style: long)) == Self.scope(.all))
        #expect(TileSelection(time: "current").isAll)
    }

    @Test("version 2 is these bytes for ever, and only where something is selected")
    func golden() {
        let scope = Self.scope(
            TileSelection(levels: 1...2, time: "2016", style: LayerName("w:s")))
        let expected: [UInt8] =
            [2, 0, 1, 0, 18, 1, 0, 0, 0, 7, 0, 5, 0] + Array("geonoderoads".utf8) + [
                15, 1, 2, 4, 0,
            ] + Array("2016".utf8) + [1, 0, 0x73, 1, 0, 0x77]
        #expect(scope.encoded == expected)
        #expect(WriteScope(encoded: expected.span.bytes) == scope)
        #expect(Self.scope(.all).encoded[0] == 1)
        // Levels the wrong way round, and a style's workspace without a style.
        for (place, byte) in [(26, 9 as UInt8), (25, 11), (25, 16)] {
            var bytes = expected
            bytes[place] = byte
            #expect(WriteScope(encoded: bytes.span.bytes) == nil)
        }
    }

    @Test("the same once more, as of a style that is saved all the time, widens nothing")
    func repeated() {
        var index = ScopeIndex()
        for number in 1...100 {
            index.insert(
                Self.scope(TileSelection(style: LayerName("line"))), number: UInt64(number))
        }
        func latest(_ style: String?) -> UInt64 {
            index.numbers(
                layer: LayerName("geonode:roads"), box: nil, style: style.map { LayerName($0) },
                kind: .tiles, since: 0
            ).highest
        }
        #expect(latest("line") == 100 && latest("a:line") == 100 && latest(nil) == 100)
        #expect(latest("point") == 0)
    }

    @Test("many of them widen only the old, and what is retired is gone")
    func bounded() {
        var index = ScopeIndex()
        let count = 2 * ScopeIndex.boxLimit
        for number in 1...count {
            var selection = TileSelection(levels: UInt8(number % 50)...UInt8(number % 50))
            selection.gridSet = "set\(number / 50)"
            index.insert(Self.scope(selection), number: UInt64(number))
        }
        func latest(_ level: Int, since: UInt64) -> UInt64 {
            index.numbers(
                layer: LayerName("geonode:roads"), box: nil, style: nil, kind: .tiles,
                level: level, since: since
            ).highest
        }
        let last = UInt64(count / 50 * 50)
        #expect(latest(0, since: last - 9) == last && latest(49, since: last - 9) == last - 1)
        #expect(latest(60, since: last - 2) <= last - 2, "none of them is of that level")
        #expect(latest(60, since: 0) > 0, "old enough to count as touched")
        index.retire(upTo: UInt64(count))
        #expect(index.count == 0 && latest(0, since: 0) == 0)
    }
}
