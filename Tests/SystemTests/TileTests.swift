import Glibc
import Testing
import Tiles
import WireTesting

private let report = """
    <?xml version="1.0" encoding="UTF-8" standalone="no"?><!DOCTYPE ServiceExceptionReport SYSTEM \
    "http://host/schemas/wms/1.1.1/WMS_exception_1_1_1.dtd"> <ServiceExceptionReport version="1.1.1">\
    <ServiceException code="LayerNotDefined">Could not find layer x</ServiceException>\
    </ServiceExceptionReport>
    """
private let reported = "LayerNotDefined: Could not find layer x"

@Suite("Map images: laws 5 and 7 over the wire")
struct TileTests {
    private let edge: Edge
    private let room: Room

    init() throws {
        edge = try SharedEdge.edge()
        room = try SharedEdge.origin().room("tiles")
    }

    private func map(_ format: String = "image/png", _ more: String = "") -> String {
        room.path(
            "wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=x&STYLES=&SRS=EPSG:3857"
                + "&BBOX=0,0,1,1&WIDTH=300&HEIGHT=200&FORMAT=\(format)\(more)")
    }

    private func image(_ type: String, _ bytes: [UInt8]) -> Reply {
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nContent-Length: \(bytes.count)\r\n\r\n"
        return Reply([.send(Array(head.utf8) + bytes)], status: 200)
    }

    private var exception: Reply {
        .ok("Content-Type: application/vnd.ogc.se_xml;charset=UTF-8", body: report)
    }

    private func expectSubstitute(_ response: Response, _ format: String = "image/png") {
        #expect(response.status == 503)
        #expect(response["Content-Type"] == format)
        #expect(response["Retry-After"] != nil)
        let size = ImageSize(response.body)
        #expect(size == ImageSize(width: 300, height: 200))
    }

    @Test("a tile without a word on freshness is fresh here and goes out with s-maxage=60")
    func silentOrigin() throws {
        let picture = BlankTile.png(width: 300, height: 200)
        room.reply(image("image/png", picture))
        let first = try edge.get(map())
        #expect(first.body == picture)
        #expect(first["Cache-Control"]?.contains("s-maxage=60") == true)
        let second = try edge.get(map())
        #expect(second.body == picture)
        #expect(second.isHit)
        #expect(second["Cache-Control"]?.contains("s-maxage=60") == true)
    }

