import Caching
import HTTP
import Synchronization
import Testing
import Tiles

@testable import Control
@testable import Edge

/// An edge with two layers, of which it is told what to truncate.
private final class TileCacheSubject: AdminSubject {
    let truncated = Mutex<[(scope: WriteScope, bySite: Bool)]>([])
    let ended = Mutex<[String]>([])
    let known: [LayerFacts]?

    init(_ known: [LayerFacts]?) { self.known = known }

    func counters() -> [CounterSample] { [] }
    func histograms() -> [HistogramSample] { [] }
    var isTurning: Bool { true }
    var fitness: Fitness { .ready }
    func statusJSON() -> [UInt8] { [] }
    func reload() -> ReloadOutcome { .swapped([]) }
    func tileLayers(below context: String) -> [LayerFacts]? {
        context == "/geoserver" ? known : nil
    }
    var storeSpace: StoreSpace? { StoreSpace(used: 12_288, size: 1_073_741_824) }
    func truncate(_ scope: WriteScope, bySite: Bool) throws(TruncationRefusal) {
        truncated.withLock { $0.append((scope, bySite)) }
    }
    /// As where other machines reach the admin port.
    func endSeeds(
        _ ending: SeedEnding, of layer: String?, bySite: Bool
    ) throws(TruncationRefusal) {
        guard bySite else { throw TruncationRefusal(403, "bind admin to 127.0.0.1") }
        ended.withLock { $0.append("\(ending) \(layer ?? "")") }
    }
}

@Suite("GeoWebCache's REST interface, answered with the edge's own tiles")
struct TileCacheRouteTests {
    private let subject: TileCacheSubject

    init() {
        var roads = ServiceLayer(name: "geonode:roads & \"x\"")
        roads.systems = [.degrees]
        roads.times = ServiceLayer.Times(extent: ["2016", "2017"], standard: "2017")
        let world = ServiceLayer(name: "world")
        subject = TileCacheSubject([
            LayerFacts(name: roads.name, description: roads),
            LayerFacts(name: "world", description: world),
        ])
    }

    private func answer(
        _ method: Method, _ resource: String, _ body: String = "", isCrossSite: Bool = false
    ) -> AdminResponse {
        AdminRoutes(subject: subject).answer(
            AdminRequest(
                method: method, path: "/geoserver/gwc/rest/\(resource)", body: Array(body.utf8),
                host: "edge:8081", isCrossSite: isCrossSite))
    }

    private func text(_ response: AdminResponse) -> String {
        String(decoding: response.body, as: UTF8.self)
    }

    private var scopes: [String] {
        subject.truncated.withLock { $0.map { $0.scope.words() } }
    }

    @Test("layers are listed as XML and as JSON, whichever is asked for")
    func list() {
        let expected = """
            <layers>
            <layer><name>geonode:roads &amp; &quot;x&quot;</name><atom:link \
            xmlns:atom="http://www.w3.org/2005/Atom" rel="alternate" \
            href="http://edge:8081/geoserver/gwc/rest/layers/geonode%3Aroads%20%26%20%22x%22.xml" \
            type="text/xml"/></layer>
            <layer><name>world</name><atom:link xmlns:atom="http://www.w3.org/2005/Atom" \
            rel="alternate" href="http://edge:8081/geoserver/gwc/rest/layers/world.xml" \
            type="text/xml"/></layer>
            </layers>

            """
        for resource in ["layers", "layers.xml"] {
            let answer = answer(.get, resource)
            #expect(answer.contentType == "application/xml" && text(answer) == expected)
        }
        let json = answer(.get, "layers.json")
        #expect(json.contentType == "application/json")
        #expect(text(json) == #"["geonode:roads & \"x\"","world"]"#)
        #expect(answer(.post, "layers").status == 405)
    }

