import Caching
import HTTP
import Tiles

/// How many tiles a behavior has drawn at once, as GeoWebCache's `metaWidthHeight` and `gutter`.
public struct MetatileSettings: Equatable, Sendable {
    /// Tiles of a metatile; 1 and 1: each is asked for by itself.
    public var columns = 1
    public var rows = 1
    /// Pixels around them that are cut off again.
    public var gutter = 0

    public static let sideMax = 8
    public static let gutterMax = 512

    public init() {}

    /// More than one tile is asked for at once.
    public var isOn: Bool { columns * rows > 1 }
}

/// The picture of a block of tiles, asked for in place of one of them.
struct Metatile {
    var block: TileBlock
    /// Pixels of one tile.
    var tile: (width: Int, height: Int)
    /// By which whoever wants one of the tiles finds its fetch; nothing is stored under it.
    var canonical: [UInt8]
    /// Path and query towards the origin.
    var target: [UInt8]

    /// Its tiles as files of their own; nil where the body is no picture of them. Takes
    /// milliseconds.
    func cut(_ body: [StoreSegment]) -> [[UInt8]]? {
        var file: [UInt8] = []
        file.reserveCapacity(body.reduce(0) { $0 + $1.count })
        for segment in body { unsafe file += segment.bytes }
        return unsafe (try? PNG.cut(file.span.bytes, into: block, tile: tile)) ?? nil
    }
}

/// What an exchange has to do with a metatile.
enum MetatilePart {
    /// Nothing, so far.
    case none
    /// It waits for its tile to be cut out of one.
    case waits
    /// Its tile is asked for by itself.
    case alone
    /// It asks the origin for one; no viewer's.
    case asks(Metatile)
}

extension Exchange {
    /// Its answer is cut into tiles, and no viewer's.
    var asksForMetatile: Bool { if case .asks = metatile { true } else { false } }

    /// The metatile that its tile is to be cut out of; nil where tiles are asked for one by one.
    ///
    /// A tile that may be confirmed costs the origin less by itself; and only PNG can be cut
    /// without a loss.
    func wantedMetatile() -> Metatile? {
        let settings = snapshot.settings.behaviors[behavior].metatiles
        guard settings.isOn, decision.action == .fetch, key != nil, let maps,
            map?.isCanonical == true, let tile = map?.tile, let address = tile.address,
            tile.map.format == .png || tile.map.format == .png8,
            let block = maps.gridSets.block(
                of: address, columns: settings.columns, rows: settings.rows,
                gutter: settings.gutter),
            let key = text(.key(block)),
            let target = text(.target(block))
        else { return nil }
        return Metatile(
            block: block, tile: maps.gridSets.tileSize(ofSet: Int(address.gridSet)),
            canonical: Self.key(canonical, ofMap: key), target: target)
    }

    /// The key of another tile of the same map, asked for in the same way.
    func canonicalKey(of address: TileAddress) -> [UInt8]? {
        text(.tileKey(address)).map { Self.key(canonical, ofMap: $0) }
    }

    private enum Text {
        case key(TileBlock)
        case target(TileBlock)
        case tileKey(TileAddress)
    }

    private func text(_ wanted: Text) -> [UInt8]? {
        guard let maps else { return nil }
        let (path, query) = pathAndQuery
        let room = unsafe TileRequest.keyCapacity(path: path.span.bytes, query: query.span.bytes)
        let text = unsafe [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            count =
                unsafe Self.write(
                    wanted, path.span.bytes, query.span.bytes, maps,
                    UnsafeMutableRawBufferPointer(buffer)) ?? 0
        }
        return text.isEmpty ? nil : text
    }

    private static func write(
        _ wanted: Text, _ path: RawSpan, _ query: RawSpan, _ maps: MapServices,
        _ memory: UnsafeMutableRawBufferPointer
    ) -> Int? {
        switch wanted {
        case .key(let block):
            unsafe TileRequest.writeKey(
                of: block, path: path, query: query, services: maps, into: memory)
        case .target(let block):
            unsafe TileRequest.writeTarget(
                of: block, path: path, query: query, services: maps, into: memory)
        case .tileKey(let address):
            unsafe TileRequest.writeKey(
                of: address, path: path, query: query, services: maps, into: memory)
        }
    }
}
