import Caching
import Testing
import Tiles

@Suite("Writes: the scopes in force, looked up by name")
struct ScopeIndexTests {
    private static let layers = (0..<6).map { LayerName(workspace: $0 < 3 ? "w" : "v", "l\($0)") }

    private static func scope(_ lot: inout Lot) -> WriteScope {
        var scope = WriteScope()
        scope.isHard = lot.below(4) == 0
        let layer = layers[lot.below(6)]
        let target: WriteScope.Target
        switch lot.below(12) {
        case 0: target = .everything
        case 1: target = .workspace(["w", "v"][lot.below(2)])
        case 2:
            let style = LayerName(workspace: [nil, "w"][lot.below(2)], "s\(lot.below(3))")
            target = lot.below(2) == 0 ? .style(style) : .namedStyle(style)
        case 3: target = .page("/p/\(lot.below(4))")
        case 4: target = .layer(LayerName(workspace: nil, layer.name))
        default: target = .layer(layer)
        }
        let boxes = (0..<lot.below(3)).map { _ in
            WriteScopeTests.box(Double(lot.below(300) - 150), Double(lot.below(160) - 80), 2)
        }
        var selection: TileSelection =
            [
                .all, .all, TileSelection(levels: 0...UInt8(lot.below(8))),
                TileSelection(time: "201\(lot.below(3))"),
                TileSelection(style: LayerName(workspace: [nil, "w"][lot.below(2)], "s2")),
            ][lot.below(5)]
        if lot.below(4) == 0 { selection.gridSet = "g\(lot.below(2))" }
        if lot.below(4) == 0 { selection.format = [.png, .jpeg][lot.below(2)] }
        var isPage = false
        if case .page = target { isPage = true }
        scope.insert(
            WriteScope.Part(
                target, EntryKinds(rawValue: UInt16(1 + lot.below(127))), boxes: boxes,
                // Of pages nothing is selected.
                selection: isPage ? .all : selection))
        return scope
    }

    private struct Entry {
        var layer: LayerName?
        var style: LayerName?
        var box: GeographicBox?
        var kind: EntryKinds
        var path: String?
        var level: Int?
        var time: TimeSpan?
        var gridSet: String?
        var format: MapFormat?

        init(_ lot: inout Lot) {
            let named = ScopeIndexTests.layers[lot.below(6)]
            layer = [nil, named, named, LayerName(workspace: nil, named.name)][lot.below(4)]
            style =
                [nil, LayerName(workspace: nil, "s1"), LayerName(workspace: "w", "s2")][
                    lot.below(3)]
            kind = EntryKinds(rawValue: 1 << UInt16(lot.below(7)))
            path = [nil, "/p/1", "/p/2/x"][lot.below(3)]
            level = [nil, lot.below(9)][lot.below(2)]
            time = [nil, TimeSpan("201\(lot.below(3))-07")][lot.below(2)]
            gridSet = [nil, "g0", "g1", "g2"][lot.below(4)]
            format = [nil, .png, .jpeg, .webp][lot.below(4)]
            box =
                lot.below(4) == 0
                ? nil
                : WriteScopeTests.box(Double(lot.below(300) - 150), Double(lot.below(160) - 80), 3)
        }
    }

    @Test("it finds at least what each scope by itself says, and no more while they are few")
    func differential() {
        var lot = Lot(state: 9)
        for count in [1, 3, 8, 300] {
            for _ in 0..<20 {
                var index = ScopeIndex()
                let scopes = (0..<count).map { _ in Self.scope(&lot) }
                for (place, scope) in scopes.enumerated() {
                    index.insert(scope, number: UInt64(place + 1))
                }
                for _ in 0..<60 {
                    let entry = Entry(&lot)
                    let since = UInt64(lot.below(count + 1))
                    var expected = InvalidationIndex.Numbers(dead: 0, stale: 0)
                    for (place, scope) in scopes.enumerated()
                    where scope.touches(
                        layer: entry.layer, box: entry.box, style: entry.style, kind: entry.kind,
                        path: entry.path, level: entry.level, time: entry.time,
                        gridSet: entry.gridSet, format: entry.format)
                    {
                        let number = UInt64(place + 1)
                        expected.formMaximum(
                            scope.isHard
                                ? .init(dead: number, stale: 0) : .init(dead: 0, stale: number))
                    }
                    let found = index.numbers(
                        layer: entry.layer, box: entry.box, style: entry.style, kind: entry.kind,
                        path: entry.path, level: entry.level, time: entry.time,
                        gridSet: entry.gridSet, format: entry.format, since: since)
                    // What is not newer than the entry may be left out.
                    #expect(found.dead >= expected.dead || expected.dead <= since)
                    #expect(found.stale >= expected.stale || expected.stale <= since)
                    if count <= 8 {
                        #expect(max(found.dead, since) == max(expected.dead, since))
                        #expect(max(found.stale, since) == max(expected.stale, since))
                    }
                }
            }
        }
    }