    @Test("a layer is a tile layer in the grid sets of its systems")
    func layer() {
        let filters =
            "<parameterFilters><styleParameterFilter><key>STYLES</key><defaultValue/>"
            + "</styleParameterFilter><regexParameterFilter><key>TIME</key><defaultValue>2017"
            + "</defaultValue><regex>.*</regex></regexParameterFilter></parameterFilters>"
        let sets = ["EPSG:4326", "GlobalCRS84Pixel", "GlobalCRS84Scale", "GoogleCRS84Quad"].map {
            "<gridSubset><gridSetName>\($0)</gridSetName></gridSubset>"
        }.joined()
        let expected =
            "<GeoServerLayer><enabled>true</enabled><name>geonode:roads &amp; &quot;x&quot;</name>"
            + "<mimeFormats><string>image/png</string><string>image/jpeg</string></mimeFormats>"
            + "<gridSubsets>\(sets)</gridSubsets>\(filters)</GeoServerLayer>\n"
        for ending in ["", ".xml"] {
            let answer = answer(.get, "layers/geonode%3Aroads%20%26%20%22x%22\(ending)")
            #expect(answer.status == 200 && text(answer) == expected, "\(text(answer))")
        }
        #expect(
            text(answer(.get, "layers/world.json")).hasPrefix(
                #"{"GeoServerLayer":{"enabled":true,"name":"world","mimeFormats":["image/png","#
                    + #""image/jpeg"],"gridSubsets":[{"gridSetName":"EPSG:900913"},"#))
        let unknown = answer(.get, "layers/nothing.xml")
        #expect(unknown.status == 404 && text(unknown) == "Unknown layer: nothing\n")
    }

    @Test("DELETE truncates a layer, what would set one up is the origin's, and says so")
    func changes() {
        let gone = answer(.delete, "layers/geonode:roads.xml")
        #expect(gone.status == 200 && scopes == ["layer geonode:roads (tiles)"])
        #expect(answer(.delete, "layers/a:b", isCrossSite: true).status == 403)
        #expect(answer(.delete, "layers/").status == 405)
        for method in [Method.put, .post] {
            let refused = answer(method, "layers/geonode:roads.xml", "<GeoServerLayer/>")
            #expect(refused.status == 405 && refused.allow == "GET, HEAD, DELETE")
            #expect(text(refused).contains("is set up at the origin"))
        }
        #expect(scopes.count == 1)
    }

    @Test("layers that nobody has read are not said to be none")
    func unread() {
        let routes = AdminRoutes(subject: TileCacheSubject(nil))
        for resource in ["layers", "layers.json", "layers/a:b.xml"] {
            let answer = routes.answer(
                AdminRequest(method: .get, path: "/geoserver/gwc/rest/\(resource)"))
            #expect(answer.status == 503 && text(answer).contains("maps.layers.services"))
        }
    }

    @Test("the quota is the store's budget with what of it is in use, and is not set here")
    func quota() {
        let xml = answer(.get, "diskquota.xml")
        #expect(
            text(xml)
                == "<gwcQuotaConfiguration><enabled>true</enabled><diskBlockSize>4096"
                + "</diskBlockSize><cacheCleanUpFrequency>1</cacheCleanUpFrequency>"
                + "<cacheCleanUpUnits>SECONDS</cacheCleanUpUnits><maxConcurrentCleanUps>1"
                + "</maxConcurrentCleanUps><globalExpirationPolicyName>LFU"
                + "</globalExpirationPolicyName><globalQuota><value>1073741824</value><units>B"
                + "</units></globalQuota><globalUsedQuota><value>12288</value><units>B</units>"
                + "</globalUsedQuota><layerQuotas/></gwcQuotaConfiguration>\n")
        let json = text(answer(.get, "diskquota.json"))
        #expect(
            json.contains(#""globalQuota":{"value":"1073741824","units":"B"}"#)
                && json.hasPrefix(#"{"gwcQuotaConfiguration":{"enabled":true,"#))
        for method in [Method.put, .post, .delete] {
            let refused = answer(method, "diskquota.xml", "<gwcQuotaConfiguration/>")
            #expect(refused.status == 405 && text(refused).contains("cache.size"))
        }
    }

    @Test("of a truncation all counts that it says, in XML, JSON and the page's form")
    func truncation() {
        let xml =
            "<seedRequest><type>truncate</type><gridSetId>EPSG:3857</gridSetId><zoomStart>2"
            + "</zoomStart><zoomStop>5</zoomStop><format>image/jpeg</format></seedRequest>"
        let json =
            #"{"seedRequest":{"type":"truncate","gridSetId":"EPSG:3857","zoomStart":2,"#
            + #""zoomStop":5,"format":"image/jpeg"}}"#
        let form =
            "type=truncate&gridSetId=EPSG%3A3857&zoomStart=02&zoomStop=05"
            + "&tileFormat=image%2Fjpeg"
        for (ending, body) in [(".xml", xml), (".json", json), ("", form)] {
            #expect(answer(.post, "seed/geonode:roads\(ending)", body).status == 200)
        }
        let expected =
            "layer geonode:roads of levels 2 to 5, grid set EPSG:900913, format jpeg (tiles)"
        #expect(scopes == [expected, expected, expected])
    }

    @Test("which mass truncations there are is told, and each is done")
    func mass() {
        #expect(
            text(answer(.get, "masstruncate"))
                == "<massTruncateRequests href=\"http://edge:8081/geoserver/gwc/rest/masstruncate\">"
                + "<requestType>truncateLayer</requestType><requestType>truncateParameters"
                + "</requestType><requestType>truncateOrphans</requestType><requestType>"
                + "truncateExtent</requestType><requestType>truncateAll</requestType>"
                + "</massTruncateRequests>\n")
        let body =
            "<truncateParameters><layerName>a:b</layerName><parameters><entry><string>STYLES"
            + "</string><string>red</string></entry></parameters></truncateParameters>"
        #expect(answer(.post, "masstruncate.xml", body).status == 200)
        #expect(answer(.post, "masstruncate", "<truncateAll/>").status == 200)
        #expect(answer(.put, "masstruncate", "<truncateAll/>").status == 405)
        for body in [
            "<bogus/>", "hello", "<truncateLayer/>", "<truncatelayer><layerName>a:b</layerName>",
            "{\"truncateLayer\":{\"layerName\":\"a:b\"}", "<truncateAllOfIt/>", "", "{}",
            "{\"truncateLayer\":{\"layerName\":\"a:b\"},\"truncateExtent\":{\"gridSetId\":\"c\"}}",
        ] {
            let refused = answer(.post, "masstruncate", body)
            #expect(refused.status == 400 && text(refused).contains("<truncateAll/>"), "\(body)")
        }
        let json = "{\"truncateLayer\":{\"layerName\":\"a:b\"}}"
        #expect(answer(.post, "masstruncate/", json).status == 200)
        #expect(
            scopes == [
                "layer a:b of style red (tiles)", "everything (tiles)", "layer a:b (tiles)",
            ], "\(scopes)")
    }

