import Testing
import WireTesting

@Suite("Documents of map services are judged before anybody has them")
struct DocumentTests {
    private static let good =
        "<WMS_Capabilities><Layer><Name>roads</Name></Layer></WMS_Capabilities>"
    private static let target = "wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetCapabilities"

    private func reply(_ body: String, _ type: String = "text/xml") -> Reply {
        Reply.response(
            200, ["Content-Type: \(type)", "Cache-Control: no-store"], body: body)
    }

    @Test(
        "what is bad at one member and good at the other costs nobody the document, and ejects",
        arguments: [
            (
                "<ServiceExceptionReport><ServiceException/></ServiceExceptionReport>",
                "service-exception"
            ),
            ("<WMS_Capabilities><Layer><ServiceExceptionReport>", "service-exception"),
            ("<WMS_Capabilities><Layer><Name>roads", "incomplete-document"),
        ])
    func comparison(_ bad: String, _ word: String) throws {
        let pair = try TwoMembers(
            pool: ["retryBudget: 100", "health:", "  consecutiveFailures: 3", "  ejection: 60s"])
        pair.rooms[0].always(reply(Self.good))
        pair.rooms[1].always(reply(bad))
        for number in 0..<12 {
            let answer = try pair.edge.get(pair.rooms[0].path("\(Self.target)&n=\(number)"))
            #expect(answer.status == 200 && answer.text == Self.good)
        }
        let member = try pair.members()[1]
        #expect(member["state"]?.text == "ejected" && member["lastFailure"]?.text == word)
        #expect(pair.rooms[1].count == 3)
    }

    @Test("features that are an exception are asked of another member, too")
    func features() throws {
        let pair = try TwoMembers(pool: ["retryBudget: 100"])
        let features = "<wfs:FeatureCollection xmlns:wfs=\"w\"/>"
        pair.rooms[0].always(reply(features))
        pair.rooms[1].always(reply("<ows:ExceptionReport xmlns:ows=\"o\"/>"))
        for number in 0..<6 {
            let path = pair.rooms[0].path(
                "wfs?SERVICE=WFS&VERSION=1.1.0&REQUEST=GetFeature&TYPENAME=a&n=\(number)")
            #expect(try pair.edge.get(path).text == features)
        }
        #expect(pair.rooms[1].count > 0)
    }

    @Test("features that break off behind their beginning go out as they come, and are not stored")
    func brokenFeatures() throws {
        let test = try Configured()
        let room = test.origin.room("broken")
        let start = "<w:FeatureCollection>" + String(repeating: "<w:member/>", count: 40)
        let report = "<ows:ExceptionReport><ows:Exception/></ows:ExceptionReport>"
        let whole = "</w:FeatureCollection>"
        let endings = ["<w:member>", report + whole, "<?xml version=\"1.0\"?><a/>"]
        for (number, rest) in endings.enumerated() {
            let target = room.path("wfs?SERVICE=WFS&REQUEST=GetFeature&TYPENAME=a&n=\(number)")
            let gate = Gate()
            room.reply(pieces(start, gate, rest))
            var viewer = try test.edge.viewer()
            try viewer.send("GET \(target) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
            #expect(try viewer.headOnly().startLine.contains(" 200 "))
            gate.open()
            let body = try viewer.bytes((start + rest).utf8.count)
            #expect(String(decoding: body, as: UTF8.self) == start + rest)
            let again = try viewer.exchange(
                "GET \(target) HTTP/1.1\r\nHost: edge.test\r\n"
                    + "Cache-Control: only-if-cached\r\n\r\n")
            #expect(again.status == 503 && !again.isHit)
        }
        let target = room.path("wfs?SERVICE=WFS&REQUEST=GetFeature&TYPENAME=a&n=9")
        let gate = Gate()
        gate.open()
        room.reply(pieces(start, gate, whole))
        #expect(try test.edge.get(target).text == start + whole)
        #expect(try test.edge.get(target).isHit)
    }

    private func pieces(_ start: String, _ gate: Gate, _ rest: String) -> Reply {
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nCache-Control: max-age=600\r\n"
            + "Content-Length: \((start + rest).utf8.count)\r\n\r\n"
        return Reply([.send(Array((head + start).utf8)), .pass(gate), .send(Array(rest.utf8))])
    }

    @Test("capabilities longer than what is held back go out as they come, and are not stored cut")
    func long() throws {
        let test = try Configured()
        let room = test.origin.room("long")
        let layer = "<Layer><Name>\(String(repeating: "x", count: 4_000))</Name></Layer>"
        let part = "<WMS_Capabilities>" + String(repeating: layer, count: 2_100)
        let gate = Gate()
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nCache-Control: max-age=600\r\n"
            + "Content-Length: \(part.utf8.count + layer.utf8.count)\r\n\r\n"
        room.always(
            Reply([.send(Array((head + part).utf8)), .pass(gate), .send(Array(layer.utf8))]))
        var viewer = try test.edge.viewer()
        let target = room.path(Self.target)
        try viewer.send("GET \(target) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        // It goes out although its end is not there yet.
        #expect(try viewer.headOnly().startLine.contains(" 200 "))
        gate.open()
        #expect(try viewer.bytes(part.utf8.count + layer.utf8.count).count > part.utf8.count)
        let again = try viewer.exchange(
            "GET \(target) HTTP/1.1\r\nHost: edge.test\r\n"
                + "Cache-Control: only-if-cached\r\n\r\n")
        #expect(again.status == 503 && !again.isHit)
    }
}
