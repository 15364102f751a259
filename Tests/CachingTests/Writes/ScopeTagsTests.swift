import Caching
import HTTP
import Testing
import Tiles

@Suite("Writes: the tags by which a cache in front finds what a write touched")
struct ScopeTagsTests {
    private static func tags(_ canonical: [UInt8], fields: String = "") -> Set<String> {
        let block = Array(fields.utf8)
        return Set(
            ScopeTags.tags(of: canonical.span.bytes, fields: block.span.bytes, .standard))
    }

    private static let map =
        "SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&FORMAT=image/png&SRS=EPSG:900913&WIDTH=256"
        + "&HEIGHT=256&BBOX=0,5009377.085,5009377.085,10018754.17"

    @Test(
        "what a response shows is in its tags",
        arguments: [
            (
                "/geoserver/wms?LAYERS=geonode:roads&STYLES=&\(map)",
                [
                    "kind:tiles", "layer:geonode:roads", "layer:*:roads", "workspace:geonode",
                    "unstyled:maps",
                ]
            ),
            (
                "/geoserver/wms?LAYERS=roads&STYLES=w:line&\(map)",
                ["kind:tiles", "layer:roads", "workspace:*", "style:w:line", "style:*:line"]
            ),
            (
                "/geoserver/wms?SERVICE=WMS&REQUEST=GetCapabilities",
                ["kind:capabilities", "nameless:capabilities", "unstyled:capabilities"]
            ),
            (
                "/layers/geonode:roads",
                [
                    "kind:pages", "layer:geonode:roads", "layer:*:roads", "workspace:geonode",
                    "unstyled:pages", "page:/", "page:/layers", "page:/layers/geonode:roads",
                ]
            ),
            (
                "/",
                ["kind:pages", "kind:lists", "nameless:pages", "unstyled:pages", "page:/"]
            ),
            ("/static/site.css", []),
        ])
    func entry(_ target: String, _ expected: [String]) {
        #expect(Self.tags(EntrySubjectTests.sent(target)) == Set(expected))
    }

