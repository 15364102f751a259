import Dispatch
import Edge
import Glibc
import HTTP
import Testing
import WireTesting

@testable import Control
@testable import Reactor

/// An admin server on a free port, stopped when the test is over.
final class RunningAdmin: Sendable {
    let server: AdminServer

    init(_ subject: any AdminSubject = ScriptedSubject(), on endpoint: Endpoint? = nil) throws {
        server = try AdminServer(
            on: [endpoint ?? .ip(.loopback(port: 0))], subject: subject, events: SilentObserver())
        server.start()
    }

    deinit { server.stop() }

    var client: AdminClient { get throws { try AdminClient("\(server.boundEndpoints[0])") } }

    /// Sends the bytes as they are and takes all that comes; nil if the server does not close.
    func exchange(_ request: String, ending: Bool = false) throws -> String? {
        let socket = try TimedSocket.connect(to: server.boundEndpoints[0], within: .seconds(20))
        guard socket.write(Array(request.utf8)) else { return nil }
        if ending { socket.endWriting() }
        return received(socket)
    }

    func received(_ socket: TimedSocket) -> String? {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4_096)
        while let count = part.withUnsafeMutableBytes({ socket.read(into: $0) }) {
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += part[..<count]
        }
        return nil
    }
}

@Suite("Admin port: the spare descriptor")
struct SpareDescriptorTests {
    @Test("it is given up once, and taken again")
    func spare() throws {
        let wake = try WakeEvent()
        let spare = SpareDescriptor(of: wake.descriptor)
        spare.restore()
        #expect(spare.release())
        #expect(!spare.release())
        spare.restore()
        #expect(spare.release())
    }
}

@Suite("Admin port: over the wire")
struct AdminServerTests {
    @Test("one request, one answer, and the connection is closed")
    func exchange() throws {
        let admin = try RunningAdmin()
        let answer = try admin.exchange("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(
            answer == "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
                + "Content-Length: 6\r\nCache-Control: no-store\r\n"
                + "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\nready\n")
    }

