import Dispatch
import Glibc
import Reactor
import Synchronization
import Testing

@Suite("The process: limits, threads, signals, supervisor")
struct ProcessTests {
    @Test func `the descriptor limit is raised to all that is allowed`() async {
        await #expect(processExitsWith: .success) {
            var limit = rlimit(rlim_cur: 100, rlim_max: 200)
            let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
            guard setrlimit(kind, &limit) == 0, raiseDescriptorLimit() == 200,
                getrlimit(kind, &limit) == 0, limit.rlim_cur == 200
            else { exit(1) }
        }
    }

    @Test func `a loop has a thread of its own, named, on the processor it was given`() throws {
        let allowed = allowedProcessors()
        let chosen = try #require(allowed.last)
        let report = Report()
        runLoop(named: "edge.loop.with.a.long.name", on: chosen) {
            report.set(name: threadName(), processors: allowedProcessors())
        }.join()
        #expect(report.name == "edge.loop.with.")
        #expect(report.processors == [chosen])
        #expect(allowedProcessors() == allowed)
    }

    @Test func `a loop that is pinned nowhere may use every processor`() {
        let report = Report()
        runLoop(named: "loop", on: nil) {
            report.set(name: threadName(), processors: allowedProcessors())
        }.join()
        #expect(report.name == "loop")
        #expect(report.processors == allowedProcessors())
    }

    @Test func `a signal becomes a call`() async {
        await #expect(processExitsWith: .success) {
            guard signalIsHandled() else { exit(1) }
        }
    }

    @Test func `a cancelled signal has its default action again`() async {
        await #expect(processExitsWith: .signal(SIGUSR2)) {
            guard signalIsHandled() else { exit(1) }
            kill(getpid(), SIGUSR2)
            while true { pause() }
        }
    }

    @Test func `a broken pipe is an error, not the end`() async {
        await #expect(processExitsWith: .success) {
            Signals.ignoreFailedWrites()
            var ends: [Int32] = [0, 0]
            pipe(&ends)
            close(ends[0])
            guard write(ends[1], "x", 1) == -1, errno == EPIPE else { exit(1) }
        }
    }

    @Test func `the supervisor is told at its path`() async {
        await #expect(processExitsWith: .success) {
            let directory = try TemporaryDirectory()
            let path = directory.path + "/a.sock"
            guard isTold(at: path, named: path) else { exit(1) }
        }
    }

    @Test func `the supervisor is told at an abstract name`() async {
        await #expect(processExitsWith: .success) {
            let name = "mapedge-test-\(getpid())"
            guard isTold(at: "\0" + name, named: "@" + name) else { exit(1) }
        }
    }

    @Test("no supervisor, or one that cannot be reached, is no error")
    func noSupervisor() async {
        await #expect(processExitsWith: .success) {
            unsetenv("NOTIFY_SOCKET")
            if notifySupervisor("READY=1") { exit(1) }
            let tooLong = "/" + String(repeating: "x", count: 200)
            for value in ["", "relative", "/nonexistent/a.sock", "@nonexistent", tooLong] {
                setenv("NOTIFY_SOCKET", value, 1)
                if notifySupervisor("READY=1") { exit(2) }
            }
        }
    }

    @Test("a supervisor's watchdog is this process's, or everybody's who inherits it")
    func watchdog() async {
        await #expect(processExitsWith: .success) {
            unsetenv("WATCHDOG_USEC")
            unsetenv("WATCHDOG_PID")
            if isWatchedBySupervisor { exit(1) }
            for (time, isMeant) in [("30000000", true), ("0", false), ("soon", false)] {
                setenv("WATCHDOG_USEC", time, 1)
                if isWatchedBySupervisor != isMeant { exit(2) }
            }
            setenv("WATCHDOG_USEC", "30000000", 1)
            setenv("WATCHDOG_PID", "1", 1)
            if isWatchedBySupervisor { exit(3) }
            setenv("WATCHDOG_PID", "\(getpid())", 1)
            if !isWatchedBySupervisor { exit(4) }
        }
    }
}