    @Test("what no tag may hold is escaped, and a key that cannot be read has all")
    func odd() {
        let page = Self.tags(EntrySubjectTests.sent("/story/a%20b%2Cc/\u{e9}"))
        #expect(page.contains("page:/story/a%20b%2cc"))
        #expect(page.contains("page:/story/a%20b%2cc/%c3%a9"))
        #expect(Self.tags([1, 2, 3]).isSuperset(of: ["unread", "nameless:maps", "kind:lists"]))
        let many = (0..<40).map { "w:l\($0)" }.joined(separator: ",")
        #expect(
            Self.tags(EntrySubjectTests.sent("/geoserver/wms?LAYERS=\(many)&STYLES=&\(Self.map)"))
                == ["kind:tiles", "nameless:maps", "unstyled:maps", "unread"])
        let long = String(repeating: "x", count: 400)
        for tag in Self.tags(EntrySubjectTests.sent("/story/\(long)/\(long)")) {
            #expect((1...256).contains(tag.utf8.count))
        }
    }

    @Test("a page whose fields are not all known has the tags of one that may show anything")
    func unknown() {
        let story = EntrySubjectTests.sent("/layers/geonode:roads")
        let tags = Set(ScopeTags.tags(of: story.span.bytes, fields: nil, .standard))
        let told = Self.tags(story, fields: "Surrogate-Key: layer:w:a style:s page:/story/x\r\n")
        #expect(tags.isSuperset(of: ["unread", "nameless:pages", "unstyled:pages"]))
        #expect(told.isDisjoint(with: ["unread", "nameless:pages", "unstyled:pages"]))
    }

    private static let targets =
        EntrySubjectTests.spellings + [
            "/geoserver/wms?LAYERS=roads&STYLES=line&\(map)",
            "/geoserver/wms?LAYERS=topp:roads,geonode:rivers&STYLES=geonode:line,&\(map)",
            "/geoserver/wms?LAYERS=(a)(b)&\(map)", "/geoserver/wms?\(map)",
            "/geoserver/geonode/wms?LAYERS=roads&\(map)",
            "/geoserver/wms?SERVICE=WMS&REQUEST=GetLegendGraphic&LAYER=geonode:roads&STYLE=line",
            "/geoserver/wfs?SERVICE=WFS&REQUEST=GetFeature&TYPENAME=geonode:roads",
            "/geoserver/geonode/ows?SERVICE=WFS&REQUEST=GetCapabilities", "/geoserver/ows?x=1",
            "/", "/layers/geonode:roads", "/layers/geonode%3Aroads/get", "/layers/:roads",
            "/layers/", "/story/a/b/c/d/e/f/g/h/i", "/story/a%2Fb", "/story//a/", "/story/x",
            "/story/x/view", "/story/xy", "/maps/7?a=b", "/search/?q=1", "/static/a.js",
            "/story/\(String(repeating: "y", count: 300))/z",
        ]

    private static let scopes: [WriteScope.Target] =
        [.everything, .workspace("geonode"), .workspace("topp")]
        + ["geonode:roads", "roads", "topp:roads", "geonode:rivers", "a"].map {
            .layer(LayerName($0))
        }
        + ["line", "geonode:line", "topp:line"].map { .style(LayerName($0)) }
        + ["line", "geonode:line"].map { .namedStyle(LayerName($0)) }
        + [
            "/", "/story", "/story/x", "/story/x/", "/story/a/b/c/d/e/f/g/h", "/story/a/b/c",
            "/layers/geonode:roads", "/story/\(String(repeating: "y", count: 300))", "/story/a",
            "/story//a", "/maps/7",
        ].map { .page($0) }

    /// What pages say that they show.
    private static let shown =
        ["", "layer:geonode:roads", "layer:*:roads page:/story/x style:line", "workspace:geonode"]
        + ["style:geonode:line, page:/story//a", "layer:*", "theme:dark"]
        + [(0...ShownWords.limit).map { "layer:w:l\($0)" }.joined(separator: " ")]
        + [(0..<40).map { "page:/story/p\($0)" }.joined(separator: " ")]

    @Test(
        "every response that a scope touches has one of the scope's tags", arguments: targets,
        shown)
    func reaches(_ target: String, _ shown: String) {
        let keys = [EntrySubjectTests.sent(target), EntrySubjectTests.normal(target)]
        let fields = shown.isEmpty ? "" : "ETag: 1\r\nSurrogate-Key: \(shown)\r\n"
        for key in keys.compactMap(\.self) + [[9, 9]] {
            let tags = Self.tags(key, fields: fields)
            #expect(tags.count <= ScopeTags.limit)
            for scope in Self.scopes {
                for kinds in [EntryKinds.all, .layer, .drawn, .tiles, [.pages, .lists], .lists] {
                    let part = WriteScope.Part(scope, kinds)
                    let isDead = EntrySubjectTests.isDead(
                        key, by: EntrySubjectTests.scope(scope, kinds), fields: fields)
                    guard isDead, let told = ScopeTags.tags(of: part) else { continue }
                    #expect(!tags.isDisjoint(with: told), "\(scope) \(kinds.words) \(tags)")
                }
            }
        }
    }

    @Test("and what it does not touch has none, where the key tells all")
    func spares() {
        let roads = Self.tags(EntrySubjectTests.sent(EntrySubjectTests.spellings[0]))
        for other in [
            WriteScope.Target.layer(LayerName("geonode:rivers")), .layer(LayerName("topp:roads")),
            .workspace("topp"), .page("/story"),
        ] {
            let told = ScopeTags.tags(of: WriteScope.Part(other, .layer)) ?? ["everything"]
            #expect(roads.isDisjoint(with: told), "\(other)")
        }
        let story = Self.tags(EntrySubjectTests.sent("/story/xy"))
        let told = ScopeTags.tags(of: WriteScope.Part(.page("/story/x"), .pages)) ?? []
        #expect(story.isDisjoint(with: told))
        #expect(ScopeTags.tags(of: WriteScope.Part(.everything, .all)) == nil)
    }
}
