import Caching
import Testing
import Tiles

/// Numbers that are the same in every run.
struct Lot {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % max(bound, 1)
    }
}

@Suite("Writes: scopes as values and as bytes")
struct WriteScopeTests {
    static func box(_ west: Double, _ south: Double, _ side: Double = 1) -> GeographicBox {
        GeographicBox(
            longitudes: (west, west + side), latitudes: (south, south + side), of: .geometry)
            ?? .world
    }

    static func random(_ lot: inout Lot) -> WriteScope {
        var scope = WriteScope()
        for _ in 0..<lot.below(6) {
            let name = ["a", "b", "é:x", String(repeating: "n", count: 512)][lot.below(4)]
            let layer = LayerName(workspace: [nil, "w", ""][lot.below(3)], name)
            let target: WriteScope.Target =
                [
                    .everything, .workspace("w"), .layer(layer), .style(layer), .namedStyle(layer),
                    .page("/p/\(name)"),
                ][lot.below(6)]
            let boxes = (0..<lot.below(4)).map { _ in
                box(Double(lot.below(360) - 180), Double(lot.below(170) - 90))
            }
            let kinds = EntryKinds(rawValue: UInt16(lot.below(128)))
            var selection: TileSelection =
                [
                    .all, TileSelection(levels: UInt8(lot.below(5))...9),
                    TileSelection(time: "2016-05/2017", style: layer),
                    TileSelection(style: LayerName("s")),
                ][lot.below(4)]
            if lot.below(4) == 0 { selection.gridSet = name }
            if lot.below(4) == 0 { selection.format = .webp }
            if case .layer = target, selection.style != nil {
                selection.isStyleNamed = lot.below(2) == 0
            }
            scope.insert(WriteScope.Part(target, kinds, boxes: boxes, selection: selection))
        }
        scope.isHard = lot.below(2) == 1
        return scope
    }

    @Test("what is written is read again, and nothing shorter or longer is")
    func roundTrip() {
        var lot = Lot(state: 1)
        for _ in 0..<400 {
            let scope = Self.random(&lot)
            let bytes = scope.encoded
            #expect(WriteScope(encoded: bytes.span.bytes) == scope)
            #expect(WriteScope(encoded: (bytes + [0]).span.bytes) == nil)
            let end = lot.below(bytes.count)
            #expect(WriteScope(encoded: Array(bytes[..<end]).span.bytes) == nil)
        }
    }

