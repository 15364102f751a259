import Testing
import WireTesting

/// An answer of an origin that is no answer.
struct BadAnswer: Sendable, CustomTestStringConvertible {
    var name: String
    var text: String
    var testDescription: String { name }

    init(_ name: String, _ text: String) {
        self.name = name
        self.text = text
    }
}

private let fresh = "Cache-Control: max-age=3600\r\n"

private let badHeads: [BadAnswer] = [
    BadAnswer(
        "two lengths that differ",
        "HTTP/1.1 200 OK\r\n\(fresh)Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
    BadAnswer(
        "length and coding",
        "HTTP/1.1 200 OK\r\n\(fresh)Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "5\r\nhello\r\n0\r\n\r\n"),
    BadAnswer(
        "a length that is no number",
        "HTTP/1.1 200 OK\r\n\(fresh)Content-Length: abc\r\n\r\nhello"),
    BadAnswer("a negative length", "HTTP/1.1 200 OK\r\n\(fresh)Content-Length: -5\r\n\r\nhello"),
    BadAnswer("a length with a sign", "HTTP/1.1 200 OK\r\n\(fresh)Content-Length: +5\r\n\r\nhello"),
    BadAnswer(
        "a length beyond all numbers",
        "HTTP/1.1 200 OK\r\n\(fresh)Content-Length: 18446744073709551621\r\n\r\nhello"),
    BadAnswer(
        "204 with a body",
        "HTTP/1.1 204 No Content\r\n\(fresh)Content-Length: 5\r\n\r\nhello"),
    BadAnswer(
        "204 with chunks",
        "HTTP/1.1 204 No Content\r\n\(fresh)Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    BadAnswer(
        "103 with a body",
        "HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\nhello"
            + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    BadAnswer(
        "a flood of 1xx",
        String(repeating: "HTTP/1.1 103 Early Hints\r\n\r\n", count: 60)
            + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    BadAnswer("a status that is no number", "HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n"),
    BadAnswer("a status of two digits", "HTTP/1.1 99 OK\r\nContent-Length: 0\r\n\r\n"),
    BadAnswer("a status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"),
    BadAnswer("status 000", "HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n"),
    BadAnswer("another protocol", "FTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    BadAnswer("HTTP/2.0", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
    BadAnswer("no version", "200 OK\r\nContent-Length: 0\r\n\r\n"),
    BadAnswer("garbage", "\u{0}\u{1}\u{2}garbage\r\n\r\n"),
    BadAnswer("a web page without a head", "<html>hello</html>\r\n\r\n"),
    BadAnswer(
        "NUL in a value",
        "HTTP/1.1 200 OK\r\n\(fresh)X: a\u{0}b\r\nContent-Length: 5\r\n\r\nhello"),
    BadAnswer(
        "CR in a value",
        "HTTP/1.1 200 OK\r\n\(fresh)X: a\rb\r\nContent-Length: 5\r\n\r\nhello"),
    BadAnswer("no colon", "HTTP/1.1 200 OK\r\n\(fresh)X\r\nContent-Length: 5\r\n\r\nhello"),
    BadAnswer(
        "a space before a colon",
        "HTTP/1.1 200 OK\r\n\(fresh)Content-Length : 5\r\n\r\nhello"),
    BadAnswer(
        "a name that is no token",
        "HTTP/1.1 200 OK\r\n\(fresh)X(Y): 5\r\nContent-Length: 5\r\n\r\nhello"),
    BadAnswer(
        "a head over 64 KiB",
        "HTTP/1.1 200 OK\r\n\(fresh)X: "
            + String(repeating: "a", count: 70_000) + "\r\nContent-Length: 5\r\n\r\nhello"),
    BadAnswer("an end in the middle of the head", "HTTP/1.1 200 OK\r\nContent-Le"),
    BadAnswer("nothing at all", ""),
]

private let badChunks: [BadAnswer] = [
    BadAnswer("a size that is no number", "5\r\nhello\r\nzz\r\nhello\r\n0\r\n\r\n"),
    BadAnswer("a size beyond all numbers", "5\r\nhello\r\nFFFFFFFFFFFFFFFF5\r\nhello\r\n"),
    BadAnswer("no CRLF behind the data", "5\r\nhelloXX0\r\n\r\n"),
    BadAnswer("no last chunk", "5\r\nhello\r\n"),
    BadAnswer("no end of the trailers", "5\r\nhello\r\n0\r\nX-A: 1\r\n"),
    BadAnswer("LF alone behind a size", "5\r\nhello\r\n5\nhello\r\n0\r\n\r\n"),
]

@Suite("RFC 9112: origins that break the rules")
struct OriginFramingTests {
    private let edge: Edge
    private let room: Room

    init() throws {
        edge = try SharedEdge.edge()
        room = try SharedEdge.origin().room("origin")
    }

    @Test(
        "row 23: a head that is none is 502, and neither stored nor passed on",
        arguments: badHeads)
    func heads(_ answer: BadAnswer) throws {
        let bytes = answer.text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        room.always(Reply([.send(bytes), .close]))
        let response = try edge.get(room.path("bad"))
        #expect(response.status == 502, "\(answer.name)")
        #expect(!response.text.contains("hello"))
        room.always(.ok(body: "good"))
        #expect(try edge.get(room.path("bad")).text == "good")
        let used = room.requests.dropLast().map(\.connection)
        #expect(
            !used.contains(room.requests.last?.connection ?? -1), "the connection is used again")
    }

    @Test(
        "row 23: a body that breaks off is cut for the viewer and not stored",
        arguments: badChunks)
    func chunks(_ answer: BadAnswer) throws {
        room.reply(
            .raw(
                "HTTP/1.1 200 OK\r\n\(fresh)Transfer-Encoding: chunked\r\n\r\n\(answer.text)",
                .close))
        do {
            let response = try edge.get(room.path("bad"))
            #expect(response.isCut || response.status == 502, "\(answer.name)")
        } catch {}
        room.always(.ok(body: "good"))
        #expect(try edge.get(room.path("bad")).text == "good")
    }

    @Test("row 23: what follows the declared length is dropped with its connection")
    func surplus() throws {
        room.reply(
            .raw(
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
                    + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"))
        room.always(.ok(body: "good"))
        #expect(try edge.get(room.path("1")).text == "hello")
        for path in ["2", "3", "4"] { #expect(try edge.get(room.path(path)).text == "good") }
        let first = try #require(room.requests.first)
        #expect(room.requests.dropFirst().allSatisfy { $0.connection != first.connection })
    }

    @Test("row 23: what follows an answer to HEAD is dropped with its connection")
    func headSurplus() throws {
        room.reply(.raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
        room.always(.ok(body: "good"))
        var viewer = try edge.viewer()
        let head = try viewer.exchange(
            "HEAD \(room.path("1")) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(head.status == 200)
        #expect(head["Content-Length"] == "5")
        let next = try viewer.exchange(
            "GET \(room.path("2")) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(next.text == "good")
        let connections = room.requests.map(\.connection)
        #expect(Set(connections).count == connections.count)
    }

    @Test("row 23: what follows a 304 is dropped with its connection")
    func notModifiedSurplus() throws {
        room.reply(.ok("Cache-Control: no-cache", "ETag: \"a\"", body: "stored"))
        room.reply(
            .raw("HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 6\r\n\r\npoison"))
        room.always(.response(304, ["ETag: \"a\""]))
        for _ in 0..<3 { #expect(try edge.get(room.path()).text == "stored") }
        let second = room.requests[1].connection
        #expect(room.requests.dropFirst(2).allSatisfy { $0.connection != second })
    }

    @Test("row 23: an unknown coding is read to the end of its connection")
    func unknownCoding() throws {
        room.reply(.raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: frob\r\n\r\nfrobbed", .close))
        room.always(.ok(body: "good"))
        let response = try edge.get(room.path("1"))
        #expect(response.status == 502 || response.text == "frobbed")
        #expect(try edge.get(room.path("2")).text == "good")
    }

    @Test("row 24: a connection whose answer was read to its end is used again")
    func reuse() throws {
        let origin = try Origin()
        let edge = try Edge(origin: origin.url)
        let room = origin.room()
        room.always(.ok(body: "good"))
        for path in 0..<10 { #expect(try edge.get(room.path("\(path)")).text == "good") }
        // Connect checks may open more, but they never ask.
        #expect(Set(room.requests.map(\.connection)).count == 1)
    }

    @Test("row 24: a connection whose viewer left early is not used again")
    func abandoned() throws {
        let gate = Gate()
        room.reply(
            Reply([
                .send(Array("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n".utf8)),
                .sendPattern(50_000), .pass(gate), .sendPattern(50_000),
            ]))
        room.always(.ok(body: "good"))
        var viewer = try edge.viewer()
        try viewer.send("GET \(room.path("left")) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        _ = try viewer.bytes(20_000)
        viewer.close()
        #expect(try edge.get(room.path("other")).text == "good")
        gate.open()
        for path in ["a", "b"] { #expect(try edge.get(room.path(path)).text == "good") }
    }

    @Test("row 25: a POST is never sent twice")
    func post() throws {
        room.always(.raw("", .close))
        var viewer = try edge.viewer()
        let response = try viewer.exchange(
            "POST \(room.path()) HTTP/1.1\r\nHost: edge.test\r\nContent-Length: 3\r\n\r\nabc")
        #expect(response.status == 502)
        #expect(room.count == 1)
    }

    @Test("row 25: a POST is not sent twice after a reset either")
    func postReset() throws {
        room.always(.raw("", .reset))
        var viewer = try edge.viewer()
        let response = try viewer.exchange(
            "POST \(room.path()) HTTP/1.1\r\nHost: edge.test\r\nContent-Length: 3\r\n\r\nabc")
        #expect(response.status == 502)
        #expect(room.count == 1)
    }

    @Test("row 25: a GET that found a closed connection is asked once more")
    func get() throws {
        room.reply(.raw("", .close))
        room.always(.ok(body: "good"))
        #expect(try edge.get(room.path()).text == "good")
        #expect(room.count == 2)
    }

    @Test("row 25: a GET whose answer has begun is not asked again")
    func begun() throws {
        room.reply(.raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", .reset))
        room.always(.ok(body: "good"))
        let response = try edge.get(room.path())
        #expect(response.isCut || response.status == 502)
        #expect(room.count == 1)
    }
}
