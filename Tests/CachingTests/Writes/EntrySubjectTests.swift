import Caching
import HTTP
import Testing
import Tiles

/// Canonical keys as the edge forms them, and what scopes make of them.
@Suite("Writes: what a stored response's key tells of it")
struct EntrySubjectTests {
    /// A key with path and query as they were sent.
    static func sent(_ target: String) -> [UInt8] {
        let parts = target.split(separator: "?", maxSplits: 1)
        return key { key in
            key.append(.path, Array(parts[0].utf8).span.bytes)
            if parts.count > 1 { key.append(.query, Array(parts[1].utf8).span.bytes) }
        }
    }

    /// A key with the map request in its normal form; nil where the target is none.
    static func normal(_ target: String, _ services: MapServices = .standard) -> [UInt8]? {
        let parts = target.split(separator: "?", maxSplits: 1)
        let path = Array(parts[0].utf8)
        let query = parts.count > 1 ? Array(parts[1].utf8) : []
        var text: [UInt8]?
        withUnsafeTemporaryAllocation(byteCount: 8_192, alignment: 8) { memory in
            let outcome = TileRequest.normalise(
                path: path.span.bytes, query: query.span.bytes, services: services, key: memory)
            if case .request(let request) = outcome, request.bypass == nil {
                text = Array(memory[..<request.keyLength])
            }
        }
        guard let text else { return nil }
        return key { $0.append(.mapRequest, text.span.bytes) }
    }

    private static func key(_ parts: (inout CanonicalKey) -> Void) -> [UInt8] {
        withUnsafeTemporaryAllocation(byteCount: 8_192, alignment: 8) { memory in
            var key = CanonicalKey(memory)
            key.append(.methodClass, byte: UInt8(ascii: "G"))
            key.append(host: Array("maps.example.org".utf8).span.bytes)
            parts(&key)
            key.append(.coding, byte: UInt8(ascii: "g"))
            return [UInt8](key.bytes)
        }
    }

    static func scope(
        _ target: WriteScope.Target, _ kinds: EntryKinds = .layer, at box: GeographicBox? = nil
    ) -> WriteScope {
        var scope = WriteScope()
        scope.insert(WriteScope.Part(target, kinds, boxes: box.map { [$0] } ?? []))
        return scope
    }

    static func isDead(
        _ canonical: [UInt8], by scope: WriteScope, _ reading: ScopeReading = .standard,
        fields: String = ""
    ) -> Bool {
        var index = InvalidationIndex()
        index.reading = reading
        index.insert(InvalidationRule(scope: scope), number: 7)
        // Kept as the log keeps it.
        let rule = InvalidationRule(encoded: InvalidationRule(scope: scope).encoded.span.bytes)
        #expect(rule?.scope == scope)
        var scopes = ScopeIndex()
        scopes.insert(scope, number: 7)
        let block = Array(fields.utf8)
        let numbers = scopes.numbers(
            of: canonical.span.bytes, fields: block.span.bytes, reading, since: 0)
        return numbers.highest == 7
    }

