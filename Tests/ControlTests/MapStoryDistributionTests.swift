import Caching
import CloudFront
import Control
import Edge
import HTTP
import Testing

@Suite("The distribution that the project ships for MapStory")
struct MapStoryDistributionTests {
    private let shipped: MapStoryDistribution

    init() throws { shipped = try MapStoryDistribution() }

    /// How a path is treated.
    enum Class {
        /// Read only; the key has all of the query and no cookie.
        case tiles
        /// Likewise, and kept for a minute where the origin says nothing.
        case capabilities
        case files
        /// Each session its own.
        case pages
        /// Neither stored nor touched.
        case never
    }

    private static let tile =
        "SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=finalindex0&STYLES=&TILED=true"
        + "&FORMAT=image%2Fpng&SRS=EPSG%3A900913&TIME=2002-01-01T00%3A00%3A00.000Z"
        + "&BBOX=-15028131.255,5009377.085,-12523442.7125,7514065.6275&WIDTH=256&HEIGHT=256"

    private static let wmts =
        "service=WMTS&request=GetTile&version=1.0.0&layer=geonode:X&style=&format=image/png"
        + "&tilematrixset=EPSG:900913&tilematrix=EPSG:900913:6&tilerow=22&tilecol=15"

    static let samples: [(String, String, Class)] = [
        // Maps, in each of their spellings.
        ("/geoserver/geonode/finalindex0/wms?\(tile)", "/geoserver/*wms", .tiles),
        ("/geoserver/wms?\(tile)", "/geoserver/*wms", .tiles),
        ("/geoserver/gwc/service/wms?\(tile)", "/geoserver/gwc/service/*", .tiles),
        ("/geoserver/gwc/service/wmts?\(wmts)", "/geoserver/gwc/service/*", .tiles),
        (
            "/geoserver/gwc/service/wmts/rest/geonode:X/point/EPSG:900913/EPSG:900913:6/22/15",
            "/geoserver/gwc/service/*", .tiles
        ),
        (
            "/geoserver/gwc/service/tms/1.0.0/geonode%3AX@EPSG%3A900913@png/6/15/41.png",
            "/geoserver/gwc/service/*", .tiles
        ),
        (
            "/geoserver/gwc/service/gmaps?layers=geonode:X&zoom=6&x=15&y=22",
            "/geoserver/gwc/service/*", .tiles
        ),
        (
            "/geoserver/wms/?request=GetLegendGraphic&layer=geonode:X&timestamp=1531234567890",
            "/geoserver/*wms/", .tiles
        ),
        (
            "/geoserver/wms?REQUEST=GetFeatureInfo&QUERY_LAYERS=geonode%3AX&X=120&Y=88",
            "/geoserver/*wms", .tiles
        ),
        (
            "/geoserver/geonode/X/wms?service=WFS&request=GetFeature&typename=geonode:X&t=1",
            "/geoserver/*wms", .tiles
        ),
        (
            "/geoserver/geonode/Empire0/wms?SERVICE=WMS&REQUEST=GetCapabilities",
            "/geoserver/*wms", .tiles
        ),
        // Documents, and maps asked for where they are.
        (
            "/geoserver/ows?service=WMS&version=1.3.0&request=GetCapabilities",
            "/geoserver/*ows", .capabilities
        ),
        ("/geoserver/geonode/ows?\(tile)", "/geoserver/*ows", .capabilities),
        (
            "/geoserver/gwc/service/wmts/rest/WMTSCapabilities.xml",
            "/geoserver/gwc/service/*Capabilities.xml", .capabilities
        ),
        // What writes, administers or answers by session at the map servers.
        ("/geoserver/geonode/X/wfs/WfsDispatcher", "/geoserver*", .never),
        ("/geoserver/wfs?request=DescribeFeatureType", "/geoserver*", .never),
        ("/geoserver/wps", "/geoserver*", .never),
        ("/geoserver", "/geoserver*", .never),
        ("/geoserver/rest/reload", "/geoserver/rest/*", .never),
        ("/geoserver/rest/workspaces/geonode/wms", "/geoserver/rest/*", .never),
        ("/geoserver/rest/layers/geonode:shadows", "/geoserver/rest/*", .never),
        ("/geoserver/gwc/rest/masstruncate", "/geoserver/gwc/rest/*", .never),
        ("/geoserver/web/?wicket:bookmarkablePage=x", "/geoserver/web/*", .never),
        ("/geoserver/geogig/repos/X/log?_dc=1", "/geoserver/geogig/*", .never),
        ("/geoserver/wms/../rest/reload", "/geoserver/rest/*", .never),
        // Files.
        ("/static/mapstory/js/app.js?v=3", "/static/*", .files),
        ("/static/composer/index.html", "/static/*", .files),
        ("/uploaded/thumbs/layer-8f1c-thumb.png?v=2", "/uploaded/*", .files),
        ("/media/a.png", "/media/*", .files), ("/thumbs/a.png", "/thumbs/*", .files),
        // Pages that visitors without a session share.
        ("/", "/", .pages), ("/?utm_source=x", "/", .pages),
        ("/search/?type=layer", "/search*", .pages), ("/search/api?q=x", "/search*", .pages),
        ("/getinvolved", "/get*", .pages), ("/about/leadership", "/about/*", .pages),
        ("/donate", "/donate", .pages), ("/journal/", "/journal/*", .pages),
        ("/story/slug/", "/story/*", .pages), ("/story/slug/embed", "/story/*", .pages),
        ("/layers/geonode:X", "/layers/*:*", .pages),
        ("/layers/geonode:X/viewer", "/layers/*:*", .pages),
        ("/storyteller/alice/", "/storyteller/*", .pages),
        ("/organizations/usgs/", "/organizations/*", .pages),
        ("/teams/a/", "/teams/*", .pages), ("/initiatives/a/", "/initiatives/*", .pages),
        ("/robots.txt", "/robots.txt", .pages), ("/baselayers", "/baselayers", .pages),
        ("/maps/12/view", "/maps/*", .pages), ("/data/geonode:X", "/data/*", .pages),
        ("/mapstory/storyteller/alice/", "/mapstory/*", .pages),
        ("/api/base/?type__in=layer&limit=30&offset=0", "/api/*", .pages),
        // What belongs to one person, or changes something.
        ("/story/new", "/story/new", .never), ("/story/slug/draft", "/story/*/draft", .never),
        ("/layers/geonode:X/remove", "/layers/*/remove", .never),
        ("/maps/edit", "/maps/edit*", .never), ("/maps/new", "/maps/new*", .never),
        ("/mapstories/save", "*", .never), ("/layers/create", "*", .never),
        ("/layers/acls", "*", .never), ("/layers/resolve_user", "*", .never),
        ("/layers/upload", "*", .never), ("/accounts/login", "*", .never),
        ("/o/authorize", "*", .never), ("/admin/", "*", .never), ("/messages/inbox/", "*", .never),
        ("/flag/", "*", .never), ("/favorite/layer/1", "*", .never), ("/icons/", "*", .never),
        ("/ajax/hitcount/", "*", .never), ("/proxy/?url=http://x", "*", .never),
        ("/download-append-csv/1", "*", .never), ("/importer-api/data/", "*", .never),
        ("/gs/rest/styles?name=s", "*", .never), ("/rest/sldservice", "*", .never),
        ("/security/permissions/1", "*", .never), ("/restricted/geoserver/wms", "*", .never),
        ("/usgs/", "*", .never),
    ]

