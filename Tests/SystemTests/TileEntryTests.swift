import Testing
import Tiles
import WireTesting

@Suite("One tile, one entry: over the wire")
struct TileEntryTests {
    private let place: TileSite
    private var room: Room { place.room }
    private var edge: Edge { place.edge }
    private var site: String { place.path }

    init() throws {
        place = try TileSite("entries", service: ", bareWorkspace: geonode")
    }

    private let picture = TileSite.tile("ETag: \"a\"")

    private let query =
        "SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=storms&STYLES=&SRS=EPSG:3857"
        + "&BBOX=-10018754,2504688,-7514065,5009377&WIDTH=256&HEIGHT=256&FORMAT=image/png"
        + "&TRANSPARENT=TRUE"

    private func map(_ more: String = "") -> String { "\(site)/geonode/wms?\(query)\(more)" }

    /// The same tile as other programs spell it.
    private var spellings: [String] {
        [
            map(),
            "\(site)/wms?layers=geonode:storms&format=image%2Fpng"
                + "&bbox=-10018754.1714%2C2504688.5428%2C-7514065.6285%2C5009377.0857"
                + "&transparent=true&version=1.1.1&request=GetMap&srs=EPSG%3A900913"
                + "&width=256&height=256&_dc=1600000000000",
            "\(site)/ows?service=WMS&version=1.3.0&request=GetMap&crs=EPSG:3857&layers=storms"
                + "&bbox=-10018754.17,2504688.54,-7514065.63,5009377.09&width=256&height=256"
                + "&format=image/png&transparent=TRUE&exceptions=INIMAGE",
            "\(site)/gwc/service/tms/1.0.0/geonode:storms@EPSG:900913@png/4/4/9.png",
            "\(site)/gwc/service/tms/1.0.0/geonode:storms@EPSG:900913@png/4/4/6.png?flipY=true",
            "\(site)/gwc/service/gmaps?layers=geonode:storms&zoom=4&x=4&y=6&format=image/png",
            "\(site)/gwc/service/ve?layers=geonode:storms&quadkey=0320&format=image/png",
            "\(site)/gwc/service/wmts?REQUEST=GetTile&LAYER=geonode:storms&FORMAT=image/png"
                + "&TILEMATRIXSET=EPSG:900913&TILEMATRIX=EPSG:900913:4&TILEROW=6&TILECOL=4",
            "\(site)/gwc/service/wmts/rest/geonode:storms//EPSG:900913/EPSG:900913:4/6/4"
                + "?format=image/png",
        ]
    }

