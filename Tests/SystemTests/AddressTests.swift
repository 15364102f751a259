import Testing
import WireTesting

@Suite("Where viewers come from")
struct AddressTests {
    private let origin: Origin
    private let room: Room
    private let request: String

    init() throws {
        origin = try Origin()
        room = origin.room()
        room.always(.ok("Cache-Control: no-store", body: "served"))
        request = "GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n"
    }

    @Test("IPv6")
    func six() throws {
        let edge = try Edge(origin: origin.url, arguments: ["--listen", "[::1]:0"])
        let line = try #require(edge.child.line(with: "listening on http://[::1]:"))
        let port = try #require(line.split(separator: ":").last.flatMap { UInt16($0) })
        var viewer = try Viewer(port6: port)
        #expect(try viewer.exchange(request + "\r\n").text == "served")
        #expect(room.requests.first?["X-Forwarded-For"] == "::1")
    }

    @Test("a Unix socket")
    func unix() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("edge.sock")
        let edge = try Edge(origin: origin.url, arguments: ["--listen", "unix:\(path)"])
        var viewer = try Viewer(path: path)
        #expect(try viewer.exchange(request + "\r\n").text == "served")
        #expect(edge.child.isRunning)
        // Such a viewer has no address, and none is made up for it.
        #expect(room.requests.last?["X-Forwarded-For"] == nil)
        #expect(room.requests.last?["X-Forwarded-Proto"] == "http")
        _ = try viewer.exchange(request + "X-Forwarded-For: 192.0.2.1\r\n\r\n")
        #expect(room.requests.last?["X-Forwarded-For"] == nil)
    }

    @Test("a proxy behind a Unix socket that is trusted names the viewer")
    func trustedUnix() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("edge.sock")
        let edge = try Edge(
            origin: origin.url,
            arguments: [
                "--listen", "unix:\(path)", "--trusted-proxy", "127.0.0.1", "--access-log",
                directory.file("access.log"),
            ])
        var viewer = try Viewer(path: path)
        let answer = try viewer.exchange(request + "X-Forwarded-For: 192.0.2.1\r\n\r\n")
        #expect(answer.text == "served")
        #expect(edge.child.isRunning)
        #expect(room.requests.last?["X-Forwarded-For"] == "192.0.2.1")
        let log = directory.file("access.log")
        let line = eventually { try? readFile(log).contains("c-ip") ? readFile(log) : nil }
        #expect(line?.contains("\"c-ip\":\"192.0.2.1\"") == true, "\(line ?? "nothing")")
    }

    @Test(
        "the access log names who asked, and no proxy that is trusted",
        arguments: [
            ("192.0.2.1", "192.0.2.1"), ("192.0.2.1, 10.1.2.3", "192.0.2.1"),
            ("6.6.6.6, 192.0.2.1, 10.1.2.3", "192.0.2.1"), ("10.1.2.3", "127.0.0.1"),
            ("192.0.2.1, unknown", "127.0.0.1"), ("nobody", "127.0.0.1"),
            ("unknown, 2001:db8::7 ", "2001:db8::7"),
        ])
    func logged(chain: String, viewer name: String) throws {
        let directory = try TemporaryDirectory()
        let log = directory.file("access.log")
        let edge = try Edge(
            origin: origin.url,
            arguments: [
                "--trusted-proxy", "127.0.0.1", "--trusted-proxy", "10.0.0.0/8", "--access-log",
                log,
            ])
        var viewer = try edge.viewer()
        _ = try viewer.exchange(request + "X-Forwarded-For: \(chain)\r\n\r\n")
        let line = eventually { try? readFile(log).contains("c-ip") ? readFile(log) : nil }
        #expect(line?.contains("\"c-ip\":\"\(name)\"") == true, "\(line ?? "nothing")")
    }

    @Test("a viewer nobody vouches for cannot say who it is")
    func spoofed() throws {
        let edge = try Edge(origin: origin.url)
        var viewer = try edge.viewer()
        _ = try viewer.exchange(
            request + "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n"
                + "Forwarded: for=192.0.2.1\r\n\r\n")
        let sent = try #require(room.requests.first)
        #expect(sent["X-Forwarded-For"] == "127.0.0.1")
        #expect(sent["X-Forwarded-Proto"] == "http")
        #expect(sent["Forwarded"]?.contains("192.0.2.1") != true)
    }

    @Test("a trusted proxy can")
    func trusted() throws {
        let edge = try Edge(origin: origin.url, arguments: ["--trusted-proxy", "127.0.0.0/8"])
        var viewer = try edge.viewer()
        _ = try viewer.exchange(
            request + "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n\r\n")
        let sent = try #require(room.requests.first)
        #expect(sent["X-Forwarded-For"] == "192.0.2.1, 127.0.0.1")
        #expect(sent["X-Forwarded-Proto"] == "https")
    }

    /// PROXY protocol v2, TCP over IPv4, from 192.0.2.7:4660 to 198.51.100.1:80.
    private let header: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x21, 0x11, 0, 12,
        192, 0, 2, 7, 198, 51, 100, 1, 0x12, 0x34, 0, 80,
    ]

    @Test("PROXY protocol v2 from a trusted proxy names the viewer")
    func proxied() throws {
        let edge = try Edge(
            origin: origin.url, arguments: ["--trusted-proxy", "127.0.0.1", "--proxy-protocol"])
        var viewer = try edge.viewer()
        for byte in header { try viewer.send([byte]) }
        #expect(try viewer.exchange(request + "\r\n").text == "served")
        #expect(room.requests.first?["X-Forwarded-For"]?.hasPrefix("192.0.2.7") == true)
    }

    /// What a viewer behind a balancer says of itself, and what the origin hears.
    private func forged(trusting more: String...) throws -> Request {
        let trusted = (["127.0.0.1"] + more).flatMap { ["--trusted-proxy", $0] }
        let edge = try Edge(origin: origin.url, arguments: trusted + ["--proxy-protocol"])
        var viewer = try edge.viewer()
        try viewer.send(header)
        let response = try viewer.exchange(
            request + "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n"
                + "X-Forwarded-Host: other.test\r\nForwarded: for=203.0.113.9\r\n\r\n")
        #expect(response.text == "served")
        return try #require(room.requests.first)
    }

    @Test("what a viewer says of itself through a trusted balancer is not believed")
    func forgedThroughBalancer() throws {
        let sent = try forged()
        #expect(sent["X-Forwarded-For"] == "192.0.2.7")
        #expect(sent["X-Forwarded-Proto"] == "http")
        #expect(sent["X-Forwarded-Host"] != "other.test")
        #expect(sent["Forwarded"]?.contains("203.0.113.9") != true)
    }

    @Test("what a trusted proxy says through it is")
    func trustedThroughBalancer() throws {
        let sent = try forged(trusting: "192.0.2.0/24")
        #expect(sent["X-Forwarded-For"] == "203.0.113.9, 192.0.2.7")
        #expect(sent["X-Forwarded-Proto"] == "https")
    }

    @Test("of a viewer whose address the balancer cannot tell nothing is believed")
    func unknownThroughBalancer() throws {
        let edge = try Edge(
            origin: origin.url, arguments: ["--trusted-proxy", "127.0.0.1", "--proxy-protocol"])
        var viewer = try edge.viewer()
        // PROXY, of no address family.
        try viewer.send(header.prefix(12) + [0x21, 0x00, 0, 0])
        let forged = "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n\r\n"
        #expect(try viewer.exchange(request + forged).text == "served")
        let sent = try #require(room.requests.first)
        #expect(sent["X-Forwarded-For"] == "127.0.0.1")
        #expect(sent["X-Forwarded-Proto"] == "http")
    }

    @Test("one who says nothing, or only for whom, is closed without an answer or a line")
    func silentBalancer() throws {
        let directory = try TemporaryDirectory()
        let log = directory.file("access.log")
        let edge = try Edge(
            origin: origin.url,
            arguments: [
                "--trusted-proxy", "127.0.0.1", "--proxy-protocol", "--access-log", log,
            ],
            configuration: "limits: { headerTimeout: 300ms }\n")
        for words in [[], Array(header.prefix(20)), header] {
            var silent = try edge.viewer()
            try silent.send(words)
            #expect(try silent.isClosed())
        }
        // Who begins a request and leaves it at that is told, and noted with the time he was given.
        var slow = try edge.viewer()
        try slow.send(header + Array("GET /".utf8))
        #expect(try slow.response().status == 408)
        let text = eventually { try? readFile(log).hasSuffix("}\n") ? readFile(log) : nil } ?? ""
        #expect(text.split(separator: "\n").count == 1, "\(text)")
        let time = text.split(separator: "\"time-taken\":").last?.prefix { $0 != "," }
        #expect(time.flatMap { Double($0) }.map { (0.3..<60).contains($0) } == true, "\(text)")
    }

    @Test("a connection that should begin with it and does not is closed")
    func missingHeader() throws {
        let edge = try Edge(
            origin: origin.url, arguments: ["--trusted-proxy", "127.0.0.1", "--proxy-protocol"])
        var viewer = try edge.viewer()
        try viewer.send(request + "\r\n")
        #expect(throws: WireError.self) { try viewer.response() }
        #expect(room.count == 0)
    }
}