    @Test("no bytes make it trap, and what it takes it would write")
    func damaged() {
        var lot = Lot(state: 2)
        for _ in 0..<4_000 {
            var bytes = Self.random(&lot).encoded
            for _ in 0...lot.below(4) { bytes[lot.below(bytes.count)] = UInt8(lot.below(256)) }
            if let scope = WriteScope(encoded: bytes.span.bytes) {
                #expect(scope.encoded == bytes)
            }
        }
        for count in 0..<64 {
            #expect(
                WriteScope(encoded: [UInt8](repeating: 0xff, count: count).span.bytes) == nil)
        }
    }

    @Test("version 1 is these bytes for ever")
    func golden() {
        var scope = WriteScope()
        scope.insert(
            WriteScope.Part(.layer(LayerName("w:x")), .tiles, boxes: [.world]))
        scope.isHard = true
        let expected: [UInt8] = [
            1, 1, 1, 0, 18, 1, 0, 1, 0, 1, 0, 1, 0, 0x77, 0x78, 0x00, 0x6b, 0x45, 0xf5,
            0x80, 0xb5, 0xa2, 0xfa, 0x00, 0x95, 0xba, 0x0a, 0x80, 0x4a, 0x5d, 0x05,
        ]
        #expect(scope.encoded == expected)
    }

    @Test("version 4 is these bytes for ever, and no version before it has such a target")
    func named() {
        let scope = WriteScope(.namedStyle(LayerName("w:s")), .tiles)
        let expected: [UInt8] = [4, 0, 1, 0, 21, 1, 0, 0, 0, 1, 0, 1, 0, 0x77, 0x73, 0]
        #expect(scope.encoded == expected)
        #expect(WriteScope(encoded: expected.span.bytes) == scope)
        for version in UInt8(0)...5 where version != 4 {
            let other = [version] + expected.dropFirst()
            #expect(WriteScope(encoded: other.span.bytes) == nil, "\(version)")
            // Version 1 has no byte for what is selected.
            #expect(WriteScope(encoded: Array(other.dropLast()).span.bytes) == nil, "\(version)")
        }
    }

    @Test("the largest scope fits a rule of the log, and what does not means everything")
    func largest() {
        var scope = WriteScope()
        for part in 0..<64 {
            let name = "\(part)" + String(repeating: "n", count: 500)
            scope.insert(
                WriteScope.Part(
                    .layer(LayerName(workspace: "w", name)), .tiles,
                    boxes: (0..<4).map { Self.box(Double($0 * 10), 0) }))
        }
        #expect(scope.parts.count == 64)
        #expect(scope.encoded.count <= WriteScope.byteLimit)
        #expect(WriteScope.byteLimit <= InvalidationRule.byteLimit)
        let read = WriteScope(encoded: scope.encoded.span.bytes)
        #expect(read == WriteScope(.everything, .tiles))
        scope.insert(WriteScope.Part(.page("/x"), .pages))
        #expect(scope.parts.count == 1 && scope.parts[0].target == .everything)
        let long = WriteScope(.page("/" + String(repeating: "p", count: 512)), .pages)
        #expect(long == WriteScope(.everything, .pages))
    }

    @Test("an entry is touched by layer, place, style and kind together")
    func touches() {
        var scope = WriteScope()
        scope.insert(
            WriteScope.Part(
                .layer(LayerName("w:x")), .layer, boxes: [Self.box(0, 0), Self.box(100, 40)]))
        func hit(_ layer: String?, _ box: GeographicBox?, _ kind: EntryKinds = .tiles) -> Bool {
            scope.touches(layer: layer.map { LayerName($0) }, box: box, style: nil, kind: kind)
        }
        #expect(hit("w:x", Self.box(0.5, 0.5)) && hit("x", Self.box(100.5, 40)))
        #expect(!hit("w:x", Self.box(50, 20)), "between the two boxes")
        #expect(!hit("v:x", Self.box(0, 0)) && !hit("w:X", Self.box(0, 0)))
        #expect(hit("w:x", nil) && hit(nil, Self.box(0, 0)) && hit(nil, nil))
        #expect(!hit("w:x", nil, .lists) && hit("w:x", nil, .capabilities))
    }

    @Test("styles, workspaces, pages and everything")
    func targets() {
        let style = WriteScope(.style(LayerName("s")), .drawn)
        let name = LayerName("w:s")
        #expect(style.touches(layer: nil, box: nil, style: name, kind: .tiles))
        #expect(style.touches(layer: nil, box: nil, style: nil, kind: .legends))
        #expect(!style.touches(layer: nil, box: nil, style: LayerName("t"), kind: .tiles))
        #expect(!style.touches(layer: nil, box: nil, style: name, kind: .features))
        let workspace = WriteScope(.workspace("w"), .all)
        #expect(workspace.touches(layer: LayerName("w:x"), box: nil, style: nil, kind: .tiles))
        #expect(workspace.touches(layer: LayerName("x"), box: nil, style: nil, kind: .tiles))
        #expect(!workspace.touches(layer: LayerName("v:x"), box: nil, style: nil, kind: .tiles))
        let page = WriteScope(.page("/story/x"), .pages)
        func shows(_ path: String?) -> Bool {
            page.touches(layer: nil, box: nil, style: nil, kind: .pages, path: path)
        }
        #expect(shows("/story/x") && shows("/story/x/view") && shows(nil))
        #expect(!shows("/story/xy") && !shows("/story"))
        let all = WriteScope.everything
        #expect(all.touches(layer: LayerName("a"), box: .world, style: nil, kind: .lists))
        #expect(!WriteScope().touches(layer: nil, box: nil, style: nil, kind: .all))
    }

    @Test("a union touches whatever one of its scopes touches")
    func union() {
        var lot = Lot(state: 3)
        for _ in 0..<300 {
            let (left, right) = (Self.random(&lot), Self.random(&lot))
            var both = left
            both.formUnion(right)
            for _ in 0..<20 {
                let layer = [nil, LayerName("a"), LayerName("w:b"), LayerName("é:x")][lot.below(4)]
                let place = Self.box(Double(lot.below(360) - 180), Double(lot.below(170) - 90), 9)
                let kind = EntryKinds(rawValue: 1 << UInt16(lot.below(7)))
                func touched(_ scope: WriteScope) -> Bool {
                    scope.touches(layer: layer, box: place, style: nil, kind: kind)
                }
                #expect(touched(both) || !(touched(left) || touched(right)))
            }
        }
    }
}
