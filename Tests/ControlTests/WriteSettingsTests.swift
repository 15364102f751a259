import Caching
import Testing
import Tiles

@testable import Control
@testable import Edge

@Suite("Writes: what the file says")
struct WriteSettingsTests {
    private let origins = """
        origins: { maps: { members: ["http://127.0.0.1:1"] } }
        behaviors: [{ path: "*", class: pages }]

        """

    private func writes(_ text: String) -> WriteSettings {
        reading(origins + text).configuration.settings.writes
    }

    @Test("without a word map servers' writes are observed, and the site's are not")
    func standard() {
        let settings = writes("")
        #expect(settings.isOn && settings.context.root == "geoserver")
        #expect(settings.context.site.isEmpty && settings.groups.isEmpty)
        #expect(settings.repeatDelay == 60_000 && settings.reading.margin == 50)
    }

    @Test("every key arrives")
    func keys() {
        let settings = writes(
            """
            writes:
              enabled: false
              root: maps
              site: [/layers/, /]
              repeatAfter: 5m
              margin: 10
              groups: { "w:base": ["w:a", b], all: w:base }
              styles: { line: ["w:a", b], "w:fill": w:c }
              pages: { /story/x: ["layer:w:a", "style:line"], "/a/": page:/story }
              tagHeader: X-Shown
            """)
        #expect(!settings.isOn && settings.context.root == "maps")
        #expect(settings.context.site == ["/layers", "/"])
        #expect(settings.repeatDelay == 300_000 && settings.reading.margin == 10)
        #expect(
            settings.groups == [
                LayerName("w:base"): [LayerName("w:a"), LayerName("b")],
                LayerName("all"): [LayerName("w:base")],
            ])
        #expect(
            settings.styles == [
                LayerName("line"): [LayerName("w:a"), LayerName("b")],
                LayerName("w:fill"): [LayerName("w:c")],
            ])
        #expect(
            settings.reading.pages == [
                ShownRule(path: "/story/x", words: ["layer:w:a", "style:line"]),
                ShownRule(path: "/a", words: ["page:/story"]),
            ])
        #expect(settings.reading.tagField == Array("X-Shown".utf8))
    }

    @Test(
        "the field in which pages tell what they show is the standard's, another one, or none",
        arguments: [
            ("~", "Surrogate-Key"), ("X-Shown", "X-Shown"), ("\"\"", ""), ("''", ""),
        ])
    func tagHeader(_ text: String, _ name: String) {
        let field = writes("writes: { tagHeader: \(text) }").reading.tagField
        #expect(String(decoding: field, as: UTF8.self).lowercased() == name.lowercased())
    }

    @Test(
        "what cannot be meant is told",
        arguments: [
            ("writes: { root: a/b }", "is no single segment of a path"),
            ("writes: { site: [layers] }", "is no path"),
            ("writes: { site: [\"/layers/*\"] }", "is no path"),
            ("writes: { site: [/], enabled: false }", "but writes are not observed"),
            ("writes: { site: [/] }", "nobody tells which layer groups there are"),
            ("writes: { groups: { a: [{ b: c }] } }", "an element of writes.groups.a is no name"),
            ("writes: { styles: { a: [{ b: c }] } }", "an element of writes.styles.a is no name"),
            ("writes: { pages: { story: [layer:a] } }", "story in writes.pages is no path"),
            ("writes: { pages: { /story: [roads] } }", "names nothing that a page shows"),
            ("writes: { pages: { /story: [\"layer:*\"] } }", "names nothing that a page shows"),
            ("writes: { pages: { /story: [page:story] } }", "names nothing that a page shows"),
            ("writes: { tagHeader: a b }", "is no header name"),
        ])
    func mistakes(_ text: String, _ told: String) {
        #expect(findings(origins + text + "\n").contains { $0.contains(told) })
    }

    @Test("who says which groups there are, or that there are none, is asked no more")
    func knownGroups() {
        for known in ["groups: {}", "groups: { g: [a] }", "catalogue: { origin: maps }"] {
            let told = findings(origins + "writes: { site: [/], \(known) }\n")
            #expect(!told.contains { $0.contains("layer groups") }, "\(known)")
        }
    }

    @Test("who tells no groups has them sought where layers are read, else is told of it")
    func soughtGroups() {
        let read = """
            origins:
              maps:
                members: ["http://127.0.0.1:1"]
                maps: { layers: { services: [/geoserver/wms] } }
            behaviors: [{ path: "*", class: tiles }]

            """
        for (text, isSought) in [
            (read, true), (read + "writes: { site: [/], groups: ~ }\n", true),
            (read + "writes: { groups: {} }\n", false),
            (read + "writes: { enabled: false }\n", false),
            (read + "writes: { catalogue: { origin: maps } }\n", false), (origins, false),
        ] {
            let result = reading(text)
            #expect(result.configuration.settings.writes.seeksGroups == isSought, "\(text)")
            let told = result.findings.map(\.description)
            #expect(!told.contains { $0.contains("layer groups") }, "\(text)")
        }
        let plain = reading { $0.origins = ["http://127.0.0.1:1"] }
        #expect(plain.configuration.settings.writes.leavesGroups && plain.findings.isEmpty)
        #expect(!writes("writes: { groups: {} }\n").leavesGroups)
    }

    @Test("what may be a group goes with each layer at its place, and so does all when unknown")
    func possibleGroups() {
        var settings = WriteSettings()
        settings.seeksGroups = true
        let box = GeographicBox(longitudes: (1, 2), latitudes: (3, 4), of: .geometry)
        var scope = WriteScope()
        scope.insert(
            WriteScope.Part(
                .layer(LayerName("w:a")), .edited, boxes: [box].compactMap(\.self),
                selection: TileSelection(style: LayerName("s"))))
        func targets() -> [WriteScope.Target] { settings.expanded(scope).parts.map(\.target) }
        #expect(targets() == [.layer(LayerName("w:a")), .everything])
        settings.mayBeGroups = []
        #expect(settings.expanded(scope) == scope)
        settings.mayBeGroups = [LayerName("base"), LayerName("w:g")]
        #expect(
            targets() == [
                .layer(LayerName("w:a")), .layer(LayerName("base")), .layer(LayerName("w:g")),
            ])
        let parts = settings.expanded(scope).parts
        #expect(parts.allSatisfy { $0.boxes.count == 1 && $0.kinds == .edited })
        #expect(parts[1].selection.isAll)
        settings.mayBeGroups = (0..<40).map { LayerName("w:g\($0)") }
        #expect(targets() == [.layer(LayerName("w:a")), .everything])
        let style = WriteScope(.style(LayerName("s")), .drawn)
        #expect(settings.expanded(style) == style)
    }

    @Test("paths that no behavior with a class serves are of no use")
    func classless() {
        let text = """
            origins: { maps: { members: ["http://127.0.0.1:1"] } }
            behaviors: [{ path: "*", class: none }]
            writes: { site: [/] }

            """
        #expect(findings(text).contains { $0.contains("of behaviors with a class, and none has") })
    }

    @Test("a group goes with its members, and with groups in it; boxes and kinds are theirs")
    func groups() {
        var settings = WriteSettings()
        settings.groups = [
            LayerName("w:base"): [LayerName("w:a"), LayerName("w:b")],
            LayerName("all"): [LayerName("w:base")], LayerName("w:other"): [LayerName("v:a")],
        ]
        let scope = settings.expanded(WriteScope(.layer(LayerName("w:a")), .tiles))
        #expect(
            Set(scope.parts.map(\.target)) == [
                .layer(LayerName("w:a")), .layer(LayerName("w:base")), .layer(LayerName("all")),
            ])
        #expect(scope.parts.allSatisfy { $0.kinds == .tiles })
        let whole = settings.expanded(WriteScope(.workspace("v"), .all))
        #expect(whole.parts.map(\.target) == [.workspace("v"), .layer(LayerName("w:other"))])
        // A bare name may be any workspace's.
        #expect(settings.expanded(WriteScope(.layer(LayerName("a")), .all)).parts.count == 4)
        #expect(settings.expanded(.everything) == .everything)
    }

    @Test("a style of which is known whose default it is goes with those layers, and their groups")
    func styles() {
        var settings = WriteSettings()
        settings.styles = [LayerName("line"): [LayerName("w:a")]]
        settings.groups = [LayerName("w:base"): [LayerName("w:a")]]
        let scope = settings.expanded(WriteScope(.style(LayerName("line")), .drawn, isHard: true))
        #expect(
            scope.parts.map(\.target) == [
                .style(LayerName("line")), .namedStyle(LayerName("line")),
                .layer(LayerName("w:a")), .layer(LayerName("w:base")),
            ])
        // What does not name its style, and has none by default, goes with each.
        #expect(scope.parts[0].kinds == [.featureInfo, .capabilities, .pages])
        #expect(scope.isHard)
        #expect(scope.parts.dropFirst().allSatisfy { $0.kinds == [.tiles, .legends] })
        let other = WriteScope(.style(LayerName("w:line")), .drawn)
        #expect(settings.expanded(other) == other)
    }

    @Test("tiles truncated in one style are those that name it, others only if it may be theirs")
    func truncatedStyle() {
        var settings = WriteSettings()
        func touches(
            _ layer: String, _ style: String?, in truncated: String, isOver: Bool = true
        ) -> Bool {
            var wish = TileTruncation(layer: LayerName(layer))
            wish.parameters = ["STYLES": truncated]
            let scope = settings.expanded(wish.scope(.wellKnown), isOver: isOver)
            #expect(WriteScope(encoded: scope.encoded.span.bytes) == scope)
            var index = ScopeIndex()
            index.insert(scope, number: 7)
            func touched(_ layer: LayerName?, _ style: LayerName?) -> Bool {
                let isTouched = scope.touches(layer: layer, box: nil, style: style, kind: .tiles)
                let numbers = index.numbers(
                    layer: layer, box: nil, style: style, kind: .tiles, since: 0)
                #expect((numbers.stale == 7) == isTouched)
                return isTouched
            }
            #expect(touched(nil, nil), "it may be any layer's")
            return touched(LayerName(layer), style.map { LayerName($0) })
        }
        // Nobody knows whose default it is.
        #expect(touches("w:a", nil, in: "s") && !touches("w:a", "t", in: "s"))
        var styles = DefaultStyles()
        styles.layers = [LayerName("s"): [LayerName("w:a")], LayerName("w:t"): [LayerName("w:b")]]
        styles.untold = [LayerName("w:c")]
        var groups = DefaultStyles()
        groups.layers = [LayerName("s"): [LayerName("g")]]
        settings.defaultStyles = (styles, groups)
        #expect(touches("w:a", nil, in: "s") && touches("w:a", "s", in: "s"))
        #expect(!touches("w:a", nil, in: "t") && touches("w:a", "t", in: "t"))
        #expect(!touches("w:b", nil, in: "s") && touches("w:b", "s", in: "s"))
        #expect(touches("w:b", nil, in: "t") && touches("b", nil, in: "t"))
        #expect(touches("w:c", nil, in: "s") && touches("g", nil, in: "s"))
        // A style may become the default one until the write is done.
        #expect(touches("w:b", nil, in: "s", isOver: false))
        // What the file says of a style counts.
        settings.styles = [LayerName("u"): [LayerName("w:a")]]
        #expect(touches("w:a", nil, in: "u") && !touches("w:b", nil, in: "u"))
    }

    @Test("the status tells of writes where there are any")
    func status() {
        var status = WriteStatus()
        #expect(status.json == nil)
        (status.open, status.latest) = (2, ["layer a:b (tiles)"])
        #expect(
            status.json?.encoded
                == #"{"open":2,"repeating":0,"latest":["layer a:b (tiles)"]}"#)
    }
}
