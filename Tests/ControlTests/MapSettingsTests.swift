import Caching
import Glibc
import Testing
import Tiles

@testable import Control
@testable import Edge

@Suite("Map services: what the file says")
struct MapSettingsTests {
    private let head = """
        origins:
          maps:
            members: ["http://127.0.0.1:1"]

        """

    private func behaviors(_ text: String) -> [BehaviorSettings] {
        reading(text).configuration.settings.behaviors
    }

    /// The key of a target by a behavior's map services.
    private func key(_ target: String, _ behavior: BehaviorSettings) -> String? {
        behavior.maps.flatMap { maps in
            TileRequest.key(of: Array(target.utf8), services: maps)
        }.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("on for class tiles in role tier, off in role twin, and the file wins")
    func defaults() {
        func isOn(_ rest: String) -> [Bool] { behaviors(head + rest).map { $0.maps != nil } }
        #expect(isOn("") == [true])
        #expect(isOn("role: twin\n") == [false])
        #expect(isOn("behaviors: [{ path: \"*\", canonicalKeys: false }]\n") == [false])
        #expect(
            isOn("role: twin\nbehaviors: [{ path: \"*\", canonicalKeys: true }]\n") == [true])
        #expect(
            isOn("behaviors: [{ path: /a, class: pages }, { path: \"*\", class: features }]\n")
                == [false, false])
        #expect(
            findings(head + "behaviors: [{ path: \"*\", class: pages, canonicalKeys: true }]\n")
                == [
                    "edge.yaml:4: behaviors[0].canonicalKeys is for class tiles; give the behavior "
                        + "class: tiles, or remove it"
                ])
    }

    @Test("cache-busters leave the keys of map servers' documents where maps have one key")
    func cacheBusters() {
        func drops(_ rest: String) -> [Bool] { behaviors(head + rest).map(\.dropsCacheBusters) }
        let classes = MapClass.allCases.map { "{ path: \"/\($0.word)\", class: \($0.word) }" }
        let list = "behaviors: [\(classes.joined(separator: ", "))]\n"
        // Of all other paths, too, which are tiles.
        #expect(drops(list) == [false, true, true, true, false, true])
        #expect(!drops("role: twin\n" + list).contains(true))
        #expect(drops("behaviors: [{ path: \"*\", canonicalKeys: false }]\n") == [false])
        #expect(
            drops("role: twin\nbehaviors: [{ path: \"*\", canonicalKeys: true }]\n") == [true])
    }

    @Test("services, their workspace, styles and cache, and presentTTL arrive")
    func keys() throws {
        let text =
            head + """
                    maps:
                      services:
                        - { path: /g, bareWorkspace: w, integratedCache: true }
                        - /h
                      styles: [line]
                behaviors: [{ path: "*", presentTTL: 5s }]

                """
        #expect(findings(text).isEmpty)
        let behavior = try #require(behaviors(text).first)
        #expect(behavior.policy.presentTTL == 5_000)
        let tile = "/gwc/service/gmaps?layers=a&zoom=1&x=0&y=0&format=image/png"
        #expect(key("/g" + tile, behavior)?.hasPrefix("/g/wms?LAYERS=w:a&") == true)
        #expect(key("/h" + tile, behavior)?.hasPrefix("/h/wms?LAYERS=a&") == true)
        #expect(key("/geoserver" + tile, behavior)?.contains("TILE#") == false)
    }

    @Test("metatiles: off unless the file says so, within limits, and of use with canonicalKeys")
    func metatiles() {
        #expect(behaviors(head).map(\.metatiles) == [MetatileSettings()])
        #expect(behaviors(head).map(\.metatiles.isOn) == [false])
        func given(_ metatiles: String, _ more: String = "") -> String {
            head + "behaviors: [{ path: \"*\"\(more), metatiles: { \(metatiles) } }]\n"
        }
        let settings = behaviors(given("columns: 8, rows: 1, gutter: 512"))[0].metatiles
        #expect(settings.columns == 8 && settings.rows == 1 && settings.gutter == 512)
        #expect(settings.isOn)
        for wrong in [
            "columns: 0", "columns: 9", "rows: 9", "gutter: 513", "gutter: -1", "size: 4",
        ] {
            #expect(findings(given(wrong)).count == 1, "\(wrong)")
        }
        #expect(
            findings(given("columns: 4", ", canonicalKeys: false")) == [
                "edge.yaml:4: warning: behaviors[0].metatiles says nothing, since the behavior has "
                    + "no canonicalKeys; give it class: tiles and canonicalKeys: true, or remove "
                    + "metatiles"
            ])
    }

    @Test("playback: off unless the file says so, within limits, and of use with canonicalKeys")
    func playback() {
        #expect(behaviors(head).map(\.playback) == [PlaybackSettings()])
        #expect(behaviors(head).map(\.playback.isOn) == [false])
        func given(_ playback: String, _ more: String = "") -> String {
            head + "behaviors: [{ path: \"*\"\(more), playback: { \(playback) } }]\n"
        }
        let settings = behaviors(given("frames: 8, concurrent: 64, rate: 10000"))[0].playback
        #expect(settings.frames == 8 && settings.concurrent == 64 && settings.rate == 10_000)
        #expect(behaviors(given("frames: 1"))[0].playback.isOn)
        for wrong in [
            "frames: 9", "frames: -1", "concurrent: 0", "concurrent: 65", "rate: 0",
            "rate: 10001", "ahead: 1",
        ] {
            #expect(findings(given(wrong)).count == 1, "\(wrong)")
        }
        #expect(
            findings(given("frames: 2", ", canonicalKeys: false")) == [
                "edge.yaml:4: warning: behaviors[0].playback says nothing, since the behavior has "
                    + "no canonicalKeys; give it class: tiles and canonicalKeys: true, or remove "
                    + "playback"
            ])
    }

    @Test("where no behavior has canonicalKeys, maps says nothing; wrong values are told")
    func mistakes() {
        let idle =
            head + "    maps: { services: [/g] }\nbehaviors: [{ path: \"*\", class: pages }]\n"
        #expect(findings(idle).first?.hasPrefix("edge.yaml:4: warning: no behavior of") == true)
        #expect(findings(head + "    maps: { services: [g] }\n").count == 1)
        #expect(
            findings(head + "    maps: { services: [{ bareWorkspace: \"a:b\" }] }\n").count == 1)
        #expect(
            findings(head + "    maps: { gridSets: /nowhere }\n").first?.hasPrefix(
                "edge.yaml:4: origins.maps.maps.gridSets is \"/nowhere\", which cannot be read")
                == true)
    }

    private let gridSet = """
        name: NZ
        aliases: [NZTM]
        epsg: 2193
        northingFirst: true
        extent: [-1000000, 824960, 3587520, 10000000]
        origin: topLeft
        resolutions: [8960, 4480]
        levelNames: [a, b]

        """

    /// GeoWebCache's capabilities have the set's name in front of its levels' names.
    @Test(
        "a grid set of a file is one that requests may name",
        arguments: [
            ("[a, b]", "b"), ("[\"NZ:a\", \"NZ:b\"]", "NZ:b"), ("[\"x:a\", \"x:b\"]", "x:b"),
        ])
    func file(_ names: String, _ level: String) throws {
        let files = ExportFiles()
        try files.write("nz.yaml", gridSet.replacing("[a, b]", with: names))
        try files.write("README", "no grid set")
        let text = head + "    maps: { gridSets: \(files.directory) }\n"
        #expect(findings(text).isEmpty)
        let behavior = try #require(behaviors(text).first)
        let tile = "&TILE#NZ/1/2/3"
        let wmts = "/geoserver/gwc/service/wmts?REQUEST=GetTile&LAYER=a&FORMAT=image/png"
        for set in ["NZ", "NZTM"] {
            let target = wmts + "&TILEMATRIXSET=\(set)&TILEMATRIX=\(level)&TILECOL=2&TILEROW=3"
            #expect(key(target, behavior)?.hasSuffix(tile) == true)
        }
        // Of WMS 1.3.0 the northing comes first.
        let (west, north, span) = (
            -1_000_000 + 2 * 1_146_880, 10_000_000 - 3 * 1_146_880, 1_146_880
        )
        let map = "/geoserver/wms?REQUEST=GetMap&LAYERS=a&FORMAT=image/png&WIDTH=256&HEIGHT=256"
        let new =
            "&VERSION=1.3.0&CRS=EPSG:2193&BBOX=\(north - span),\(west),\(north),\(west + span)"
        let old =
            "&VERSION=1.1.1&SRS=EPSG:2193&BBOX=\(west),\(north - span),\(west + span),\(north)"
        for place in [new, old] { #expect(key(map + place, behavior)?.hasSuffix(tile) == true) }
    }

    @Test(
        "what is wrong with a grid set is told with its file",
        arguments: [
            ("northingFirst: true\n", "", ":1: the grid set lacks a key"),
            ("northingFirst: true", "northingFirst: north", ":4: northingFirst is \"north\""),
            ("[8960, 4480]", "[4480, 8960]", ":1: the grid set \"NZ\" resolutions do not fall"),
            ("[a, b]", "[a]", ":8: there are 2 resolutions and 1 levelNames"),
            ("name: NZ", "name: EPSG:4326", ":1: a grid set is called \"EPSG:4326\" already"),
            ("topLeft", "middle", ":6: origin is \"middle\""),
            ("epsg: 2193", "espg: 2193", ":3: \"espg\" is no key"),
            ("name: NZ", "name: [", "this is no YAML"),
            ("-1000000,", "west,", ":5: extent[0] is \"west\""),
        ])
    func defects(old: String, new: String, problem: String) throws {
        let files = ExportFiles()
        let parts = gridSet.split(separator: old, maxSplits: 1, omittingEmptySubsequences: false)
        let text = parts.joined(separator: new)
        try #require(parts.count == 2)
        try files.write("nz.yaml", text)
        let found = findings(head + "    maps: { gridSets: \(files.directory) }\n")
        #expect(found.contains { $0.contains(problem) && $0.contains("/nz.yaml") }, "\(found)")
    }

    @Test("the grid sets that ship can be read, and mean what they say")
    func shipped() throws {
        let directory = ProjectFiles.tests + "../../conf/gridsets"
        let text = head + "    maps: { gridSets: \(directory) }\n"
        #expect(findings(text).isEmpty)
        let behavior = try #require(behaviors(text).first)
        let map =
            "/geoserver/wms?REQUEST=GetMap&VERSION=1.1.1&LAYERS=a&FORMAT=image/png&SRS=EPSG:3857"
            + "&WIDTH=512&HEIGHT=512&BBOX=0,0,10018754.171394622,10018754.171394622"
        #expect(key(map, behavior)?.hasSuffix("&TILE#WebMercator512/2/2/1") == true)
    }

    @Test("a distribution's behavior needs all query strings, and in role tier has what it can")
    func distribution() throws {
        let all =
            "\"ForwardedValues\": { \"QueryString\": true, \"Cookies\": { \"Forward\": \"none\" } }"
        func read(_ policy: String, _ rest: String) throws -> ConfigurationReading {
            let files = ExportFiles()
            var export = Export()
            export.standard = Export.behavior("maps", caching: policy)
            return try files.reading(export, rest)
        }
        let tiles = "behaviors: [{ path: \"*\", class: tiles }]\n"
        let asked = "behaviors: [{ path: \"*\", class: tiles, canonicalKeys: true }]\n"
        func isOn(_ policy: String, _ rest: String) throws -> Bool {
            try read(policy, rest).configuration.settings.behaviors.last?.maps != nil
        }
        #expect(try !isOn(all, tiles))
        #expect(try isOn(all, asked))
        #expect(try isOn(all, "role: tier\n" + tiles))
        #expect(try !isOn(Export.policy, "role: tier\n" + tiles))
        let found = try read(Export.policy, asked).findings.map(\.description)
        #expect(
            found.contains { $0.contains("behaviors[0].canonicalKeys needs all query strings") })
    }
}
