import Glibc
import Testing
import WireTesting

@Suite("Long header blocks")
struct LongHeadTests {
    private let bodies = [10, 100_000]

    private func fields(_ size: Int) -> [String] {
        (0..<20).map { "X-\($0): \($0)-" + String(repeating: "v", count: size / 20) }
    }

    private func expectAll(_ response: Response, _ size: Int, but first: String? = nil) {
        #expect(!response.isCut)
        for (index, line) in fields(size).enumerated() {
            let value = index == 0 ? first : nil
            #expect(response["X-\(index)"] == value ?? String(line.dropFirst("X-\(index): ".count)))
        }
        #expect(response["ETag"] == "\"a\"")
    }

    /// Both kinds of entries, by an edge that is stopped then.
    private func fill(_ origin: Origin, _ room: Room, _ directory: TemporaryDirectory, _ size: Int)
        throws
    {
        let edge = try Edge(origin: origin.url, directory: directory)
        for count in bodies {
            for (path, control) in [("kept", "max-age=3600"), ("asked", "no-cache")] {
                room.reply(
                    .response(
                        200, ["Cache-Control: \(control)", "ETag: \"a\""] + fields(size),
                        body: body(count)))
                let response = try edge.get(room.path("\(path)-\(count)"))
                #expect(response.text == body(count))
                expectAll(response, size)
            }
        }
        edge.child.signal(SIGTERM)
        #expect(edge.child.waitForExit() == 0)
    }

    private func body(_ count: Int) -> String { String(repeating: "0123456789", count: count / 10) }

    @Test(
        "outlive the edge whole, for hits, ranges, 304s and revalidations",
        arguments: [1_800, 4_000, 30_000])
    func restart(size: Int) throws {
        let (origin, directory) = (try Origin(), try TemporaryDirectory())
        let room = origin.room()
        try fill(origin, room, directory, size)
        let edge = try Edge(origin: origin.url, directory: directory)
        let asked = room.count
        for count in bodies {
            let (kept, stale) = (room.path("kept-\(count)"), room.path("asked-\(count)"))
            let hit = try edge.get(kept)
            #expect(hit.isHit)
            #expect(hit.text == body(count))
            expectAll(hit, size)
            let part = try edge.get(kept, "Range: bytes=3-6")
            #expect(part.status == 206)
            #expect(part.text == "3456")
            expectAll(part, size)
            let same = try edge.get(kept, "If-None-Match: \"a\"")
            #expect(same.status == 304)
            #expect(same["ETag"] == "\"a\"")
            #expect(same["Cache-Control"] == "max-age=3600")
            for value in ["once", "twice"] {
                room.reply(.response(304, ["ETag: \"a\"", "X-0: \(value)"]))
                let confirmed = try edge.get(stale)
                #expect(confirmed.status == 200)
                #expect(confirmed.text == body(count))
                expectAll(confirmed, size, but: value)
            }
        }
        #expect(room.count == asked + 2 * bodies.count)
    }
}
