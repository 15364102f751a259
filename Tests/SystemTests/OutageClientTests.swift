import Testing
import Tiles
import WireTesting

private let translator = firstExecutable("/usr/bin/gdal_translate")

@Suite("Clients that are not browsers, and caches in front, during an outage of the maps")
struct OutageClientTests {
    /// A map of two by two blocks of the WMS under a URL, in GDAL's words.
    private func description(_ url: String, _ cache: String, _ more: String = "") -> String {
        """
        <GDAL_WMS><Service name="WMS"><Version>1.1.1</Version><ServerUrl>\(url)?</ServerUrl>
        <SRS>EPSG:3857</SRS><ImageFormat>image/png</ImageFormat><Transparent>TRUE</Transparent>
        <Layers>x</Layers></Service><DataWindow><UpperLeftX>0</UpperLeftX>
        <UpperLeftY>512</UpperLeftY><LowerRightX>512</LowerRightX><LowerRightY>0</LowerRightY><SizeX>512</SizeX>
        <SizeY>512</SizeY></DataWindow><Projection>EPSG:3857</Projection>
        <BandsCount>4</BandsCount><BlockSizeX>256</BlockSizeX><BlockSizeY>256</BlockSizeY>
        <Cache><Path>\(cache)</Path></Cache>\(more)</GDAL_WMS>
        """
    }

    @Test(
        "GDAL takes no picture of ours for a map, keeps none, and goes on where it is told to",
        .enabled(if: translator != nil, "no GDAL"))
    func gdal() throws {
        let site = try OutageSite()
        #expect(try site.takeMapsAway().status == 503)
        let directory = try TemporaryDirectory()
        let url = "http://127.0.0.1:\(site.edge.port)\(site.room.path("geoserver/wms"))"
        func translate(_ name: String, _ more: String = "") throws -> (exit: Int?, output: String) {
            let source = try directory.write(
                "\(name).xml", description(url, directory.file("cache-\(name)"), more))
            return try directory.run(
                try #require(translator), ["-q", "-of", "PNG", source, directory.file(name)])
        }
        let strict = try translate("strict")
        #expect(strict.exit == 1)
        #expect(strict.output.contains("HTTP status code: 503"), "\(strict.output)")
        let lenient = try translate(
            "lenient", "<ZeroBlockHttpCodes>204,404,503</ZeroBlockHttpCodes>")
        #expect(lenient.exit == 0, "\(lenient.output)")
        let bytes = try readBytes(directory.file("lenient"))
        let picture = try PNG.decode(bytes.span.bytes)
        #expect((picture.width, picture.height) == (512, 512))
        #expect(picture[0, 0].alpha == 0 && picture[511, 511].alpha == 0)
        // Of four blocks asked for twice none is in GDAL's own cache.
        let kept = try directory.run(
            "/usr/bin/find", [directory.path, "-path", "*/cache-*", "-type", "f"])
        #expect(kept.output == "")
        #expect(try site.edge.metric("mapedge_fallback_blanks_total") > 4)
    }

    @Test("CloudFront's twin in front keeps its own good copy through the tier's 503")
    func twin() throws {
        let directory = try TemporaryDirectory()
        let maps = try Origin()
        let room = maps.room("twin")
        let good = BlankTile.png(width: 256, height: 256)
        room.answers { _ in OutageSite.reply("image/png", good, "Last-Modified: \(date(-9_000))") }
        let text = """
            role: tier
            origins: { maps: { members: ["\(maps.url)"] } }
            behaviors: [{ path: "*", origin: maps, class: tiles }]

            """
        let tier = try Edge(
            origin: nil, mode: "cloudfront", arguments: ["--clock", "manual"], configuration: text)
        let front = """
            name: front
            role: twin
            origins: { tier: { members: ["http://127.0.0.1:\(tier.port)"] } }
            behaviors: [{ path: "*", origin: tier, defaultTTL: 1m }]

            """
        let twin = try Edge(
            origin: nil, mode: "cloudfront", arguments: ["--clock", "manual"],
            configuration: front, directory: directory)
        let tile = room.path(
            "wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=x&STYLES=&SRS=EPSG:3857"
                + "&BBOX=0,0,1,1&WIDTH=256&HEIGHT=256&FORMAT=image/png")
        #expect(try twin.get(tile).body == good)
        #expect(try twin.get(tile)["X-Cache"] == "Hit from cloudfront")
        maps.stop()
        // The tier's copy is beyond use, and the twin's is stale.
        #expect(try tier.admin("/clock/advance?by=3000d", method: "POST").status == 200)
        #expect(try tier.get(tile).status == 503)
        #expect(try twin.admin("/clock/advance?by=1d", method: "POST").status == 200)
        for _ in 0..<2 {
            let kept = try twin.get(tile)
            #expect(kept.status == 200 && kept.body == good, "\(kept.head.startLine)")
        }
        // Of what the twin has no copy, the tier's picture is shown.
        let other = try twin.get(tile + "&x=1")
        #expect(other.status == 503 && other["Content-Type"] == "image/png")
        #expect(other["X-Cache"] == "Error from cloudfront")
    }
}
