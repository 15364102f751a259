import Glibc
import HTTP
import Testing
import Tiles
import WireTesting

@Suite("mapedge seed into a store with little room", .waits)
struct SeedSpaceTests {
    private let origin: Origin
    private let room: Room
    private let edge: Edge
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        origin = try Origin()
        room = origin.room("space")
        // About 150 kB.
        var random = SeededRandom(seed: 5)
        let noise = (0..<21_500).flatMap { _ -> [UInt8] in
            let number = random.below(1 << 56)
            return (0..<7).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        }
        let white = [UInt8](repeating: 255, count: 256 * 256 * 4 - noise.count)
        let buffer = PixelBuffer(width: 256, height: 256, rgba: noise + white)
        let picture = try #require(PNG.encode(buffer, level: 1))
        room.answers { _ in
            OutageSite.reply("image/png", Self.unlike(picture), "Cache-Control: max-age=86400")
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

    /// The picture with a comment of its own: of pictures that are alike the store keeps one.
    private static func unlike(_ picture: [UInt8]) -> [UInt8] {
        func bigEndian(_ number: Int) -> [UInt8] {
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
        }
        let text = Array("tEXtserial\0\(Serial.next())".utf8)
        let chunk = bigEndian(text.count - 4) + text + bigEndian(Int(crc32(text.span.bytes)))
        // Before the last chunk, which has twelve bytes.
        return picture.dropLast(12) + chunk + picture.suffix(12)
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
        // Three quarters of the store: what remains is filled so slowly that two seconds lie
        // between the mark at which a seed ends and the one at which something has to go.
        let small = try seed("--zoom", "0-3")
        #expect(small.status == 0, "\(small)")
        let large = try seed("--zoom", "4", "--rate", "2")
        #expect(large.status == 1 && large.errors.contains("the store is full"), "\(large)")
        #expect(try edge.metric("mapedge_store_evicted_total") == 0)
        for (level, column, row) in [(0, 0, 0), (1, 1, 1), (3, 0, 0), (4, 0, 0)] {
            #expect(try edge.get(tile(level, column, row)).isHit, "\(level)/\(column)/\(row)")
        }
        // A store that is full when it begins gives it the place of the others, but not its own.
        let next = try seed("--zoom", "0-5", "--style", "red", "--rate", "20")
        #expect(next.status == 1 && next.errors.contains("the store is full"), "\(next)")
        #expect(try edge.metric("mapedge_store_evicted_total") > 0)
    }
}