    @Test("each address has the behavior of its class", arguments: samples)
    func classes(_ target: String, _ pattern: String, _ kind: Class) {
        let made = shipped.behavior(target)
        #expect(made.pathPattern == pattern)
        let bounds = [made.policy.minTTL, made.policy.defaultTTL, made.policy.maxTTL]
        let methods: MethodSet = kind == .tiles || kind == .files ? .getHeadOptions : .all
        #expect(made.allowedMethods == methods)
        #expect(made.disablesCaching == (kind == .never))
        #expect(made.viewerProtocolPolicy == .redirectToHTTPS)
        #expect(made.isCompressing == (kind != .never))
        #expect(made.forwarding.forwardsCookies == (kind == .pages || kind == .never))
        let isForAllSites = kind != .pages && kind != .never
        #expect((made.responseHeaders?.cors?.allowOrigins == ["*"]) == isForAllSites)
        #expect(bounds == Self.lifetimes(kind).map { .seconds($0) })
        let names = ["pages", "geoserver"]
        guard case .origin(let index) = made.target else {
            Issue.record("\(target) goes to a group")
            return
        }
        let origin = shipped.distribution.config.origins[index].id
        #expect(origin == names[target.hasPrefix("/geoserver") ? 1 : 0])
    }

    /// MinTTL is 0 throughout, so that the origin's no-store, no-cache and private count.
    private static func lifetimes(_ kind: Class) -> [Int64] {
        switch kind {
        case .tiles: [0, 0, 604_800]
        case .capabilities: [0, 60, 300]
        case .files: [0, 0, 31_536_000]
        case .pages: [0, 0, 60]
        case .never: [0, 0, 0]
        }
    }

