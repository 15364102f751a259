import Testing
import WireTesting

private let hour = "Cache-Control: max-age=3600"
private let plain = "Content-Type: text/plain"
private let etag = "ETag: \"a\""
private let text = String(repeating: "text ", count: 500)
private let gzip = "Accept-Encoding: gzip"

@Suite("RFC 9110 §12.5.5: what is compressed for some tells all that it is selected by coding")
struct SelectedByCodingTests {
    private let origin: Origin
    private let edge: Edge

    init() throws {
        origin = try Origin()
        edge = try Edge(
            origin: origin.url,
            configuration: "behaviors: [{ path: \"*\", class: none, compress: true }]\n")
    }

    @Test("both forms say so, fetched and stored, and neither displaces the other")
    func forms() throws {
        for first in [0, 1] {
            let room = origin.room()
            room.always(.ok(hour, plain, etag, body: text))
            for turn in 0..<4 {
                let isPlain = (turn + first).isMultiple(of: 2)
                let answer = try isPlain ? edge.get(room.path()) : edge.get(room.path(), gzip)
                #expect(answer["Content-Encoding"] == (isPlain ? nil : "gzip"))
                #expect(answer["Vary"] == "Accept-Encoding", "turn \(turn)")
                #expect(answer.isFromStore == (turn > 1))
                if isPlain { #expect(answer.text == text) }
            }
            #expect(room.count == 2)
        }
    }

    @Test("what no viewer gets compressed does not, and what says so already says it once")
    func others() throws {
        let room = origin.room()
        let rows: [([String], String, String?)] = [
            ([hour, plain], "short", nil),
            ([hour, "Content-Type: image/png"], text, nil),
            (["Cache-Control: no-store", plain], text, nil),
            (["\(hour), no-transform", plain], text, nil),
            ([hour, plain, "Content-Encoding: br"], text, nil),
            ([hour, plain, "Vary: X-A, accept-encoding"], text, "X-A, accept-encoding"),
        ]
        for (index, (fields, body, vary)) in rows.enumerated() {
            room.reply(.response(200, fields, body: body))
            #expect(try edge.get(room.path("\(index)"))["Vary"] == vary, "\(fields)")
        }
    }

    @Test("also what a 304 or an answer to HEAD gives another Vary")
    func confirmed() throws {
        let room = origin.room()
        room.reply(
            .ok(hour, plain, etag, "Vary: X-A", body: text),
            .response(304, [hour, etag, "Vary: X-A"]))
        for turn in 0..<3 {
            let wish = turn == 1 ? "Cache-Control: no-cache" : "X-B: 1"
            let answer = try edge.get(room.path(), wish)
            #expect(answer.head.values("Vary") == ["X-A", "Accept-Encoding"])
            #expect(answer.text == text && answer.isFromStore == (turn == 2))
        }
        room.reply(
            .response(200, [hour, plain, etag, "Vary: X-A", "Content-Length: \(text.utf8.count)"]))
        var viewer = try edge.viewer()
        try viewer.send(
            "HEAD \(room.path()) HTTP/1.1\r\nHost: edge.test\r\nCache-Control: no-cache\r\n\r\n")
        #expect(try viewer.response(toHead: true).status == 200)
        let last = try edge.get(room.path())
        #expect(last.head.values("Vary") == ["X-A", "Accept-Encoding"] && last.isFromStore)
        #expect(room.count == 3)
    }

    @Test("what was compressed here stays known as that after an answer to HEAD")
    func compressedByHead() throws {
        let room = origin.room()
        room.reply(
            .ok(hour, plain, etag, body: text),
            .response(200, [hour, plain, etag, "Content-Length: \(text.utf8.count)"]),
            .response(304, [hour, etag]))
        #expect(try edge.get(room.path(), gzip)["ETag"] == "W/\"a\"")
        var viewer = try edge.viewer()
        try viewer.send(
            "HEAD \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\(gzip)\r\n"
                + "Cache-Control: no-cache\r\n\r\n")
        #expect(try viewer.response(toHead: true).status == 200)
        let confirmed = try edge.get(room.path(), gzip, "Cache-Control: no-cache")
        #expect(confirmed.status == 200 && confirmed["Content-Encoding"] == "gzip")
        #expect(room.count == 3)
    }

    @Test("all who take gzip share one form and all others the other, also once it is confirmed")
    func shared() throws {
        let takers = [gzip, "\(gzip), deflate, br, zstd", "Accept-Encoding: br;q=1.0, GZIP;q=0.8"]
        let others = ["X-A: 1", "Accept-Encoding: br", "\(gzip);q=0, br"]
        for wishes in [takers, others] {
            let room = origin.room()
            room.reply(
                .ok(hour, plain, etag, body: text), .response(304, [hour, etag]),
                .response(200, [hour, plain, etag, "Content-Length: \(text.utf8.count)"]),
                .ok(hour, plain, etag, body: text))
            func areHits() throws {
                for wish in wishes {
                    #expect(try edge.get(room.path(), wish).isFromStore, "\(wish)")
                }
            }
            _ = try edge.get(room.path(), wishes[0])
            try areHits()
            let confirmed = try edge.get(room.path(), wishes[1], "Cache-Control: no-cache")
            #expect(confirmed.status == 200)
            try areHits()
            var viewer = try edge.viewer()
            try viewer.send(
                "HEAD \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\(wishes[2])\r\n"
                    + "Cache-Control: no-cache\r\n\r\n")
            #expect(try viewer.response(toHead: true).status == 200)
            try areHits()
            #expect(room.count == 3)
            let isTaker = wishes == takers
            #expect(try !edge.get(room.path(), isTaker ? others[1] : gzip).isFromStore)
        }
    }

    @Test("an origin that says so itself selects by more than that, from then on")
    func told() throws {
        let room = origin.room()
        let varies = "Vary: Accept-Encoding"
        room.always(.ok(hour, plain, etag, varies, body: text))
        for _ in 0..<2 {
            _ = try edge.get(room.path(), gzip)
            _ = try edge.get(room.path(), "\(gzip), br")
        }
        #expect(room.count == 2)
        let later = origin.room()
        later.reply(
            .ok(hour, plain, etag, body: text), .response(304, [hour, etag, varies]),
            .ok(hour, plain, etag, varies, body: text))
        for wish in ["X-A: 1", "Cache-Control: no-cache", "X-A: 1", "Accept-Encoding: br"] {
            let answer = try edge.get(later.path(), wish)
            #expect(answer["Vary"] == "Accept-Encoding" && answer.text == text)
        }
        #expect(later.count == 3)
    }

    @Test("parts of the plain form do, and what they are completed to")
    func parts() throws {
        let room = origin.room()
        room.answers { request in
            let isRest = request["Range"]?.hasPrefix("bytes=10-") == true
            let range = isRest ? 10..<2_500 : 0..<10
            return .response(
                206,
                [
                    hour, plain, etag,
                    "Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/2500",
                ], body: String(text.dropFirst(range.lowerBound).prefix(range.count)))
        }
        let part = try edge.get(room.path(), "Range: bytes=0-9")
        #expect(part.status == 206 && part["Vary"] == "Accept-Encoding")
        for _ in 0..<2 {
            let whole = try edge.get(room.path())
            #expect(whole.text == text && whole["Vary"] == "Accept-Encoding")
        }
        #expect(room.count == 2)
    }

    @Test("in cloudfront mode the compressed form alone does")
    func cloudFront() throws {
        let room = origin.room()
        room.always(.ok(hour, plain, etag, body: text))
        let edge = try Edge(origin: origin.url, mode: "cloudfront")
        #expect(try edge.get(room.path())["Vary"] == nil)
        #expect(try edge.get(room.path(), gzip)["Vary"] == "Accept-Encoding")
    }
}
