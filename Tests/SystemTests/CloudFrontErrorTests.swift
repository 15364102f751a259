import Testing
import WireTesting

// Source: CloudFront's developer guide, "Managing how long content stays in the cache" and "How
// CloudFront processes HTTP 4xx and 5xx status codes from your origin".
@Suite("cloudfront mode: stale on errors, stored errors, revalidation")
struct CloudFrontErrorTests {
    private let edge: Edge
    private let room: Room

    init() throws {
        edge = try SharedEdge.edge(mode: "cloudfront")
        room = try SharedEdge.origin().room("cloudfront")
    }

    // MARK: expired objects and the origin's word

    @Test("304 confirms what is stored: RefreshHit, with both validators asked for")
    func confirmed() throws {
        let stamp = date(-86_400)
        room.reply(
            .ok(
                "Cache-Control: max-age=0", "ETag: \"a\"", "Last-Modified: \(stamp)", body: "kept"))
        expect(try edge.get(room.path()), 200, "kept", "Miss")
        room.reply(.response(304, ["Cache-Control: max-age=3600", "ETag: \"a\""]))
        expect(try edge.get(room.path()), 200, "kept", "RefreshHit")
        let asked = try #require(room.request(2))
        #expect(asked["If-None-Match"] == "\"a\"")
        #expect(asked["If-Modified-Since"] == stamp)
        // Freshness starts anew with the 304's own lifetime.
        expect(try edge.get(room.path()), 200, "kept", "Hit")
        #expect(room.count == 2)
    }

    @Test("a 200 replaces what is stored: Miss")
    func replaced() throws {
        room.reply(.ok("Cache-Control: max-age=0", "ETag: \"a\"", body: "old"))
        expect(try edge.get(room.path()), 200, "old", "Miss")
        room.reply(.ok("Cache-Control: max-age=3600", "ETag: \"b\"", body: "new"))
        expect(try edge.get(room.path()), 200, "new", "Miss")
        expect(try edge.get(room.path()), 200, "new", "Hit")
    }

    @Test("no-cache is stored, and confirmed each time")
    func noCache() throws {
        room.reply(.ok("Cache-Control: no-cache", "ETag: \"a\"", body: "kept"))
        expect(try edge.get(room.path()), 200, "kept", "Miss")
        for _ in 0..<2 {
            room.reply(.response(304, ["ETag: \"a\"", "Cache-Control: no-cache"]))
            expect(try edge.get(room.path()), 200, "kept", "RefreshHit")
        }
        #expect(room.count == 3)
    }

    @Test("no-store and private are fetched each time: Miss", arguments: ["no-store", "private"])
    func notShared(directive: String) throws {
        for round in 0..<2 {
            room.reply(.ok("Cache-Control: \(directive)", "ETag: \"a\"", body: "round \(round)"))
            expect(try edge.get(room.path()), 200, "round \(round)", "Miss")
        }
        #expect(room.requests.allSatisfy { $0["If-None-Match"] == nil })
    }

    @Test(
        "a 4xx in place of an expired object goes to the viewer: stale is not used",
        arguments: [404, 410, 403])
    func gone(status: Int) throws {
        room.reply(.ok("Cache-Control: max-age=0", "ETag: \"a\"", body: "kept"))
        expect(try edge.get(room.path()), 200, "kept", "Miss")
        room.reply(.response(status, body: "gone"))
        expect(try edge.get(room.path()), status, "gone", "Error")
    }

    // MARK: expired objects and an origin that fails

    private static let failures: [(String, Reply)] = [
        ("500", .response(500, body: "broken")), ("503", .response(503, body: "broken")),
        ("reset", .raw("", .reset)),
    ]

    @Test(
        "stale is served while the origin fails: RefreshHit, must-revalidate or not",
        arguments: ["max-age=0", "public, must-revalidate, max-age=0", "no-cache"],
        ["500", "503", "reset"])
    func staleOnError(directives: String, failure: String) throws {
        let reply = try #require(Self.failures.first { $0.0 == failure }?.1)
        room.reply(.ok("Cache-Control: \(directives)", "ETag: \"a\"", body: "kept"))
        expect(try edge.get(room.path()), 200, "kept", "Miss")
        room.always(reply)
        expect(try edge.get(room.path()), 200, "kept", "RefreshHit")
    }