    @Test("from beyond a tile of Web Mercator so many of its own pixels reach into it")
    func northern() throws {
        // From 66.5 to 85 degrees; half its height further south is 41 degrees.
        let target =
            "/geoserver/wms?\(Self.map)&LAYERS=a:x"
            + "&BBOX=-10018754.17,10018754.17,0,20037508.34"
        let keys = [Self.sent(target), try #require(Self.normal(target))]
        for (latitude, isIn) in [(80.0, true), (56, true), (42, true), (40, false), (10, false)] {
            let place = try #require(
                GeographicBox(
                    longitudes: (-45, -45), latitudes: (latitude, latitude), of: .geometry))
            let scope = Self.scope(.layer(LayerName("a:x")), at: place)
            for key in keys { #expect(Self.isDead(key, by: scope) == isIn, "\(latitude)") }
        }
    }

    private static let map =
        "SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&FORMAT=image/png&TRANSPARENT=TRUE&STYLES="
        + "&SRS=EPSG:900913&WIDTH=256&HEIGHT=256"
    /// North America's north-west, at level 3.
    private static let west = "&BBOX=-15028131.255,5009377.085,-10018754.17,10018754.17"
    /// Central Europe.
    private static let europe = "&BBOX=0,5009377.085,5009377.085,10018754.17"

    /// Spellings of one tile of geonode:roads, in the west.
    static let spellings = [
        "/geoserver/wms?LAYERS=geonode:roads&\(map)\(west)",
        "/geoserver/wms?layers=geonode%3Aroads&\(map)\(west)&_dc=12",
        "/geoserver/geonode/wms?LAYERS=geonode:roads&\(map)\(west)",
        "/geoserver/gwc/service/wms?LAYERS=geonode:roads&\(map)\(west)",
        "/geoserver/gwc/service/tms/1.0.0/geonode:roads@EPSG:900913@png/3/1/5.png",
        "/geoserver/gwc/service/gmaps?layers=geonode:roads&zoom=3&x=1&y=2&format=image/png",
        "/geoserver/gwc/service/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0"
            + "&LAYER=geonode:roads&STYLE=&TILEMATRIXSET=EPSG:900913"
            + "&TILEMATRIX=EPSG:900913:3&TILEROW=2&TILECOL=1&FORMAT=image/png",
    ]

    @Test(
        "each spelling of a tile is touched where it is, and by its own layer", arguments: spellings
    )
    func spelling(_ target: String) throws {
        let vancouver = WriteScopeTests.box(-123, 49, 0.1)
        let berlin = WriteScopeTests.box(13, 52, 0.1)
        let keys = [Self.sent(target), try #require(Self.normal(target))]
        for key in keys {
            func dead(_ target: WriteScope.Target, at box: GeographicBox? = nil) -> Bool {
                Self.isDead(key, by: Self.scope(target, at: box))
            }
            #expect(dead(.everything) && dead(.workspace("geonode")))
            #expect(!dead(.workspace("topp")))
            #expect(dead(.layer(LayerName("geonode:roads"))))
            #expect(dead(.layer(LayerName("roads"))), "of whatever workspace")
            #expect(!dead(.layer(LayerName("geonode:rivers"))))
            #expect(!dead(.layer(LayerName("topp:roads"))))
            #expect(dead(.layer(LayerName("geonode:roads")), at: vancouver))
            #expect(!dead(.layer(LayerName("geonode:roads")), at: berlin))
            // Which style is the default is not known.
            #expect(dead(.style(LayerName("line"))))
            #expect(!Self.isDead(key, by: Self.scope(.everything, [.legends, .pages])))
        }
    }

    @Test(
        "a map that is asked for by the query at a tile's path may show the tile's layer",
        arguments: [
            "tms/1.0.0/A@EPSG:4326@png/5/1/1.png",
            "wmts/rest/A/style/EPSG:900913/EPSG:900913:3/2/1",
        ])
    func twice(_ path: String) throws {
        let target = "/geoserver/gwc/service/\(path)?\(Self.map)\(Self.west)&LAYERS=B"
        for layer in ["A", "B", "C"] {
            let scope = Self.scope(.layer(LayerName(layer)))
            #expect(Self.isDead(Self.sent(target), by: scope), "\(layer)")
        }
        // Its normal form, where it is not folded into the WMS's.
        let place = Array("/geoserver/gwc/service/\(path)".utf8)
        let query = Array("LAYERS=B&STYLES=".utf8)
        let subject = MapSubject(
            canonicalPath: place.span.bytes, query: query.span.bytes, .standard)
        #expect(subject.kind == .other)
    }

    @Test("a viewer's own words do not pass for the key's", arguments: ["tile%23", "TILE%23"])
    func forged(_ word: String) throws {
        let far = "\(word)EPSG:900913/3/4/5=1"
        // Of no tile, so that the key has none of its own.
        let map = Self.map.replacing("HEIGHT=256", with: "HEIGHT=257")
        let target = "/geoserver/wms?LAYERS=w:x&\(map)\(Self.west)&\(far)"
        let key = try #require(Self.normal(target))
        let vancouver = Self.scope(
            .layer(LayerName("w:x")), at: WriteScopeTests.box(-123, 49, 0.1))
        #expect(Self.isDead(key, by: vancouver))
    }

    @Test(
        "what a tile's own path says counts, and not what its query adds",
        arguments: [
            "/geoserver/gwc/service/tms/1.0.0/w:x@EPSG:900913@png/3/1/5.png?",
            "/geoserver/gwc/service/tms/1.0.0/w:x@unheard@png/3/1/5.png?",
            "/geoserver/gwc/service/wmts/rest/w:x/s/EPSG:900913/EPSG:900913:3/2/1?format=image/png&",
            "/geoserver/gwc/service/wmts?REQUEST=GetTile&SERVICE=WMTS&LAYER=w:x&TILEMATRIXSET=u&",
            "/geoserver/gwc/service/wmts?REQUEST=GetFeatureInfo&SERVICE=WMTS&LAYER=w:x&",
        ])
    func junk(_ start: String) {
        let target = "\(start)layers=a:b&query_layers=a:b&srs=EPSG:4326&bbox=1,1,2,2&styles=c"
        let scope = Self.scope(
            .layer(LayerName("w:x")), at: WriteScopeTests.box(-123, 49, 0.1))
        for key in [Self.sent(target), Self.normal(target)].compactMap({ $0 }) {
            #expect(Self.isDead(key, by: scope))
        }
        guard !start.contains("REQUEST") else { return }
        for request in ["GetMap", "GetFeatureInfo", "GetLegendGraphic", "GetCapabilities"] {
            let asked = Self.sent("\(target)&request=\(request)")
            #expect(Self.isDead(asked, by: Self.scope(.layer(LayerName("w:x")), .tiles)))
        }
    }

    @Test("a picture beside an edit is touched as far as symbols reach")
    func margin() throws {
        let target = "/geoserver/wms?LAYERS=w:x&\(Self.map)\(Self.europe)"
        let key = try #require(Self.normal(target))
        // The tile ends at 45 degrees east and is as wide.
        let beside = Self.scope(
            .layer(LayerName("w:x")), at: WriteScopeTests.box(60, 50, 0.1))
        #expect(Self.isDead(key, by: beside))
        #expect(!Self.isDead(key, by: beside, ScopeReading(margin: 10)))
    }

    @Test("a picture is touched as far as its BUFFER reaches")
    func buffer() throws {
        // One degree of 100 pixels; the write is 1.8 degrees west of it.
        let map =
            "/geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=w:x&STYLES="
            + "&FORMAT=image/png&SRS=EPSG:4326&BBOX=-73,40,-72,41&WIDTH=100&HEIGHT=100"
        let tile = "/geoserver/wms?LAYERS=w:x&\(Self.map)\(Self.europe)"
        let beside = Self.scope(
            .layer(LayerName("w:x")), at: WriteScopeTests.box(-74.8, 40.5, 0.01))
        let far = Self.scope(.layer(LayerName("w:x")), at: WriteScopeTests.box(100, 50, 0.1))
        for (target, scope, isDead) in [
            (map, beside, false), (map + "&BUFFER=200", beside, true),
            (map + "&buffer=10", beside, false), (map + "&BUFFER=", beside, false),
            (map + "&BUFFER=900", far, false),
            // As good as everywhere, or nobody knows how far.
            (map + "&BUFFER=1100", far, true), (map + "&BUFFER=x", far, true),
            (map + "&BUFFER=1&buffer=900", far, true),
            (tile, far, false), (tile + "&BUFFER=100", far, false),
            (tile + "&BUFFER=512", far, true),
        ] {
            for key in [Self.sent(target), Self.normal(target)].compactMap({ $0 }) {
                #expect(Self.isDead(key, by: scope) == isDead, "\(target)")
            }
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var target: String
        var scope: WriteScope
        var isDead: Bool
        var testDescription: String { "\(target) and \(scope.words())" }
        init(_ target: String, _ scope: WriteScope, _ isDead: Bool) {
            (self.target, self.scope, self.isDead) = (target, scope, isDead)
        }
    }

    private static func layer(_ name: String) -> WriteScope { scope(.layer(LayerName(name))) }
    private static let wms = "/geoserver/wms?SERVICE=WMS&VERSION=1.1.1&"

    static let rows = [
        // Several layers: each counts, with its own style.
        Row("\(wms)REQUEST=GetMap&LAYERS=a:x,b:y&STYLES=s,t", layer("b:y"), true),
        Row("\(wms)REQUEST=GetMap&LAYERS=a:x,b:y&STYLES=s,t", layer("b:x"), false),
        Row("\(wms)REQUEST=GetMap&LAYERS=a:x,b:y&STYLES=s,t", scope(.style(LayerName("t"))), true),
        Row("\(wms)REQUEST=GetMap&LAYERS=a:x,b:y&STYLES=s,t", scope(.style(LayerName("u"))), false),
        Row("\(wms)REQUEST=GetMap&LAYERS=a:x&STYLES=w:s", scope(.style(LayerName("v:s"))), false),
        Row("\(wms)REQUEST=GetMap&LAYERS=a:x&STYLES=s", scope(.style(LayerName("v:s"))), true),
        Row("\(wms)REQUEST=GetMap&LAYERS=a:x&STYLES=s", scope(.namedStyle(LayerName("s"))), true),
        Row("\(wms)REQUEST=GetMap&LAYERS=a:x&STYLES=", scope(.namedStyle(LayerName("s"))), false),
        Row("\(wms)REQUEST=GetMap&LAYERS=a:x&STYLES=", scope(.style(LayerName("s"))), true),
        Row("/story/x", scope(.namedStyle(LayerName("s"))), false),
        // Without any it may show all.
        Row("\(wms)REQUEST=GetMap", layer("a:x"), true),
        Row("\(wms)REQUEST=GetLegendGraphic&LAYER=a:x&STYLE=s", layer("a:x"), true),
        Row("\(wms)REQUEST=GetLegendGraphic&LAYER=a:x&STYLE=s", layer("a:y"), false),
        Row(
            "\(wms)REQUEST=GetLegendGraphic&LAYER=a:x&STYLE=s",
            scope(.layer(LayerName("a:x")), .tiles), false),
        Row(
            "\(wms)REQUEST=GetFeatureInfo&LAYERS=a:x,a:y&QUERY_LAYERS=a:y", layer("a:y"), true),
        Row(
            "\(wms)REQUEST=GetFeatureInfo&LAYERS=a:x,a:y&QUERY_LAYERS=a:y", layer("a:x"), false),
        Row(
            "\(wms)REQUEST=GetFeatureInfo&QUERY_LAYERS=a:y&SRS=EPSG:4326&BBOX=0,40,10,50",
            scope(.layer(LayerName("a:y")), at: WriteScopeTests.box(-100, 0, 1)), false),
        Row("\(wms)REQUEST=GetCapabilities", layer("a:x"), true),
        Row("\(wms)REQUEST=GetCapabilities", scope(.layer(LayerName("a:x")), .tiles), false),
        // A prefix may be any namespace's.
        Row("/geoserver/wfs?REQUEST=GetFeature&TYPENAME=p:x", layer("a:x"), true),
        Row("/geoserver/wfs?REQUEST=GetFeature&TYPENAMES=p:x,q:z", layer("a:z"), true),
        Row("/geoserver/wfs?REQUEST=GetFeature&TYPENAME=p:x", layer("a:y"), false),
        Row("/geoserver/wfs?REQUEST=GetFeature&TYPENAMES=(a:y)(b:z)", layer("a:q"), true),
        Row("/geoserver/wfs?REQUEST=GetFeature&TYPENAME=x&typeName=y", layer("a:q"), true),
        Row("/geoserver/wfs?REQUEST=GetFeature&TYPENAME=x&typeName=x", layer("a:q"), false),
        Row("/geoserver/wfs?REQUEST=GetFeature&TYPENAMES=y&TYPENAME=x", layer("a:y"), true),
        Row("/geoserver/wfs?REQUEST=GetFeature&TYPENAMES=x&TYPENAME=x", layer("a:y"), false),
        // Of two values servers take one or the other.
        Row("\(wms)REQUEST=GetLegendGraphic&LAYER=a:x&LAYER=a:y", layer("a:x"), true),
        Row("\(wms)REQUEST=GetLegendGraphic&LAYER=a:x&STYLE=s&STYLE=t", layer("a:q"), true),
        Row("\(wms)REQUEST=GetMap&LAYERS=a:x&REQUEST=GetFeature&TYPENAME=a:y", layer("a:x"), true),
        Row(
            "\(wms)REQUEST=GetFeatureInfo&LAYERS=a:q&QUERY_LAYERS=a:x&QUERY_LAYERS=a:y",
            layer("a:x"), true),
        Row("/geoserver/wfs?REQUEST=Whatever", layer("a:q"), true),
        Row("/geoserver/rest/about.xml", layer("a:q"), true),
        // Pages: about one layer, about anything, about nothing.
        Row("/layers/geonode:X", layer("geonode:X"), true),
        Row("/layers/geonode%3AX/embed", layer("geonode:X"), true),
        Row("/layers/geonode:X", layer("geonode:Y"), false),
        // A number is a record's, of whatever layer.
        Row("/layers/123", layer("geonode:Y"), true),
        Row("/layers/123/", scope(.everything, .lists), false),
        Row("/story/a/", layer("geonode:Y"), true),
        Row("/story/a/", scope(.page("/story/a"), .pages), true),
        Row("/story/ab", scope(.page("/story/a"), .pages), false),
        Row("/story/%61/view", scope(.page("/story/a"), .pages), true),
        Row("/story/a/", scope(.everything, .lists), false),
        Row("/search/?q=1", scope(.everything, .lists), true),
        Row("/static/site.js", .everything, false),
        Row("/fonts/x.woff2", .everything, false),
        Row("/uploaded/thumbs/layer-1-thumb.png", layer("a:x"), true),
    ]

    @Test("kinds, layers and pages", arguments: rows)
    func row(_ row: Row) {
        #expect(Self.isDead(Self.sent(row.target), by: row.scope) == row.isDead)
    }

    @Test("a page is about what stands behind the site's prefix and a language")
    func prefixes() {
        var reading = ScopeReading()
        reading.site = ["/portal", "/layers"].map { Array($0.utf8) }
        reading.languages = ["en", "pt-br"].map { Array($0.utf8) }
        for place in ["", "/portal", "/portal/en", "/port%61l/PT-BR", "/en"] {
            let page = Self.sent("\(place)/layers/geonode:X/embed")
            #expect(!Self.isDead(page, by: Self.layer("geonode:Y"), reading), "\(place)")
            #expect(Self.isDead(page, by: Self.layer("geonode:X"), reading))
            #expect(!Self.isDead(page, by: Self.scope(.everything, .lists), reading))
            #expect(!Self.isDead(Self.sent("\(place)/static/a"), by: .everything, reading))
        }
        for place in ["/portals", "/de", "/english", "/portal/de", "/portal/portal"] {
            let page = Self.sent("\(place)/layers/geonode:X")
            #expect(Self.isDead(page, by: Self.layer("geonode:Y"), reading), "\(place)")
        }
        #expect(Self.isDead(Self.sent("/portal"), by: Self.scope(.everything, .lists), reading))
    }

    @Test("blanks around a name hide it from no write")
    func blanks() {
        for name in ["a:x%20", "%20a:x", "a:x+", "+a:%20x%0A", "a:z,%20a:x", "a:x%20,a:z"] {
            for target in ["GetMap&LAYERS", "GetFeature&TYPENAME", "GetFeatureInfo&QUERY_LAYERS"] {
                let key = Self.sent("\(Self.wms)REQUEST=\(target)=\(name)")
                #expect(Self.isDead(key, by: Self.layer("a:x")), "\(target)\(name)")
                #expect(!Self.isDead(key, by: Self.layer("a:y")))
            }
            if let key = Self.normal("\(Self.wms)REQUEST=GetMap&STYLES=&LAYERS=\(name)") {
                #expect(Self.isDead(key, by: Self.layer("a:x")), "\(name)")
            }
        }
    }

    @Test("a virtual service confines what it shows where the catalogue knows its workspace")
    func workspaces() {
        let services = MapServices(layers: [LayerFacts(name: "geonode:roads")])
        let reading = ScopeReading(services: services)
        let capabilities = Self.sent("/geoserver/geonode/wms?REQUEST=GetCapabilities")
        #expect(Self.isDead(capabilities, by: Self.layer("topp:x")))
        #expect(!Self.isDead(capabilities, by: Self.layer("topp:x"), reading))
        #expect(Self.isDead(capabilities, by: Self.layer("geonode:x"), reading))
        #expect(Self.isDead(capabilities, by: Self.layer("x"), reading))
        #expect(Self.isDead(capabilities, by: Self.scope(.workspace("geonode")), reading))
        let map = Self.sent("/geoserver/geonode/wms?REQUEST=GetMap&LAYERS=x&STYLES=")
        #expect(!Self.isDead(map, by: Self.layer("topp:x"), reading))
        #expect(Self.isDead(map, by: Self.layer("geonode:x"), reading))
    }

    @Test("a key that tells nothing is touched by every scope, and a scope of tomorrow touches all")
    func unknown() {
        let digest = [UInt8](repeating: 0xA7, count: 32)
        #expect(Self.isDead(digest, by: Self.layer("a:b")))
        var rule = InvalidationRule(scope: Self.layer("a:b"))
        rule.bytes[0] = 99
        var index = InvalidationIndex()
        index.insert(rule, number: 3)
        let key = Self.sent("/geoserver/wms?REQUEST=GetMap&LAYERS=z:z")
        #expect(index.numbers(of: key.span.bytes).dead == 3)
    }

    @Test("everything is more than what a write of everything touches")
    func everything() {
        #expect(InvalidationRule.everything.reach == .everything)
        var index = InvalidationIndex()
        index.insert(.everything, number: 2)
        #expect(index.numbers(of: Self.sent("/static/site.js").span.bytes).dead == 2)
    }

    @Test("in the index a scope kills, a soft one ends lifetimes, and both are retired")
    func index() {
        let key = Self.sent("/geoserver/wms?REQUEST=GetMap&LAYERS=a:x")
        let other = Self.sent("/geoserver/wms?REQUEST=GetMap&LAYERS=a:y")
        var index = InvalidationIndex()
        index.insert(InvalidationRule(scope: Self.layer("a:x")), number: 4)
        var soft = InvalidationRule(scope: Self.layer("a:y"))
        soft.isSoft = true
        index.insert(soft, number: 5)
        #expect(index.numbers(of: key.span.bytes) == .init(dead: 4, stale: 0))
        var doubted = InvalidationIndex.Numbers(dead: 0, stale: 5)
        doubted.doubtful = 5
        #expect(index.numbers(of: other.span.bytes) == doubted)
        #expect(index.count > 0)
        index.retire(upTo: 4)
        #expect(index.numbers(of: key.span.bytes).highest == 0)
        #expect(index.numbers(of: other.span.bytes).stale == 5)
        index.retire(upTo: 5)
        #expect(index.count == 0 && index.numbers(of: other.span.bytes).highest == 0)
    }
}
