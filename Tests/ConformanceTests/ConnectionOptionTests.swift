import Testing
import WireTesting

@Suite("RFC 9110 §7.6.1: what concerns one connection, through a distribution")
struct ConnectionOptionTests {
    private static let lanes = [
        Lane("keyed") { $0.headers = ["Origin", "X-Custom"] },
        Lane("server") {
            $0.cachesOptions = true
            $0.pattern = "*"
        },
    ]

    private func ask(_ stand: Stand, _ line: String, _ fields: String...) throws -> Response {
        var viewer = try stand.edge.viewer()
        return try viewer.exchange(
            (["\(line) HTTP/1.1", "Host: edge.test"] + fields).joined(separator: "\r\n")
                + "\r\n\r\n")
    }

    @Test(
        "a field that Connection takes from the origin does not name the object it answers with",
        arguments: ["Origin", "X-Custom"])
    func poisoning(_ field: String) throws {
        let stand = try Stand(Self.lanes)
        let room = stand.origin.room("row")
        room.answers { .ok("Cache-Control: max-age=60", body: "for \($0[field] ?? "nobody")") }
        let path = room.path("keyed/it")
        let poison = try ask(stand, "GET \(path)", "\(field): https://a", "Connection: \(field)")
        #expect(poison.text == "for nobody")
        #expect(try ask(stand, "GET \(path)", "\(field): https://a").text == "for https://a")
        // What it did ask for is an object all the same.
        #expect(try ask(stand, "GET \(path)")["X-Cache"] == "Hit from cloudfront")
    }

    @Test("RFC 9112 §3.2.4: a question about the server is one to the origin, and is not stored")
    func aboutServer() throws {
        let stand = try Stand(
            Self.lanes, Stand.Parts(more: ", \"DefaultRootObject\": \"index.html\""))
        for target in ["http://edge.test", "*"] {
            let before = stand.origin.strays.count
            for _ in 0..<2 { #expect(try ask(stand, "OPTIONS \(target)").status == 404) }
            let targets = stand.origin.strays.dropFirst(before).map(\.target)
            #expect(targets == ["*", "*"], "\(target)")
        }
        _ = try ask(stand, "OPTIONS /")
        #expect(stand.origin.strays.last?.target == "/index.html")
    }
}
