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
        let areThere = try eventually {
            try test.edge.metric("mapedge_collapsed_total") == 7 ? true : nil
        }
        #expect(areThere == true)
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
        // Nor has the store anything of it.
        room.always(Self.chunked(Self.picture))
        let whole = try test.edge.get(room.path(Self.target))
        #expect(whole.status == 200 && !whole.isHit && whole.body == Self.picture)
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
        let whole = try viewer.rest(behind: head)
        #expect(!whole.isCut && whole.body == first + filler + last)
    }

    /// How long a picture is that is held; whether its length is told at first.
    private static let limits = [
        (4 << 20, true, true), (4 << 20, false, true), (4 << 20 | 1, true, false),
        (4 << 20 | 1, false, false),
    ]

    @Test(
        "one of 4 MiB is held to its last byte, and of one more byte the beginning is seen",
        arguments: limits)
    func limit(_ size: Int, _ tellsLength: Bool, _ isHeld: Bool) throws {
        let test = try Configured(loops: 1)
        let (room, gate) = (test.origin.room("limit"), Gate())
        let head = Self.head.replacing(
            "Transfer-Encoding: chunked",
            with: tellsLength ? "Content-Length: \(size)" : "Transfer-Encoding: chunked")
        // All but its last byte, which never comes.
        let part = Self.picture.dropLast(12) + [UInt8](repeating: 0, count: size)
        let sent = Array(part[..<(size - 1)])
        room.always(
            Reply([
                .send(Array(head.utf8) + (tellsLength ? sent : Self.chunk(sent))), .pass(gate),
                .close,
            ]))
        var viewer = try test.edge.viewer()
        try viewer.send("GET \(room.path(Self.target)) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(gate.awaitArrival())
        // Of one that is held nothing is said before its end is known.
        if isHeld { gate.open() }
        let answer = try viewer.headOnly()
        gate.open()
        let body = try viewer.rest(behind: answer)
        #expect(answer.startLine.contains(isHeld ? " 503 " : " 200 "))
        #expect(body.isCut == !isHeld)
        #expect(isHeld || sent.starts(with: body.body) && !body.body.isEmpty)
    }

    @Test("what is in a coding that nobody knows is passed on as it comes, and is not stored")
    func unknown() throws {
        let test = try Configured(loops: 1)
        let (room, gate) = (test.origin.room("unknown"), Gate())
        defer { gate.open() }
        let head = Self.head.replacing("chunked", with: "x-own")
        let reply = Reply([
            .send(Array(head.utf8) + Self.picture.dropLast(12)), .pass(gate),
            .send(Array(Self.picture.suffix(12))), .close,
        ])
        room.always(reply)
        let request = "GET \(room.path(Self.target)) HTTP/1.1\r\nHost: edge.test\r\n\r\n"
        var viewer = try test.edge.viewer()
        try viewer.send(request)
        let seen = try viewer.headOnly()
        #expect(seen["Content-Length"] == nil, "\(quoted(seen.raw[...]))")
        gate.open()
        let whole = try viewer.rest(behind: seen)
        #expect(whole.body == Self.picture)
        #expect(try !test.edge.get(room.path(Self.target)).isHit)
        #expect(room.count == 2)
    }

    @Test("where their ends are not looked at, what its framing calls whole is a picture")
    func endless() throws {
        let test = try Configured(pool: "health: { passive: { truncated: false } }", loops: 1)
        let room = test.origin.room("endless")
        let longer = Self.picture + [10]
        for (number, picture) in [Array(Self.picture.dropLast(12)), longer].enumerated() {
            room.always(Self.chunked(picture))
            let path = room.path("\(Self.target)&n=\(number)")
            for isHit in [false, true] {
                let response = try test.edge.get(path)
                #expect(response.status == 200 && response.body == picture)
                #expect(response["Content-Length"] == "\(picture.count)" && response.isHit == isHit)
            }
        }
        // What breaks off by its framing is still none.
        room.always(Self.chunked(Self.picture, end: []).then(.close))
        #expect(try test.edge.get(room.path(Self.target)).status == 503)
    }
}
