import Glibc
import Reactor
import Testing

@Suite("listen, accept and connect")
struct ListeningTests {
    @Test(
        "a viewer of each family is accepted, with its address",
        arguments: ["127.0.0.1:0", "[::1]:0"])
    func accepting(text: String) throws {
        var bench = try Bench()
        let endpoint = try #require(Endpoint(text))
        let listener = try listen(on: endpoint, backlog: 16, reusePort: true)
        defer { close(listener) }
        let (near, far, peer) = try bench.connection(through: listener)
        #expect(Endpoint.ip(peer) == boundAddress(near))
        #expect(boundAddress(listener) == boundAddress(far))
        #expect(bench.send(far, [[1, 2, 3]]) == .bytes(3))
        #expect(option(far, Int32(IPPROTO_TCP), TCP_NODELAY) != 0)
        #expect(option(far, Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT) == 65_536)
        #expect(fcntl(far, F_GETFL) & O_NONBLOCK != 0)
        #expect(fcntl(far, F_GETFD) & FD_CLOEXEC != 0)
        bench.network.close(near)
        bench.network.close(far)
    }

    @Test func `a viewer behind a Unix socket has no address`() throws {
        var bench = try Bench()
        let directory = try TemporaryDirectory()
        let endpoint = Endpoint.unix(path: directory.path + "/a.sock")
        let listener = try listen(on: endpoint, backlog: 16, reusePort: true)
        defer { close(listener) }
        #expect(boundAddress(listener) == endpoint)
        let (near, far, peer) = try bench.connection(through: listener)
        #expect(peer == .unspecified)
        bench.network.close(near)
        bench.network.close(far)
    }

    @Test func `nobody waiting would block`() throws {
        var bench = try Bench()
        let listener = try listen(on: .ip(.loopback(port: 0)), backlog: 1, reusePort: false)
        defer { close(listener) }
        var peer = SocketAddress.unspecified
        let result = bench.network.accept(listener, peer: &peer)
        #expect(result == .wouldBlock)
    }

    @Test func `two loops may listen on one address, and a stranger may not`() throws {
        let first = try listen(on: .ip(.loopback(port: 0)), backlog: 1, reusePort: true)
        defer { close(first) }
        let second = try listen(on: boundAddress(first), backlog: 1, reusePort: true)
        defer { close(second) }
        #expect(boundAddress(first) == boundAddress(second))
        let error = #expect(throws: SystemError.self) {
            try listen(on: boundAddress(first), backlog: 1, reusePort: false)
        }
        #expect(error?.errno == EADDRINUSE)
    }

    @Test func `an IPv6 listener leaves IPv4 to another`() throws {
        let six = try listen(
            on: .ip(SocketAddress(high: 0, low: 0, port: 0)), backlog: 1, reusePort: false)
        defer { close(six) }
        #expect(option(six, Int32(IPPROTO_IPV6), IPV6_V6ONLY) != 0)
    }

    @Test func `a stale socket file is replaced, one in use is not, nor is a plain file`() throws {
        let directory = try TemporaryDirectory()
        let endpoint = Endpoint.unix(path: directory.path + "/a.sock")
        let dead = try listen(on: endpoint, backlog: 1, reusePort: false)
        close(dead)
        let living = try listen(on: endpoint, backlog: 1, reusePort: false)
        defer { close(living) }
        let inUse = #expect(throws: SystemError.self) {
            try listen(on: endpoint, backlog: 1, reusePort: false)
        }
        #expect(inUse?.errno == EADDRINUSE)
        let file = directory.path + "/file"
        close(open(file, O_CREAT | O_WRONLY, 0o600))
        let plain = #expect(throws: SystemError.self) {
            try listen(on: .unix(path: file), backlog: 1, reusePort: false)
        }
        #expect(plain?.errno == EEXIST)
        #expect(access(file, F_OK) == 0)
    }

    @Test func `a path that does not exist or is too long is an error with a remedy`() {
        let absent = #expect(throws: SystemError.self) {
            try listen(on: .unix(path: "/nonexistent/a.sock"), backlog: 1, reusePort: false)
        }
        #expect(absent?.errno == ENOENT)
        let long = #expect(throws: SystemError.self) {
            let path = "/" + String(repeating: "x", count: 107)
            return try listen(on: .unix(path: path), backlog: 1, reusePort: false)
        }
        #expect(long?.errno == ENAMETOOLONG)
    }

    @Test func `a refused connection is reported when it turns writable`() throws {
        var bench = try Bench()
        // Bound but not listening: nobody else gets the port, and nobody answers on it.
        let holder = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(holder) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(holder, $0, size) }
        }
        #expect(bound == 0)
        guard case .pending(let fd) = bench.network.connect(to: boundAddress(holder)) else {
            return
        }
        _ = bench.network.watch(fd, Token(bits: 4))
        let events = bench.wait(until: bench.network.monotonicNow + 10_000_000_000)
        #expect(events.first?.token == Token(bits: 4))
        #expect(bench.network.connectError(fd) == ECONNREFUSED)
        bench.network.close(fd)
    }

    @Test func `a connect to a Unix socket that is not there fails at once`() throws {
        var bench = try Bench()
        let result = bench.network.connect(to: .unix(path: "/nonexistent/a.sock"))
        #expect(result == .failed(ENOENT))
    }

    @Test func `a close with reset is seen as a reset`() throws {
        var bench = try Bench()
        let listener = try listen(on: .ip(.loopback(port: 0)), backlog: 1, reusePort: false)
        defer { close(listener) }
        let (near, far, _) = try bench.connection(through: listener)
        _ = bench.network.watch(near, Token(bits: 1))
        _ = bench.poll()
        bench.network.closeWithReset(far)
        let event = try #require(bench.wait(until: nil).first)
        #expect(event.readiness.isSuperset(of: [.hangup, .error]))
        #expect(bench.result(ofReceiveFrom: near) == .failed(ECONNRESET))
        bench.network.close(near)
    }

    @Test func `out of descriptors, the waiting viewer keeps its place until one is free`() async {
        await #expect(processExitsWith: .success) {
            var bench = try Bench()
            let listener = try listen(on: .ip(.loopback(port: 0)), backlog: 4, reusePort: false)
            let fd = bench.descriptor(bench.network.connect(to: boundAddress(listener)))
            guard let near = fd else { exit(1) }
            var limit = rlimit(rlim_cur: rlim_t(near) + 1, rlim_max: rlim_t(near) + 1)
            guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
            else { exit(2) }
            // Others of the process may have left gaps below.
            while dup(0) >= 0 {}
            guard bench.accept(listener).result == .outOfDescriptors else { exit(3) }
            let refused = bench.network.connect(to: boundAddress(listener))
            guard refused == .failed(EMFILE) else { exit(4) }
            bench.network.close(0)
            guard case .connection = bench.accept(listener).result else { exit(5) }
        }
    }

    private func option(_ fd: Int32, _ level: Int32, _ name: Int32) -> Int32 {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(fd, level, name, &value, &size) == 0 ? value : -1
    }
}
