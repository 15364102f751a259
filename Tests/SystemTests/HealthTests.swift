import Glibc
import Testing
import Tiles
import WireTesting

@Suite("Members are judged by what they answer")
struct HealthTests {
    private static let target =
        "wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=a&STYLES=&SRS=EPSG:3857"
        + "&BBOX=0,0,1,1&WIDTH=8&HEIGHT=8&FORMAT=image/png"

    private static let picture: [UInt8] = {
        var request = MapRequest(service: .wms, kind: .map)
        (request.format, request.width, request.height) = (.png, 8, 8)
        return BlankTile.picture(for: request).bytes
    }()

    private func reply(_ type: String, _ body: [UInt8]) -> Reply {
        let head =
            "HTTP/1.1 200 Fine\r\nCache-Control: no-store\r\nContent-Type: \(type)\r\n"
            + "Content-Length: \(body.count)\r\n\r\n"
        return Reply([.send(Array(head.utf8) + body)])
    }

    private var good: Reply { reply("image/png", Self.picture) }

    private func exception(_ code: String?) -> Reply {
        let attribute = code.map { " code=\"\($0)\"" } ?? ""
        return reply(
            "application/vnd.ogc.se_xml",
            Array(
                ("<ServiceExceptionReport><ServiceException\(attribute)>why"
                    + "</ServiceException></ServiceExceptionReport>").utf8))
    }

    private static let strict = [
        "retryBudget: 100", "health:", "  consecutiveFailures: 3", "  ejection: 60s",
    ]

    /// Asks for so many maps, each another one, and counts the good answers.
    private func good(_ pair: TwoMembers, _ count: Int) throws -> Int {
        try (0..<count).count { number in
            let answer = try pair.edge.get(pair.rooms[0].path("\(Self.target)&n=\(number)"))
            return answer.status == 200 && answer.body == Self.picture
        }
    }

    @Test(
        "what is bad at one member and good at the other costs no viewer the map, and ejects",
        arguments: ["exception", "type", "signature", "size", "empty"])
    func comparison(_ kind: String) throws {
        let pair = try TwoMembers(pool: Self.strict)
        let bad: [String: (Reply, String)] = [
            "exception": (exception(nil), "service-exception"),
            "type": (reply("text/html", Self.picture), "wrong-type"),
            "signature": (
                reply("image/png", Array("GIF89a, and no PNG at all".utf8)), "wrong-signature"
            ),
            "size": (reply("image/png", BlankTile.png(width: 8, height: 16)), "wrong-size"),
            "empty": (reply("image/png", []), "empty-body"),
        ]
        let (answer, word) = try #require(bad[kind])
        pair.rooms[0].always(good)
        pair.rooms[1].always(answer)
        #expect(try good(pair, 12) == 12)
        let member = try pair.members()[1]
        #expect(member["state"]?.text == "ejected" && member["lastFailure"]?.text == word)
        #expect(pair.rooms[1].count == 3)
    }

