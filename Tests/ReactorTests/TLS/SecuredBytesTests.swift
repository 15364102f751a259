import Glibc
import Reactor
import Testing

@Suite("TLS: bytes")
struct SecuredBytesTests {
    private func established(_ version: TLSVersion = .tls13) throws -> TLSBench {
        let bench = try TLSBench(.server("edge"), .viewer { $0.rules.versionMax = version })
        bench.shakeHands()
        try #require(bench.serverState?.isEstablished == true)
        return bench
    }

    private func pattern(_ count: Int) -> [UInt8] {
        var numbers = SeededNumbers(seed: 7)
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &numbers) }
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func `big bodies arrive whole in both directions, however small the socket is`(
        _ version: TLSVersion
    ) throws {
        let bench = try established(version)
        var size: Int32 = 4_096
        for fd in [bench.viewer, bench.server] {
            setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        let body = pattern(700_000)
        expect(bench.transfer(body, from: bench.server, to: bench.viewer) == body)
        expect(bench.transfer(body, from: bench.viewer, to: bench.server, room: 5_000) == body)
    }

    @Test func `small parts go out in one record and one system call`() throws {
        let bench = try established()
        let calls = bench.bench.network.calls
        let parts = [Array("head".utf8), [], Array("body".utf8), pattern(9_000)]
        #expect(bench.bench.send(bench.server, parts) == .bytes(9_008))
        #expect(bench.bench.network.calls.send == calls.send + 1)
        bench.carry()
        #expect(bench.bench.receive(bench.viewer, 65_536) == Array(parts.joined()))
    }

    @Test func `a request costs one receive, as without TLS`() throws {
        let bench = try established()
        _ = bench.bench.send(bench.viewer, [pattern(300)])
        bench.carry()
        let calls = bench.bench.network.calls
        #expect(bench.bench.receive(bench.server, 65_536).count == 300)
        #expect(bench.bench.network.calls.receive == calls.receive + 1)
    }

    @Test func `a short receive has emptied the socket, whatever the size of records`() throws {
        let bench = try established()
        for _ in 0..<5 { _ = bench.bench.send(bench.viewer, [pattern(1_000)]) }
        bench.carry()
        #expect(bench.bench.receive(bench.server, 65_536).count == 5_000)
        #expect(bench.bench.result(ofReceiveFrom: bench.server) == .wouldBlock)
    }

    @Test func `a filled buffer leaves the rest for the next receive`() throws {
        let bench = try established()
        _ = bench.bench.send(bench.viewer, [pattern(1_000)])
        bench.carry()
        #expect(bench.bench.receive(bench.server, 600) == Array(pattern(1_000)[..<600]))
        #expect(bench.bench.receive(bench.server, 600) == Array(pattern(1_000)[600...]))
    }

    @Test func `bytes that came behind a filled buffer are received with its rest`() throws {
        let bench = try established()
        _ = bench.bench.send(bench.viewer, [pattern(1_000)])
        bench.carry()
        #expect(bench.bench.receive(bench.server, 600).count == 600)
        _ = bench.bench.send(bench.viewer, [pattern(500)])
        bench.carry()
        #expect(bench.bench.receive(bench.server, 65_536).count == 900)
    }

    @Test func `what a full socket took in part is offered again, in parts of any size`() throws {
        let bench = try established()
        let body = pattern(400_000)
        var sent = 0
        var received: [UInt8] = []
        var numbers = SeededNumbers(seed: 11)
        var blocks = 0
        while received.count < body.count {
            let end = min(body.count, sent + Int.random(in: 1...40_000, using: &numbers))
            let middle = Int.random(in: sent...end, using: &numbers)
            if sent < end {
                let parts = [Array(body[sent..<middle]), Array(body[middle..<end])]
                switch bench.bench.send(bench.server, parts) {
                case .bytes(let count): sent += count
                case .wouldBlock: blocks += 1
                default: Issue.record("the send failed")
                }
            }
            if blocks > 0 || sent == body.count {
                bench.carry(down: Int.random(in: 1...9_000, using: &numbers))
                received += bench.bench.receive(bench.viewer, 65_536)
            }
        }
        expect(received == body)
        #expect(blocks > 0)
    }

    @Test func `a closing message is an end of stream, and the other half goes on`() throws {
        let bench = try established()
        _ = bench.bench.send(bench.viewer, [[1, 2]])
        bench.bench.network.shutdownWrite(bench.viewer)
        bench.carry()
        #expect(bench.bench.receive(bench.server, 100) == [1, 2])
        // The kernel told once; the network says it again.
        let told = bench.bench.poll().filter { $0.token == TLSBench.serverToken }
        #expect(told.contains { $0.readiness.contains(.readable) })
        #expect(bench.bench.result(ofReceiveFrom: bench.server) == .endOfStream)
        #expect(bench.bench.result(ofReceiveFrom: bench.server) == .endOfStream)
        #expect(bench.transfer([9], from: bench.server, to: bench.viewer) == [9])
        #expect(bench.bench.send(bench.viewer, [[1]]) == .failed(EPIPE))
    }

    @Test func `an end without a closing message is a truncation`() throws {
        let bench = try established()
        _ = bench.bench.send(bench.viewer, [[1, 2]])
        bench.carry()
        shutdown(bench.wire, Int32(SHUT_WR))
        #expect(bench.bench.receive(bench.server, 100) == [1, 2])
        #expect(bench.bench.result(ofReceiveFrom: bench.server) == .failed(ECONNRESET))
        #expect(bench.serverFailure == .truncated)
    }

    @Test func `an end behind nothing but tickets is found at once`() throws {
        let bench = try TLSBench(.server("edge"), .viewer())
        _ = bench.bench.result(ofReceiveFrom: bench.viewer)
        bench.carry()
        _ = bench.bench.result(ofReceiveFrom: bench.server)
        bench.carry()
        _ = bench.bench.result(ofReceiveFrom: bench.viewer)
        bench.carry()
        // The server's tickets and the end of its stream reach the viewer together.
        _ = bench.bench.result(ofReceiveFrom: bench.server)
        bench.bench.network.shutdownWrite(bench.server)
        bench.carry()
        shutdown(bench.viewerWire, Int32(SHUT_WR))
        #expect(bench.bench.result(ofReceiveFrom: bench.viewer) == .endOfStream)
    }

    @Test func `a record that was tampered with ends the connection`() throws {
        let bench = try established()
        _ = bench.bench.send(bench.wire, [[23, 3, 3, 0, 20] + pattern(20)])
        #expect(bench.bench.result(ofReceiveFrom: bench.server) == .failed(EPROTO))
    }

    @Test(arguments: [false, true])
    func `closing says goodbye, resetting does not`(_ isReset: Bool) throws {
        let viewer = try TLSContext.viewer()
        let far = try SecuredEnds(.server("edge"), viewer)
        if isReset {
            far.bench.network.closeWithReset(far.server)
        } else {
            far.bench.network.close(far.server)
        }
        #expect(far.bench.network.securedCount == 1)
        let end = far.bench.result(ofReceiveFrom: far.viewer)
        #expect(end == (isReset ? .failed(ECONNRESET) : .endOfStream))
    }

    @Test func `what the peer said before it closed is received although a send fails`() throws {
        let ends = try SecuredEnds(.server("edge"), .viewer())
        #expect(ends.bench.send(ends.server, [pattern(700)]) == .bytes(700))
        ends.bench.network.close(ends.server)
        var sent = IOResult.bytes(0)
        for _ in 0..<100 where sent == .bytes(0) || sent == .bytes(9) {
            sent = ends.bench.send(ends.viewer, [pattern(9)])
        }
        guard case .failed = sent else {
            Issue.record("a closed peer takes bytes: \(sent)")
            return
        }
        #expect(ends.bench.receive(ends.viewer, 65_536) == pattern(700))
        #expect(ends.bench.send(ends.viewer, [[1]]) == sent)
    }

    @Test func `a handshake that waits for room goes on when the loop hears of it`() throws {
        let bench = try TLSBench(.server("edge"), .viewer())
        let junk = bench.fillSocket(of: bench.server)
        _ = bench.bench.poll()
        _ = bench.bench.result(ofReceiveFrom: bench.viewer)
        bench.carry(down: 0)
        // The answer does not fit.
        #expect(bench.bench.result(ofReceiveFrom: bench.server) == .wouldBlock)
        #expect(bench.bench.receive(bench.wire, junk).count > 0)
        while bench.bench.receive(bench.wire, junk).count > 0 {}
        // There is room: whoever waits to receive is told so too.
        let told = bench.bench.poll().first { $0.token == TLSBench.serverToken }
        #expect(told?.readiness.contains(.readable) == true)
        bench.shakeHands()
        #expect(bench.serverState?.isEstablished == true)
    }

    @Test func `a closing message that finds no room is sent when there is some`() throws {
        let bench = try established()
        let junk = bench.fillSocket(of: bench.server)
        _ = bench.bench.poll()
        bench.bench.network.shutdownWrite(bench.server)
        while bench.bench.receive(bench.wire, junk).count > 0 {}
        let told = bench.bench.poll().first { $0.token == TLSBench.serverToken }
        #expect(told?.readiness.contains(.readable) == true)
        #expect(bench.bench.result(ofReceiveFrom: bench.server) == .wouldBlock)
        bench.carry()
        #expect(bench.bench.result(ofReceiveFrom: bench.viewer) == .endOfStream)
    }

    @Test func `bytes of a mapped file are read from the file`() throws {
        let bench = try established()
        let directory = try TemporaryDirectory()
        let fd = open("\(directory.path)/file", O_RDWR | O_CREAT, 0o600)
        defer { close(fd) }
        // The mapping holds something else than the file, so that it shows which one is read.
        let truth = pattern(5 * 4_096)
        #expect(pwrite(fd, truth, truth.count, 0) == truth.count)
        let lies = [UInt8](repeating: 0, count: truth.count)
        let map = UnsafeMutableRawPointer.allocate(byteCount: truth.count, alignment: 4_096)
        defer { map.deallocate() }
        map.copyMemory(from: lies, byteCount: truth.count)
        let start = UInt(bitPattern: map)
        bench.bench.network.readMap(
            MappedFile(addresses: start..<start + UInt(truth.count), descriptor: fd))
        var head = Array("head".utf8)
        let expected = head + (0..<5).flatMap { truth[$0 * 4_096 + 16..<($0 + 1) * 4_096] }
        let count = head.withUnsafeMutableBytes { head in
            var parts = [iovec(iov_base: head.baseAddress, iov_len: head.count)]
            for page in 0..<5 {
                parts.append(iovec(iov_base: map + page * 4_096 + 16, iov_len: 4_080))
            }
            return parts.withUnsafeBufferPointer { bench.bench.network.send(bench.server, $0) }
        }
        #expect(count == .bytes(expected.count))
        bench.carry()
        expect(bench.bench.receive(bench.viewer, 65_536) == expected)
        // A file that ends too soon is an error, not a signal.
        ftruncate(fd, 100)
        var part = iovec(iov_base: map + 8_192, iov_len: 1_000)
        let result = withUnsafePointer(to: &part) {
            bench.bench.network.send(bench.server, UnsafeBufferPointer(start: $0, count: 1))
        }
        #expect(result == .failed(EIO))
    }
}