    @Test("HEAD has the fields and no body (RFC 9110 §9.3.2)")
    func head() throws {
        let admin = try RunningAdmin()
        let answer = try admin.exchange("HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(answer?.hasSuffix("\r\n\r\n") == true)
        #expect(answer?.contains("Content-Length: 0") == false)
    }

    @Test("a query is no part of the path")
    func query() throws {
        let admin = try RunningAdmin()
        let answer = try admin.exchange("GET /readyz?verbose HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(answer?.hasPrefix("HTTP/1.1 200 ") == true)
    }

    @Test("what is no HTTP is refused", arguments: ["GARBAGE\r\n\r\n", "GET / HTTP/1.1\r\n\r\n"])
    func malformed(_ request: String) throws {
        let admin = try RunningAdmin()
        #expect(try admin.exchange(request)?.hasPrefix("HTTP/1.1 400 ") == true)
    }

    @Test("a head that does not end is refused once it is too long")
    func endless() throws {
        let admin = try RunningAdmin()
        let field = "X-Filler: \(String(repeating: "x", count: 1_000))\r\n"
        let request = "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: field, count: 20)
        #expect(try admin.exchange(request)?.hasPrefix("HTTP/1.1 431 ") == true)
    }

    @Test("a peer that leaves before its head is complete gets no answer")
    func leaves() throws {
        let admin = try RunningAdmin()
        #expect(try admin.exchange("GET /readyz HT", ending: true) == "")
    }

    @Test("peers that say nothing keep nobody else waiting")
    func silentPeers() throws {
        let admin = try RunningAdmin()
        let endpoint = admin.server.boundEndpoints[0]
        let first = try TimedSocket.connect(to: endpoint, within: .seconds(20))
        let second = try TimedSocket.connect(to: endpoint, within: .seconds(20))
        #expect(try admin.exchange("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n") != nil)
        first.endWriting()
        second.endWriting()
        #expect(admin.received(first) == "")
        #expect(admin.received(second) == "")
    }

    @Test("of 33 peers that say nothing the first makes room, and who asks is answered")
    func crowd() throws {
        let admin = try RunningAdmin()
        let endpoint = admin.server.boundEndpoints[0]
        let peers = try (0...AdminServer.connectionsMax).map { _ in
            try TimedSocket.connect(to: endpoint, within: .seconds(20))
        }
        // Long before the ten seconds of any of them are over.
        let begun = ContinuousClock.now
        let request = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
        #expect(try admin.exchange(request)?.hasSuffix("ok\n") == true)
        #expect(.now - begun < .seconds(5))
        #expect(admin.received(peers[0]) == "")
        #expect(admin.received(peers[1]) == "")
        // The last of them still has its place.
        let last = peers[AdminServer.connectionsMax]
        #expect(last.write(Array(request.utf8)))
        #expect(admin.received(last)?.hasSuffix("ok\n") == true)
    }

    @Test("peers that say nothing do not hold up the stop")
    func crowdedStop() throws {
        let admin = try RunningAdmin()
        let endpoint = admin.server.boundEndpoints[0]
        let peers = try (0..<40).map { _ in
            try TimedSocket.connect(to: endpoint, within: .seconds(20))
        }
        let begun = ContinuousClock.now
        admin.server.stop()
        #expect(.now - begun < .seconds(5))
        for peer in peers { peer.endWriting() }
    }

    @Test("a POST with the Origin of another site is refused")
    func origin() throws {
        let admin = try RunningAdmin()
        let port = "\(admin.server.boundEndpoints[0])".split(separator: ":").last ?? ""
        for (origin, status) in [
            ("http://evil.test", "403"), ("http://localhost:\(port)", "200"), ("null", "403"),
        ] {
            let answer = try admin.exchange(
                "POST /reload HTTP/1.1\r\nHost: localhost:\(port)\r\nOrigin: \(origin)\r\n"
                    + "Content-Length: 0\r\n\r\n")
            #expect(answer?.hasPrefix("HTTP/1.1 \(status) ") == true, "\(origin)")
        }
    }

    @Test(
        "a name that somebody else may give this machine is another site",
        arguments: [
            ("rebound.test", "403"), ("rebound.test:1", "403"), ("127.0.0.1.evil.test", "403"),
            ("127.0.0.1:8081", "200"), ("[::1]:8081", "200"), ("LOCALHOST", "200"),
        ])
    func rebinding(_ host: String, _ status: String) throws {
        let admin = try RunningAdmin()
        let answer = try admin.exchange(
            "POST /reload HTTP/1.1\r\nHost: \(host)\r\nOrigin: http://\(host)\r\n"
                + "Content-Length: 0\r\n\r\n")
        #expect(answer?.hasPrefix("HTTP/1.1 \(status) ") == true, "\(answer ?? "nothing")")
    }

    @Test("the client reads the status and reloads")
    func client() throws {
        let admin = try RunningAdmin()
        #expect(try admin.client.statusJSON() == ScriptedSubject().statusJSON())
        let reloaded = try admin.client.reload()
        #expect(reloaded.isSwapped && reloaded.lines == ["reloaded"])
        let refusing = try RunningAdmin(ScriptedSubject(outcome: .refused(["a; b", "c; d"])))
        let refused = try refusing.client.reload()
        #expect(!refused.isSwapped && refused.lines == ["a; b", "c; d"])
    }

    @Test("after stop the port is closed, and the client says how to start an edge")
    func stopped() throws {
        let admin = try RunningAdmin()
        let client = try admin.client
        let endpoint = admin.server.boundEndpoints[0]
        admin.server.stop()
        let error = #expect(throws: AdminClientError.self) { try client.statusJSON() }
        #expect(
            error?.description == "no edge answers on \(endpoint): Connection refused; start one "
                + "with \"mapedge serve\", or name its admin port with --admin")
    }

    @Test("a port that speaks no HTTP is told to be no admin port")
    func otherPort() throws {
        let listener = try listen(on: .ip(.loopback(port: 0)), backlog: 16, reusePort: false)
        let address = boundAddress(listener)
        DispatchQueue(label: "test.mail").async {
            acceptAll(listener) { _ = $0.write(Array("220 mail.test ready\r\n".utf8)) }
        }
        defer { shutdown(listener, Int32(SHUT_RDWR)) }
        let error = #expect(throws: AdminClientError.self) {
            try AdminClient("\(address)").statusJSON()
        }
        #expect(error?.description.contains("gives no HTTP answer, so that it is no admin") == true)
    }

    @Test("a port that is taken is told with what to do")
    func taken() throws {
        let admin = try RunningAdmin()
        let endpoint = admin.server.boundEndpoints[0]
        let error = #expect(throws: SystemError.self) {
            try AdminServer(on: [endpoint], subject: ScriptedSubject(), events: SilentObserver())
        }
        #expect(error?.description.contains("another process listens on \(endpoint)") == true)
    }

    @Test(
        "an address that is none is told before anything is asked",
        arguments: [
            (
                "http://127.0.0.1:80",
                "--admin is \"http://127.0.0.1:80\", which is no address and port; "
                    + "write HOST:PORT, without a scheme"
            ),
            (
                "missing.test:80",
                "--admin names \"missing.test\": Name or service not known; "
                    + "correct the name, or give the address itself"
            ),
        ])
    func noAddress(_ text: String, _ expected: String) {
        let error = #expect(throws: AdminClientError.self) {
            try AdminClient(text, resolver: TableResolver())
        }
        #expect(error?.description == expected)
    }
}
