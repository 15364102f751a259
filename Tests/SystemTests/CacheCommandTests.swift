import Glibc
import Testing
import WireTesting

@Suite("mapedge cache, on a sound one")
struct CacheCommandTests {
    private func run(_ command: String, _ data: TemporaryDirectory) throws -> String {
        let result = try data.run(
            Edge.program, ["cache", command, "--cache", data.file("cache")])
        #expect(result.exit == 0, "\(command): \(result.output)")
        return result.output
    }

    /// The number in a line, such as `entries  20`.
    private func number(_ name: String, in text: String) -> Int? {
        let line = text.split(separator: "\n").first { $0.contains(name) }
        return line.flatMap { $0.split(separator: " ").compactMap { Int($0) }.first }
    }

    @Test("verify, stat and compact tell what is in it, and leave it as good")
    func sound() throws {
        let origin = try Origin()
        let room = origin.room()
        room.answers { .ok("Cache-Control: max-age=3600", body: "\($0.target) of its own") }
        let data = try TemporaryDirectory()
        func start() throws -> Edge {
            try Edge(origin: origin.url, directory: data)
        }
        func stop(_ edge: Edge) {
            edge.child.signal(SIGTERM)
            #expect(edge.child.waitForExit() == 0)
        }
        let first = try start()
        for key in 0..<20 { #expect(try first.get(room.path("\(key)")).status == 200) }
        let isStored = try eventually {
            try first.metric("mapedge_store_entries") == 20 ? true : nil
        }
        #expect(isStored == true)
        stop(first)
        let verified = try run("verify", data)
        #expect(
            number("entries", in: verified) == 20 && number("damaged bodies", in: verified) == 0)
        #expect(number("missing bodies", in: verified) == 0, "\(verified)")
        #expect(number("entries", in: try run("stat", data)) == 20)
        let sizes = try run("compact", data).split(separator: " ").compactMap { Int($0) }
        #expect(sizes.count == 2 && sizes[1] > 0 && sizes[1] <= sizes[0], "\(sizes)")
        #expect(number("entries", in: try run("verify", data)) == 20)
        let second = try start()
        for key in 0..<20 { #expect(try second.get(room.path("\(key)")).isHit) }
        stop(second)
    }
}
