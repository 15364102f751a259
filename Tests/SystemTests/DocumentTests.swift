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

    @Test("capabilities longer than what is held back go out as they come, and are not stored cut")
    func long() throws {
        let pair = try TwoMembers(pool: ["retryBudget: 100"])
        let layer = "<Layer><Name>\(String(repeating: "x", count: 1_000))</Name></Layer>"
        let body = "<WMS_Capabilities>" + String(repeating: layer, count: 9_000)
        for room in pair.rooms {
            room.always(
                Reply.response(
                    200, ["Content-Type: text/xml", "Cache-Control: max-age=600"],
                    body: body))
        }
        for _ in 0..<2 {
            let answer = try pair.edge.get(pair.rooms[0].path(Self.target))
            #expect(answer.status == 200 && answer.body.count == body.utf8.count)
            #expect(!answer.isHit)
        }
        #expect(
            try pair.members().allSatisfy {
                $0["lastFailure"]?.text == "incomplete-document"
            })
    }
}