    @Test("nine spellings are one request to the origin, in its normal form, and one entry")
    func spelt() throws {
        room.always(picture)
        var first: [UInt8]?
        for spelling in spellings {
            let response = try edge.get(spelling, "Accept-Encoding: gzip")
            #expect(response.status == 200)
            first = first ?? response.body
            #expect(response.body == first)
        }
        #expect(room.count == 1)
        #expect(
            room.requests.first?.target
                == "\(site)/geonode/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=storms"
                + "&STYLES=&FORMAT=image/png&TRANSPARENT=TRUE&SRS=EPSG:3857"
                + "&BBOX=-10018754.17139462,2504688.54284865,-7514065.62854597,5009377.08569731"
                + "&WIDTH=256&HEIGHT=256")
        #expect(room.requests.first?["Accept-Encoding"] == "identity")
        // And what was asked for without gzip is the same.
        #expect(try edge.get(map()).isHit)
    }

    @Test("the names that a site spreads its tiles over share them")
    func shards() throws {
        room.always(picture)
        for number in 1...4 {
            let response = try edge.get(map(), host: "t\(number).maps.test")
            #expect(response.status == 200 && response.isHit == (number > 1))
        }
        #expect(room.count == 1)
        // What is no picture may name its host in its addresses.
        let document = "\(site)/geonode/wms?SERVICE=WMS&REQUEST=DescribeLayer&LAYERS=storms"
        for number in 1...2 {
            _ = try edge.get(document, host: "t\(number).maps.test")
        }
        #expect(room.count == 3)
    }

    @Test("a session in a path is passed by where the path is no map's")
    func sessions() throws {
        room.always(TileSite.tile("Cache-Control: max-age=600"))
        let session = ";jsessionid=SECRET"
        for path in [
            "\(site)/other\(session)/a.png", "\(site)\(session)/gwc\(session)/service/tms/1",
            "\(site)/other%3Bjsessionid=SECRET/a.png",
        ] {
            for _ in 0..<2 { #expect(try !edge.get(path).isHit, "\(path)") }
        }
        #expect(room.count == 6)
        let map = "\(site)\(session)/geonode/wms?\(query)"
        #expect(try !edge.get(map).isHit)
        #expect(room.requests.last?.target.contains("SECRET") == false)
        #expect(try edge.get(map).isHit)
        #expect(try !edge.get("\(site)/other;v=1/a.png").isHit)
        #expect(try edge.get("\(site)/other;v=1/a.png").isHit)
    }

    @Test("a contradiction is 400 with the reason, on a connection that goes on, and counted")
    func refused() throws {
        room.always(picture)
        let count = try edge.metric("mapedge_requests_rejected_total{rule=\"map_ambiguous\"}")
        var viewer = try edge.viewer()
        for _ in 0..<2 {
            let response = try viewer.exchange(
                "GET \(map("&layers=roads")) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
            #expect(response.status == 400)
            #expect(
                response.text == "LAYERS is given twice with different values; give it once.\n")
            #expect(response["Cache-Status"]?.contains("ambiguous-map") == true)
            #expect(response["Cache-Control"] == "no-store")
        }
        let head = try viewer.exchange(
            "HEAD \(map("&layers=roads")) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(head.status == 400 && head.body.isEmpty)
        #expect(room.count == 0)
        #expect(
            try edge.metric("mapedge_requests_rejected_total{rule=\"map_ambiguous\"}") == count + 3)
    }

    @Test("who shows credentials gets what nobody is given, and it is everybody's")
    func credentials() throws {
        room.always(picture)
        #expect(try !edge.get(map("&access_token=geheim")).isHit)
        #expect(room.requests.first?.target.contains("geheim") == false)
        #expect(try edge.get(map()).isHit)
        #expect(try edge.get(map("&authkey=geheim")).isHit)
        #expect(try edge.get("\(site)/geonode;jsessionid=1/wms?\(query)").isHit)
        #expect(try edge.get(map(), "Authorization: Basic YTpi").isHit)
        #expect(room.count == 1)
    }

    @Test("what nobody is refused is asked for in the viewer's own words, and is nobody else's")
    func refusedToNobody() throws {
        let (own, picture) = (map("&access_token=geheim"), picture)
        let path = "\(site)/geonode;jsessionid=1/wms?\(query)"
        room.answers { [own, path].contains($0.target) ? picture : .response(403) }
        let counter = "mapedge_maps_refused_to_nobody_total"
        let before = try edge.metric(counter)
        for _ in 0..<2 { #expect(try !edge.get(own).isHit) }
        #expect(room.count == 3)
        // Nobody was asked once, and the second time it was known.
        #expect(try edge.metric(counter) == before + 1)
        #expect(room.requests.last?.target == own)
        #expect(try edge.get(map()).status == 403)
        #expect(try edge.get(path).status == 200)
        #expect(room.requests.last?.target == path)
    }

    @Test("a style of the request's own passes, with a reason")
    func style() throws {
        room.always(picture)
        for _ in 0..<2 {
            let response = try edge.get(map("&SLD_BODY=%3Ca%2F%3E"))
            #expect(response["Cache-Status"]?.contains("fwd=bypass") == true)
        }
        #expect(room.count == 2)
        #expect(room.requests.first?.target == map("&SLD_BODY=%3Ca%2F%3E"))
    }

    @Test("a cache-buster without a time has the entry confirmed, and others find it so")
    func buster() throws {
        room.answersWhole { request in
            request["If-None-Match"] == "\"a\""
                ? .response(304, ["ETag: \"a\""]) : self.picture
        }
        #expect(try edge.get(map()).status == 200)
        let renewed = try edge.get(map("&_olSalt=0.5"))
        #expect(renewed.status == 200 && renewed.body.count > 50)
        #expect(room.count <= 2)
        #expect(room.requests.allSatisfy { !$0.target.contains("olSalt") })
        #expect(try edge.get(map("&_dc=1600000000000")).isHit)
    }

    @Test("HEAD and ranges are answered from the one entry")
    func partsOfIt() throws {
        room.always(picture)
        let whole = try edge.get(map())
        var viewer = try edge.viewer()
        let head = try viewer.exchange(
            "HEAD \(spellings[3]) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(head.status == 200 && head["Content-Length"] == "\(whole.body.count)")
        let part = try edge.get(spellings[5], "Range: bytes=1-3")
        #expect(part.status == 206 && part.body == Array(whole.body[1...3]))
        #expect(room.count == 1)
    }

    @Test("what the viewer wished for in place of errors it gets, whatever the spelling")
    func errors() throws {
        room.always(
            .ok(
                "Content-Type: application/vnd.ogc.se_xml",
                body: "<?xml version=\"1.0\"?><ServiceExceptionReport version=\"1.1.1\">"
                    + "<ServiceException>no</ServiceException></ServiceExceptionReport>"))
        let blank = try edge.get(map("&EXCEPTIONS=application/vnd.ogc.se_blank"))
        #expect(blank.status == 503 && blank["Content-Type"] == "image/png")
        #expect(ImageSize(blank.body) == ImageSize(width: 256, height: 256))
        let document = try edge.get(map("&exceptions=XML"))
        #expect(document.text.contains("<ServiceException>no"))
        // The origin was asked by 1.1.1, and speaks that; the viewer gets its own.
        let new = map("&exceptions=XML").replacingVersion()
        let translated = try edge.get(new)
        #expect(translated.status == 200 && translated["Content-Type"] == "text/xml")
        #expect(translated.text.contains("xmlns=\"http://www.opengis.net/ogc\""))
        #expect(translated.text.contains(">no</ServiceException>"))
        #expect(try edge.get(spellings[3])["Content-Type"] == "image/png")
        #expect(room.requests.allSatisfy { !$0.target.lowercased().contains("exceptions") })
        #expect(room.count == 4)
    }

    @Test("a write to one spelling makes the entry of all of them stale")
    func write() throws {
        room.always(picture)
        _ = try edge.get(map())
        #expect(try edge.get(spellings[3]).isHit)
        var viewer = try edge.viewer()
        let path = spellings[5]
        _ = try viewer.exchange(
            "PUT \(path) HTTP/1.1\r\nHost: edge.test\r\nContent-Length: 0\r\n\r\n")
        #expect(try !edge.get(map()).isHit)
    }

    @Test("an invalidation by any path that viewers know reaches the entry", arguments: 0..<4)
    func invalidation(_ index: Int) throws {
        room.always(picture)
        _ = try edge.get(map())
        #expect(try edge.get(map()).isHit)
        let item = [
            "\(site)/*", "\(site)/geonode/wms*", "\(site)/gwc/service/tms/*", spellings[7],
        ][index]
        let directory = try TemporaryDirectory()
        let (exit, output) = try directory.run(
            Edge.program,
            ["invalidate", "--admin", "127.0.0.1:\(edge.adminPort)", item])
        #expect(exit == 0, "\(output)")
        #expect(try !edge.get(spellings[3]).isHit)
    }
}

extension String {
    /// WMS 1.3.0 in place of 1.1.1, of a system whose axes are the same.
    fileprivate func replacingVersion() -> String {
        split(separator: "VERSION=1.1.1").joined(separator: "VERSION=1.3.0")
            .split(separator: "SRS=").joined(separator: "CRS=")
    }
}
