import Glibc
import Testing
import Tiles
import WireTesting

@Suite("mapedge seed into a store with little room")
struct SeedSpaceTests {
    private let origin: Origin
    private let room: Room
    private let edge: Edge
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        origin = try Origin()
        room = origin.room("space")
        // About 150 kB, and no two alike.
        var random = SeededRandom(seed: 5)
        let noise = (0..<21_500).flatMap { _ -> [UInt8] in
            let number = random.below(1 << 56)
            return (0..<7).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        }
        room.answers { _ in
            var bytes = [UInt8](repeating: 255, count: 256 * 256 * 4)
            // Each begins elsewhere in it.
            let start = 7 * (Serial.next() % 20_000) + 1
            let part = noise[start...] + noise[..<start]
            bytes.replaceSubrange(0..<part.count, with: part)
            let buffer = PixelBuffer(width: 256, height: 256, rgba: bytes)
            return OutageSite.reply(
                "image/png", PNG.encode(buffer, level: 1) ?? [], "Cache-Control: max-age=86400")
        }
        edge = try Edge(
            origin: nil, cacheSize: "16MiB",
            configuration: """
                origins:
                  default:
                    members: ["\(origin.url)"]
                    maps: { services: [{ path: \(room.path("geoserver")) }] }
                behaviors: [{ path: "*", class: tiles }]
                """, directory: directory)
    }

    private func seed(_ more: String...) throws -> CommandRun {
        try CommandRun(
            [
                "seed", "a:b", "--admin", "127.0.0.1:\(edge.adminPort)", "--to",
                "http://127.0.0.1:\(edge.port)", "--host", "edge.test", "--path",
                room.path("geoserver"),
            ] + more, directory)
    }

    private func tile(_ level: Int, _ column: Int, _ row: Int) -> String {
        "\(room.path("geoserver"))/gwc/service/gmaps?layers=a:b&zoom=\(level)&x=\(column)&y=\(row)"
            + "&format=image/png"
    }

    @Test("one that fits is done; one that does not ends in words, and with all that it has stored")
    func space() throws {
        let small = try seed("--zoom", "0-1")
        #expect(small.status == 0, "\(small)")
        let large = try seed("--zoom", "0-4", "--rate", "10")
        #expect(large.status == 1 && large.errors.contains("the store is full"), "\(large)")
        #expect(try edge.metric("mapedge_store_evicted_total") == 0)
        for (level, column, row) in [(0, 0, 0), (1, 1, 1), (2, 0, 0), (2, 3, 3)] {
            #expect(try edge.get(tile(level, column, row)).isHit, "\(level)/\(column)/\(row)")
        }
        // A store that is full when it begins gives it the place of the others, but not its own.
        let next = try seed("--zoom", "0-5", "--style", "red", "--rate", "20")
        #expect(next.status == 1 && next.errors.contains("the store is full"), "\(next)")
        #expect(try edge.metric("mapedge_store_evicted_total") > 0)
    }
}
