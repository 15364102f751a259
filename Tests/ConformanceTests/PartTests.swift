import Testing
import WireTesting

private let hour = "Cache-Control: max-age=3600"
private let etag = "ETag: \"a\""
private let digits = "0123456789"

private func part(_ range: String, _ body: String, _ fields: String...) -> Reply {
    .response(206, [hour, "Content-Range: bytes \(range)"] + fields, body: body)
}

@Suite("RFC 9111 §3.3, §3.4: what a part is completed by", .serialized)
struct PartTests {
    /// What an origin may answer to a request for the rest of a part, and the rest is none of it.
    private static let useless: [(String, Reply)] = [
        ("too early a beginning", part("3-9/10", "3456789", etag)),
        ("the whole in a part", part("0-9/10", digits, etag)),
        ("too early an end", part("5-7/10", "567", etag)),
        ("fewer bytes than its range", part("5-9/10", "567", etag)),
        ("more bytes than its range", part("5-9/10", "56789abc", etag)),
        (
            "a length that nobody knows before",
            .raw(
                "HTTP/1.1 206 Partial Content\r\nTransfer-Encoding: chunked\r\n\(hour)\r\n\(etag)"
                    + "\r\nContent-Range: bytes 5-9/10\r\n\r\n8\r\n56789abc\r\n0\r\n\r\n")
        ),
        ("another version", part("5-9/10", "fghij", "ETag: \"b\"")),
        ("a weak tag", part("5-9/10", "56789", "ETag: W/\"a\"")),
        ("no tag", part("5-9/10", "56789")),
        ("another length of the whole", part("5-9/11", "56789", etag)),
        ("an unknown length of the whole", part("5-9/*", "56789", etag)),
        ("no Content-Range", .response(206, [hour, etag], body: "56789")),
        (
            "several parts",
            .response(
                206, [hour, etag, "Content-Type: multipart/byteranges; boundary=b"],
                body: "--b\r\nContent-Range: bytes 5-9/10\r\n\r\n56789\r\n--b--")
        ),
        ("304", .response(304, [etag])),
        ("416", .response(416, [hour, "Content-Range: bytes */10"])),
        ("412", .response(412, [hour])),
    ]

    /// The first half of ten bytes is stored.
    private func standWithPart() throws -> (origin: Origin, edge: Edge, room: Room) {
        let origin = try Origin()
        let edge = try Edge(origin: origin.url)
        let room = origin.room()
        room.reply(part("0-4/10", "01234", etag))
        #expect(try edge.get(room.path(), "Range: bytes=0-4").status == 206)
        return (origin, edge, room)
    }

    @Test("where the rest is not to be had, the whole is not, and nothing was too old to serve")
    func lost() throws {
        let stand = try standWithPart()
        stand.room.always(.raw("", .reset))
        #expect(try stand.edge.get(stand.room.path()).status == 502)
    }

    @Test("HEAD that tells of another version ends the part")
    func headOfOther() throws {
        let stand = try standWithPart()
        let (edge, room) = (stand.edge, stand.room)
        room.reply(.raw("HTTP/1.1 200 OK\r\n\(hour)\r\nETag: \"b\"\r\nContent-Length: 10\r\n\r\n"))
        var viewer = try edge.viewer()
        let head = "HEAD \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n"
        #expect(try viewer.exchange(head)["ETag"] == "\"b\"")
        room.reply(part("0-1/10", "ab", "ETag: \"b\""))
        #expect(try edge.get(room.path(), "Range: bytes=0-1").text == "ab")
    }

    @Test("a viewer who has it is told so once the part is completed, as if it had been asked for")
    func held() throws {
        let origin = try Origin()
        let edge = try Edge(origin: origin.url)
        let room = origin.room()
        room.reply(part("0-4/10", "01234", etag), part("5-9/10", "56789", etag))
        #expect(try edge.get(room.path(), "Range: bytes=0-4").status == 206)
        #expect(try edge.get(room.path(), "If-None-Match: \"a\"").status == 304)
        let whole = try edge.get(room.path())
        #expect(whole.text == digits && whole.isFromStore)
    }

    @Test(
        "an answer that is not just the rest is nobody's: the whole is asked for",
        arguments: ["rfc9111", "cloudfront"])
    func refused(mode: String) throws {
        let origin = try Origin()
        let edge = try Edge(origin: origin.url, mode: mode)
        for (index, (name, answer)) in Self.useless.enumerated() {
            let room = origin.room("part\(index)")
            room.reply(part("0-4/10", "01234", etag), answer)
            room.always(.ok(hour, etag, body: digits))
            #expect(try edge.get(room.path(), "Range: bytes=0-4").status == 206, "\(name)")
            for _ in 0..<2 {
                let response = try edge.get(room.path())
                #expect(response.status == 200 && response.text == digits, "\(name)")
                #expect(response["Content-Range"] == nil)
            }
            #expect(room.count == 3, "\(name)")
            #expect(room.requests[1]["Range"] == "bytes=5-9", "\(name)")
            #expect(room.requests[2]["Range"] == nil, "\(name)")
        }
    }

    @Test("a rest that breaks off is no whole, and is not stored")
    func cutShort() throws {
        let origin = try Origin()
        let edge = try Edge(origin: origin.url)
        let room = origin.room()
        room.reply(
            part("0-4/10", "01234", etag),
            .raw(
                "HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\n\(hour)\r\n\(etag)\r\n"
                    + "Content-Range: bytes 5-9/10\r\n\r\n567", .close))
        room.always(.ok(hour, etag, body: digits))
        _ = try edge.get(room.path(), "Range: bytes=0-4")
        let broken = try? edge.get(room.path())
        // The beginning may be out already: then its viewer sees that there is no end.
        #expect(broken?.status != 200 || broken?.isCut == true, "\(broken?.text ?? "")")
        #expect(try edge.get(room.path()).text == digits)
    }

    @Test("a part that leaves nothing out is the whole", arguments: ["rfc9111", "cloudfront"])
    func whole(mode: String) throws {
        let origin = try Origin()
        let edge = try Edge(origin: origin.url, mode: mode)
        for (index, range) in ["0-", "0-9", "0-99", "-10", "-99"].enumerated() {
            let room = origin.room("whole\(index)")
            room.reply(part("0-9/10", digits, etag))
            room.always(.response(416, [hour, "Content-Range: bytes */10"]))
            #expect(try edge.get(room.path(), "Range: bytes=\(range)").text == digits)
            let response = try edge.get(room.path())
            #expect(response.status == 200 && response.text == digits)
            #expect(response["Cache-Status"]?.contains("; hit") == true)
            #expect(response["Content-Range"] == nil && response["Content-Length"] == "10")
            #expect(try edge.get(room.path(), "Range: bytes=2-3").text == "23")
            #expect(room.count == 1, "\(range)")
        }
    }
}
