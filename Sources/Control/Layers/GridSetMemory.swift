import Glibc
import HTTP
import Reactor
import Tiles

/// The grid sets that pools had when they said so last, on disk beside the store: an edge that
/// begins while a pool is away finds what it has of it all the same.
///
/// A set's name in keys has its version, so that one that has changed since finds nothing wrong.
/// One that the disk has changed would keep its version, and be given tiles that lie elsewhere: the
/// file counts as a whole, if it has the checksum that it was written with.
struct GridSetMemory {
    private(set) var sets: [String: [GridSet]] = [:]
    private let path: String
    /// The disk has not taken the latest yet.
    private var isUnsaved = false

    /// Reads what is there; what cannot be read is not known.
    init(directory: String) {
        path = directory + "/pool-grid-sets"
        guard let file = try? readTextFile(path) else { return }
        let sum = file.prefix { $0 != "\n" }
        let text = file.dropFirst(sum.count + 1)
        guard sum == Self.checksum(text) else { return }
        var (origin, draft): (String, GridSet?) = ("", nil)
        func end() {
            if let set = draft, set.defect == nil { sets[origin, default: []].append(set) }
            draft = nil
        }
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map { percentDecoded($0) }
            switch words.first {
            case "set" where words.count == 13:
                end()
                (origin, draft) = (words[1], Self.set(words))
            case "level":
                guard let level = Self.level(words) else {
                    draft = nil
                    continue
                }
                draft?.levels.append(level)
            default: draft = nil
            }
        }
        end()
    }

    /// Takes in what a pool says now, and waits for the disk.
    mutating func learn(_ found: [GridSet], of origin: String) throws(SystemError) {
        guard sets[origin] != found || isUnsaved else { return }
        (sets[origin], isUnsaved) = (found, true)
        var text = ""
        for (origin, sets) in sets.sorted(by: { $0.key < $1.key }) {
            for set in sets { text += Self.text(set, of: origin) }
        }
        close(try replaceFile(path, by: Array((Self.checksum(text) + "\n" + text).utf8)))
        isUnsaved = false
    }

    // MARK: lines

    /// What stands before all others.
    private static func checksum(_ text: some StringProtocol) -> String {
        unsafe "crc32 " + String(crc32(Array(text.utf8).span.bytes), radix: 16)
    }

    /// Numbers are written so that reading them gives the same bits.
    private static func text(_ set: GridSet, of origin: String) -> String {
        func word(_ text: String) -> String { CatalogueReader.encoded(text) }
        let box = set.extent
        var text =
            "set \(word(origin)) \(word(set.name)) \(word(set.version)) \(set.code) "
            + "\(set.isNorthingFirst == true ? 1 : 0) \(set.metersPerUnit) \(set.tileWidth) "
            + "\(set.tileHeight) \(box.west) \(box.south) \(box.east) \(box.north)\n"
        for level in set.levels {
            guard let place = level.place else { continue }
            text +=
                "level \(word(level.name)) \(level.resolution) \(place.west) \(place.north) "
                + "\(place.columns) \(place.rows)\n"
        }
        return text
    }

    private static func set(_ words: [String]) -> GridSet? {
        let (whole, numbers) = (words[4...].map { Int($0) }, words.map { Double($0) })
        guard let code = whole[0], let northing = whole[1], let unit = numbers[6],
            let width = whole[3], let height = whole[4], let west = numbers[9],
            let south = numbers[10], let east = numbers[11], let north = numbers[12]
        else { return nil }
        var set = GridSet(
            name: words[2], code: code, isNorthingFirst: northing == 1,
            extent: BoundingBox(west: west, south: south, east: east, north: north),
            origin: .topLeft, tileSize: (width, height), levels: [])
        (set.version, set.metersPerUnit) = (words[3], unit)
        return set
    }

    private static func level(_ words: [String]) -> GridSet.Level? {
        guard words.count == 7, let resolution = Double(words[2]), let west = Double(words[3]),
            let north = Double(words[4]), let columns = Int(words[5]), let rows = Int(words[6])
        else { return nil }
        return GridSet.Level(
            resolution: resolution, name: words[1],
            place: GridSet.Place(west: west, north: north, columns: columns, rows: rows))
    }
}
