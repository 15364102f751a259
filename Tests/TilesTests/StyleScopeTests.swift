import Testing
import Tiles

@Suite("Styles and groups: what a name means depends on the service that is asked")
struct StyleScopeTests {
    private static let layers = [
        LayerFacts(name: "geonode:storms", defaultStyle: "point"),
        LayerFacts(name: "geonode:roads", defaultStyle: "geonode:line"),
        LayerFacts(name: "base:ground", defaultStyle: "geonode:line"),
        LayerFacts(name: "world", defaultStyle: "point"),
    ]

    private func services(_ styles: [String]) -> MapServices {
        MapServices(layers: Self.layers, styles: styles)
    }

    private func asked(
        _ path: String, _ layers: String, _ style: String, _ styles: [String]
    ) -> TileAnswer {
        ask(
            "/geoserver/\(path)?REQUEST=GetMap&VERSION=1.1.1&LAYERS=\(layers)&FORMAT=image/png"
                + "&SRS=EPSG:3857&BBOX=0,0,10018754.17,10018754.17&WIDTH=256&HEIGHT=256"
                + "&STYLES=\(style)", services(styles))
    }

    /// Whether the global and the virtual service have one key; both targets are their own normal
    /// form, and go to the service that was asked where the keys differ.
    private func isOne(
        _ layer: String, _ style: String, _ styles: [String]
    ) -> Bool {
        let global = asked("wms", "geonode:" + layer, style, styles)
        let virtual = asked("geonode/wms", layer, style, styles)
        for answer in [global, virtual] {
            let again = answer.target.map { ask($0, services(styles)) }
            #expect(again?.key == answer.key && again?.target == answer.target)
        }
        #expect(virtual.target?.hasPrefix("/geoserver/geonode/wms?") == true)
        if global.key == virtual.key {
            #expect(global.target == virtual.target)
            return true
        }
        return false
    }

    @Test(
        "a style that is not the default one",
        arguments: [
            ([], false), (["big"], true), (["big", "base:big"], true),
            (["big", "geonode:big"], false), (["geonode:big"], false), (["other"], false),
        ])
    func named(_ styles: [String], _ expected: Bool) {
        #expect(isOne("storms", "big", styles) == expected)
        if !expected {
            let global = asked("wms", "geonode:storms", "big", styles)
            #expect(global.target?.hasPrefix("/geoserver/wms?") == true)
            #expect(global.target?.contains("&LAYERS=geonode:storms&STYLES=big&") == true)
        }
        #expect(isOne("storms", "geonode:big", styles))
        #expect(isOne("storms", "", styles))
    }

    @Test("a global default style by its name")
    func globalDefault() {
        func isDefault(_ path: String, _ style: String, _ styles: [String]) -> Bool {
            asked(path, "geonode:storms", style, styles).key
                == asked(path, "geonode:storms", "", styles).key
        }
        for styles in [[], ["point"], ["point", "geonode:point"]] {
            #expect(isDefault("wms", "point", styles))
            #expect(!isDefault("wms", "geonode:point", styles))
        }
        #expect(!isDefault("geonode/wms", "point", []))
        #expect(isDefault("geonode/wms", "point", ["point", "base:point"]))
        #expect(!isDefault("geonode/wms", "point", ["point", "geonode:point"]))
    }

    @Test("a workspace's default style by its name")
    func ownDefault() {
        func isDefault(_ path: String, _ style: String, _ styles: [String]) -> Bool {
            asked(path, "geonode:roads", style, styles).key
                == asked(path, "geonode:roads", "", styles).key
        }
        for styles in [[], ["geonode:line"], ["geonode:line", "line"]] {
            #expect(isDefault("geonode/wms", "line", styles))
            #expect(isDefault("geonode/wms", "geonode:line", styles))
            #expect(isDefault("wms", "geonode:line", styles))
        }
        #expect(!isDefault("wms", "line", []))
        #expect(isDefault("wms", "line", ["geonode:line"]))
        #expect(!isDefault("wms", "line", ["geonode:line", "line"]))
        #expect(!isDefault("wms", "line", ["geonode:line", "base:line"]))
    }

    @Test("a global group through a workspace's service is drawn with that workspace's styles")
    func group() {
        let global = asked("wms", "world", "big", [])
        let virtual = asked("geonode/wms", "world", "big", [])
        let other = asked("base/wms", "world", "big", [])
        #expect(Set([global.key, virtual.key, other.key]).count == 3)
        #expect(virtual.target?.hasPrefix("/geoserver/geonode/wms?") == true)
        #expect(ask(virtual.target ?? "", services([])).key == virtual.key)
        let known = ["big", "base:big"]
        #expect(
            asked("geonode/wms", "world", "big", known).key
                == asked("wms", "world", "big", known).key)
        #expect(
            asked("base/wms", "world", "big", known).key
                != asked("wms", "world", "big", known).key)
    }

    @Test("a first segment that is no known workspace keeps its path: it may be a group's")
    func groupService() {
        let group = asked("world/wms", "storms", "", ["point"])
        #expect(group.key.hasPrefix("/geoserver/world/wms?LAYERS=storms&"))
        #expect(group.target?.hasPrefix("/geoserver/world/wms?SERVICE=WMS&") == true)
        #expect(group.key != asked("wms", "world:storms", "", ["point"]).key)
        let known = asked("geonode/wms", "storms", "", ["point"])
        #expect(known.key == asked("wms", "geonode:storms", "", ["point"]).key)
        // Nor is a service asked that the catalogue does not know of.
        let stranger = asked("wms", "stranger:storms", "", ["point"])
        #expect(stranger.target?.hasPrefix("/geoserver/wms?SERVICE=WMS&") == true)
        // A preset workspace is known, too; with no catalogue at all the path is believed.
        let preset = MapServices(
            contexts: [MapServices.Context(bareWorkspace: "druid")], layers: Self.layers)
        let query = "/wms?REQUEST=GetMap&LAYERS=druid:x"
        #expect(
            ask("/geoserver/druid" + query, preset).key == ask("/geoserver" + query, preset).key)
        #expect(
            ask("/geoserver/druid" + query, plainServices).key
                == ask("/geoserver" + query, plainServices).key)
    }
}
