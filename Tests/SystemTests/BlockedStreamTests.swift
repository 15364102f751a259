import Glibc
import Testing
import WireTesting

/// A FIFO that nobody reads but this, when asked to.
private final class Fifo {
    let path: String
    private let descriptor: Int32

    init(_ path: String) throws {
        self.path = path
        guard mkfifo(path, 0o600) == 0 else { throw WireError("mkfifo: \(errno)") }
        descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw WireError("open: \(errno)") }
    }

    deinit { close(descriptor) }

    /// Until nothing more fits.
    func fill() {
        let junk = [UInt8](repeating: 10, count: 4_096)
        while write(descriptor, junk, junk.count) > 0 {}
        while write(descriptor, junk, 1) > 0 {}
    }

    /// What is in it, taken out.
    func text() -> String {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(descriptor, &part, part.count), count > 0 {
            bytes += part[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

@Suite("Nobody reads what the edge writes")
struct BlockedStreamTests {
    private let directory: TemporaryDirectory
    private let fifo: Fifo
    private let origin: Origin
    private let room: Room

    init() throws {
        directory = try TemporaryDirectory()
        fifo = try Fifo(directory.file("fifo"))
        origin = try Origin()
        room = origin.room()
        room.always(.ok())
    }

    /// An edge whose standard error is the FIFO, without a member that answers; and its port.
    private func telling() throws -> (Child, UInt16) {
        let child = try Child(
            "/bin/sh",
            [
                "-c", "exec \"$0\" \"$@\" 2<>'\(fifo.path)'", Edge.program, "serve", "--listen",
                "127.0.0.1:0", "--admin", "127.0.0.1:0", "--cache", directory.file("cache"),
                "--cache-size", "64MiB", "--origin", "http://127.0.0.1:1", "--loops", "1",
                "--mode", "rfc9111", "--stop-deadline", "1s",
            ])
        var said = ""
        let port = eventually { () -> UInt16? in
            said += fifo.text()
            let line = said.split(separator: "\n").first { $0.contains("listening on http") }
            return line?.split(separator: ":").last.flatMap { UInt16($0) }
        }
        return (child, try #require(port, "\(said)"))
    }

    /// An edge whose standard output is the FIFO, and has its access log unless a path is given.
    private func logging(to path: String = "-", _ arguments: String...) throws -> Edge {
        try Edge(
            origin: origin.url, arguments: ["--access-log", path] + arguments, output: fifo.path)
    }

    @Test("events on a standard error that is full stop no loop and not the end")
    func standardError() throws {
        let (child, port) = try telling()
        fifo.fill()
        for path in 0..<20 {
            let answer = try Viewer.ask("/\(path)", at: port, host: "edge.test", [])
            #expect(answer.status >= 500)
        }
        child.signal(SIGTERM)
        #expect(child.waitForExit() == 0)
    }

    @Test("the last lines of an orderly end come out, in their order")
    func lastLines() throws {
        let (child, port) = try telling()
        _ = try Viewer.ask("/", at: port, host: "edge.test", [])
        child.signal(SIGTERM)
        #expect(child.waitForExit() == 0)
        #expect(fifo.text().contains("stopping: running exchanges have 1s"))
    }

    @Test("an access log on a standard output that is full holds up neither signals nor the end")
    func standardOutput() throws {
        let edge = try logging(to: "-", "--stop-deadline", "1s")
        fifo.fill()
        for path in 0..<5 { _ = try edge.get(room.path("\(path)")) }
        edge.child.signal(SIGUSR1)
        edge.child.signal(SIGHUP)
        #expect(edge.child.line(with: "the new configuration is in force") != nil)
        edge.child.signal(SIGTERM)
        #expect(edge.child.waitForExit() == 0)
        #expect(edge.child.wholeLog.contains("are lost at the end"))
    }

    @Test("a reader that pauses loses no line")
    func pause() throws {
        let edge = try logging()
        fifo.fill()
        for path in 0..<300 { _ = try edge.get(room.path("paused\(path)")) }
        var said = ""
        let isWhole = eventually { () -> Bool? in
            said += fifo.text()
            return said.contains("paused299\"") ? true : nil
        }
        #expect(isWhole == true)
        #expect(said.split(separator: "\n").count { $0.contains("paused") } == 300)
        #expect(try edge.metric("mapedge_access_log_lost_bytes_total") == 0)
    }

    @Test("an access log may be a FIFO that nobody reads yet")
    func unread() throws {
        let path = directory.file("access.fifo")
        #expect(mkfifo(path, 0o600) == 0)
        let edge = try logging(to: path)
        _ = try edge.get(room.path("early"))
        let reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        defer { close(reader) }
        var said: [UInt8] = []
        let isTold = eventually { () -> Bool? in
            var part = [UInt8](repeating: 0, count: 65_536)
            let count = read(reader, &part, part.count)
            if count > 0 { said += part[..<count] }
            return String(decoding: said, as: UTF8.self).contains("early") ? true : nil
        }
        #expect(isTold == true)
    }

    @Test("an access log that is a directory is told so")
    func noFile() throws {
        let child = try Child(
            Edge.program,
            [
                "serve", "--origin", "http://127.0.0.1:1", "--listen", "127.0.0.1:0", "--admin",
                "127.0.0.1:0", "--cache", directory.file("cache"), "--cache-size", "64MiB",
                "--access-log", directory.path,
            ])
        #expect(child.waitForExit() == 1)
        #expect(child.wholeLog.contains("Is a directory; name a file in it"))
    }
}
