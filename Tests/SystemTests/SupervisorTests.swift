import Glibc
import Testing
import WireTesting

@Suite("A supervisor is told how the service is")
struct SupervisorTests {
    /// What comes to a supervisor's socket within the patience; nil: nothing.
    private func heard(_ socket: Int32) -> String? {
        var interest = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        guard poll(&interest, 1, 10_000) == 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = recv(socket, &bytes, bytes.count, 0)
        return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    @Test("that it is ready, that its loops turn, and that it stops", arguments: [true, false])
    func states(_ isWatched: Bool) throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("notify")
        let supervisor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(supervisor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(supervisor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        let environment = ["NOTIFY_SOCKET=\(path)"] + (isWatched ? ["WATCHDOG_USEC=30000000"] : [])
        let edge = try Edge(origin: "http://127.0.0.1:1", environment: environment)
        var first = heard(supervisor)
        // The first look may come before all is said to be ready.
        if first == "WATCHDOG=1" { first = heard(supervisor) }
        #expect(first == "READY=1")
        if isWatched {
            #expect(heard(supervisor) == "WATCHDOG=1")
            #expect(heard(supervisor) == "WATCHDOG=1")
        }
        edge.child.signal(SIGTERM)
        var last = heard(supervisor)
        while last == "WATCHDOG=1" { last = heard(supervisor) }
        #expect(last == "STOPPING=1")
        #expect(edge.child.waitForExit() == 0)
    }
}
