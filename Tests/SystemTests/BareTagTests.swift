import Testing
import WireTesting

@Suite("An entity tag without quotes has them for viewers, and none for its origin")
struct BareTagTests {
    private func edge(_ name: String) throws -> (Configured, Room) {
        let test = try Configured(sections: ["behaviors: [{ path: \"*\", class: \(name) }]"])
        return (test, test.origin.room())
    }

    /// Compares as GeoServer does: a string.
    private static func answer(_ request: Request, _ tag: String, _ control: String) -> Reply {
        let fields = "Cache-Control: \(control)\r\nETag: \(tag)\r\n"
        if request["If-None-Match"] == tag {
            return Reply([.send(Array("HTTP/1.1 304 Same\r\n\(fields)\r\n".utf8))], status: 304)
        }
        return .response(200, ["Cache-Control: \(control)", "ETag: \(tag)"], body: "it")
    }

    @Test(
        "a Hit is held by it, and a stale one confirmed", arguments: ["pages", "features", "tiles"])
    func forms(name: String) throws {
        let (test, room) = try edge(name)
        for (path, control) in [("a", "max-age=600"), ("b", "max-age=0")] {
            room.answers { Self.answer($0, "542d2318", control) }
            let target = room.path(path)
            #expect(try test.edge.get(target)["ETag"] == "\"542d2318\"")
            for condition in ["\"542d2318\"", "W/\"542d2318\"", "\"x\", \"542d2318\""] {
                let held = try test.edge.get(target, "If-None-Match: \(condition)")
                #expect(held.status == 304 && held["ETag"] == "\"542d2318\"", "\(condition)")
            }
            let other = try test.edge.get(target, "If-None-Match: \"x\"")
            #expect(other.status == 200 && other.text == "it")
        }
        let asked = room.requests.filter { $0.target.hasSuffix("b") }.map { $0["If-None-Match"] }
        #expect(asked == [nil] + Array(repeating: "542d2318", count: 4))
        #expect(room.requests.count == 6)
    }

    @Test("one in quotes stays, and what can have none is left out; without a class all stay")
    func others() throws {
        for (name, tag, shown) in [
            ("pages", "\"a\"", "\"a\""), ("pages", "W/\"a\"", "W/\"a\""), ("pages", "a\"b", nil),
            ("pages", "a b", nil), ("none", "542d2318", "542d2318"),
        ] as [(String, String, String?)] {
            let (test, room) = try edge(name)
            room.answers { Self.answer($0, tag, "max-age=600") }
            for _ in 0..<2 { #expect(try test.edge.get(room.path("a"))["ETag"] == shown, "\(tag)") }
        }
    }

    @Test("what passes the store by has none: its origin would not know it again")
    func passed() throws {
        let (test, room) = try edge("pages")
        room.answers { Self.answer($0, "542d2318", "private") }
        for _ in 0..<2 {
            let answer = try test.edge.get(room.path("a"), "Cookie: sessionid=a")
            #expect(answer.status == 200 && answer["ETag"] == nil && answer.text == "it")
        }
        #expect(room.count == 2)
    }
}