    static let pairs: [(String, String, [String], [String], Bool)] = [
        // Tiles: every parameter as it is written, whoever asks, from whichever shard.
        ("/geoserver/wms?a=1&B=2", "/geoserver/wms?a=1&b=2", [], [], false),
        ("/geoserver/wms?a=1", "/geoserver/wms?a=1&_dc=2", [], [], false),
        ("/geoserver/wms?a=1", "/geoserver/wms?a=1&access_token=x", [], [], false),
        ("/geoserver/wms", "/geoserver/wms", [], ["Cookie: sessionid=a; JSESSIONID=b"], true),
        ("/geoserver/wms", "/geoserver/wms", [], ["Origin: https://x.org"], true),
        ("/geoserver/wms", "/geoserver/wms", [], ["Host: t3.mapstory.org"], true),
        ("/geoserver/wms", "/geoserver/wms", [], ["Authorization: Basic YTpi"], false),
        (
            "/geoserver/wms", "/geoserver/wms", ["Accept-Encoding: gzip"],
            ["Accept-Encoding: br, gzip"], true
        ),
        // Documents name their host, and hide what a user may not see.
        ("/geoserver/ows", "/geoserver/ows", [], ["Host: t3.mapstory.org"], false),
        ("/geoserver/ows", "/geoserver/ows", [], ["Authorization: Bearer x"], false),
        ("/geoserver/ows", "/geoserver/ows", [], ["Cookie: JSESSIONID=b"], true),
        // Files: a version is another file, all else is noise.
        ("/static/a.js?v=1", "/static/a.js?v=2", [], [], false),
        ("/static/a.js?v=1", "/static/a.js?v=1&utm_source=x", [], [], true),
        ("/static/a.js", "/static/a.js", [], ["Cookie: sessionid=a"], true),
        // Pages: a session, and whoever has a token for forms, by themselves.
        ("/search/?q=a", "/search/?q=b", [], [], false),
        ("/", "/?utm_source=x&fbclid=y", [], [], true),
        ("/", "/", [], ["Cookie: _ga=1; iunderstand=1"], true),
        ("/", "/", [], ["Cookie: sessionid=a"], false),
        ("/", "/", [], ["Cookie: csrftoken=a"], false),
        ("/", "/", [], ["Cookie: msid=alice:5f"], false),
        ("/", "/", [], ["User-Agent: MSIE 6", "Accept-Language: de", "Referer: x"], true),
        ("/", "/", [], ["Host: www.mapstory.org"], false),
    ]

    @Test("two requests share an answer exactly when they should", arguments: pairs)
    func keys(
        _ one: String, _ other: String, _ fields: [String], _ others: [String], _ isSame: Bool
    ) throws {
        #expect(try (shipped.key(one, fields) == shipped.key(other, others)) == isSame)
    }

