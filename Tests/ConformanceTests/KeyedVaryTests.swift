import Testing
import WireTesting

@Suite("RFC 9111 §4.1: a response that varies by what its key tells already")
struct KeyedVaryTests {
    @Test("the scheme and host that a proxy tells are keyed, and so varied by")
    func scheme() throws {
        let (origin, room) = try { ($0, $0.room()) }(Origin())
        let edge = try Edge(
            origin: origin.url,
            configuration: "trustedProxies: [127.0.0.1]\ntrustedFields: [X-Forwarded-Host]\n")
        room.answers { request in
            .ok(
                "Cache-Control: max-age=3600", "Vary: X-Forwarded-Proto, X-Forwarded-Host",
                body: (request["X-Forwarded-Proto"] ?? "") + (request["X-Forwarded-Host"] ?? ""))
        }
        for _ in 0..<2 {
            for field in ["X-Forwarded-Proto: http", "X-Forwarded-Proto: https"] {
                for host in ["a.test", "b.test"] {
                    let answer = try edge.get(room.path(), field, "X-Forwarded-Host: \(host)")
                    #expect(answer.text == String(field.dropFirst(19)) + host)
                }
            }
        }
        #expect(room.count == 4)
    }
}
