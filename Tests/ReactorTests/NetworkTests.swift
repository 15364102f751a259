import Glibc
import Reactor
import Testing

@Suite("LinuxNetwork: bytes")
struct TransferTests {
    @Test func `parts sent together arrive as one run of bytes, empty parts included`() throws {
        var bench = try Bench()
        let pair = try SocketPair()
        let parts: [[UInt8]] = [Array("head".utf8), [], Array("body".utf8)]
        #expect(bench.send(pair.left, parts) == .bytes(8))
        #expect(bench.receive(pair.right, 100) == Array("headbody".utf8))
    }

    @Test func `an empty socket would block, a closed one ends`() throws {
        var bench = try Bench()
        let pair = try SocketPair()
        #expect(bench.result(ofReceiveFrom: pair.right) == .wouldBlock)
        bench.network.shutdownWrite(pair.left)
        #expect(bench.result(ofReceiveFrom: pair.right) == .endOfStream)
        #expect(bench.send(pair.right, [[1]]) == .bytes(1))
    }

    @Test func `a full socket takes a part, blocks, and turns writable once it is read`() throws {
        var bench = try Bench()
        let pair = try SocketPair()
        let block = [UInt8](repeating: 7, count: 1 << 20)
        var sent = 0
        while case .bytes(let count) = bench.send(pair.left, [block]) { sent += count }
        #expect(sent > 0 && sent < 64 << 20)
        let token = Token(slot: 1, generation: 2, kind: 3)
        let isWatched = bench.network.watch(pair.left, token)
        #expect(isWatched)
        #expect(bench.poll() == [])
        var received = 0
        while received < sent { received += bench.receive(pair.right, 1 << 20).count }
        #expect(bench.poll() == [ReadyEvent(token: token, readiness: .writable)])
    }

    @Test func `a send to a peer that has gone fails and raises no signal`() throws {
        var bench = try Bench()
        let pair = try SocketPair()
        bench.network.shutdownWrite(pair.right)
        shutdown(pair.right, Int32(SHUT_RD))
        #expect(bench.send(pair.left, [[1]]) == .failed(EPIPE))
    }

    @Test func `a closed descriptor that is used again ends the process`() async {
        await #expect(processExitsWith: .failure) {
            var bench = try Bench()
            _ = bench.result(ofReceiveFrom: 999)
        }
        await #expect(processExitsWith: .failure) {
            var bench = try Bench()
            bench.network.close(999)
        }
        await #expect(processExitsWith: .failure) {
            var bench = try Bench()
            _ = bench.network.watch(999, Token(bits: 0))
        }
    }

    @Test func `every system call is counted by its kind`() throws {
        var bench = try Bench()
        let pair = try SocketPair()
        _ = bench.network.watch(pair.left, Token(bits: 1))
        _ = bench.send(pair.right, [[1]])
        _ = bench.poll()
        _ = bench.receive(pair.left, 1)
        let calls = bench.network.calls
        #expect(calls.control == 1 && calls.send == 1 && calls.wait == 1 && calls.receive == 1)
        #expect(calls.total == 4)
    }
}

@Suite("LinuxNetwork: readiness")
struct ReadinessTests {
    private let token = Token(slot: 9, generation: 8, kind: 7)

    @Test func `an edge is reported once, until more arrives`() throws {
        var bench = try Bench()
        let pair = try SocketPair()
        _ = bench.network.watch(pair.left, token)
        #expect(bench.poll() == [ReadyEvent(token: token, readiness: .writable)])
        #expect(bench.poll() == [])
        _ = bench.send(pair.right, [[1]])
        let arrived = ReadyEvent(token: token, readiness: [.readable, .writable])
        #expect(bench.poll() == [arrived])
        #expect(bench.poll() == [])
        _ = bench.send(pair.right, [[2]])
        #expect(bench.poll() == [arrived])
    }

    @Test func `a rewatch reports what is ready under the new token, an unwatch nothing`() throws {
        var bench = try Bench()
        let pair = try SocketPair()
        _ = bench.network.watch(pair.left, token)
        _ = bench.poll()
        let renewed = Token(slot: 1, generation: 1, kind: 1)
        bench.network.rewatch(pair.left, renewed)
        #expect(bench.poll() == [ReadyEvent(token: renewed, readiness: .writable)])
        bench.network.unwatch(pair.left)
        _ = bench.send(pair.right, [[1]])
        #expect(bench.poll() == [])
    }

    @Test func `a peer that closes its half is a hangup with the last bytes still there`() throws {
        var bench = try Bench()
        let pair = try SocketPair()
        _ = bench.network.watch(pair.left, token)
        _ = bench.send(pair.right, [[5]])
        bench.network.shutdownWrite(pair.right)
        let event = try #require(bench.poll().first)
        #expect(event.readiness.isSuperset(of: [.readable, .hangup]))
        #expect(bench.receive(pair.left, 9) == [5])
        #expect(bench.result(ofReceiveFrom: pair.left) == .endOfStream)
    }

    @Test func `a wait ends at its deadline, and a past one does not wait`() throws {
        var bench = try Bench()
        let deadline = bench.network.monotonicNow + 2_000_000
        #expect(bench.wait(until: deadline) == [])
        #expect(bench.network.monotonicNow >= deadline)
        #expect(bench.wait(until: 0) == [])
        // 2020-01-01; a clock in other units than milliseconds would be far off.
        #expect((1_577_836_800_000..<4_102_444_800_000).contains(bench.network.wallNow))
    }

    @Test func `no more events are taken in a tick than there is room for`() throws {
        var bench = try Bench(room: 2)
        let pairs = try (0..<4).map { _ in try SocketPair() }
        for (index, pair) in pairs.enumerated() {
            _ = bench.network.watch(pair.left, Token(bits: UInt64(index)))
        }
        #expect(bench.poll().count == 2)
        #expect(bench.poll().count == 2)
        #expect(bench.poll().count == 0)
    }

    @Test func `each signal of a wake event is an edge, read or not`() throws {
        var bench = try Bench()
        let event = try WakeEvent()
        _ = bench.network.watch(event.descriptor, token)
        _ = bench.poll()
        for _ in 0..<3 {
            event.signal()
            event.signal()
            let readiness = bench.wait(until: nil).map(\.readiness)
            #expect(readiness == [[.readable, .writable]])
            #expect(bench.poll() == [])
        }
    }

    @Test func `a wake event whose counter is full still wakes`() throws {
        var bench = try Bench()
        let event = try WakeEvent()
        #expect(fillCounter(event.descriptor))
        _ = bench.network.watch(event.descriptor, token)
        _ = bench.poll()
        event.signal()
        #expect(bench.poll().count == 1)
    }

    /// Sets the counter to its largest value.
    private func fillCounter(_ fd: Int32) -> Bool {
        var value = UInt64.max - 1
        return write(fd, &value, 8) == 8
    }
}
