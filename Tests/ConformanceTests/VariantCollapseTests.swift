import Testing
import WireTesting

@Suite("RFC 9111 §4, §4.1: who waits for a variant that turns out to be another's", .serialized)
struct VariantCollapseTests {
    private let gate = Gate()

    /// Viewers with these fields, the first of whom asks first.
    private func crowd(_ edge: Edge, _ room: Room, _ fields: [String]) throws -> [Response] {
        let before = try edge.metric("mapedge_collapsed_total")
        var viewers: [Viewer] = []
        for (number, field) in fields.enumerated() {
            let viewer = try edge.viewer()
            try viewer.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\(field)\r\n\r\n")
            viewers.append(viewer)
            if number == 0 { #expect(gate.awaitArrival()) }
        }
        let haveJoined = try eventually {
            try edge.metric("mapedge_collapsed_total") >= before + fields.count - 1 ? true : nil
        }
        #expect(haveJoined == true)
        gate.open()
        return try viewers.map { viewer in
            var viewer = viewer
            return try viewer.response()
        }
    }

    @Test("those of each variant ask once", arguments: ["Accept-Language", "X-Kind"])
    func once(_ name: String) throws {
        let origin = try Origin()
        let edge = try Edge(origin: origin.url)
        let room = origin.room()
        room.answers { [gate] request in
            let kind = request[name] ?? "none"
            return .ok("Cache-Control: max-age=3600", "Vary: \(name)", body: kind).held(by: gate)
        }
        let asked = ["en", "de", "de", "fr", "de", "en", "fr", "fr"]
        let responses = try crowd(edge, room, asked.map { "\(name): \($0)" })
        #expect(responses.map(\.text) == asked)
        #expect(room.count == 3)
        #expect(try edge.get(room.path(), "\(name): de").isFromStore)
        #expect(try edge.get(room.path(), "\(name): fr").isFromStore)
    }

    @Test("whom no answer suits asks for himself: each varies by something else")
    func moving() throws {
        let origin = try Origin()
        let edge = try Edge(origin: origin.url)
        let room = origin.room()
        room.answers { [gate, room] request in
            let field = room.count.isMultiple(of: 2) ? "X-A" : "X-B"
            return .ok("Cache-Control: max-age=3600", "Vary: \(field)", body: request["X-A"] ?? "")
                .held(by: gate)
        }
        let asked = (0..<6).map { "\($0)" }
        let responses = try crowd(edge, room, asked.map { "X-A: \($0)\r\nX-B: \($0)" })
        #expect(responses.map(\.text) == asked)
        #expect(room.count == 6)
    }
}