    @Test("a tile's own word on freshness stays")
    func ownFreshness() throws {
        let picture = BlankTile.png(width: 300, height: 200)
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nCache-Control: max-age=0\r\n"
            + "Content-Length: \(picture.count)\r\n\r\n"
        room.always(Reply([.send(Array(head.utf8) + picture)], status: 200))
        for _ in 0..<2 { #expect(try edge.get(map())["Cache-Control"] == "max-age=0") }
        #expect(room.count == 2)
    }

    @Test(
        "an exception with status 200 becomes an image with 503, and is not stored",
        arguments: ["image/png", "image/jpeg", "image/gif"])
    func exceptions(format: String) throws {
        room.always(exception)
        for _ in 0..<2 {
            let response = try edge.get(map(format))
            expectSubstitute(response, format)
            #expect(response["X-Edge-Exception"] == reported)
        }
        #expect(room.count == 2)
    }

    @Test(
        "who named XML or JSON gets that document",
        arguments: [
            "application/vnd.ogc.se_xml", "XML", "application/json",
        ])
    func documents(form: String) throws {
        room.always(exception)
        let response = try edge.get(map("image/png", "&EXCEPTIONS=\(form)"))
        if form == "application/json" {
            // The origin was not told, and wrote XML: what it says is said as it was asked for.
            #expect(response["Content-Type"] == "application/json")
            #expect(response.text.hasPrefix("{\"version\":\"1.1.1\",\"exceptions\":[{"))
            #expect(response.text.contains(reported.split(separator: ": ").last ?? ""))
        } else {
            #expect(response.text == report)
        }
        #expect(room.count == 1)
    }

    @Test(
        "who named INIMAGE or BLANK gets an image, and the origin is never told",
        arguments: [
            "application/vnd.ogc.se_inimage", "INIMAGE", "application/vnd.ogc.se_blank", "BLANK",
        ])
    func imageForms(form: String) throws {
        room.always(exception)
        let response = try edge.get(map("image/png", "&exceptions=\(form)"))
        #expect(response["Content-Type"] == "image/png")
        #expect(ImageSize(response.body) == ImageSize(width: 300, height: 200))
        let request = try #require(room.requests.first)
        #expect(!request.target.lowercased().contains("exceptions="))
    }

    @Test("EXCEPTIONS is no part of a tile's identity")
    func oneEntry() throws {
        room.reply(image("image/png", BlankTile.png(width: 300, height: 200)))
        #expect(try edge.get(map()).status == 200)
        #expect(try edge.get(map("image/png", "&EXCEPTIONS=INIMAGE")).isHit)
    }

    @Test(
        "bytes that are not the picture asked for are not stored",
        arguments: [
            ("image/png", BlankTile.jpeg(width: 300, height: 200)),
            ("image/jpeg", BlankTile.png(width: 300, height: 200)),
            ("text/html", Array("<html>oops</html>".utf8)), ("image/png", []),
            ("application/json", Array("{\"exceptions\": []}".utf8)),
        ])
    func wrongBytes(type: String, bytes: [UInt8]) throws {
        room.always(image(type, bytes))
        for _ in 0..<2 { expectSubstitute(try edge.get(map())) }
        #expect(room.count == 2)
    }

    @Test(
        "with the origin down a tile is 503 and an image",
        arguments: [
            "image/png", "image/png8", "image/jpeg", "image/gif",
        ])
    func down(format: String) throws {
        room.always(Reply([.reset]))
        let type = format == "image/png8" ? "image/png" : format
        expectSubstitute(try edge.get(map(format)), type)
    }

    @Test("an origin's own 5xx for a tile is 503 and an image")
    func serverError() throws {
        room.always(.response(500, ["Content-Type: text/html"], body: "<html>trace</html>"))
        expectSubstitute(try edge.get(map()))
    }

    @Test("a stored 5xx for a tile is 503 and an image", arguments: ["rfc9111", "cloudfront"])
    func storedError(mode: String) throws {
        let edge = try SharedEdge.edge(mode: mode)
        room.always(
            .response(
                500, ["Content-Type: text/html", "Cache-Control: max-age=60"],
                body: "<html>trace</html>"))
        for _ in 0..<3 { expectSubstitute(try edge.get(map())) }
        #expect(room.count == 1)
    }

    @Test("a range of an exception is the image too, and the exception is not stored")
    func rangeOfException() throws {
        room.reply(exception, exception)
        for _ in 0..<2 { expectSubstitute(try edge.get(map(), "Range: bytes=0-99")) }
        #expect(room.requests.allSatisfy { $0["Range"] == nil })
        let picture = BlankTile.png(width: 300, height: 200)
        room.reply(image("image/png", picture))
        let part = try edge.get(map(), "Range: bytes=1-3")
        #expect(part.status == 206 || part.status == 200)
        let whole = try edge.get(map())
        #expect(whole.isHit)
        #expect(whole.body == picture)
        #expect(try edge.get(map(), "Range: bytes=1-3").body == Array(picture[1...3]))
    }

    @Test("an exception that the origin sends as a part is neither stored nor shown")
    func partOfException() throws {
        let bytes = report.utf8.count
        room.reply(
            .response(
                206,
                [
                    "Content-Type: application/vnd.ogc.se_xml",
                    "Content-Range: bytes 0-\(bytes - 1)/\(bytes)", "ETag: \"a\"",
                ], body: report))
        let answer = try edge.get(map(), "Range: bytes=0-9999")
        #expect(answer.status != 200)
        let picture = BlankTile.png(width: 300, height: 200)
        room.reply(image("image/png", picture))
        #expect(try edge.get(map()).body == picture)
    }

    @Test("a stored tile outlives its origin")
    func outlives() throws {
        let picture = BlankTile.png(width: 300, height: 200)
        room.reply(image("image/png", picture))
        _ = try edge.get(map())
        room.always(Reply([.reset]))
        let response = try edge.get(map())
        #expect(response.status == 200)
        #expect(response.body == picture)
    }

    @Test("a request that names a parameter twice is refused, and a twin shares it with nobody")
    func duplicates() throws {
        room.always(image("image/png", BlankTile.png(width: 300, height: 200)))
        for _ in 0..<2 {
            #expect(try edge.get(map("image/png", "&srs=EPSG:4326")).status == 400)
        }
        #expect(room.count == 0)
        let twin = try Edge(
            origin: SharedEdge.origin().url, mode: "cloudfront", arguments: ["--role", "twin"])
        for _ in 0..<2 {
            #expect(try twin.get(map("image/png", "&srs=EPSG:4326")).status == 200)
        }
        #expect(room.count == 2)
    }

    @Test("a tile with a session is not shared where nobody is refused it")
    func session() throws {
        let tile = image("image/png", BlankTile.png(width: 300, height: 200))
        room.answers { request in
            request["Cookie"] != nil || request.target.contains("geheim") ? tile : .response(401)
        }
        for _ in 0..<2 { #expect(try edge.get(map(), "Cookie: JSESSIONID=1").status == 200) }
        #expect(room.count == 3)
        for _ in 0..<2 {
            #expect(try edge.get(map("image/png", "&access_token=geheim")).status == 200)
        }
        #expect(room.count == 5)
        #expect(try edge.get(map()).status == 401)
    }

    @Test("no token of a map is in the store or the log, and the tile without one is")
    func secrets() throws {
        let data = try TemporaryDirectory()
        let origin = try Origin()
        let room = origin.room("secrets")
        room.always(image("image/png", BlankTile.png(width: 300, height: 200)))
        let edge = try Edge(
            origin: origin.url, arguments: ["--access-log", data.file("access.log")],
            configuration: "behaviors: [{ path: \"*\", class: tiles }]", directory: data)
        let path = room.path(
            "wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=sought&STYLES=&SRS=EPSG:3857"
                + "&BBOX=0,0,1,1&WIDTH=300&HEIGHT=200&FORMAT=image/png")
        // Of a layer that nobody may see each answer is to the token; else it is to nobody.
        let tile = image("image/png", BlankTile.png(width: 300, height: 200))
        room.answers { request in
            let isShown = request["Authorization"] != nil || request.target.contains("tok3n")
            return !isShown && request.target.contains("LAYERS=closed") ? .response(403) : tile
        }
        _ = try edge.get(path)
        #expect(try edge.get(path).isHit)
        let closed = path.replacing("LAYERS=sought", with: "LAYERS=closed")
        let secrets = ["tok3n-a", "tok3n-b", "tok3n-c", "dG9rM24tZA=="]
        for secret in ["access_token=tok3n-a", "authkey=tok3n-b", "JSESSIONID=tok3n-c"] {
            #expect(try edge.get(path + "&" + secret).isHit)
            for target in [path.replacing("BBOX=0,0", with: "BBOX=0,0.5"), closed] {
                let tile = try edge.get(target + "&" + secret)
                #expect(tile.status == 200)
            }
        }
        #expect(try edge.get(path, "Authorization: Basic dG9rM24tZA==").isHit)
        #expect(try edge.get(closed, "Authorization: Basic dG9rM24tZA==").status == 200)
        // What a write makes stale is logged on disk, its own target among it.
        for target in [
            "rest/styles/a?access_token=tok3n-a&x=1", "rest;jsessionid=tok3n-c/styles/b",
        ] {
            #expect(
                try Viewer.ask(room.path(target), at: edge.port, method: "PUT", [], body: "<a/>")
                    .status == 200)
        }
        edge.child.signal(SIGTERM)
        #expect(edge.child.waitForExit(within: 20_000) == 0)
        func holds(_ text: String) throws -> Bool {
            try data.run("/usr/bin/env", ["grep", "-raFq", text, data.path]).exit == 0
        }
        #expect(try holds("sought"))
        #expect(try holds("styles/a?x=1"))
        for secret in secrets { #expect(try !holds(secret), "\(secret)") }
    }

    @Test(
        "WMTS, TMS and gmaps are tiles as well",
        arguments: [
            "gwc/service/wmts?service=WMTS&request=GetTile&layer=x&tilematrix=6&tilerow=2&tilecol=1"
                + "&format=image/png",
            "gwc/service/tms/1.0.0/x@g@png/6/15/41.png",
            "gwc/service/gmaps?layers=x&zoom=6&x=15&y=22&format=image/png",
        ])
    func otherServices(path: String) throws {
        room.reply(image("image/png", BlankTile.png(width: 256, height: 256)))
        _ = try edge.get(room.path(path))
        #expect(try edge.get(room.path(path)).isHit)
        room.always(Reply([.reset]))
        let other = try edge.get(room.path(path + (path.contains("?") ? "&w" : "?w")))
        #expect(other.status == 503)
        #expect(ImageSize(other.body) == ImageSize(width: 256, height: 256))
    }
}

/// The size that an image says it has.
struct ImageSize: Equatable {
    var width: Int
    var height: Int

    init(width: Int, height: Int) { (self.width, self.height) = (width, height) }

    init?(_ bytes: [UInt8]) {
        func number(_ high: Int, _ low: Int) -> Int { Int(bytes[high]) << 8 | Int(bytes[low]) }
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]), bytes.count > 24 {
            self.init(width: number(18, 19), height: number(22, 23))
        } else if bytes.starts(with: Array("GIF8".utf8)), bytes.count > 10 {
            self.init(width: number(7, 6), height: number(9, 8))
        } else if bytes.starts(with: [0xFF, 0xD8]) {
            var at = 2
            while at + 8 < bytes.count, bytes[at] == 0xFF, bytes[at + 1] != 0xC0 {
                at += 2 + number(at + 2, at + 3)
            }
            guard at + 8 < bytes.count else { return nil }
            self.init(width: number(at + 7, at + 8), height: number(at + 5, at + 6))
        } else {
            return nil
        }
    }
}
