import Glibc
import Reactor
import Testing
import Tiles
import WireTesting

@testable import Control

@Suite("Grid sets that an earlier process has read")
struct GridSetMemoryTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private var set: GridSet {
        var set = GridSet(
            name: "NZ TM", code: 2193, isNorthingFirst: true,
            extent: BoundingBox(west: -1.0 / 3, south: 1e-7, east: 2.5e6, north: 7e6),
            origin: .topLeft,
            levels: [3_000, 0.1].map { resolution in
                GridSet.Level(
                    resolution: resolution, name: "\(resolution)",
                    place: GridSet.Place(west: -1.0 / 3, north: 7e6, columns: 3, rows: 2))
            })
        set.version = "1f"
        return set
    }

    private func found(in directory: String? = nil) -> [String: [GridSet]] {
        GridSetMemory(directory: directory ?? self.directory.path).sets
    }

    @Test("they are found again, to the last bit of each number")
    func kept() throws {
        #expect(found().isEmpty)
        var memory = GridSetMemory(directory: directory.path)
        try memory.learn([set], of: "the maps")
        try memory.learn([], of: "others")
        #expect(found() == ["the maps": [set]])
    }

    @Test("those that the disk did not take are written when they are read once more")
    func unsaved() throws {
        let place = directory.file("later")
        var memory = GridSetMemory(directory: place)
        #expect(throws: SystemError.self) { try memory.learn([set], of: "maps") }
        #expect(memory.sets == ["maps": [set]])
        #expect(mkdir(place, 0o700) == 0)
        try memory.learn([set], of: "maps")
        #expect(found(in: place) == ["maps": [set]])
        // And not again without need.
        #expect(unlink(place + "/pool-grid-sets") == 0)
        try memory.learn([set], of: "maps")
        #expect(found(in: place).isEmpty)
    }

    @Test("whatever single bit the disk has lost, nothing of the file counts")
    func flips() throws {
        var memory = GridSetMemory(directory: directory.path)
        try memory.learn([set], of: "maps")
        let text = try ProjectFiles.text(directory.file("pool-grid-sets"))
        for place in text.utf8.indices {
            for bit in 0..<8 {
                var bytes = Array(text.utf8)
                bytes[text.utf8.distance(from: text.startIndex, to: place)] ^= 1 << bit
                _ = try directory.write("pool-grid-sets", bytes: bytes)
                #expect(found().isEmpty, "bit \(bit) of \(String(decoding: bytes, as: UTF8.self))")
            }
        }
        for count in [0, 1, text.utf8.count / 2, text.utf8.count - 1] {
            _ = try directory.write("pool-grid-sets", bytes: Array(text.utf8.prefix(count)))
            #expect(found().isEmpty, "cut to \(count)")
        }
    }
}
