import Glibc
import Testing
import Tiles
import WireTesting

@Suite("Metatiles over the wire")
struct MetatileTests {
    private let origin: Origin
    private let room: Room
    private let edge: Edge
    /// Of two by two tiles and a gutter of eight pixels.
    private let picture: PixelBuffer

    init() throws {
        origin = try Origin()
        room = origin.room("metatiles")
        let text = """
            origins:
              default:
                members: ["\(origin.url)"]
                maps: { services: [{ path: \(room.path("geoserver")), bareWorkspace: geonode }] }
            behaviors:
              - { path: "*", class: tiles, metatiles: { columns: 2, rows: 2, gutter: 8 } }

            """
        edge = try Edge(origin: nil, mode: "cloudfront", loops: 2, configuration: text)
        var random = SeededRandom(seed: 9)
        let bytes = (0..<(528 * 528 * 4)).map { _ in UInt8(random.below(256)) }
        picture = PixelBuffer(width: 528, height: 528, rgba: bytes)
    }

    /// The tile of level 4 at a place in the block that begins in column 4 and row 6.
    private func target(_ column: Int, _ row: Int) -> String {
        room.path("geoserver/gwc/service/gmaps?layers=geonode:storms&zoom=4&format=image/png")
            + "&x=\(4 + column)&y=\(6 + row)"
    }

    private func request(_ column: Int, _ row: Int) -> String {
        "GET \(target(column, row)) HTTP/1.1\r\nHost: edge.test\r\n\r\n"
    }

    private static let whole = "&WIDTH=528&HEIGHT=528"

