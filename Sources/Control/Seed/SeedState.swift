import Caching
import Glibc
import Reactor
import Yams

/// What a job is, in words that tell it from others: `name` as the command line calls it.
struct SeedDefinition: Equatable, Sendable {
    struct Field: Equatable, Sendable {
        var name: String
        var value: String
    }

    var fields: [Field] = []

    mutating func add(_ name: String, _ value: String?) {
        if let value { fields.append(Field(name: name, value: value)) }
    }

    /// The first thing in which another differs, in words; nil: it is the same job.
    func difference(from other: SeedDefinition) -> String? {
        func value(_ name: String, _ definition: SeedDefinition) -> String {
            definition.fields.first { $0.name == name }.map { "\"\(printable($0.value))\"" }
                ?? "not given"
        }
        for name in (fields + other.fields).map(\.name) {
            let (here, there) = (value(name, self), value(name, other))
            if here != there { return "\(name) is \(there) there and \(here) here" }
        }
        return nil
    }
}

/// A job as its state file has it: what it is, and how far.
struct SeedState: Equatable, Sendable {
    private static let version = 1

    var job: SeedDefinition
    var total: Int
    /// What is stored must be no older: of a job that replaces tiles, the edge's time at its start.
    var notOlderThan: Milliseconds?
    var position: Int
    var ahead: [Int]
    var failed: [Int]
    var tally: SeedTally

    init(
        _ job: SeedDefinition, _ ledger: SeedLedger, notOlderThan: Milliseconds?, _ tally: SeedTally
    ) {
        (self.job, self.notOlderThan, self.tally) = (job, notOlderThan, tally)
        (total, position) = (ledger.total, ledger.position)
        ahead = ledger.ahead.sorted()
        failed = ledger.failed.keys.sorted()
    }

    var ledger: SeedLedger? {
        SeedLedger(total: total, position: position, ahead: ahead, failed: failed)
    }

    /// One line for each thing, so that people can read it, too.
    var encoded: [UInt8] {
        func list(_ numbers: [Int]) -> JSON { .list(numbers.map { .number(Int64($0)) }) }
        let fields: [(name: String, value: JSON)] = [
            ("mapedgeSeed", .number(Int64(Self.version))),
            ("job", .object(job.fields.map { ($0.name, .text($0.value)) })),
            ("total", .number(Int64(total))), ("position", .number(Int64(position))),
            ("ahead", list(ahead)), ("failed", list(failed)),
            ("notOlderThan", notOlderThan.map { .number($0) } ?? .null),
            ("stored", .number(Int64(tally.stored))), ("present", .number(Int64(tally.present))),
            ("bytes", .number(Int64(tally.bytes))),
        ]
        let lines = fields.map { "  \(JSON.text($0.name).encoded): \($0.value.encoded)" }
        return Array("{\n\(lines.joined(separator: ",\n"))\n}\n".utf8)
    }

    /// Reads what `encoded` wrote; nil for anything else.
    init?(_ text: String) {
        // YAML holds JSON, and the reader for it is here already.
        guard let node = try? Yams.compose(yaml: text), node["mapedgeSeed"]?.int == Self.version,
            let fields = node["job"]?.mapping, let total = node["total"]?.int,
            let position = node["position"]?.int, let ahead = node["ahead"]?.sequence,
            let failed = node["failed"]?.sequence, let stored = node["stored"]?.int,
            let present = node["present"]?.int, let bytes = node["bytes"]?.int
        else { return nil }
        job = SeedDefinition(
            fields: fields.compactMap { key, value in
                guard let name = key.scalar?.string, let text = value.scalar?.string else {
                    return nil
                }
                return SeedDefinition.Field(name: name, value: text)
            })
        (self.total, self.position) = (total, position)
        (self.ahead, self.failed) = (ahead.compactMap(\.int), failed.compactMap(\.int))
        guard self.ahead.count == ahead.count, self.failed.count == failed.count else { return nil }
        notOlderThan = node["notOlderThan"]?.int.map { Milliseconds($0) }
        tally = SeedTally(stored: stored, present: present, bytes: bytes)
    }
}

/// A state file, and beside it, for tiles that came out of a log, `PATH.tiles` with one in a line.
struct SeedStateFile: Sendable {
    /// A log's hottest are not more: 2,000 bytes for each of a million.
    private static let tilesBytesMax = 2_000_000_000
    private static let stateBytesMax = 64 << 20

    let path: String
    private var tilesPath: String { path + ".tiles" }

    /// nil: there is none, so that the job begins.
    ///
    /// - Throws: for what is no state, and for the state of another job.
    func read(_ job: SeedDefinition) throws(CommandMistake) -> SeedState? {
        guard unsafe access(path, F_OK) == 0 else { return nil }
        let text: String
        do throws(Complaint) {
            text = try readTextFile(path, bytesMax: Self.stateBytesMax)
        } catch {
            throw CommandMistake("--state: \(printable(path)) \(error.problem); \(error.remedy)")
        }
        guard let state = SeedState(text), state.ledger != nil else {
            throw CommandMistake(
                "--state: \(printable(path)) is no state of a seed; name another file, or remove "
                    + "it", isUsage: true)
        }
        if let difference = job.difference(from: state.job) {
            throw CommandMistake(
                "--state: \(printable(path)) is of another job: \(difference); name another file, "
                    + "or remove it to begin anew", isUsage: true)
        }
        return state
    }

    func write(_ state: SeedState) throws(CommandMistake) { try replace(path, state.encoded) }

    /// Keeps tiles that no definition would give a second time.
    func write(_ tiles: [HotTiles.Tile]) throws(CommandMistake) {
        let lines = tiles.map { "\($0.level) \($0.target.host) \($0.target.target)\n" }
        try replace(tilesPath, Array(lines.joined().utf8))
    }

    func readTiles() throws(CommandMistake) -> [HotTiles.Tile] {
        let text: String
        do throws(Complaint) {
            text = try readTextFile(tilesPath, bytesMax: Self.tilesBytesMax)
        } catch {
            throw CommandMistake(
                "--state: \(printable(tilesPath)), the tiles of the job, \(error.problem); remove "
                    + "\(printable(path)) to begin anew")
        }
        return text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ", maxSplits: 2)
            guard parts.count == 3, let level = Int(parts[0]) else { return nil }
            return HotTiles.Tile(
                target: SeedTarget(host: String(parts[1]), target: String(parts[2])), level: level,
                count: 0)
        }
    }

    /// The job is done.
    func remove() {
        unsafe unlink(path)
        unsafe unlink(tilesPath)
    }

    private func replace(_ path: String, _ bytes: [UInt8]) throws(CommandMistake) {
        do throws(SystemError) { close(try replaceFile(path, by: bytes)) } catch {
            throw CommandMistake(
                "--state: \(printable(path)) cannot be written: \(error.reason); name a file in a "
                    + "directory that this user may write to")
        }
    }
}
