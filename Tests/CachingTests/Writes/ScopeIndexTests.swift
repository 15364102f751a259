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
        #expect(stale("w:x", -50, since: 990) <= 990, "it was nowhere near")
        #expect(stale("w:x", -50, since: 0) >= 900, "old enough to count as touched")
        #expect(stale("w:x", 0, since: 1_000) == 0)
    }
}