    @Test("a thousand scopes of one layer cost another layer nothing, and widen only the old")
    func bounded() {
        var index = ScopeIndex()
        for number in 1...1_000 {
            var scope = WriteScope()
            scope.insert(
                WriteScope.Part(
                    .layer(LayerName("w:x")), .tiles,
                    boxes: [WriteScopeTests.box(Double(number % 100), 0, 0.1)]))
            index.insert(scope, number: UInt64(number))
        }
        func stale(_ layer: String, _ west: Double, since: UInt64) -> UInt64 {
            index.numbers(
                layer: LayerName(layer), box: WriteScopeTests.box(west, 0, 0.1), style: nil,
                kind: .tiles, since: since
            ).stale
        }
        #expect(stale("w:y", 0, since: 0) == 0)
        #expect(stale("w:x", 0, since: 999) == 1_000, "the latest was there")
        #expect(stale("w:x", -50, since: 0) == 0, "none was anywhere near")
        #expect(stale("w:x", 0, since: 1_000) == 0)
    }

    /// One write to places in North America, a tenth of a degree apart.
    private static func write(_ places: Range<Int>, into index: inout ScopeIndex, _ number: UInt64)
    {
        var scope = WriteScope()
        for place in places {
            let (x, y) = (Double(place % 64) * 0.1 - 100, Double(place / 64) * 0.1 + 30)
            scope.insert(
                WriteScope.Part(
                    .layer(LayerName("w:x")), .edited, boxes: [WriteScopeTests.box(x, y, 0.001)]))
        }
        index.insert(scope, number: number)
    }

