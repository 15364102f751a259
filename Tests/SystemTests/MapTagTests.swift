import Testing
import Tiles
import WireTesting

@Suite("A map image has one entity tag, whichever member drew it")
struct MapTagTests {
    private static let target =
        "wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=tagged&STYLES=&SRS=EPSG:3857"
        + "&BBOX=0,0,1,1&WIDTH=256&HEIGHT=256&FORMAT=image/png"
    private static let picture = BlankTile.png(width: 256, height: 256)

    private static let tags = ["542d2318a74e", "gwc-blank-tile"]

    /// As GeoWebCache answers: the tag without quotes, compared as a string.
    private static func tile(
        _ request: Request, _ tag: String, _ body: [UInt8], type: String = "image/png"
    ) -> Reply {
        let fields =
            "Cache-Control: max-age=0\r\nETag: \(tag)\r\n"
            + "Last-Modified: Wed, 18 Feb 2015 22:20:2\(tag.count % 10) GMT\r\n"
        if request["If-None-Match"] == tag {
            return Reply([.send(Array("HTTP/1.1 304 Same\r\n\(fields)\r\n".utf8))], status: 304)
        }
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: \(type)\r\nContent-Length: \(body.count)\r\n"
        return Reply([.send(Array("\(head)\(fields)\r\n".utf8) + body)], status: 200)
    }

    private static let capabilities = Array(
        ("<WMS_Capabilities version=\"1.3.0\"><Capability><Layer><Name>a</Name></Layer></Capability>"
            + "</WMS_Capabilities>").utf8)

    @Test(
        "a member hears its own validators, and those of no other: of a map, a legend, capabilities",
        arguments: [
            (target, picture, "image/png"),
            (
                "wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetLegendGraphic&LAYER=a&FORMAT=image/png",
                picture, "image/png"
            ),
            ("wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetCapabilities", capabilities, "text/xml"),
        ])
    func members(path: String, body: [UInt8], type: String) throws {
        let pair = try TwoMembers(pool: ["retryBudget: 100"])
        for (room, tag) in zip(pair.rooms, Self.tags) {
            room.answers { Self.tile($0, tag, body, type: type) }
        }
        let target = pair.rooms[0].path(path)
        let first = try pair.edge.get(target)
        let tag = try #require(first["ETag"])
        #expect(tag.count == 34 && tag.hasPrefix("\"") && tag.hasSuffix("\""))
        #expect(first["Last-Modified"] == nil && first.status == 200)
        #expect(first.body == body && first["Content-Length"] == "\(body.count)")
        // Who drew what is stored is asked whether it is good still; where it fails, the other one.
        var last = pair.rooms[0].count == 1 ? 0 : 1
        for number in 0..<12 {
            let isOther = number % 4 == 2
            if isOther { pair.rooms[last].reply(.response(503)) }
            let condition = number % 2 == 0 ? tag : "\"other\""
            let response = try pair.edge.get(target, "If-None-Match: \(condition)")
            #expect(response["ETag"] == tag && response["Last-Modified"] == nil)
            #expect(response.status == (number % 2 == 0 ? 304 : 200))
            #expect(response.body == (number % 2 == 0 ? [] : body))
            if isOther { last = 1 - last }
            let request = try #require(pair.rooms[last].requests.last)
            #expect(request["If-None-Match"] == (isOther ? nil : Self.tags[last]))
            #expect((request["If-Modified-Since"] == nil) == isOther)
        }
        #expect(pair.rooms.allSatisfy { $0.count > 3 })
    }

    @Test("a hit answers conditions by the tag, also in its weak form and in a list, and ranges")
    func conditions() throws {
        let test = try Configured()
        let room = test.origin.room("tagged")
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nCache-Control: max-age=600\r\n"
            + "ETag: 542d2318\r\nContent-Length: \(Self.picture.count)\r\n\r\n"
        room.always(Reply([.send(Array(head.utf8) + Self.picture)], status: 200))
        let target = room.path(Self.target)
        let tag = try #require(try test.edge.get(target)["ETag"])
        for condition in [tag, "W/\(tag)", "\"a\", \(tag)", "*"] {
            let response = try test.edge.get(target, "If-None-Match: \(condition)")
            #expect(response.status == 304 && response["ETag"] == tag && response.isHit)
        }
        for condition in ["542d2318", "\"542d2318\"", String(tag.dropFirst().dropLast())] {
            let response = try test.edge.get(target, "If-None-Match: \(condition)")
            #expect(response.status == 200 && response.body == Self.picture)
        }
        let part = try test.edge.get(target, "Range: bytes=0-3", "If-Range: \(tag)")
        #expect(part.status == 206 && part.body == Array(Self.picture.prefix(4)))
        #expect(part["ETag"] == tag)
        let whole = try test.edge.get(target, "Range: bytes=0-3", "If-Range: \"542d2318\"")
        #expect(whole.status == 200)
        var viewer = try test.edge.viewer()
        let byHead = try viewer.exchange("HEAD \(target) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(byHead["ETag"] == tag && byHead["X-Edge-Member"] == nil)
        #expect(room.count == 1)
        // What is asked for by HEAD alone has no body to make a tag of.
        let other = try viewer.exchange(
            "HEAD \(target)&n=1 HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(other.status == 200 && other["ETag"] == nil)
    }

    @Test("who waited gets the same tag, and what is no map keeps its origin's, in quotes")
    func others() throws {
        let test = try Configured(loops: 2)
        let (room, gate) = (test.origin.room("waited"), Gate())
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nCache-Control: max-age=600\r\n"
            + "ETag: 542d2318\r\nContent-Length: \(Self.picture.count)\r\n\r\n"
        room.always(Reply([.pass(gate), .send(Array(head.utf8) + Self.picture)], status: 200))
        let viewers = try test.edge.crowd(
            6, "GET \(room.path(Self.target)) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(gate.awaitArrival())
        gate.open()
        var tags: Set<String?> = []
        for var viewer in viewers { tags.insert(try viewer.response()["ETag"]) }
        #expect(tags.count == 1 && tags.first??.count == 34)
        #expect(try test.edge.get(room.path("picture.png"))["ETag"] == "\"542d2318\"")
    }
}