    @Test("stale-if-error=0 lets the error through")
    func noStale() throws {
        room.reply(
            .ok("Cache-Control: max-age=0, stale-if-error=0", "ETag: \"a\"", body: "kept"))
        expect(try edge.get(room.path()), 200, "kept", "Miss")
        room.always(.response(503, body: "broken"))
        expect(try edge.get(room.path()), 503, "broken", "Error")
    }

    @Test("stale-while-revalidate serves at once and refreshes behind it")
    func whileRevalidating() throws {
        room.reply(
            .ok(
                "Cache-Control: max-age=0, stale-while-revalidate=60", "ETag: \"a\"", body: "old"))
        expect(try edge.get(room.path()), 200, "old", "Miss")
        room.always(.ok("Cache-Control: max-age=3600", "ETag: \"b\"", body: "new"))
        expect(try edge.get(room.path()), 200, "old", "Hit")
        let isRefreshed = try eventually {
            try edge.get(room.path()).text == "new" ? true : nil
        }
        #expect(isRefreshed == true)
        #expect(room.count == 2)
    }

    // MARK: stored errors

    @Test(
        "an error is stored for ten seconds without a word: Error, and the origin is not asked",
        arguments: [404, 410, 414, 500, 501, 502, 503, 504])
    func storedErrors(status: Int) throws {
        room.reply(.response(status, body: "failed"))
        room.always(.ok("Cache-Control: max-age=60", body: "well"))
        for _ in 0..<3 { expect(try edge.get(room.path()), status, "failed", "Error") }
        #expect(room.count == 1)
    }

    @Test(
        "400, 403, 405, 412 and 415 are stored only with a lifetime of their own",
        arguments: [400, 403, 405, 412, 415])
    func storedWithLifetime(status: Int) throws {
        for _ in 0..<2 {
            room.reply(.response(status, body: "no"))
            expect(try edge.get(room.path("bare")), status, "no", "Error")
        }
        #expect(room.count == 2)
        room.reply(.response(status, ["Cache-Control: max-age=60"], body: "no"))
        for _ in 0..<2 { expect(try edge.get(room.path("fresh")), status, "no", "Error") }
        #expect(room.count == 3)
    }

    @Test("other errors never are", arguments: [401, 402, 409, 416, 422, 429, 451])
    func neverStored(status: Int) throws {
        for _ in 0..<2 {
            room.reply(.response(status, ["Cache-Control: max-age=60"], body: "no"))
            expect(try edge.get(room.path()), status, "no", "Error")
        }
        #expect(room.count == 2)
    }

    @Test("no-store keeps a 404 out of the store, and a 503 in it", arguments: [404, 503])
    func noStoreError(status: Int) throws {
        room.always(.response(status, ["Cache-Control: no-store"], body: "no"))
        for _ in 0..<2 { expect(try edge.get(room.path()), status, "no", "Error") }
        #expect(room.count == (status == 404 ? 2 : 1))
    }

    // MARK: an origin that failed is left alone for a while

    @Test("while a failed origin's time runs, stale is served without asking it")
    func notAskedAgain() throws {
        room.reply(.ok("Cache-Control: max-age=0", "ETag: \"a\"", body: "kept"))
        expect(try edge.get(room.path()), 200, "kept", "Miss")
        room.always(.response(503, body: "broken"))
        for _ in 0..<3 { expect(try edge.get(room.path()), 200, "kept", "RefreshHit") }
        #expect(room.count == 2)
    }

    @Test("the edge's own 502 is stored as the origin's would be")
    func ownError() throws {
        room.always(.raw("", .reset))
        #expect(try edge.get(room.path()).status == 502)
        let asked = room.count
        #expect(try edge.get(room.path()).status == 502)
        #expect(room.count == asked)
    }
}

/// Status, body and CloudFront's word for how the answer came about.
func expect(
    _ response: Response, _ status: Int, _ body: String, _ result: String,
    at place: SourceLocation = #_sourceLocation
) {
    #expect(response.status == status, sourceLocation: place)
    #expect(response.text == body, sourceLocation: place)
    // The other half of the field is the edge's name, or CloudFront's for a twin.
    let word = response["X-Cache"]?.prefix { $0 != " " } ?? ""
    #expect(word == result, sourceLocation: place)
}
