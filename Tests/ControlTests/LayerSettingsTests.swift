import Edge
import Testing
import Tiles
import WireTesting

@testable import Control

@Suite("Layers of a pool: what the file says, and what is remembered")
struct LayerSettingsTests {
    private let head = """
        origins:
          maps:
            members: ["http://127.0.0.1:1"]
            maps:

        """

    @Test("where layers are read, how often, and that capabilities are written arrive")
    func keys() throws {
        let text =
            head + """
                      layers:
                        services: [/geoserver/wms, /geoserver/base/ows]
                        tileServices: [/geoserver/gwc/service/wmts]
                        interval: 1m
                        timeout: 5s
                      writesTileCapabilities: true
                      tileHeaders: true
                      tokens: pass

                """
        #expect(findings(text).isEmpty)
        let settings = reading(text).configuration.settings
        let layers = try #require(settings.origins[0].layers)
        #expect(layers.services == ["/geoserver/wms", "/geoserver/base/ows"])
        #expect(layers.tileServices == ["/geoserver/gwc/service/wmts"])
        #expect((layers.interval, layers.timeout) == (60_000, 5_000))
        #expect(settings.behaviors[0].maps?.writesTileCapabilities == true)
        let standard = reading(head + "      bareWorkspace: ~\n").configuration.settings
        #expect(standard.origins[0].layers == nil)
        let plain = reading(head + "      styles: [a]\n").configuration.settings
        #expect(plain.behaviors[0].maps?.writesTileCapabilities == false)
        #expect(settings.behaviors[0].maps?.tellsTiles == true)
        #expect(plain.behaviors[0].maps?.tellsTiles == false)
        #expect(settings.behaviors[0].maps?.asksAsNobody == false)
        #expect(plain.behaviors[0].maps?.asksAsNobody == true)
    }

