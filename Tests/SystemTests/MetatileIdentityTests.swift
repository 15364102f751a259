import Glibc
import Testing
import Tiles
import WireTesting

@Suite(
    "One tile, one entry, cut out of a block: the real MapServer", .waits,
    .enabled(if: DemoSite.isPossible, "no lighttpd, MapServer or GDAL"))
struct MetatileIdentityTests {
    private static let gutter = 16
    private static let blocksOfLayer = 4
    private static let spellingsOfTile = 8

    /// The four tiles of the block that a tile is in, row by row.
    private func block(of tile: SpeltTile) -> [SpeltTile] {
        let (column, row) = (tile.column / 2 * 2, tile.row / 2 * 2)
        return [(0, 0), (1, 0), (0, 1), (1, 1)].map {
            SpeltTile(
                set: tile.set, level: tile.level, column: column + $0.0, row: row + $0.1)
        }
    }

    /// The server's own picture of a block, with what is around it.
    private func picture(
        _ block: [SpeltTile], _ layer: DemoLayer, at member: UInt16
    ) throws -> PixelBuffer {
        let (first, last) = (try #require(block[0].box), try #require(block[3].box))
        let edge = first.width / 256 * Double(Self.gutter)
        let whole = BoundingBox(
            west: first.west - edge, south: last.south - edge, east: last.east + edge,
            north: first.north + edge)
        let size = 512 + 2 * Self.gutter
        let answer = try Viewer.ask(block[0].canonical(layer, whole, size: size), at: member)
        #expect(answer.status == 200)
        return try PNG.decode(answer.body.span.bytes).rgba
    }

    /// All spellings of all tiles of a block, in any order: returns what differs.
    private func expectTiles(
        _ block: [SpeltTile], _ layer: DemoLayer, edge: UInt16, member: UInt16,
        _ random: inout SeededRandom
    ) throws {
        var asked: [(tile: Int, target: String)] = []
        for (index, tile) in block.enumerated() {
            let box = try #require(tile.box)
            for _ in 0..<Self.spellingsOfTile {
                asked.append((index, tile.spelling(layer, box, &random)))
            }
        }
        for index in asked.indices.dropFirst() {
            asked.swapAt(index, random.below(index + 1))
        }
        var bodies: [[UInt8]?] = [nil, nil, nil, nil]
        for (number, (tile, target)) in asked.enumerated() {
            let answer = try Viewer.ask(target, at: edge)
            #expect(answer.status == 200 && answer.isHit == (number > 0), "\(target)")
            if let known = bodies[tile] { #expect(known == answer.body, "\(target)") }
            bodies[tile] = answer.body
        }
        let all = try picture(block, layer, at: member)
        for (index, body) in bodies.enumerated() {
            let file = try #require(body)
            let own = try PNG.decode(file.span.bytes).rgba
            let part = all.cropped(
                x: Self.gutter + index % 2 * 256, y: Self.gutter + index / 2 * 256, width: 256,
                height: 256)
            #expect(own.bytes == part.bytes, "\(block[index]) of \(layer.name)")
        }
    }

    @Test("spellings of the tiles of random blocks: the block's pixels, asked for once")
    func spellings() throws {
        let demo = try DemoSite()
        let member = try demo.memberPort()
        let text = """
            origins: { default: { members: ["http://127.0.0.1:\(member)"] } }
            behaviors:
              - path: "*"
                class: tiles
                metatiles: { columns: 2, rows: 2, gutter: \(Self.gutter) }

            """
        let edge = try Edge(origin: nil, mode: "cloudfront", loops: 2, configuration: text)
        var random = SeededRandom(seed: 20_262)
        for layer in DemoLayer.all {
            var seen: Set<SpeltTile> = []
            while seen.count < Self.blocksOfLayer {
                let block = block(of: SpeltTile(layer, &random))
                guard seen.insert(block[0]).inserted else { continue }
                try expectTiles(block, layer, edge: edge.port, member: member, &random)
            }
        }
        let blocks = Self.blocksOfLayer * DemoLayer.all.count
        #expect(try edge.metric("mapedge_metatiles_cut_total") == blocks)
        #expect(try edge.metric("mapedge_metatiles_uncut_total") == 0)
        let asked =
            try edge.metric("mapedge_origin_connects_total")
            + edge.metric("mapedge_origin_reuses_total")
        #expect(asked == blocks)
        demo.child.signal(SIGINT)
        #expect(demo.child.waitForExit(within: 60_000) == 0)
    }
}
