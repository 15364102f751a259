import Testing
import WireTesting

/// Over Unix sockets, whose buffers hold less than 250,000 bytes whatever passes: with more than
/// that, and less than the edge reads ahead, its own buffer holds the rest when the end comes.
@Suite("RFC 9110 §9.3.6: what a tunnel still owes when one side has ended")
struct TunnelEndTests {
    private static let handshake = """
        GET /socket HTTP/1.1\r\nHost: edge.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n
        """
    private static let switching = """
        HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n
        """
    private let directory: TemporaryDirectory
    private let listener: Socket
    private let edge: Edge

    init() throws {
        directory = try TemporaryDirectory()
        let path = directory.file("origin.sock")
        listener = try Socket.listen(path: path)
        edge = try Edge(
            origin: "unix:\(path)",
            arguments: ["--listen", "unix:\(directory.file("viewers.sock"))"],
            directory: directory)
    }

    /// Each answer is a turn of the loop, which deals with what its sockets hold.
    private func turnLoop() throws { for _ in 0..<20 { _ = try edge.admin("/metrics") } }

    /// The member's end of a tunnel whose handshake is done.
    private func accept(_ viewer: inout Viewer) throws -> Socket {
        try viewer.send(Self.handshake)
        let member = try #require(listener.accept())
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            head += try #require(try member.receive())
        }
        try member.send(Self.switching)
        #expect(try viewer.response().status == 101)
        return member
    }

    @Test("a viewer's end comes behind its last byte", arguments: [250_000, 300_000, 350_000])
    func viewerEnds(_ count: Int) throws {
        var viewer = try edge.viewer()
        let member = try accept(&viewer)
        try Pattern.send(count, to: viewer.socket)
        viewer.socket.finishSending()
        try turnLoop()
        var arrived: [UInt8] = []
        while let bytes = try member.receive(), !bytes.isEmpty { arrived += bytes }
        #expect(arrived.count == count)
        #expect(arrived.suffix(1_000).elementsEqual(Pattern.bytes(at: count - 1_000, 1_000)))
        // The other direction goes on until the member ends it.
        try member.send("last")
        member.close()
        #expect(try viewer.bytes(4) == Array("last".utf8))
        #expect(try viewer.isClosed())
    }

    @Test("a member's last bytes reach the viewer, and what that says meanwhile is no request")
    func memberEnds() throws {
        let count = 300_000
        var viewer = try Viewer(path: directory.file("viewers.sock"))
        let member = try accept(&viewer)
        let sender = member
        background {
            try? Pattern.send(count, to: sender)
            sender.finishSending()
        }
        // The member's side is closed once all of it is read here.
        while let bytes = try member.receive(), !bytes.isEmpty {}
        try viewer.send("OPTIONS * HTTP/1.1\r\nHost: edge.test\r\nMax-Forwards: 0\r\n\r\n")
        try turnLoop()
        #expect(try viewer.arePattern(count))
        #expect(try viewer.isClosed())
    }
}
