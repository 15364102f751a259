import Glibc
import Testing
import WireTesting

@Suite("Access log")
struct LogTests {
    private func lines(_ path: String) -> [Substring] {
        ((try? readFile(path)) ?? "").split(separator: "\n")
    }

    @Test("each line is JSON, whatever the viewer sends, and holds no secret")
    func json() throws {
        let origin = try Origin()
        let room = origin.room()
        room.always(.ok("Cache-Control: max-age=60"))
        let directory = try TemporaryDirectory()
        let path = directory.file("access.log")
        let edge = try Edge(origin: origin.url, arguments: ["--access-log", path])
        let junk = String(decoding: (0x20...0x7E).map { UInt8($0) }, as: UTF8.self)
        _ = try edge.get(room.path("a?x=1&access_token=geheim"), "User-Agent: \(junk)")
        var viewer = try edge.viewer()
        let head = Array("GET \(room.path("b%22%0A")) HTTP/1.1\r\nHost: edge.test\r\n".utf8)
        let agent = Array("User-Agent: ".utf8) + (0x80...0xFF).map { UInt8($0) }
        let secrets = Array(
            "\r\nAuthorization: Basic geheim\r\nCookie: sessionid=geheim\r\n\r\n".utf8)
        try viewer.send(head + agent + secrets)
        _ = try viewer.response()
        var bad = try edge.viewer()
        try bad.send("GET /\u{1} HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        #expect(try bad.response().status == 400)
        let written = try #require(eventually { lines(path).count >= 3 ? lines(path) : nil })
        for line in written {
            let entry = try JSON(String(line))
            #expect(entry["sc-status"]?.number != nil)
            #expect(!line.contains("geheim"), "\(line)")
        }
    }

    @Test("SIGUSR1 opens the file anew")
    func reopen() throws {
        let origin = try Origin()
        let room = origin.room()
        room.always(.ok())
        let directory = try TemporaryDirectory()
        let path = directory.file("access.log")
        let edge = try Edge(origin: origin.url, arguments: ["--access-log", path])
        _ = try edge.get(room.path("before"))
        #expect(eventually { lines(path).isEmpty ? nil : true } == true)
        #expect(rename(path, path + ".1") == 0)
        edge.child.signal(SIGUSR1)
        let isNew = try eventually {
            _ = try edge.get(room.path("after"))
            return lines(path).isEmpty ? nil : true
        }
        #expect(isNew == true)
        #expect(lines(path + ".1").contains { $0.contains("before") })
        #expect(!lines(path).contains { $0.contains("before") })
    }

    @Test("- writes to standard output")
    func standardOutput() throws {
        let origin = try Origin()
        let room = origin.room()
        room.always(.ok())
        let directory = try TemporaryDirectory()
        let path = directory.file("output")
        let edge = try Edge(origin: origin.url, arguments: ["--access-log", "-"], output: path)
        _ = try edge.get(room.path("told"))
        #expect(eventually { lines(path).contains { $0.contains("told") } ? true : nil } == true)
    }

    @Test("a log that cannot be written holds nobody up")
    func full() throws {
        let origin = try Origin()
        let room = origin.room()
        room.always(.ok(body: "served"))
        let edge = try Edge(origin: origin.url, arguments: ["--access-log", "/dev/full"])
        for path in 0..<50 { #expect(try edge.get(room.path("\(path)")).text == "served") }
        let isCounted = try eventually {
            try edge.metric("mapedge_access_log_lost_bytes_total") > 0 ? true : nil
        }
        #expect(isCounted == true)
    }

    @Test("where nobody takes the log, lines are dropped and counted, and nobody waits")
    func blocked() throws {
        let origin = try Origin()
        let room = origin.room()
        room.always(.ok("Cache-Control: max-age=60", body: "served"))
        let directory = try TemporaryDirectory()
        let path = directory.file("pipe")
        #expect(mkfifo(path, 0o600) == 0)
        let pipe = open(path, O_RDONLY | O_NONBLOCK)
        defer { close(pipe) }
        let edge = try Edge(origin: origin.url, arguments: ["--access-log", path])
        let request = room.path("a?" + String(repeating: "x", count: 2_000))
        var viewer = try edge.viewer()
        var isDropping = false
        // A pipe and a buffer take some; how much is the machine's and the edge's own matter.
        for count in 1...20_000 where !isDropping {
            let answer = try viewer.exchange("GET \(request) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
            #expect(answer.text == "served")
            guard count % 500 == 0 else { continue }
            isDropping = try edge.metric("mapedge_access_log_dropped_total") > 0
        }
        #expect(isDropping)
        var bytes = [UInt8](repeating: 0, count: 32_768)
        let count = bytes.withUnsafeMutableBytes { read(pipe, $0.baseAddress, $0.count) }
        let lines = bytes[..<max(0, count)].split(separator: 10)
        #expect(lines.count > 1)
        // The last may go on beyond what was read.
        for line in lines.dropLast() {
            #expect(try JSON(String(decoding: line, as: UTF8.self))["sc-status"]?.number == 200)
        }
    }
}
