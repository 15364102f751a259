import Glibc
import Testing
import WireTesting

@Suite("kill -9, and what is served after it")
struct CrashTests {
    private let keys = 60

    /// Answers that tell their key, in every framing a body can have.
    private func answer(_ request: Request) -> Reply {
        let key = Int(request.target.split(separator: "/").last ?? "") ?? 0
        let body = keyedBody(key)
        let fresh = "Cache-Control: max-age=3600"
        guard key % 3 == 0 else { return .ok(fresh, body: body) }
        let middle = body.utf8.count / 2
        let text = Array(body.utf8)
        let chunks = [text[..<middle], text[middle...]].filter { !$0.isEmpty }.map { part in
            String(part.count, radix: 16) + "\r\n" + String(decoding: part, as: UTF8.self) + "\r\n"
        }
        return .ok(
            fresh, "Transfer-Encoding: chunked", body: chunks.joined() + "0\r\n\r\n")
    }

    @Test("killed ten times in mid-fill, the edge serves every entry right or asks anew")
    func kills() throws {
        let origin = try Origin()
        let room = origin.room()
        room.answers { answer($0) }
        let directory = try TemporaryDirectory()
        var (hits, filled) = (0, 0)
        // What the origin was asked for between a start and the kill: some of it was stored, some
        // was on its way there.
        var atRisk: [Int] = []
        for round in 0...10 {
            let edge = try Edge(origin: origin.url, directory: directory)
            for key in Set(0..<keys).union(atRisk) {
                let response = try edge.get(room.path("\(key)"))
                #expect(response.status == 200)
                #expect(!response.isCut)
                #expect(response.text == keyedBody(key), "key \(key) in round \(round)")
                if response.isHit { hits += 1 }
                if response.isHit, key >= keys { filled += 1 }
            }
            guard round < 10 else { break }
            let start = room.count
            fill(edge, room, firstKey: keys + round * 1000)
            #expect(room.request(start + 20 + round * 7) != nil)
            edge.child.kill9()
            atRisk = room.requests[start...].compactMap {
                Int($0.target.split(separator: "/").last ?? "")
            }
            #expect(atRisk.count >= 20)
        }
        #expect(hits > 0, "nothing survived")
        #expect(filled > 0, "nothing that was being filled survived")
    }

    /// Asks for new keys, on several connections, until the edge is gone.
    private func fill(_ edge: Edge, _ room: Room, firstKey: Int) {
        let port = edge.port
        for lane in 0..<4 {
            background {
                guard var viewer = try? Viewer(port: port) else { return }
                for key in stride(from: firstKey + lane, to: firstKey + 1000, by: 4) {
                    let request =
                        "GET \(room.path("\(key)")) HTTP/1.1\r\nHost: edge.test\r\n\r\n"
                    guard (try? viewer.exchange(request)) != nil else { return }
                }
            }
        }
    }

    @Test("a stopped edge starts again with all it had, and serves it at once")
    func restart() throws {
        let origin = try Origin()
        let room = origin.room()
        room.answers { answer($0) }
        let directory = try TemporaryDirectory()
        do {
            let edge = try Edge(origin: origin.url, directory: directory)
            for key in 0..<keys {
                #expect(try edge.get(room.path("\(key)")).text == keyedBody(key))
            }
            edge.child.signal(SIGTERM)
            #expect(edge.child.waitForExit() == 0)
        }
        origin.stop()
        let edge = try Edge(origin: origin.url, directory: directory)
        for key in 0..<keys {
            let response = try edge.get(room.path("\(key)"))
            #expect(response.isHit)
            #expect(response.text == keyedBody(key))
        }
    }

    @Test(
        "a cache file that is damaged is put aside, and the edge serves on",
        arguments: ["cut", "garbage", "empty", "flipped"])
    func damage(kind: String) throws {
        let origin = try Origin()
        let room = origin.room()
        room.answers { answer($0) }
        let directory = try TemporaryDirectory()
        do {
            let edge = try Edge(origin: origin.url, directory: directory)
            for key in 0..<20 { _ = try edge.get(room.path("\(key)")) }
            edge.child.signal(SIGTERM)
            #expect(edge.child.waitForExit() == 0)
        }
        try damageFile(directory.file("cache/store/data.mdb"), kind)
        let edge = try Edge(origin: origin.url, directory: directory)
        for _ in 0..<2 {
            for key in 0..<20 {
                #expect(try edge.get(room.path("\(key)")).text == keyedBody(key))
            }
        }
        #expect(edge.child.isRunning)
    }

    private func damageFile(_ path: String, _ kind: String) throws {
        let file = open(path, O_RDWR)
        try #require(file >= 0, "the cache is not in \(path)")
        defer { _ = close(file) }
        let size = Int(lseek(file, 0, Int32(SEEK_END)))
        switch kind {
        case "cut": #expect(ftruncate(file, size / 3 / 4096 * 4096 + 100) == 0)
        case "empty": #expect(ftruncate(file, 0) == 0)
        case "garbage":
            let junk = Pattern.bytes(at: 0, 16_384)
            #expect(pwrite(file, junk, junk.count, 0) == junk.count)
        default:
            // One bit in every page behind the two meta pages.
            for offset in stride(from: 8192 + 1234, to: min(size, 4 << 20), by: 4096) {
                var byte: UInt8 = 0
                _ = pread(file, &byte, 1, offset)
                byte ^= 0x10
                _ = pwrite(file, &byte, 1, offset)
            }
        }
    }

    @Test("a second edge on the same cache is refused, and told who has it")
    func locked() throws {
        let origin = try Origin()
        let directory = try TemporaryDirectory()
        let edge = try Edge(origin: origin.url, directory: directory)
        let second = try Child(
            Edge.program,
            [
                "serve", "--origin", origin.url, "--listen", "127.0.0.1:0", "--admin",
                "127.0.0.1:0", "--cache", directory.file("cache"), "--cache-size", "64MiB",
            ])
        #expect(second.waitForExit() == 1)
        let words = second.wholeLog
        #expect(words.contains("\(edge.child.pid)"), "\(words)")
        #expect(words.contains("--cache"), "\(words)")
    }
}
