import Testing
import Tiles

private func listed(_ name: String, _ styles: String...) -> ServiceLayer {
    var layer = ServiceLayer(name: name)
    layer.styles = styles.map { ServiceLayer.Style(name: $0) }
    return layer
}

@Suite("What a pool's services say of its layers, and what that makes of keys")
struct PoolLayerTests {
    private let global = MapServices.Listing(
        path: "/geoserver/wms",
        layers: [
            listed("geonode:storms", "point", "big"), listed("geonode:roads", "geonode:line"),
            listed("world"),
        ])
    private let virtual = MapServices.Listing(
        path: "/geoserver/geonode/wms",
        layers: [
            listed("storms", "point", "big"), listed("roads", "line"), listed("world"),
            listed("rivers", "blue"),
        ])
    private let own = MapServices.Listing(
        path: "/geoserver/base/wms", layers: [listed("countries", "default", "grey")])

    private func services(_ listings: [MapServices.Listing]) -> MapServices {
        let base = MapServices.standard
        return base.knowing(base.facts(from: listings), documents: nil)
    }

    private func styles(_ facts: [LayerFacts]) -> [String] {
        facts.map { "\($0.name) \($0.defaultStyle) \($0.virtualStyle)" }
    }

    @Test("layers of a workspace get its name, and each is there once")
    func facts() {
        let base = MapServices.standard
        #expect(
            styles(base.facts(from: [own, virtual, global])) == [
                "geonode:storms point point", "geonode:roads geonode:line line", "world  ",
                "base:countries  default", "geonode:rivers  blue",
            ])
        let qualified = MapServices.Listing(
            path: "/geoserver/geonode/wms",
            layers: [listed("geonode:roads", "geonode:line"), listed("base:x", "y")])
        #expect(
            styles(base.facts(from: [qualified])) == ["geonode:roads geonode:line ", "base:x  "])
        #expect(base.facts(from: [MapServices.Listing(path: "/nowhere", layers: [])]).isEmpty)
        let facts = base.facts(from: [global])
        let without = facts.map(\.withoutStyles)
        #expect(styles(without) == ["geonode:storms  ", "geonode:roads  ", "world  "])
        #expect(without.map(\.description) == facts.map(\.description))
    }

    private func map(_ path: String, _ layers: String, _ styles: String) -> String {
        "/geoserver/\(path)?REQUEST=GetMap&VERSION=1.1.1&LAYERS=\(layers)&FORMAT=image/png"
            + "&TRANSPARENT=TRUE&SRS=EPSG:3857&BBOX=0,0,10018754.17,10018754.17&WIDTH=256"
            + "&HEIGHT=256&STYLES=\(styles)"
    }

    private func tile(_ layer: String, _ style: String) -> String {
        "/geoserver/gwc/service/wmts?REQUEST=GetTile&LAYER=\(layer)&STYLE=\(style)"
            + "&FORMAT=image/png&TILEMATRIXSET=EPSG:900913&TILEMATRIX=EPSG:900913:2"
            + "&TILEROW=1&TILECOL=2"
    }

    /// Path, layers and the style that is the default one there, by who has said so.
    @Test("STYLES= and the default style's name are one key, where the pool says so")
    func keys() {
        let all = services([global, virtual, own])
        let cases: [(MapServices, String, String, String, Bool)] = [
            (all, "wms", "geonode:storms", "point", true),
            (all, "geonode/wms", "storms", "point", true),
            (all, "geonode/wms", "storms", "big", false),
            (all, "wms", "geonode:roads", "geonode:line", true),
            (all, "geonode/wms", "roads", "line", true),
            // A global style of that name would be another one.
            (all, "wms", "geonode:roads", "line", false),
            (all, "geonode/wms", "rivers", "blue", true),
            (all, "wms", "geonode:rivers", "blue", false),
            (all, "base/wms", "countries", "default", true),
            (all, "base/wms", "countries", "grey", false),
            (all, "wms", "world", "point", false),
            (all, "wms", "geonode:storms,geonode:roads", "point,geonode:line", true),
            (all, "wms", "geonode:storms,geonode:roads", "point,", true),
            (all, "wms", "geonode:storms,geonode:roads", "big,", false),
            // Without the virtual service's word a style of the workspace may go before.
            (services([global]), "geonode/wms", "storms", "point", false),
            (services([global]), "geonode/wms", "roads", "line", true),
            (services([virtual]), "wms", "geonode:storms", "point", false),
            (.standard, "wms", "geonode:storms", "point", false),
        ]
        for (services, path, layers, style, expected) in cases {
            let named = ask(map(path, layers, style), services)
            let plain = ask(map(path, layers, ""), services)
            #expect((named.key == plain.key) == expected, "\(path) \(layers) \(style)")
            #expect((named.target == plain.target) == expected, "\(path) \(layers) \(style)")
            #expect(!plain.key.isEmpty)
        }
    }

    @Test("a tile service's style is the WMS's: the default one, or another, of one service")
    func tiles() {
        let all = services([global, virtual, own])
        for (layer, path, name, style) in [
            ("base:countries", "base/wms", "countries", "default"),
            ("base:countries", "base/wms", "countries", "grey"),
            ("geonode:storms", "wms", "geonode:storms", "point"),
            ("geonode:storms", "wms", "geonode:storms", "big"),
            ("geonode:roads", "wms", "geonode:roads", "geonode:line"),
        ] {
            let tile = ask(tile(layer, style), all)
            let map = ask(map(path, name, style), all)
            #expect(tile.key == map.key, "\(layer) \(style)")
            #expect(tile.target == map.target, "\(layer) \(style)")
            let again = tile.target.map { ask($0, all) }
            #expect(again?.key == tile.key && again?.target == tile.target)
        }
        #expect(
            ask(tile("base:countries", "default"), all).key
                == ask(tile("base:countries", ""), all).key)
    }

    @Test("the same without styles: each name has its own key, and nothing else has another")
    func withoutStyles() throws {
        let base = MapServices()
        let known = base.knowing(base.facts(from: [global]), documents: nil, styleChange: 7)
        let without = try #require(known.withoutStyles)
        #expect(known.styleChange == 7 && without.withoutStyles == nil)
        for (style, isSame) in [("", true), ("point", false), ("line", true)] {
            let target = map("wms", "geonode:storms", style)
            #expect((ask(target, known).key == ask(target, without).key) == isSame, "\(style)")
            #expect(ask(target, without).key == ask(target, base).key)
            #expect(ask(target, without).target == ask(target, base).target)
        }
        #expect(base.knowing([LayerFacts(name: "a:b")], documents: nil).withoutStyles == nil)
    }

    @Test("where the edge writes capabilities, \"default\" is the style of a layer without any")
    func standIn() {
        for (writes, layer, style, expected) in [
            (true, "world", "default", true), (true, "world", "other", false),
            (false, "world", "default", false), (true, "geonode:storms", "default", false),
        ] {
            let base = MapServices(writesTileCapabilities: writes)
            let facts = base.facts(from: [global])
            for known in [facts, facts.map(\.withoutStyles)] {
                let services = base.knowing(known, documents: nil)
                let named = ask(tile(layer, style), services)
                #expect((named.key == ask(tile(layer, ""), services).key) == expected)
                // To WMS the name means what the pool makes of it.
                let map = ask(map("wms", layer, style), services)
                #expect(map.key != ask(self.map("wms", layer, ""), services).key)
            }
        }
    }

    @Test("a layer that nobody may see, or a workspace, has the key that it had")
    func hidden() {
        let known = services([global])
        for path in ["secret/wms", "wms", "geonode/wms"] {
            let target = map(path, path == "wms" ? "secret:plans" : "plans", "")
            #expect(ask(target, known).key == ask(target, .standard).key)
            #expect(ask(target, known).target == ask(target, .standard).target)
        }
    }
}