    @Test("tokens are passed or proved, and what else is said of them is a mistake")
    func tokens() {
        let proved = reading(head + "      tokens: public\n")
        #expect(proved.findings.isEmpty)
        #expect(proved.configuration.settings.behaviors[0].maps?.asksAsNobody == true)
        #expect(
            findings(head + "      tokens: private\n").first?.hasPrefix(
                "edge.yaml:5: origins.maps.maps.tokens is \"private\", which is not known")
                == true)
    }

    @Test("a service that is none, capabilities of nothing and several GeoServers are mistakes")
    func mistakes() {
        #expect(
            findings(head + "      layers: { services: [/geoserver/wfs] }\n") == [
                "edge.yaml:5: origins.maps.maps.layers.services[0] is \"/geoserver/wfs\", which is "
                    + "no WMS of these services; write a path such as /geoserver/wms or "
                    + "/geoserver/WORKSPACE/wms"
            ])
        #expect(
            findings(head + "      writesTileCapabilities: true\n") == [
                "edge.yaml:5: origins.maps.maps.writesTileCapabilities has no layers to write of; "
                    + "name the pool's WMS in origins.maps.maps.layers.services"
            ])
        #expect(
            findings(head + "      layers: { tileServices: [/geoserver/wms] }\n") == [
                "edge.yaml:5: origins.maps.maps.layers.tileServices[0] is \"/geoserver/wms\", "
                    + "which is no WMTS of these services; write a path such as "
                    + "/geoserver/gwc/service/wmts"
            ])
        #expect(
            findings(
                head + "      layers: { tileServices: [/geoserver/gwc/service/wmts] }\n"
                    + "      writesTileCapabilities: true\n"
            ).first?.contains("has no layers to write of") == true)
        let two = "      services: [/a, /b]\n      layers: { services: [/a/wms] }\n"
        #expect(
            findings(head + two) == [
                "edge.yaml:6: origins.maps.maps.layers.services are of one of several services; "
                    + "give each GeoServer an origin of its own, or remove it"
            ])
    }

    @Test("the unit of a grid set's system is a metre or a degree's metres, or what its file says")
    func units() throws {
        let files = ExportFiles()
        func found(_ unit: String) throws -> [String] {
            try files.write(
                "grid.yaml",
                """
                name: Feet
                epsg: 2263
                northingFirst: false
                extent: [900000, 110000, 1090000, 280000]
                resolutions: [100]
                \(unit)
                """)
            return findings(head + "      gridSets: \(files.directory)\n")
        }
        #expect(try found("metersPerUnit: 0.3048006096012192").isEmpty)
        #expect(
            try found("metersPerUnit: 0").first?.hasSuffix(
                "grid.yaml:1: the grid set \"Feet\" has no metres in its unit; correct it by the "
                    + "capabilities of the server that has it") == true)
        #expect(GridSet.webMercator.metersPerUnit == 1)
        #expect(GridSet.degrees.metersPerUnit == GridSet.metersPerDegree)
    }

    private static let facts = [
        LayerFacts(name: "geonode:a b", defaultStyle: "geonode:line", virtualStyle: "line"),
        LayerFacts(name: "world", defaultStyle: "point"), LayerFacts(name: "base:unknown"),
    ]

    @Test("a default style that was not known, or is another one, makes its layer stale, once")
    func memory() throws {
        let directory = try TemporaryDirectory()
        func memory(isFresh: Bool = false) -> LayerMemory {
            LayerMemory(directory: directory.path, isFresh: isFresh)
        }
        var first = memory()
        #expect(first.changed(Self.facts, of: "maps") == ["geonode:a b", "world"])
        // Nothing of it can have been stored before.
        #expect(memory(isFresh: true).changed(Self.facts, of: "maps").isEmpty)
        try first.learn(Self.facts, of: "maps")
        #expect(first.changed(Self.facts, of: "maps").isEmpty)
        // As another process finds it.
        var second = memory()
        #expect(second.styles == first.styles)
        #expect(second.changed(Self.facts, of: "maps").isEmpty)
        #expect(second.changed(Self.facts, of: "others") == ["geonode:a b", "world"])
        var changed = Self.facts
        changed[0].virtualStyle = "other"
        changed[2].defaultStyle = "new"
        #expect(second.changed(changed, of: "maps") == ["geonode:a b", "base:unknown"])
        // A server that has just started lists fewer, or none; then all as they were.
        try second.learn([changed[2]], of: "maps")
        #expect(memory().changed(Self.facts, of: "maps").isEmpty)
        #expect(memory().changed(changed, of: "maps") == ["geonode:a b"])
        // A store that lost all has a memory of nothing.
        var fresh = memory(isFresh: true)
        fresh.begin(["maps"])
        #expect(!fresh.knows("maps") && fresh.changed(Self.facts, of: "maps").isEmpty)
        // A reload has added it: what was stored of it since then may show any style.
        fresh.begin(["maps", "added"])
        #expect(fresh.changed(Self.facts, of: "added") == ["geonode:a b", "world"])
        try fresh.learn(changed, of: "maps")
        #expect(memory().changed(changed, of: "maps").isEmpty)
        _ = try directory.write("layer-styles", "rubbish\n\nmaps\n")
        #expect(memory().styles.isEmpty)
    }

    @Test("grid sets of pools are found again bit by bit, and rubbish is none")
    func gridSets() throws {
        let directory = try TemporaryDirectory()
        var set = GridSet(
            name: "a b:c", code: 2193, isNorthingFirst: true,
            extent: BoundingBox(west: -1, south: 0.1, east: 1.0 / 3, north: 2), origin: .topLeft,
            tileSize: (256, 512),
            levels: [
                GridSet.Level(
                    resolution: 1.0 / 7, name: "0 x",
                    place: GridSet.Place(west: -1, north: 2.0 / 3, columns: 3, rows: 4)),
                GridSet.Level(
                    resolution: 0.1, name: "1",
                    place: GridSet.Place(west: -1, north: 1e-7, columns: 5, rows: 6)),
            ])
        (set.version, set.metersPerUnit) = ("1a2b", 0.3048)
        var other = set
        other.name = "other"
        var memory = GridSetMemory(directory: directory.path)
        #expect(memory.sets.isEmpty)
        try memory.learn([set, other], of: "maps one")
        try memory.learn([other], of: "two")
        #expect(GridSetMemory(directory: directory.path).sets == memory.sets)
        try memory.learn([], of: "two")
        #expect(GridSetMemory(directory: directory.path).sets == ["maps one": [set, other]])
        let text = try readFile(directory.file("pool-grid-sets"))
        for broken in ["level", "set a", text.replacing("level", with: "levels"), "x\n\n"] {
            _ = try directory.write("pool-grid-sets", broken)
            #expect(GridSetMemory(directory: directory.path).sets.isEmpty, "\(broken)")
        }
    }
}
