import Testing
import WireTesting

@Suite("RFC 9112 §8: a body that ends with its connection")
struct BrokenBodyTests {
    @Test(
        "is cut where the member broke the connection while it was still being sent to",
        arguments: ["1.0", "1.1"])
    func broken(version: String) throws {
        let (origin, gate) = (try Origin(), Gate())
        let edge = try Edge(origin: origin.url)
        let room = origin.room()
        room.reply(
            Reply.raw("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf", .pass(gate), .reset)
                .early())
        var viewer = try edge.viewer()
        try viewer.send(
            "POST \(room.path()) HTTP/\(version)\r\nHost: edge.test\r\n"
                + "Content-Length: 50000000\r\n\r\n")
        // More than lies between viewer and member: the edge waits for the member to take it.
        let socket = viewer.socket
        // A reset is told once: to who sends, or to who reads. In 1.1 the last chunk is missing, too.
        let wasTold = Monitor(false)
        background {
            do {
                try Pattern.send(50_000_000, to: socket)
            } catch {
                wasTold.with { $0 = true }
            }
        }
        let head = try viewer.headOnly()
        #expect(head.startLine.contains(" 200 "))
        gate.open()
        let answer = try viewer.rest(behind: head)
        #expect(answer.isCut || version == "1.0" && wasTold.with { $0 })
        #expect(answer.text == "half")
    }

    @Test("is whole where the member closed in order")
    func whole() throws {
        let origin = try Origin()
        let edge = try Edge(origin: origin.url)
        let room = origin.room()
        room.reply(.raw("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nwhole", .close))
        var viewer = try edge.viewer()
        let answer = try viewer.exchange("GET \(room.path()) HTTP/1.0\r\nHost: edge.test\r\n\r\n")
        #expect(!answer.isCut && answer.text == "whole")
    }
}
