import Testing
import Tiles
import WireTesting

/// Map images are held back until they are whole: GeoServer sends them in chunks, and CloudFront
/// would keep what breaks off (meta#670).
@Suite("Map images are held until they are whole")
struct HeldTileTests {
    private static let target =
        "wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=held&STYLES=&SRS=EPSG:3857"
        + "&BBOX=0,0,1,1&WIDTH=256&HEIGHT=256&FORMAT=image/png"
    private static let picture = BlankTile.png(width: 256, height: 256)

    private static let head =
        "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nCache-Control: max-age=600\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n"

    private static func chunk(_ bytes: some Collection<UInt8>) -> [UInt8] {
        Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [13, 10]
    }

    private static let end = Array("0\r\n\r\n".utf8)

    private static func chunked(_ picture: [UInt8], end: [UInt8] = end) -> Reply {
        let half = picture.count / 2
        return Reply([
            .send(Array(head.utf8) + chunk(picture[..<half])), .send(chunk(picture[half...]) + end),
        ])
    }

    @Test("what comes in chunks goes out with its length, to who asked and to who waited")
    func length() throws {
        let test = try Configured(loops: 2)
        let (room, gate) = (test.origin.room("held"), Gate())
        var reply = Self.chunked(Self.picture)
        reply.steps.insert(.pass(gate), at: 1)
        room.reply(reply)
        let viewers = try test.edge.crowd(
            8, "GET \(room.path(Self.target)) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(gate.awaitArrival())
        gate.open()
        for var viewer in viewers {
            let response = try viewer.response()
            #expect(response.status == 200 && response.body == Self.picture)
            #expect(response["Content-Length"] == "\(Self.picture.count)")
            #expect(response["Transfer-Encoding"] == nil)
        }
        #expect(room.count == 1)
    }

    @Test("what ends with its connection has its length too")
    func untilClose() throws {
        let test = try Configured(loops: 1)
        let room = test.origin.room("close")
        let head = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nConnection: close\r\n\r\n"
        room.always(Reply([.send(Array(head.utf8) + Self.picture), .close]))
        let response = try test.edge.get(room.path(Self.target))
        #expect(response.body == Self.picture)
        #expect(response["Content-Length"] == "\(Self.picture.count)")
    }

    @Test(
        "no viewer sees half a picture: law 7's image it is",
        arguments: ["no last chunk", "no end of the picture", "too few bytes"])
    func half(_ fault: String) throws {
        let test = try Configured(loops: 1)
        let room = test.origin.room("half")
        let half = Array(Self.picture.dropLast(12))
        let length = Self.head.replacing(
            "Transfer-Encoding: chunked", with: "Content-Length: \(Self.picture.count)")
        switch fault {
        case "no last chunk": room.always(Self.chunked(Self.picture, end: []).then(.close))
        case "too few bytes": room.always(Reply([.send(Array(length.utf8) + half), .close]))
        default: room.always(Self.chunked(half))
        }
        let response = try test.edge.get(room.path(Self.target))
        #expect(response.status == 503 && response["Content-Type"] == "image/png")
        #expect(ImageSize(response.body) == ImageSize(width: 256, height: 256))
    }

    @Test("another member makes up for half a picture")
    func other() throws {
        let pair = try TwoMembers(pool: ["retryBudget: 100"])
        pair.rooms[0].always(Self.chunked(Self.picture))
        pair.rooms[1].always(Self.chunked(Array(Self.picture.dropLast(12))))
        for number in 0..<6 {
            let response = try pair.edge.get(pair.rooms[0].path("\(Self.target)&n=\(number)"))
            #expect(response.status == 200 && response.body == Self.picture)
        }
        #expect(pair.rooms[1].count > 0)
    }

    @Test("a picture over the limit is passed on as it comes")
    func long() throws {
        let test = try Configured(loops: 1)
        let (room, gate) = (test.origin.room("long"), Gate())
        let (first, last) = (Self.picture.dropLast(12), Self.picture.suffix(12))
        let filler = [UInt8](repeating: 0, count: 5 << 20)
        room.always(
            Reply([
                .send(Array(Self.head.utf8) + Self.chunk(first) + Self.chunk(filler)),
                .pass(gate), .send(Self.chunk(last) + Self.end),
            ]))
        var viewer = try test.edge.viewer()
        try viewer.send(
            "GET \(room.path(Self.target)) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(gate.awaitArrival())
        // Its beginning is here while its end is not.
        let head = try viewer.headOnly()
        #expect(head["Transfer-Encoding"] == "chunked")
        #expect(head["Content-Length"] == nil)
        gate.open()
    }
}