    @Test("the command says of a layer that nobody lists that it is not there, and takes no star")
    func command() {
        func ask(_ layer: String) -> AdminResponse {
            AdminRoutes(subject: subject).answer(
                AdminRequest(
                    method: .post, path: "/truncate", query: "layer=\(layer)", host: "edge:8081"))
        }
        let doubt = "no layer of that name is listed"
        for (layer, isListed) in [("world", true), ("a:world", true), ("a:b", false)] {
            let answer = ask(layer)
            #expect(answer.status == 200 && text(answer).hasPrefix("truncated \(layer)"))
            #expect(text(answer).contains(doubt) != isListed, "\(layer)")
        }
        #expect(scopes.count == 3)
        #expect(ask("*").status == 400 && ask("a:*").status == 400 && scopes.count == 3)
    }

    @Test("the site's own listener has the same answers, whoever reaches the admin port")
    func site() {
        let routes = AdminRoutes(subject: subject)
        var ask = TileCacheAsk(
            method: .post, path: "/geoserver/gwc/rest/masstruncate", query: "", host: "edge",
            hasOrigin: false,
            body: Array("<truncateLayer><layerName>a:b</layerName></truncateLayer>".utf8))
        #expect(routes.answer(ask).status == 200)
        #expect(subject.truncated.withLock { $0.map(\.bySite) } == [true])
        ask.hasOrigin = true
        #expect(routes.answer(ask).status == 403)
        (ask.method, ask.path) = (.get, "/geoserver/gwc/rest/layers.json")
        #expect(routes.answer(ask).form == .json)
        ask.path = "/geoserver/gwc/rest/diskquota"
        #expect(routes.answer(ask).form == .xml)
        #expect(subject.truncated.withLock { $0.count } == 1)
        // What a listener takes for this interface it takes for it however it is escaped.
        for path in ["/geoserver/gwc/rest/%6Cayers", "/geo%73erver/%67wc/r%65st/layers%2Exml"] {
            ask.path = path
            let answer = routes.answer(ask)
            #expect(answer.status == 200 && answer.form == .xml, "\(path)")
        }
    }

    @Test("whoever may not end seeds is told so, and none is ended")
    func endings() {
        let refused = answer(.post, "seed", "kill_all=all")
        #expect(refused.status == 403 && text(refused) == "bind admin to 127.0.0.1\n")
        #expect(subject.ended.withLock { $0.isEmpty })
        let ask = TileCacheAsk(
            method: .post, path: "/geoserver/gwc/rest/seed/a%3Ab", query: "", host: "edge",
            hasOrigin: false, body: Array("kill_all=running".utf8))
        #expect(AdminRoutes(subject: subject).answer(ask).status == 200)
        #expect(subject.ended.withLock { $0 } == ["running a:b"])
    }

    @Test("what runs and waits is told to GET and HEAD")
    func reading() {
        for method in [Method.get, .head] {
            for resource in ["seed.json", "seed/a:b.json", "layers", "diskquota", "masstruncate"] {
                #expect(answer(method, resource).status == 200, "\(method) \(resource)")
            }
        }
        #expect(text(answer(.get, "seed.json")) == #"{"long-array-array":[]}"#)
    }

    @Test(
        "a path is what its segments say, however they are escaped",
        arguments: [
            ("/geoserver/gwc/rest/layers/a:b.xml", "/geoserver", "layers/a%3Ab.xml"),
            ("/gwc/rest/seed.json", "", "seed.json"), ("/gwc/rest/", "", ""),
            ("/g%65o/x/gwc/%72est/%73eed/a%20b%2Exml", "/geo/x", "seed/a%20b.xml"),
            // No such context can be configured, and what is asked for there must stay one line.
            ("/a%0D%0Ab/gwc/rest/seed/c", "/a%0D%0Ab", "seed/c"),
            ("/a%3Fb/gwc/rest/seed/c%2Fd", "/a%3Fb", "seed/c%2Fd"),
            ("/gwc/gwc/rest/rest", "/gwc", "rest"),
        ])
    func paths(_ path: String, _ context: String, _ resource: String) {
        let found = TileCachePath(path)
        #expect(found?.context == context && found?.resource == resource, "\(found as Any)")
    }

    @Test(
        "and others are not of that interface",
        arguments: ["/gwc/rest", "/gwc%2Frest/layers", "/gwc/x/rest/layers", "/", "", "*"])
    func others(_ path: String) { #expect(TileCachePath(path) == nil) }
}
