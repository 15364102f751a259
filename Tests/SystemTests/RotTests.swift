import Glibc
import Testing
import WireTesting

@Suite("Bytes that changed on disk while the edge was stopped")
struct RotTests {
    private let mark = "this-word-rots-\(Serial.next())-on-disk"
    private let count = 300_000

    private var body: String {
        let half = String(repeating: "sound ", count: count / 12)
        return half + mark + String(repeating: " sound", count: count / 12)
    }

    /// Answers conditions with 304, ranges under If-Range with a part, all else with the whole.
    private func serve(_ room: Room, _ fields: String...) {
        let (body, bytes) = (body, Array(body.utf8))
        room.answers { request in
            if request["If-None-Match"] != nil { return .response(304, ["ETag: \"a\""]) }
            let words = request["Range"]?.dropFirst("bytes=".count).split(separator: "-") ?? []
            guard words.count == 2, let first = Int(words[0]), let last = Int(words[1]) else {
                return .response(200, fields + ["ETag: \"a\""], body: body)
            }
            let range = "Content-Range: bytes \(first)-\(last)/\(bytes.count)"
            return .response(
                206, fields + ["ETag: \"a\"", range],
                body: String(decoding: bytes[first...last], as: UTF8.self))
        }
    }

    /// Stores what `ask` gets, stops the edge, and damages the file.
    private func rot(
        _ origin: Origin, _ path: String, _ directory: TemporaryDirectory, _ fields: String = "X: y"
    ) throws {
        let edge = try Edge(origin: origin.url, cacheSize: "16MiB", directory: directory)
        _ = try edge.get(path, fields)
        edge.child.signal(SIGTERM)
        #expect(edge.child.waitForExit() == 0)
        let file = open(directory.file("cache/store/data.mdb"), O_RDWR)
        try #require(file >= 0)
        defer { _ = close(file) }
        let size = Int(lseek(file, 0, Int32(SEEK_END)))
        var bytes = [UInt8](repeating: 0, count: size)
        #expect(pread(file, &bytes, size, 0) == size)
        let place = try #require(offset(of: mark, in: bytes))
        #expect(pwrite(file, "R", 1, place) == 1)
    }

    private func offset(of text: String, in bytes: [UInt8]) -> Int? {
        let word = Array(text.utf8)
        return bytes.withUnsafeBytes { all -> Int? in
            guard let start = all.baseAddress else { return nil }
            var at = start
            while let found = memchr(at, Int32(word[0]), all.count - (at - start)) {
                let place = UnsafeRawPointer(found) - start
                if place + word.count > all.count { return nil }
                if memcmp(found, word, word.count) == 0 { return place }
                at = start + place + 1
            }
            return nil
        }
    }

    @Test("are not served, to however many who ask at once")
    func hit() throws {
        let (origin, directory) = (try Origin(), try TemporaryDirectory())
        let room = origin.room()
        serve(room, "Cache-Control: max-age=3600")
        try rot(origin, room.path(), directory)
        let edge = try Edge(origin: origin.url, cacheSize: "16MiB", directory: directory)
        var viewers = try (0..<5).map { _ in try edge.viewer() }
        for viewer in viewers {
            try viewer.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
        }
        for index in viewers.indices { #expect(try viewers[index].response().text == body) }
        #expect(try edge.get(room.path()).isHit)
    }

    @Test("nor in parts")
    func range() throws {
        let (origin, directory) = (try Origin(), try TemporaryDirectory())
        let room = origin.room()
        serve(room, "Cache-Control: max-age=3600")
        try rot(origin, room.path(), directory)
        let edge = try Edge(origin: origin.url, cacheSize: "16MiB", directory: directory)
        let at = count / 2
        for _ in 0..<2 {
            let part = try edge.get(room.path(), "Range: bytes=\(at)-\(at + 9)")
            #expect(part.status == 206)
            #expect(part.text == String(mark.prefix(10)))
        }
    }

    @Test("nor confirmed by a 304")
    func confirmed() throws {
        let (origin, directory) = (try Origin(), try TemporaryDirectory())
        let room = origin.room()
        serve(room, "Cache-Control: no-cache")
        try rot(origin, room.path(), directory)
        let edge = try Edge(origin: origin.url, cacheSize: "16MiB", directory: directory)
        for _ in 0..<2 {
            let response = try edge.get(room.path())
            #expect(response.status == 200)
            #expect(response.text == body)
        }
    }

    @Test("nor served stale while the origin is down")
    func stale() throws {
        let (origin, directory) = (try Origin(), try TemporaryDirectory())
        let room = origin.room()
        serve(room, "Cache-Control: max-age=10, stale-if-error=3600", "Age: 20")
        try rot(origin, room.path(), directory)
        room.always(Reply([.reset]))
        let edge = try Edge(origin: origin.url, cacheSize: "16MiB", directory: directory)
        for _ in 0..<2 {
            let response = try edge.get(room.path())
            #expect(response.status >= 500, "\(response.head.startLine)")
        }
    }

    @Test("nor put together with what the origin sends")
    func part() throws {
        let (origin, directory) = (try Origin(), try TemporaryDirectory())
        let room = origin.room()
        serve(room, "Cache-Control: max-age=3600")
        try rot(origin, room.path(), directory, "Range: bytes=0-\(count * 3 / 4)")
        let edge = try Edge(origin: origin.url, cacheSize: "16MiB", directory: directory)
        for _ in 0..<2 { #expect(try edge.get(room.path()).text == body) }
    }

    @Test("and what did not change is served on without asking")
    func sound() throws {
        let (origin, directory) = (try Origin(), try TemporaryDirectory())
        let room = origin.room()
        serve(room, "Cache-Control: max-age=3600")
        let other = origin.room()
        other.always(.ok("Cache-Control: max-age=3600", body: keyedBody(1)))
        do {
            let edge = try Edge(origin: origin.url, cacheSize: "16MiB", directory: directory)
            _ = try edge.get(other.path())
            edge.child.signal(SIGTERM)
            #expect(edge.child.waitForExit() == 0)
        }
        try rot(origin, room.path(), directory)
        let edge = try Edge(origin: origin.url, cacheSize: "16MiB", directory: directory)
        #expect(try edge.get(room.path()).text == body)
        let response = try edge.get(other.path())
        #expect(response.isHit)
        #expect(response.text == keyedBody(1))
    }
}
