import Testing
import WireTesting

private let stand = Result {
    try Stand.shared([
        Lane("both") {
            $0.gzip = true
            $0.brotli = true
        }
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
}
