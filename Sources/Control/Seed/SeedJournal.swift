import Glibc
import Reactor
import Synchronization
import Tiles
import Yams

/// Which seeds the edge was asked for that are not over, on disk beside the store: what a restart
/// cuts short goes on with the next process.
///
/// Each has two files, `NAME.task`, which says what was asked for, and `NAME.state`, how far it is
/// (``SeedStateFile``). Names rise, so that seeds go on in the order in which they came.
final class SeedJournal: Sendable {
    /// One that goes on.
    struct Entry: Sendable {
        /// Without its ending.
        var path: String
        var options: SeedOptions
        var threads: Int?
    }

    private static let version = 1
    /// Longest file that is read, in bytes.
    private static let bytesMax = 65_536

    private let directory: String
    private let last = Mutex<Int64>(0)

    /// - Parameter directory: of the store; another is made in it.
    init(directory: String) { self.directory = directory + "/seeds" }

    /// Where a new one is kept; no two get the same.
    func newPath() -> String {
        let number = last.withLock { last in
            last = max(last + 1, WallClock.system.now)
            return last
        }
        let digits = "\(number)"
        return "\(directory)/\(String(repeating: "0", count: max(0, 16 - digits.count)))\(digits)"
    }

    /// Waits for the disk.
    func keep(_ entry: Entry) throws(SystemError) {
        unsafe mkdir(directory, 0o700)
        close(try replaceFile(entry.path + ".task", by: Array(Self.text(entry).utf8)))
    }

    /// It is over.
    func forget(_ path: String) {
        unsafe unlink(path + ".task")
        unsafe unlink(path + ".state")
    }

    /// Those that are not over, the first first. What cannot be read is none, and goes.
    func entries() -> [Entry] {
        var entries: [Entry] = []
        let names = (try? fileNames(in: directory)) ?? []
        for name in names where name.hasSuffix(".task") {
            let path = "\(directory)/\(name.dropLast(".task".count))"
            if let entry = Self.read(path) { entries.append(entry) } else { forget(path) }
        }
        return entries
    }

    // MARK: text

    private static func text(_ entry: Entry) -> String {
        let options = entry.options
        func text(_ value: String?) -> JSON { value.map(JSON.text) ?? .null }
        let box = options.bounds.map { "\($0.west),\($0.south),\($0.east),\($0.north)" }
        return JSON.object([
            ("mapedgeSeedTask", .number(Int64(version))), ("layer", .text(options.layer)),
            ("zoom", text(options.zoom)), ("bounds", text(box)), ("gridSet", text(options.gridSet)),
            ("format", text(options.format)), ("style", text(options.style)),
            ("time", text(options.time)), ("path", .text(options.path)),
            ("reseed", .flag(options.replaces)),
            ("threads", entry.threads.map { .number(Int64($0)) } ?? .null),
        ]).encoded + "\n"
    }

    private static func read(_ path: String) -> Entry? {
        guard let text = try? readTextFile(path + ".task", bytesMax: bytesMax),
            // YAML holds JSON, and the reader for it is here already.
            let node = try? Yams.compose(yaml: text), node["mapedgeSeedTask"]?.int == version
        else { return nil }
        func value(_ name: String) -> String? {
            // What is no text has no quotes.
            guard let scalar = node[name]?.scalar, scalar.style == .doubleQuoted else { return nil }
            return scalar.string
        }
        guard let layer = value("layer"), let place = value("path") else { return nil }
        var options = SeedOptions(layer: layer)
        (options.zoom, options.gridSet, options.path) = (value("zoom"), value("gridSet"), place)
        (options.format, options.style, options.time) = (
            value("format"), value("style"), value("time")
        )
        if let box = value("bounds") {
            guard let bounds = try? ValueForm<BoundingBox>.gridBounds.parse(box) else { return nil }
            options.bounds = bounds
        }
        options.replaces = node["reseed"]?.bool ?? false
        options.isUnattended = true
        return Entry(path: path, options: options, threads: node["threads"]?.int)
    }
}