    @Test(
        "however many places were written, one at a time or at once, another continent stays",
        arguments: [1, 33, 64, 257, 600, 4_096], [true, false])
    func continents(_ count: Int, isOneWrite: Bool) {
        var index = ScopeIndex()
        if isOneWrite {
            Self.write(0..<count, into: &index, 1)
        } else {
            for place in 0..<count {
                Self.write(place..<(place + 1), into: &index, UInt64(place + 1))
            }
        }
        func isStale(_ x: Double, _ y: Double) -> Bool {
            index.numbers(
                layer: LayerName("w:x"), box: WriteScopeTests.box(x, y, 0.01), style: nil,
                kind: .tiles, since: 0
            ).stale > 0
        }
        for place in 0..<count {
            #expect(isStale(Double(place % 64) * 0.1 - 100, Double(place / 64) * 0.1 + 30))
        }
        for x in stride(from: 60.0, to: 140, by: 4) {
            for y in stride(from: -10.0, to: 60, by: 4) { #expect(!isStale(x, y)) }
        }
        #expect(!isStale(-110, 40) && !isStale(-93, 35) && !isStale(-97, 45))
    }

    @Test("behind a thousand edits in a dozen towns, all of which they touch is stale, and no more")
    func clustered() {
        var lot = Lot(state: 32)
        func degrees(_ span: Int) -> Double { Double(lot.below(span * 1_000)) / 1_000 }
        let towns = (0..<12).map { _ in (degrees(340) - 170, degrees(140) - 70) }
        var index = ScopeIndex()
        var edits: [GeographicBox] = []
        for number in 1...1_000 {
            let town = towns[lot.below(12)]
            let box = WriteScopeTests.box(
                town.0 + degrees(2) - 1, town.1 + degrees(2) - 1, 0.001)
            edits.append(box)
            var scope = WriteScope()
            scope.isHard = lot.below(8) == 0
            scope.insert(WriteScope.Part(.layer(LayerName("w:x")), .edited, boxes: [box]))
            index.insert(scope, number: UInt64(number))
        }
        var (untouched, kept) = (0, 0)
        for _ in 0..<6_000 {
            // Tiles of levels 5 to 13, in the towns, around them and far away.
            let side = 11.25 / Double(1 << lot.below(9))
            let town = towns[lot.below(12)]
            let spread = [2, 10, 60][lot.below(3)]
            let (x, y) = (
                min(max(town.0 + degrees(spread) - Double(spread) / 2, -179), 168),
                min(max(town.1 + degrees(spread) - Double(spread) / 2, -80), 68)
            )
            let tile = WriteScopeTests.box(
                (x / side).rounded(.down) * side, (y / side).rounded(.down) * side, side)
            let since = UInt64(lot.below(1_000))
            let latest = edits.indices.last { edits[$0].intersects(tile) }.map { UInt64($0 + 1) }
            let found = index.numbers(
                layer: LayerName("w:x"), box: tile, style: nil, kind: .tiles, since: since)
            if let latest, latest > since {
                #expect(found.highest >= latest)
            } else {
                untouched += 1
                if found.highest <= since { kept += 1 }
            }
        }
        #expect(untouched > 2_000)
        #expect(kept * 100 >= untouched * 95, "\(kept) of \(untouched)")
    }

    @Test("places of different hardness, kinds and selections are never taken together")
    func groups() {
        var index = ScopeIndex()
        for number in 1...2_000 {
            var scope = WriteScope()
            scope.isHard = number.isMultiple(of: 2)
            let selection = TileSelection(time: "20\(10 + number % 3)")
            let box = WriteScopeTests.box(Double(number % 90), Double(number % 60), 0.001)
            scope.insert(
                WriteScope.Part(
                    .layer(LayerName("w:x")), number.isMultiple(of: 5) ? .tiles : .features,
                    boxes: [box], selection: number.isMultiple(of: 3) ? selection : .all))
            index.insert(scope, number: UInt64(number))
        }
        let info = index.numbers(
            layer: LayerName("w:x"), box: .world, style: nil, kind: .featureInfo, since: 0)
        #expect(info.highest == 0)
        let tiles = index.numbers(
            layer: LayerName("w:x"), box: .world, style: nil, kind: .tiles, since: 0)
        #expect(tiles.dead == 2_000 && tiles.stale == 1_995)
    }

    @Test("more selections than places are kept become the layer, the oldest first")
    func selections() {
        var index = ScopeIndex()
        let count = 2 * ScopeIndex.boxLimit
        for number in 1...count {
            var scope = WriteScope()
            scope.insert(
                WriteScope.Part(
                    .layer(LayerName("w:x")), .tiles,
                    boxes: [WriteScopeTests.box(1, 1, 1)],
                    selection: TileSelection(style: LayerName("s\(number)"))))
            index.insert(scope, number: UInt64(number))
        }
        func stale(_ style: String, _ x: Double, since: Int) -> UInt64 {
            index.numbers(
                layer: LayerName("w:x"), box: WriteScopeTests.box(x, 1, 0.1),
                style: LayerName(style), kind: .tiles, since: UInt64(since)
            ).stale
        }
        #expect(stale("s\(count)", 1.5, since: 0) == UInt64(count))
        #expect(stale("s1", 50, since: 0) > 0)
        #expect(stale("s1", 50, since: count - 100) <= count - 100)
    }

    @Test("thousands of pages are kept apart, each in whole segments")
    func pages() {
        var index = ScopeIndex()
        for number in 1...3_000 {
            let scope = WriteScope(.page("/story/s\(number)"), .pages, isHard: number == 7)
            index.insert(scope, number: UInt64(number))
        }
        func found(_ path: String?, since: UInt64 = 0) -> InvalidationIndex.Numbers {
            index.numbers(
                layer: nil, box: nil, style: nil, kind: .pages, path: path, since: since)
        }
        #expect(found("/story/s9").stale == 9 && found("/story/s9", since: 9).highest == 0)
        #expect(found("/story/s2900/view/").stale == 2_900)
        #expect(found("/story/s7").dead == 7 && found("/%73tory/s7/").dead == 7)
        for path in ["/story", "/story/s0", "/story/s9x", "/Story/s9", "/x/story/s9", "/", ""] {
            #expect(found(path).highest == 0, "\(path)")
        }
        #expect(found(nil).stale == 3_000 && found(nil).dead == 7)
        index.insert(WriteScope(.page("/a/"), .pages), number: 3_001)
        #expect(found("/a/b").stale == 3_001 && found("/a/").stale == 3_001)
        #expect(found("/a").highest == 0 && found("/ab/c").highest == 0)
        index.insert(WriteScope(.page("/"), .pages), number: 3_002)
        #expect(found("/zzz").stale == 3_002 && found("/").stale == 3_002)
        index.retire(upTo: 2_999)
        #expect(found("/story/s3000/view").stale == 3_002 && index.count == 3)
    }

    @Test("what is retired is forgotten, and what is younger is not")
    func retired() {
        var index = ScopeIndex()
        for number in 1...400 {
            Self.write(number..<(number + 1), into: &index, UInt64(number))
        }
        func stale(_ place: Int) -> Bool {
            index.numbers(
                layer: LayerName("w:x"),
                box: WriteScopeTests.box(
                    Double(place % 64) * 0.1 - 100, Double(place / 64) * 0.1 + 30, 0.001),
                style: nil, kind: .tiles, since: 0
            ).stale > 0
        }
        index.retire(upTo: 250)
        #expect(!(1...250).contains { stale($0) })
        #expect((251...400).allSatisfy { stale($0) })
        index.retire(upTo: 400)
        #expect(index.count == 0)
    }
}