    private func reply(_ fields: String = "Cache-Control: max-age=60") throws -> Reply {
        OutageSite.reply("image/png", try #require(PNG.encode(picture, level: 1)), fields)
    }

    private func isTile(_ body: [UInt8], _ column: Int, _ row: Int) throws -> Bool {
        let part = picture.cropped(
            x: 8 + column * 256, y: 8 + row * 256, width: 256, height: 256)
        return try PNG.decode(body.span.bytes).rgba == part.rgba
    }

    @Test("sixteen viewers of four neighbours are one request, and each gets its own tile")
    func neighbours() throws {
        let gate = Gate()
        room.always(try reply("Cache-Control: max-age=60\r\nETag: \"all\"").held(by: gate))
        var viewers: [(viewer: Viewer, column: Int, row: Int)] = []
        for index in 0..<16 {
            let (column, row) = (index & 1, index >> 1 & 1)
            let viewer = try edge.viewer()
            try viewer.send(request(column, row))
            viewers.append((viewer, column, row))
        }
        #expect(gate.awaitArrival())
        gate.open()
        for index in viewers.indices {
            let response = try viewers[index].viewer.response()
            #expect(response.status == 200 && response["Content-Type"] == "image/png")
            #expect(try isTile(response.body, viewers[index].column, viewers[index].row))
            // Not the whole picture's, but its own.
            #expect(response["ETag"]?.count == 34)
            #expect(response["Content-Length"] == "\(response.body.count)")
        }
        #expect(room.count == 1)
        let asked = try #require(room.requests.first?.target)
        #expect(asked.contains(Self.whole), "\(asked)")
        #expect(
            asked.contains(
                "&BBOX=-10097025.68835864,-78271.51696402,-4931105.56873329,5087648.60266133"),
            "\(asked)")
        for (column, row) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let response = try edge.get(target(column, row))
            #expect(response.isHit)
            #expect(try isTile(response.body, column, row))
        }
        #expect(room.count == 1)
        #expect(try edge.metric("mapedge_metatiles_cut_total") == 1)
    }

    @Test("HEAD and a range of a tile that is not there are answered from its metatile, too")
    func parts() throws {
        room.always(try reply())
        var viewer = try edge.viewer()
        let head = try viewer.exchange("HEAD \(target(0, 1)) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(head.status == 200 && head.body.isEmpty)
        let part = try edge.get(target(1, 1), "Range: bytes=1-3")
        #expect(part.status == 206 && part.text == "PNG")
        #expect(room.count == 1)
    }

    /// What is no picture of four tiles, and how the edge knows.
    private static let useless: [(String, String, [UInt8])] = [
        (
            "an exception", "Content-Type: application/vnd.ogc.se_xml",
            Array("<ServiceExceptionReport><ServiceException/></ServiceExceptionReport>".utf8)
        ),
        ("another size", "Content-Type: image/png", BlankTile.png(width: 256, height: 256)),
        (
            "not to be stored", "Content-Type: image/png\r\nCache-Control: private",
            BlankTile.png(width: 528, height: 528)
        ),
        (
            "broken", "Content-Type: image/png",
            BlankTile.png(width: 528, height: 528).dropLast(30) + Array("IEND........".utf8)
        ),
    ]

    @Test("a picture that is of no use: each tile by itself, and the next ones at once")
    func alone() throws {
        for (name, fields, body) in Self.useless {
            let fresh = try MetatileTests()
            let tile = BlankTile.png(width: 256, height: 256)
            fresh.room.answers { request in
                let lines = ["HTTP/1.1 200 OK", fields, "Content-Length: \(body.count)"]
                let head = lines.joined(separator: "\r\n") + "\r\n\r\n"
                return request.target.contains(Self.whole)
                    ? Reply([.send(Array(head.utf8) + body)], status: 200)
                    : OutageSite.reply("image/png", tile, "Cache-Control: max-age=60")
            }
            for (column, row) in [(0, 0), (1, 0), (1, 1)] {
                let response = try fresh.edge.get(fresh.target(column, row))
                #expect(response.status == 200 && response.body == tile, "\(name)")
            }
            #expect(fresh.room.count == 4, "\(name)")
            #expect(try fresh.edge.get(fresh.target(1, 1)).isHit, "\(name)")
            #expect(try fresh.edge.metric("mapedge_metatiles_cut_total") == 0, "\(name)")
        }
    }

    @Test("what was invalidated while it was drawn is asked for anew, and nothing else")
    func fenced() throws {
        let gate = Gate()
        room.reply(try reply().held(by: gate))
        let tile = BlankTile.png(width: 256, height: 256)
        room.always(OutageSite.reply("image/png", tile, "Cache-Control: max-age=60"))
        var viewer = try edge.viewer()
        try viewer.send(request(0, 0))
        #expect(gate.awaitArrival())
        let (exit, output) = try TemporaryDirectory().run(
            Edge.program, ["invalidate", "--admin", "127.0.0.1:\(edge.adminPort)", "/*"])
        #expect(exit == 0, "\(output)")
        gate.open()
        #expect(try viewer.response().body == tile)
        #expect(room.count == 2)
    }

    @Test(
        "what may mean another thing in a larger map, or must be new, is asked for by itself",
        arguments: [
            "&ANGLE=45", "&FORMAT_OPTIONS=layout:a", "&maxFeatures=1", "&_=0.12345678",
        ])
    func apart(more: String) throws {
        let tile = BlankTile.png(width: 256, height: 256)
        room.always(OutageSite.reply("image/png", tile, "Cache-Control: max-age=60"))
        let asked = room.path(
            "geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=geonode:storms&STYLES="
                + "&SRS=EPSG:3857&BBOX=-10018754,2504688,-7514065,5009377&WIDTH=256&HEIGHT=256"
                + "&FORMAT=image/png")
        #expect(try edge.get(asked + more).body == tile)
        #expect(room.requests.allSatisfy { $0.target.contains("&WIDTH=256&") } && room.count == 1)
        _ = try edge.get(target(1, 0))
        #expect(
            room.count > 1 && room.requests.dropFirst().first?.target.contains(Self.whole) == true)
    }

    @Test("a picture that the server breaks off: each tile by itself, and the next ones at once")
    func broken() throws {
        let tile = BlankTile.png(width: 256, height: 256)
        room.answers { request in
            request.target.contains(Self.whole)
                ? .raw("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n", .close)
                : OutageSite.reply("image/png", tile, "Cache-Control: max-age=60")
        }
        #expect(try edge.get(target(0, 0)).body == tile)
        let asked = room.requests.count { $0.target.contains(Self.whole) }
        #expect(try edge.get(target(1, 0)).body == tile)
        #expect(try edge.get(target(0, 1)).body == tile)
        #expect(room.requests.count { $0.target.contains(Self.whole) } == asked)
    }

    @Test("without the pool it is one failure, not one for each tile")
    func down() throws {
        origin.stop()
        let response = try edge.get(target(0, 0))
        #expect(response.status == 503 && response["Content-Type"] == "image/png")
    }
}

