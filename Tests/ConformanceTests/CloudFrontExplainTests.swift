import Testing
import WireTesting

private let stand = Result {
    try Stand.shared([
        Lane("both") {
            $0.gzip = true
            $0.brotli = true
        },
        Lane("packs") {
            $0.gzip = true
            $0.compresses = true
        },
    ])
}

@Suite("What is explained is what is done", .serialized)
struct CloudFrontExplainTests {
    private func told(_ response: Response) -> [String] { response.head.values("X-Edge-Explain") }

    @Test(
        "§3.3 what is served by another stored coding is told to be a hit",
        arguments: [
            ("gzip", "gzip, br", "gzip"), ("br", "br, gzip", "br"), ("gzip, br", "br", "br"),
        ])
    func otherCoding(first: String, second: String, coding: String) throws {
        let (edge, room) = (try stand.get().edge, try stand.get().origin.room("row"))
        let path = room.path("both/\(Serial.next())")
        room.always(.ok("Cache-Control: max-age=60", "Content-Encoding: \(coding)"))
        _ = try edge.get(path, "Accept-Encoding: \(first)")
        let answer = try edge.get(path, "Accept-Encoding: \(second)", "X-Edge-Explain: 1")
        #expect(answer["X-Cache"] == "Hit from cloudfront")
        let steps = told(answer)
        #expect(steps.contains { $0.hasPrefix("decision: serve (fresh)") }, "\(steps)")
        #expect(steps.contains { $0.hasPrefix("stored: 200") }, "\(steps)")
        #expect(steps.contains("served by coding: \(first.contains(",") ? "br,gzip" : coding)"))
        let third = try edge.get(path, "Accept-Encoding: identity", "X-Edge-Explain: 1")
        #expect(told(third).contains { $0.hasPrefix("decision: fetch (absent)") })
        #expect(!told(third).contains { $0.hasPrefix("served by coding") })
    }

    @Test("§5.4 the id that is told is the one that the answer and the origin get")
    func requestID() throws {
        let (edge, room) = (try stand.get().edge, try stand.get().origin.room("row"))
        let path = room.path("both/\(Serial.next())")
        room.always(.ok("Cache-Control: max-age=60"))
        let answer = try edge.get(path, "X-Edge-Explain: 1")
        let id = try #require(answer["X-Amz-Cf-Id"])
        #expect(told(answer).contains { $0.hasPrefix("added: X-Amz-Cf-Id: \(id)") })
        #expect(room.requests.last?["X-Amz-Cf-Id"] == id)
    }

    @Test("§5.4 what is taken off the answer is named")
    func takenOff() throws {
        let (edge, room) = (try stand.get().edge, try stand.get().origin.room("row"))
        room.always(
            .ok("Cache-Control: max-age=60", "Set-Cookie: a=b", "Vary: Accept-Language, Cookie"))
        let path = room.path("both/\(Serial.next())")
        let answer = try edge.get(path, "X-Edge-Explain: 1")
        #expect(answer["Set-Cookie"] == nil && answer["Vary"] == "Cookie")
        #expect(told(answer).first?.hasSuffix("; taken-off=\"Set-Cookie, Vary\"") == true)
        room.always(.ok("Cache-Control: max-age=60", "Vary: Cookie"))
        let other = try edge.get(room.path("both/\(Serial.next())"), "X-Edge-Explain: 1")
        #expect(told(other).first?.contains("taken-off") == false, "\(told(other))")
    }

    @Test(
        "§5.5 why something is stored as it came",
        arguments: [
            (200, "text/css", 300, "it has not 1000 to 10000000 bytes"),
            (
                200, "application/geo+json", 3_000,
                "CloudFront compresses no application/geo+json"
            ),
            (200, "image/png", 3_000, "CloudFront compresses no image/png"),
            (
                200, "text/css\r\nContent-Encoding: identity", 3_000,
                "the origin gave it Content-Encoding: identity"
            ),
            (301, "text/css", 3_000, "CloudFront compresses no 301"),
            (200, "text/css", 3_000, nil),
        ] as [(Int, String, Int, String?)])
    func uncompressed(
        _ status: Int, _ type: String, _ length: Int, _ reason: String?
    ) throws {
        let (edge, room) = (try stand.get().edge, try stand.get().origin.room("row"))
        let path = room.path("packs/\(Serial.next())")
        room.always(
            .response(
                status, ["Cache-Control: max-age=60", "Content-Type: \(type)"],
                body: String(repeating: "a", count: length)))
        _ = try edge.get(path, "Accept-Encoding: gzip")
        let hit = try edge.get(path, "Accept-Encoding: gzip", "X-Edge-Explain: 1")
        #expect((hit["Content-Encoding"] == "gzip") == (reason == nil))
        #expect(hit["X-Cache"] == "Hit from cloudfront")
        let stored = told(hit).first { $0.hasPrefix("stored: ") } ?? ""
        #expect(stored.contains("not compressed") == (reason != nil), "\(stored)")
        if let reason { #expect(stored.hasSuffix("; not compressed: \(reason)"), "\(stored)") }
    }
}
