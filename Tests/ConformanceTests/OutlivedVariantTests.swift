import Glibc
import Testing
import WireTesting

private let hour = "Cache-Control: max-age=3600"

/// Most edges here have a clock that stands still: no time can tell what came first.
@Suite("RFC 9111 §4, §4.1: a variant that something newer has replaced does not come back")
struct OutlivedVariantTests {
    private let origin: Origin

    init() throws { origin = try Origin() }

    private func edge(_ mode: String = "rfc9111") throws -> Edge {
        try Edge(origin: origin.url, mode: mode, arguments: ["--clock", "manual"])
    }

    /// Nothing waits for the writer: what is served next is read from the file.
    private func settle(_ edge: Edge) throws {
        let isWritten = try eventually {
            try edge.metric("mapedge_store_backlog_bytes") == 0 ? true : nil
        }
        #expect(isWritten == true)
    }

    /// Of a target that varies by Foo at first, then otherwise, and by Foo again, the first variant
    /// is asked for anew.
    ///
    /// - Parameters:
    ///   - replacement: the fields of what comes in between.
    ///   - foo: who asks for that has this value; nil: none.
    private func play(
        _ edge: Edge, _ replacement: [String], foo: String? = nil, settles: Bool
    ) throws {
        let room = origin.room("outlived\(Serial.next())")
        room.reply(
            .ok(hour, "Vary: Foo", body: "one"), .response(200, replacement, body: "two"),
            .ok(hour, "Vary: Foo", body: "three"))
        room.always(.ok(hour, "Vary: Foo", body: "four"))
        func get(_ fields: String...) throws -> String {
            if settles { try settle(edge) }
            return try Viewer.ask(room.path(), at: edge.port, fields).text
        }
        #expect(try get("Foo: 1") == "one")
        #expect(try get("Foo: 1") == "one")
        let noCache = "Cache-Control: no-cache"
        #expect(try get(foo.map { "Foo: \($0)" } ?? "X: 1", noCache) == "two")
        #expect(try get("Foo: 2", noCache) == "three")
        #expect(try get("Foo: 1") == "four", "\(replacement)")
        #expect(try get("Foo: 2") == "three")
        #expect(try get("Foo: 1") == "four")
        #expect(room.count == 4)
    }

    @Test(
        "by one that does not vary, varies by something else, or has expired since",
        arguments: [
            [hour], [hour, "Vary: Bar"], [hour, "Vary: Foo, Bar"],
            ["Cache-Control: max-age=0", "ETag: \"2\""],
        ], [false, true])
    func replaced(fields: [String], settles: Bool) throws {
        let edge = try edge()
        try play(edge, fields, settles: settles)
        try play(edge, fields, foo: "1", settles: settles)
    }

    @Test("nor where a distribution's stead keeps variants")
    func keyed() throws {
        let edge = try Edge(
            origin: nil, mode: "cloudfront",
            configuration: """
                origins:
                  default: { members: ["\(origin.url)"] }
                behaviors:
                  - { path: "*", class: none, keysVary: true, sessionsBypass: false,
                      honoursRequestCacheControl: true }
                """)
        for settles in [false, true] { try play(edge, [hour], settles: settles) }
    }

    @Test("nor after a restart; and those of one record stay, with what a 304 made of them")
    func restarted() throws {
        let (room, directory) = (origin.room(), try TemporaryDirectory())
        room.reply(
            .ok(hour, "Vary: Foo", body: "one"), .ok(hour, body: "two"),
            .ok("Cache-Control: max-age=0", "ETag: \"3\"", "Vary: Foo", body: "three"),
            .ok(hour, "Vary: Foo", body: "four"),
            .response(304, [hour, "ETag: \"3\"", "Vary: Foo"]))
        room.always(.ok(hour, "Vary: Foo", body: "five"))
        let noCache = "Cache-Control: no-cache"
        do {
            let edge = try Edge(origin: origin.url, directory: directory)
            #expect(try edge.get(room.path(), "Foo: 1").text == "one")
            #expect(try edge.get(room.path(), noCache).text == "two")
            #expect(try edge.get(room.path(), "Foo: 3", noCache).text == "three")
            #expect(try edge.get(room.path(), "Foo: 4").text == "four")
            #expect(try edge.get(room.path(), "Foo: 3").text == "three")
            try settle(edge)
            edge.child.signal(SIGTERM)
            #expect(edge.child.waitForExit() == 0)
        }
        let edge = try Edge(origin: origin.url, directory: directory)
        for (foo, text) in [("3", "three"), ("4", "four"), ("1", "five")] {
            #expect(try edge.get(room.path(), "Foo: \(foo)").text == text)
        }
        #expect(room.count == 6)
    }

    @Test("nor does what came before it, and took longer to come")
    func overtaken() throws {
        for (index, vary) in [[], ["Vary: Foo"]].enumerated() {
            let (edge, gate) = (try Edge(origin: origin.url), Gate())
            let room = origin.room("overtaken\(index)")
            let slow = Reply.response(200, [hour, "Content-Length: 3"] + vary, body: "o")
            room.reply(slow.then(.pass(gate), .send(Array("ld".utf8))))
            room.reply(.response(200, [hour] + vary, body: "new"))
            var viewer = try edge.viewer()
            try viewer.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
            let head = try viewer.headOnly()
            // Its Date has but seconds; what counts is when a response came.
            #expect(try edge.get(room.path(), "Cache-Control: no-cache").text == "new")
            gate.open()
            #expect(try viewer.rest(behind: head).text == "old")
            let stored = try edge.get(room.path())
            #expect(stored.text == "new" && stored.isFromStore, "\(vary)")
            #expect(room.count == 2)
        }
    }

    @Test("nor is it what explain finds")
    func explained() throws {
        let (edge, room) = (try edge(), origin.room())
        room.reply(
            .ok(hour, "Vary: Foo", body: "one"), .ok(hour, body: "two"),
            .ok(hour, "Vary: Foo", body: "three"))
        let noCache = "Cache-Control: no-cache"
        for fields in [["Foo: 1"], [noCache], ["Foo: 2", noCache]] {
            _ = try Viewer.ask(room.path(), at: edge.port, fields)
        }
        for (foo, decision) in [("2", "serve (fresh)"), ("1", "fetch (variant-absent)")] {
            let answer = try edge.get(room.path(), "Foo: \(foo)", "X-Edge-Explain: 1")
            let steps = answer.head.values("X-Edge-Explain")
            #expect(steps.contains { $0.hasPrefix("decision: \(decision)") }, "\(steps)")
        }
    }
}