@Suite("SystemError")
struct SystemErrorTests {
    @Test(
        "an error says what happened, where, and what to do",
        arguments: [
            (
                SystemError(call: "bind", subject: "0.0.0.0:80", errno: EADDRINUSE),
                "bind 0.0.0.0:80: Address already in use; "
                    + "another process listens on 0.0.0.0:80; stop it or choose another --listen"
            ),
            (
                SystemError(call: "bind", subject: "0.0.0.0:80", errno: EACCES),
                "bind 0.0.0.0:80: Permission denied; ports below 1024 need CAP_NET_BIND_SERVICE, "
                    + "a Unix socket a directory that may be written"
            ),
            (
                SystemError(call: "epoll_create1", errno: EMFILE),
                "epoll_create1: Too many open files; raise LimitNOFILE (ulimit -n)"
            ),
            (
                SystemError(call: "bind", subject: "192.0.2.1:80", errno: EADDRNOTAVAIL),
                "bind 192.0.2.1:80: Cannot assign requested address; "
                    + "no interface of this machine has that address; see \"ip address\""
            ),
            (
                SystemError(call: "bind", subject: "unix:/x", errno: EIO),
                "bind unix:/x: Input/output error; see errno 5 in \"man 2 bind\""
            ),
        ])
    func text(error: SystemError, text: String) {
        #expect(error.description == text)
    }

    @Test(
        "every error that a call may give has a remedy of its own",
        arguments: [
            EMFILE, ENFILE, EADDRINUSE, EACCES, EPERM, EADDRNOTAVAIL, EAFNOSUPPORT, ENOENT, ENOTDIR,
            ENAMETOOLONG, EEXIST, ENOSPC, ENOMEM, ENOBUFS,
        ])
    func remedies(errno: Int32) {
        #expect(!SystemError(call: "socket", errno: errno).remedy.contains("man 2"))
    }

    @Test func `an address needs no resolver, and a name that does not exist is quoted`() throws {
        #expect(try resolve("192.0.2.1", port: 80) == [SocketAddress(ipv4: 0xC000_0201, port: 80)])
        let six = try resolve("2001:db8::1", port: 81)
        #expect(six.map(\.description) == ["[2001:db8::1]:81"])
        let error = #expect(throws: ResolutionError.self) { try resolve("no host", port: 80) }
        #expect(error?.description.hasPrefix("\"no host\": ") == true)
    }
}

private func threadName() -> String {
    let file = open("/proc/thread-self/comm", O_RDONLY)
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 32)
    let count = read(file, &bytes, 32)
    return String(decoding: bytes.prefix(max(count - 1, 0)), as: UTF8.self)
}

private func signalIsHandled() -> Bool {
    let arrived = DispatchSemaphore(value: 0)
    let signals = Signals([SIGUSR2]) { number in
        if number == SIGUSR2 { arrived.signal() }
    }
    kill(getpid(), SIGUSR2)
    let isHandled = arrived.wait(timeout: .now() + 20) == .success
    signals.cancel()
    return isHandled
}

/// Whether a datagram socket bound to `path` hears what is said to `name`.
private func isTold(at path: String, named name: String) -> Bool {
    let supervisor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    defer { close(supervisor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let length = socklen_t(2 + path.utf8.count)
    let result = withUnsafePointer(to: address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(supervisor, $0, length) }
    }
    setenv("NOTIFY_SOCKET", name, 1)
    guard result == 0, notifySupervisor("READY=1\nSTATUS=serving") else { return false }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = recv(supervisor, &bytes, 64, Int32(MSG_DONTWAIT))
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self) == "READY=1\nSTATUS=serving"
}

private final class Report: Sendable {
    private let content = Mutex<(name: String, processors: [Int])>(("", []))

    var name: String { content.withLock { $0.name } }
    var processors: [Int] { content.withLock { $0.processors } }

    func set(name: String, processors: [Int]) {
        content.withLock { $0 = (name, processors) }
    }
}
