import Testing
import WireTesting

@Suite("A pool by DNS, with a name server that falls silent")
struct DNSPoolTests {
    @Test("its members are found by the binary, and a question without an answer keeps nobody")
    func silent() throws {
        let names = try StandIn("DNS", ["--answers", "1"])
        let directory = try TemporaryDirectory()
        // One question waits for longer than all that follows may take.
        let resolver = try directory.write(
            "resolv.conf", "nameserver [127.0.0.1]:\(names.port)\noptions timeout:30 attempts:1\n")
        let origin = try Origin()
        let room = origin.room("maps")
        room.answers { .ok("Cache-Control: max-age=600", body: $0.target) }
        let text = """
            origins:
              maps:
                discover: { dns: maps.test., port: \(origin.port) }

            """
        // One loop: a question that kept it would keep everybody.
        let edge = try Edge(
            origin: nil, configuration: text, directory: directory,
            environment: ["MAPEDGE_RESOLV_CONF=\(resolver)"])
        #expect(names.child.line(with: "answered maps.test") != nil)
        let path = room.path("stored")
        #expect(try edge.get(path).text == path)
        // The record is over, and the next question is under way from here on.
        #expect(names.child.line(with: "silent about maps.test") != nil)
        var viewer = try edge.viewer()
        for number in 0..<50 {
            let hit = try viewer.exchange("GET \(path) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
            #expect(hit.isHit && hit.text == path)
            let other = room.path("new-\(number)")
            let miss = try viewer.exchange("GET \(other) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
            #expect(miss.status == 200 && miss.text == other)
        }
        // It has failed for nobody yet: all this was while it waited.
        let source = try JSON(edge.admin("/status").text)["origins"]?.elements.first?["source"]
        #expect(source?["kind"]?.text == "dns A maps.test.")
        #expect(source?["failure"]?.text == nil)
        #expect(names.child.log.count { $0.hasPrefix("silent") } == 1)
    }
}
