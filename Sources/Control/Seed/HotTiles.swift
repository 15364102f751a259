import Tiles

/// Counts the tiles of a layer that viewers asked for, by lines of an access log.
struct HotTiles {
    /// Which tiles count; nil: all.
    struct Wish {
        var layer: String
        /// The path above the services.
        var path = "/geoserver"
        var gridSet: Int?
        var levels: ClosedRange<Int>?
        var format: String?
        var style: String?
        var time: String?
        /// The Host to ask with, in place of the log's.
        var host: String?
    }

    struct Tile: Equatable {
        var target: SeedTarget
        var level: Int
        var count: Int
    }

    /// More different tiles are not kept: those that were asked for least are forgotten.
    static let tilesMax = 1_000_000

    private let wish: Wish
    /// The same with format, style and time as keys have them.
    private let wanted: Wish
    private let services: MapServices
    private let tilesMax: Int
    private var counts: [SeedTarget: (level: Int, count: Int)] = [:]
    private var reader = LogLineReader()
    /// Lines that are no records.
    private(set) var malformed = 0

    init(_ wish: Wish, _ services: MapServices, tilesMax: Int = HotTiles.tilesMax) {
        (self.wish, self.services, self.tilesMax) = (wish, services, tilesMax)
        wanted = Self.canonical(wish, services)
    }

    /// A line of the edge's own log, or of CloudFront's.
    mutating func take(_ line: String) {
        switch reader.read(line) {
        case .none: return
        case .malformed: malformed += 1
        case .entry(let entry): take(entry)
        case .record(let record): take(LogEntry(record))
        }
    }

    private mutating func take(_ entry: LogEntry) {
        guard entry.method == "GET" || entry.method == "HEAD",
            // What a seed asked for says nothing of viewers.
            !entry.agent.hasPrefix(SeedConnection.agent),
            let status = entry.status, 200..<400 ~= status,
            let read = TileRequest.canonicalTarget(of: Array(entry.target.utf8), services),
            let address = read.request.address, accepts(read.target, address)
        else { return }
        let host = wish.host ?? entry.host
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else { return }
        let target = SeedTarget(host: host, target: String(decoding: read.target, as: UTF8.self))
        counts[target, default: (Int(address.level), 0)].count += 1
        if counts.count > tilesMax { forget() }
    }

    /// Those that were asked for least, and so many that it is not soon done again.
    private mutating func forget() {
        var floor = 0
        while counts.count > tilesMax / 4 * 3 {
            floor += 1
            counts = counts.filter { $0.value.count > floor }
        }
    }

    /// By its canonical form, in which every parameter has one spelling.
    private func accepts(_ target: [UInt8], _ address: TileAddress) -> Bool {
        if let levels = wish.levels, !levels.contains(Int(address.level)) { return false }
        if let gridSet = wish.gridSet, gridSet != Int(address.gridSet) { return false }
        guard let value = Self.values(of: target, services) else { return false }
        if wish.format != nil, wanted.format != value("FORMAT") { return false }
        if wish.style != nil, wanted.style != value("STYLES") { return false }
        if wish.time != nil, wanted.time != value("TIME") { return false }
        return value("LAYERS").split(separator: ",").contains { layer in
            layer == wish.layer
                || !wish.layer.contains(":") && layer.hasSuffix(":\(wish.layer)")
        }
    }

    /// What a key says of each parameter.
    private static func values(
        of target: [UInt8], _ services: MapServices
    ) -> ((_ name: String) -> String)? {
        guard let key = TileRequest.key(of: target, services: services),
            let mark = key.firstIndex(of: UInt8(ascii: "?"))
        else { return nil }
        let parameters = queryParameters(String(decoding: key[(mark + 1)...], as: UTF8.self))
        return { name in parameters.first { $0.name == name }?.value ?? "" }
    }

    /// What is wished for as keys have it: a tile is asked for with it, and its key is read.
    private static func canonical(_ wish: Wish, _ services: MapServices) -> Wish {
        var question = TileQuestion(path: wish.path, layer: wish.layer)
        question.style = wish.style ?? ""
        question.format = wish.format ?? question.format
        question.time = wish.time
        var wanted = wish
        let first = TileAddress(gridSet: 0, level: 0, column: 0, row: 0)
        guard let target = question.target(of: first, services),
            let value = values(of: Array(target.utf8), services)
        else { return wanted }
        (wanted.format, wanted.style) = (value("FORMAT"), value("STYLES"))
        wanted.time = value("TIME")
        return wanted
    }

    /// Those that were asked for most, the hottest first; of equals, by their targets.
    func hottest(_ count: Int) -> [Tile] {
        let all = counts.map { Tile(target: $0.key, level: $0.value.level, count: $0.value.count) }
        return Array(
            all.sorted {
                ($1.count, $0.target.target, $0.target.host)
                    < ($0.count, $1.target.target, $1.target.host)
            }.prefix(count))
    }
}