    @Test(
        "a crawler with bad URLs takes nobody down",
        arguments: ["LayerNotDefined", "InvalidFormat", nil])
    func crawler(_ code: String?) throws {
        let pair = try TwoMembers(pool: Self.strict)
        for room in pair.rooms { room.always(exception(code)) }
        #expect(try good(pair, 20) == 0)
        #expect(try pair.states() == ["up", "up"])
        #expect(try pair.members().allSatisfy { $0["failures"]?.number == 0 })
        // Its own fault is known by its code, and nobody else is asked.
        if code == "InvalidFormat" { #expect(pair.rooms.map(\.count) == [10, 10]) }
    }

    @Test("a layer that one member does not know counts against its readiness")
    func layer() throws {
        let pair = try TwoMembers(pool: Self.strict)
        pair.rooms[0].always(good)
        pair.rooms[1].always(exception("LayerNotDefined"))
        #expect(try good(pair, 12) == 12)
        let member = try pair.members()[1]
        #expect(member["state"]?.text == "lacks-layers")
        #expect(member["readiness"]?.text == "lacks-layers")
        #expect(member["liveness"]?.text == "alive")
        #expect(member["lacks"]?.elements.compactMap(\.text) == ["a"])
        #expect(pair.rooms[1].count == 3)
        #expect(try pair.edge.admin("/readyz").text.contains("(lacks-layers: layer-unknown"))
    }

    @Test("the code is read also where the exception is compressed on its way")
    func compressed() throws {
        let pair = try TwoMembers(pool: Self.strict, arguments: ["--mode", "cloudfront"])
        let xml = "<ServiceExceptionReport><ServiceException code=\"InvalidFormat\">"
        let text = xml + String(repeating: "why ", count: 1_000)
        for room in pair.rooms { room.always(reply("text/xml", Array(text.utf8))) }
        for number in 0..<8 {
            var viewer = try pair.edge.viewer()
            _ = try viewer.exchange(
                "GET \(pair.rooms[0].path("\(Self.target)&n=\(number)")) HTTP/1.1\r\n"
                    + "Host: edge.test\r\nAccept-Encoding: gzip\r\n\r\n")
        }
        #expect(pair.rooms.map(\.count) == [4, 4], "nobody else is asked")
    }

    @Test("switched off, an exception is nobody's failure, and nobody else is asked")
    func switchedOff() throws {
        let pair = try TwoMembers(
            pool: Self.strict + ["  passive: { exceptions: false, wrongContent: false }"])
        pair.rooms[0].always(good)
        pair.rooms[1].always(exception(nil))
        #expect(try good(pair, 12) == 6)
        #expect(try pair.states() == ["up", "up"])
    }

    @Test("a picture of a size that nobody asked for is an image of the right one, and not stored")
    func otherSize() throws {
        let pair = try TwoMembers(pool: Self.strict)
        let other = BlankTile.png(width: 16, height: 8)
        let head =
            "HTTP/1.1 200 Fine\r\nCache-Control: max-age=600\r\nContent-Type: image/png\r\n"
            + "Content-Length: \(other.count)\r\n\r\n"
        for room in pair.rooms { room.always(Reply([.send(Array(head.utf8) + other)])) }
        let path = pair.rooms[0].path(Self.target)
        for count in [2, 4] {
            let answer = try pair.edge.get(path)
            #expect(answer.status == 503 && answer["Content-Type"] == "image/png")
            #expect(ImageSize(answer.body) == ImageSize(width: 8, height: 8))
            #expect(answer["Cache-Status"]?.contains("content-rejected") == true)
            #expect(pair.rooms.map(\.count).reduce(0, +) == count, "each is asked once")
        }
        #expect(try pair.edge.hasWrittenAll)
        #expect(try pair.edge.metric("mapedge_stored_total") == 0)
        #expect(try pair.states() == ["up", "up"], "where both answer alike, nobody is blamed")
    }

    @Test("a picture without its end counts, is not stored, and no viewer sees it")
    func truncated() throws {
        let pair = try TwoMembers(pool: Self.strict)
        let half = Array(Self.picture.dropLast(12))
        for room in pair.rooms {
            room.answers { _ in
                let head =
                    "HTTP/1.1 200 Fine\r\nCache-Control: max-age=600\r\n"
                    + "Content-Type: image/png\r\nContent-Length: \(half.count)\r\n\r\n"
                return Reply([.send(Array(head.utf8) + half)])
            }
        }
        for number in 0..<8 {
            let answer = try pair.edge.get(pair.rooms[0].path("\(Self.target)&n=\(number)"))
            #expect(answer.status == 503 && answer.body != half)
        }
        #expect(try pair.edge.hasWrittenAll)
        #expect(try pair.edge.metric("mapedge_stored_total") == 0)
        // Each map of one member at least, and of both as long as there are two to ask.
        #expect((9...16).contains(pair.rooms.map(\.count).reduce(0, +)))
        let members = try pair.members()
        #expect(members.contains { $0["state"]?.text == "ejected" })
        #expect(members.contains { $0["state"]?.text == "up" }, "the last one stays")
        #expect(members.allSatisfy { $0["lastFailure"]?.text == "truncated" })
    }

    @Test(
        "a head, or a picture, that begins later than its bound counts", arguments: [true, false])
    func slow(_ isHead: Bool) throws {
        let bound = isHead ? "slowHead: 300ms" : "slowBody: 300ms"
        let pair = try TwoMembers(pool: Self.strict + ["  passive: { \(bound) }"])
        pair.rooms[0].always(good)
        let gates = Array((0..<3).map { _ in Gate() })
        let next = Monitor(gates[...])
        let picture = Self.picture
        pair.rooms[1].answers { _ in
            let gate = next.with { $0.popFirst() } ?? Gate()
            let head = Reply.Step.send(
                Array(
                    ("HTTP/1.1 200 Fine\r\nCache-Control: no-store\r\n"
                        + "Content-Type: image/png\r\nContent-Length: \(picture.count)\r\n\r\n")
                        .utf8))
            return Reply(
                isHead ? [.pass(gate), head, .send(picture)] : [head, .pass(gate), .send(picture)])
        }
        func total() -> Int { pair.rooms.map(\.count).reduce(0, +) }
        for gate in gates {
            var viewer = try pair.edge.viewer()
            let before = pair.rooms[1].count
            while true {
                let asked = total()
                try viewer.send(
                    "GET \(pair.rooms[0].path("\(Self.target)&n=\(Serial.next())")) HTTP/1.1\r\n"
                        + "Host: edge.test\r\n\r\n")
                #expect(eventually { total() > asked ? true : nil } == true)
                if pair.rooms[1].count > before { break }
                #expect(try viewer.response().status == 200)
            }
            #expect(gate.awaitArrival())
            // Its bound goes by, and not a moment of it asleep.
            let start = ContinuousClock.now
            while ContinuousClock.now - start < .milliseconds(400) {
                _ = try pair.edge.admin("/status")
            }
            gate.open()
            #expect(try viewer.response().status == 200)
        }
        let member = try pair.members()[1]
        #expect(member["state"]?.text == "ejected")
        #expect(member["lastFailure"]?.text == (isHead ? "slow-head" : "slow-body"))
    }

    @Test("who waits for a member when it is found dead goes to another at once")
    func foundDead() throws {
        let pair = try TwoMembers(pool: [
            "firstByteTimeout: 60s", "retryBudget: 0", "health:", "  path: /health/it",
            "  interval: 1s", "  timeout: 1s", "  fall: 3",
        ])
        let gate = Gate()
        pair.first.room(named: "health").always(.ok())
        pair.second.room(named: "health").always(Reply([.pass(gate)]))
        pair.rooms[0].always(.ok("Cache-Control: no-store", body: "ok"))
        pair.rooms[1].always(Reply([.pass(gate)]))
        var viewers = try (0..<10).map { number in
            let viewer = try pair.edge.viewer()
            try viewer.send(
                "GET \(pair.rooms[0].path("\(number)")) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
            return viewer
        }
        for index in viewers.indices { #expect(try viewers[index].response().text == "ok") }
        #expect(pair.rooms[1].count > 0)
        let member = try pair.members()[1]
        #expect(member["state"]?.text == "down" && member["liveness"]?.text == "dead")
        gate.open()
    }

    @Test("a member on probation costs one request at a time, and that one waits for no longer")
    func trial() throws {
        let pair = try TwoMembers(pool: [
            "firstByteTimeout: 60s", "retryBudget: 0", "health:", "  consecutiveFailures: 1",
            "  ejection: 100ms", "  ejectionMaximum: 100ms", "  trialTimeout: 200ms",
        ])
        let gate = Gate()
        pair.rooms[0].always(.ok("Cache-Control: no-store", body: "ok"))
        // One failure that ejects it, whoever is asked again; then it hangs.
        pair.rooms[1].reply(.response(503))
        pair.rooms[1].always(Reply([.pass(gate)]))
        let isTried = try eventually {
            _ = try pair.edge.get(pair.rooms[0].path("\(Serial.next())"))
            return pair.rooms[1].count > 3 ? true : nil
        }
        #expect(isTried == true)
        #expect(try pair.members()[1]["lastFailure"]?.text == "first-byte-timeout")
        gate.open()
        let isBack = try eventually {
            pair.rooms[1].always(.ok("Cache-Control: no-store", body: "ok"))
            #expect(try pair.edge.get(pair.rooms[0].path("\(Serial.next())")).text == "ok")
            return try pair.states()[1] == "slow-start" ? true : nil
        }
        #expect(isBack == true)
    }

    @Test("a fingerprint of each member's capabilities is in /status")
    func fingerprints() throws {
        let pair = try TwoMembers(pool: [
            "health:", "  interval: 300ms", "  checks:",
            "    - { kind: capabilities, path: /caps/it, layers: [roads] }",
        ])
        func capabilities(_ layer: String) -> Reply {
            reply(
                "text/xml",
                Array(
                    ("<WMS_Capabilities updateSequence=\"4\"><Layer><Name>\(layer)</Name></Layer>"
                        + "</WMS_Capabilities>").utf8))
        }
        pair.first.room(named: "caps").always(capabilities("roads"))
        pair.second.room(named: "caps").always(capabilities("rivers"))
        let expected = ["passed", "check-layer-missing"]
        let members = try eventually {
            let members = try pair.members()
            let words = members.map { $0["checks"]?.elements.first?["last"]?.text }
            return words == expected && members[1]["readiness"]?.text == "not-ready" ? members : nil
        }
        let checks = try #require(members).compactMap { $0["checks"]?.elements.first }
        #expect(checks.map { $0["updateSequence"]?.text } == ["4", "4"])
        #expect(checks[0]["fingerprint"]?.text?.utf8.count == 16)
        #expect(checks[0]["fingerprint"] != checks[1]["fingerprint"])
        #expect(members?[1]["liveness"]?.text == "alive")
    }
}
