import Glibc
import Reactor
import Testing

@Suite("TLS: handshake")
struct HandshakeTests {
    @Test(arguments: [TLSVersion.tls12, .tls13])
    func `both sides agree on a version, and on HTTP/1.1`(_ version: TLSVersion) throws {
        let bench = try TLSBench(
            .server("edge"), .viewer { $0.rules.versionMax = version })
        let ends = bench.shakeHands()
        #expect(ends.viewer == .wouldBlock && ends.server == .wouldBlock)
        let server = try #require(bench.serverState)
        #expect(server.isEstablished && server.version == "TLSv\(version.rawValue)")
        #expect(server.applicationProtocol == "http/1.1" && server.serverName == "edge.test")
        #expect(!server.isResumed && server.peer == nil)
        let viewer = try #require(bench.viewerState)
        #expect(viewer.peer?.certificate.names == ["edge.test", "www.edge.test"])
        #expect(viewer.peer?.objection == nil)
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func `the viewer's bytes may be split anywhere`(_ version: TLSVersion) throws {
        let server = try TLSContext.server("edge") { $0.rules.sessionSeconds = 0 }
        let viewer = try TLSContext.viewer {
            $0.rules.versionMax = version
            $0.rules.sessionSeconds = 0
        }
        var split = 1
        var total = Int.max
        while split < total {
            let bench = try TLSBench(server, viewer)
            while bench.carried.up < split {
                _ = bench.bench.result(ofReceiveFrom: bench.viewer)
                bench.carry(up: split - bench.carried.up)
                _ = bench.bench.result(ofReceiveFrom: bench.server)
            }
            bench.shakeHands()
            let state = try #require(bench.serverState)
            #expect(state.isEstablished, "split at \(split)")
            total = bench.carried.up
            split += 1
        }
        #expect(total > 200)
    }

    @Test func `one byte at a time is as good as all at once`() throws {
        let bench = try TLSBench(.server("edge"), .viewer())
        while bench.serverState?.isEstablished == false {
            _ = bench.bench.result(ofReceiveFrom: bench.viewer)
            bench.carry(up: 1, down: 1)
            _ = bench.bench.result(ofReceiveFrom: bench.server)
        }
        #expect(bench.transfer([1, 2, 3], from: bench.viewer, to: bench.server) == [1, 2, 3])
    }

    @Test func `a certificate for another host is refused`() throws {
        let bench = try TLSBench(.server("edge"), .viewer(), host: "other.test")
        let ends = bench.shakeHands()
        #expect(ends.viewer == .failed(EKEYREJECTED))
        #expect(bench.viewerFailure == .untrusted("hostname mismatch"))
        // The server is told, and says so.
        guard case .failed = ends.server else {
            Issue.record("the server goes on: \(ends.server)")
            return
        }
        #expect("\(try #require(bench.serverFailure))".contains("alert"))
    }

    @Test(arguments: [
        ("edge", "edge.test"), ("edge", "WWW.edge.test"), ("wild", "a.maps.test"),
        ("address", "127.0.0.1"),
    ])
    func `a name is verified as certificates write it`(_ pair: (String, String)) throws {
        let bench = try TLSBench(.server(pair.0), .viewer(), host: pair.1)
        bench.shakeHands()
        #expect(bench.viewerState?.isEstablished == true, "\(bench.viewerFailure as Any)")
    }

    @Test(arguments: [("wild", "a.b.maps.test"), ("wild", "maps.test"), ("address", "127.0.0.2")])
    func `a wildcard stands for one label, an address for itself`(
        _ pair: (String, String)
    ) throws {
        let bench = try TLSBench(.server(pair.0), .viewer(), host: pair.1)
        #expect(bench.shakeHands().viewer == .failed(EKEYREJECTED))
    }

    @Test(arguments: [
        ("edge.test", "other.test", true), ("other.test", "edge.test", true),
        ("other.test", "another.test", false),
    ])
    func `one of two names is enough, and the first is asked for`(
        _ row: (host: String, other: String, isBelieved: Bool)
    ) throws {
        let bench = try TLSBench(.server("edge"), .viewer(), host: row.host, or: row.other)
        let ends = bench.shakeHands()
        #expect(bench.viewerState?.isEstablished == row.isBelieved)
        #expect((ends.viewer == .failed(EKEYREJECTED)) != row.isBelieved)
        #expect(bench.serverState?.serverName == row.host)
    }

    @Test func `an expired certificate is refused, and so is a stranger's`() throws {
        let expired = try TLSBench(.server("expired"), .viewer())
        #expect(expired.shakeHands().viewer == .failed(EKEYREJECTED))
        #expect(expired.viewerFailure == .untrusted("certificate has expired"))
        let stranger = try Certificates.get().path("stranger.pem")
        let unknown = try TLSBench(.server("edge"), .viewer { $0.trust = .file(stranger) })
        #expect(unknown.shakeHands().viewer == .failed(EKEYREJECTED))
    }

    @Test func `whoever trusts anyone is told of no objection it did not ask for`() throws {
        let bench = try TLSBench(.server("expired"), .viewer { $0.trust = .anyone }, host: "x.test")
        bench.shakeHands()
        #expect(bench.viewerState?.isEstablished == true)
    }

    @Test func `a hello of TLS 1.1 is refused with an alert`() throws {
        let bench = try TLSBench(.server("edge"), .viewer())
        // Version 3.2, 32 bytes of randomness, no session, one suite, no compression.
        let body = [3, 2] + [UInt8](repeating: 7, count: 32) + [0, 0, 2, 0xC0, 0x13, 1, 0]
        let hello = [1, 0, 0, UInt8(body.count)] + body
        let record = [22, 3, 1, 0, UInt8(hello.count)] + hello
        #expect(bench.bench.send(bench.wire, [record]) == .bytes(record.count))
        #expect(bench.bench.result(ofReceiveFrom: bench.server) == .failed(EPROTO))
        #expect(bench.serverFailure == .broken("unsupported protocol"))
        // Alert, fatal, protocol_version.
        #expect(bench.bench.receive(bench.wire, 64).suffix(2) == [2, 70])
    }

    @Test func `plain HTTP where TLS is spoken fails at once`() throws {
        let bench = try TLSBench(.server("edge"), .viewer())
        _ = bench.bench.send(bench.wire, [Array("GET / HTTP/1.1\r\n\r\n".utf8)])
        #expect(bench.bench.result(ofReceiveFrom: bench.server) == .failed(EPROTO))
        #expect(bench.serverFailure == .broken("http request"))
        // And stays so.
        #expect(bench.bench.result(ofReceiveFrom: bench.server) == .failed(EPROTO))
        #expect(bench.bench.send(bench.server, [[1]]) == .failed(EPROTO))
    }

    @Test func `an origin that answers in the clear before its hello is not believed`() throws {
        let sockets = try SocketPair()
        var bench = try Bench()
        let isSecured = bench.network.secure(
            sockets.left, try .viewer(), token: Token(bits: 1), host: "edge.test",
            early: UnsafeRawBufferPointer(start: nil, count: 0))
        #expect(isSecured)
        #expect(bench.send(sockets.left, [Array("GET".utf8)]) == .wouldBlock)
        _ = bench.send(sockets.right, [Array("HTTP/1.1 200 OK\r\n\r\n".utf8)])
        #expect(bench.result(ofReceiveFrom: sockets.left) == .failed(EPROTO))
    }

    @Test func `a peer that stalls blocks, and one that leaves is a failure`() throws {
        let bench = try TLSBench(.server("edge"), .viewer())
        _ = bench.bench.result(ofReceiveFrom: bench.viewer)
        bench.carry(up: 40)
        for _ in 0..<3 { #expect(bench.bench.result(ofReceiveFrom: bench.server) == .wouldBlock) }
        #expect(bench.bench.send(bench.server, [[1]]) == .wouldBlock)
        #expect(bench.serverState?.isEstablished == false)
        bench.bench.network.shutdownWrite(bench.wire)
        #expect(bench.bench.result(ofReceiveFrom: bench.server) == .failed(ECONNRESET))
        #expect(bench.serverFailure == .handshakeAbandoned)
    }

    @Test func `bytes received before TLS began belong to it`() throws {
        let (server, viewer) = (try TLSContext.server("edge"), try TLSContext.viewer())
        let first = try TLSBench(server, viewer)
        _ = first.bench.result(ofReceiveFrom: first.viewer)
        first.carry()
        let hello = first.bench.wireTap(first.server)
        let bench = try TLSBench(server, viewer, early: hello)
        // The kernel knows nothing of them: the network tells.
        let told = bench.bench.poll().filter { $0.token == TLSBench.serverToken }
        #expect(told.contains { $0.readiness.contains(.readable) })
        #expect(bench.bench.result(ofReceiveFrom: bench.server) == .wouldBlock)
        let answer = bench.bench.receive(bench.wire, 4_096)
        #expect(answer.first == 22, "a ServerHello")
    }
}

extension Bench {
    /// What waits in a secured descriptor's socket, taken past TLS.
    mutating func wireTap(_ fd: Int32) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = recv(fd, &bytes, bytes.count, 0)
        return Array(bytes.prefix(max(0, count)))
    }
}