    @Test("the origin gets what it reads, of query and cookies only what is in the key")
    func forwarding() {
        let rows: [(String, HTTP.Method, String, FieldFate)] = [
            ("Cookie", .get, "/geoserver/wms", .removed),
            ("Authorization", .get, "/geoserver/wms", .forwarded),
            ("Origin", .get, "/geoserver/wms", .removed),
            ("Host", .get, "/geoserver/wms", .setByEdge),
            ("If-None-Match", .get, "/geoserver/wms", .removed),
            ("Host", .get, "/geoserver/ows", .forwarded),
            ("Authorization", .post, "/geoserver/ows", .forwarded),
            ("Authorization", .put, "/geoserver/rest/layers/a", .forwarded),
            ("Cookie", .post, "/geoserver/geonode/X/wfs/WfsDispatcher", .setByEdge),
            ("X-CSRFToken", .post, "/geoserver/geonode/X/wfs/WfsDispatcher", .forwarded),
            ("Cookie", .get, "/static/a.js", .removed),
            ("User-Agent", .get, "/", .setByEdge), ("Accept-Language", .get, "/", .removed),
            ("Referer", .post, "/layers/geonode:X/metadata", .forwarded),
            ("X-CSRFToken", .post, "/api/mapstories/", .forwarded),
            ("Host", .post, "/accounts/login", .forwarded),
            ("Referer", .post, "/accounts/login", .forwarded),
        ]
        for (name, method, target, expected) in rows {
            #expect(shipped.fate(of: name, method, target) == expected, "\(name) at \(target)")
        }
        #expect(shipped.behavior("/").forwarding.cookies == shipped.behavior("/").key.cookies)
        #expect(
            shipped.behavior("/").forwarding.queryStrings
                == shipped.behavior("/").key.queryStrings)
    }

    @Test("errors are kept for moments and stay what they are")
    func errors() {
        for status in [404, 500, 502, 503, 504] {
            #expect(shipped.distribution.errors.minTTL(status, isS3: false) == .seconds(5))
            #expect(shipped.distribution.errors.page(for: status) == nil)
        }
    }

    @Test("the check warns of what is meant, and of nothing else")
    func warnings() {
        let meant = [
            // GeoServer reads names of parameters in any case, and the edge tells them apart.
            "all query strings are in the key",
            // Django builds links and judges forms by it.
            "the viewer's Host is forwarded",
            // DefaultTTL is 0: only what the origin calls fresh is sent to others.
            "cookies are forwarded, so that Set-Cookie is stored",
        ]
        for warning in shipped.findings {
            #expect(meant.contains { warning.contains($0) }, "\(warning)")
        }
        // Each is told once, however many behaviors it is true of.
        #expect(shipped.findings.count == meant.count)
    }

    @Test("the configuration beside it classes every behavior, and nothing in it is idle")
    func classes() throws {
        let reading = MapStoryDistribution.reading(file: "mapstory.yaml")
        // What is said of the export alone is said in either case.
        #expect(reading.warnings.map(\.description).filter { !shipped.findings.contains($0) } == [])
        let settings = reading.configuration.settings
        #expect(settings.role == .tier && settings.writes.context.site == ["/"])
        func mapClass(_ path: String) throws -> MapClass {
            let index = try #require(settings.behaviors.firstIndex { $0.pattern == path })
            return settings.behaviors[index].policy.mapClass
        }
        for (path, expected) in [
            ("/geoserver/*wms", MapClass.tiles), ("/geoserver/gwc/service/*", .tiles),
            ("/geoserver/*ows", .tiles), ("/geoserver/rest/*", .features),
            ("/story/*", .pages), ("/api/*", .pages), ("*", .pages), ("/static/*", .none),
        ] {
            #expect(try mapClass(path) == expected, "\(path)")
        }
        let files = settings.behaviors.filter { $0.policy.mapClass == .none }.map(\.pattern)
        #expect(files == ["/static/*", "/uploaded/*", "/media/*", "/thumbs/*"])
        for behavior in settings.behaviors where behavior.policy.mapClass == .tiles {
            #expect(behavior.policy.featureInfoTTL == 5_000, "\(behavior.pattern)")
            #expect(behavior.maps != nil, "\(behavior.pattern) has no canonical keys")
            let isShared = behavior.imported?.behavior.key.sharesPictures
            #expect(isShared == (behavior.pattern == "/geoserver/*ows"), "\(behavior.pattern)")
        }
        let others = try #require(settings.behaviors.first { $0.pattern == "/geoserver*" })
        #expect(others.policy.featureInfoTTL == 5_000)
    }

    @Test("the distribution can be read in two pages")
    func length() throws {
        let text = try ProjectFiles.text("\(ProjectFiles.tests)../../conf/distribution.json")
        #expect(text.split(separator: "\n").count <= 140)
    }

    @Test("without its policies each that is missing is told once, and where else it is named")
    func withoutPolicies() {
        var flags = ConfigurationFlags()
        flags.distribution = "\(ProjectFiles.tests)../../conf/distribution.json"
        flags.origins = ["pages=http://127.0.0.1:1", "geoserver=http://127.0.0.1:2"]
        let reading = Configuration.read(file: nil, flags: flags, resolver: TableResolver())
        let missing = reading.findings.filter { $0.problem.contains("policy \"mapstory-") }
        let words = missing.map { $0.problem.split(separator: ": ").last.map(String.init) ?? "" }
        #expect(!reading.isUsable && words.count > 4 && words.count == Set(words).count)
        let more = ".CachePolicyId and 3 more: no cache policy"
        #expect(missing.contains { $0.problem.contains(more) })
    }
}