@Suite(
    "Metatiles: the real MapServer", .waits,
    .enabled(if: DemoSite.isPossible, "no lighttpd, MapServer or GDAL"))
struct MapServerMetatileTests {
    private func target(_ layer: String, _ box: BoundingBox, _ size: Int) -> String {
        let service = layer == "hurricanes" ? "geonode" : "base"
        return "/geoserver/\(service)/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&STYLES="
            + "&LAYERS=\(layer)&SRS=EPSG:3857&WIDTH=\(size)&HEIGHT=\(size)&FORMAT=image/png"
            + "&TRANSPARENT=TRUE&BBOX=\(box.west),\(box.south),\(box.east),\(box.north)"
            + (layer == "hurricanes" ? "&TIME=2005-06-01/2005-12-31" : "")
    }

    private func picture(_ target: String, at port: UInt16) throws -> PixelBuffer {
        let response = try Viewer.ask(target, at: port)
        #expect(response.status == 200, "\(target)")
        return try PNG.decode(response.body.span.bytes).rgba
    }

    /// Pixels of two pictures that differ.
    private func difference(_ one: PixelBuffer, _ other: PixelBuffer) -> Int {
        stride(from: 0, to: one.bytes.count, by: 4).count {
            one.bytes[$0..<($0 + 4)] != other.bytes[$0..<($0 + 4)]
        }
    }

    private func box(_ column: Int, _ row: Int) throws -> BoundingBox {
        let set = try #require(GridSets.wellKnown.set(named: "EPSG:900913"))
        return try #require(
            GridSets.wellKnown.box(
                of: TileAddress(gridSet: set, level: 5, column: column, row: row)))
    }

    @Test("sixteen tiles have the pixels of the server's picture of all, and nearly of its own")
    func pixels() throws {
        let demo = try DemoSite()
        let member = try demo.memberPort()
        let text = """
            origins: { default: { members: ["http://127.0.0.1:\(member)"] } }
            behaviors:
              - { path: "*", class: tiles, metatiles: { columns: 4, rows: 4, gutter: 16 } }

            """
        let edge = try Edge(origin: nil, mode: "cloudfront", configuration: text)
        let (first, last) = (try box(8, 12), try box(11, 15))
        let gutter = first.width / 16
        let whole = BoundingBox(
            west: first.west - gutter, south: last.south - gutter, east: last.east + gutter,
            north: first.north + gutter)
        var pictures: Set<[UInt8]> = []
        for layer in ["hurricanes", "countries"] {
            let all = try picture(target(layer, whole, 1_056), at: member)
            for index in 0..<16 {
                let (column, row) = (index % 4, index / 4)
                let asked = target(layer, try box(8 + column, 12 + row), 256)
                let answer = try Viewer.ask(asked, at: edge.port)
                #expect(answer.isHit == (index > 0))
                let tile = try PNG.decode(answer.body.span.bytes).rgba
                let part = all.cropped(
                    x: 16 + column * 256, y: 16 + row * 256, width: 256, height: 256)
                #expect(difference(tile, part) == 0, "\(layer) \(column) \(row)")
                // Where a line begins elsewhere its edges are smoothed otherwise.
                let own = try picture(asked, at: member)
                let other = difference(tile, own)
                #expect(other < 656, "\(layer) \(column) \(row): \(other) of 65,536 pixels")
                pictures.insert(tile.bytes)
            }
        }
        #expect(pictures.count > 8, "had all been empty, nothing would have been compared")
        #expect(try edge.metric("mapedge_metatiles_cut_total") == 2)
        demo.child.signal(SIGINT)
        #expect(demo.child.waitForExit(within: 60_000) == 0)
    }
}
