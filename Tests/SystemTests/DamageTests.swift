import Glibc
import Testing
import WireTesting

/// Damage where LMDB believes what it reads: headers, pointers and trees. It may end the process,
/// which a supervisor then starts again; it must not do so for ever.
@Suite("A damaged cache file ends no edge for good")
struct DamageTests {
    private static let keys = 60
    private static let size = 16 << 20

    /// A cache that an edge has filled and left in order, from which each test takes a copy.
    private static let original = Result { try makeOriginal() }

    private static func answer(_ request: Request) -> Reply {
        let key = Int(request.target.split(separator: "/").last ?? "") ?? 0
        return .ok("Cache-Control: max-age=100000", body: keyedBody(key))
    }

    private struct Original: Sendable {
        let directory: TemporaryDirectory
        let origin: Origin
        let room: Room
    }

    private static func makeOriginal() throws -> Original {
        let directory = try TemporaryDirectory()
        let origin = try Origin()
        let room = origin.room()
        room.answers { answer($0) }
        let edge = try start(origin, directory)
        // More of them than are asked for later, so that trees have branches.
        for key in 0..<(keys * 6) { _ = try edge.get(room.path("\(key)")) }
        edge.child.signal(SIGTERM)
        try #require(edge.child.waitForExit() == 0)
        return Original(directory: directory, origin: origin, room: room)
    }

    private static func start(_ origin: Origin, _ directory: TemporaryDirectory) throws -> Edge {
        try Edge(
            origin: origin.url, cacheSize: "\(size >> 20)MiB", directory: directory,
            environment: ["SWIFT_BACKTRACE=enable=no"])
    }

    private static func copy(_ original: TemporaryDirectory) throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let copying = try Child(
            "/bin/cp", ["-a", original.file("cache"), directory.file("cache")])
        try #require(copying.waitForExit() == 0)
        return directory
    }

    /// Where bytes are changed, and how.
    enum Damage: String, CaseIterable, Sendable {
        case header, pointers, treeBits, treeGarbage, treeZero, bodyHeader, bodyGarbage, anywhere
    }

    @Test(
        "within three starts the edge runs, answers rightly and stores",
        arguments: Damage.allCases, 0..<4)
    func survives(_ damage: Damage, _ seed: Int) throws {
        let original = try Self.original.get()
        let directory = try Self.copy(original.directory)
        try apply(damage, seed, directory.file("cache/store/data.mdb"))
        var ends: [String] = []
        for attempt in 0..<3 {
            let edge: Edge
            do { edge = try Self.start(original.origin, directory) } catch {
                ends.append("\(error)")
                continue
            }
            if try isRight(edge, original.room, fresh: 10_000 + attempt) { return }
            #expect(edge.child.waitForExit() ?? 0 < 0, "\(edge.child.log)")
            ends.append(edge.child.log.last ?? "")
        }
        Issue.record("three starts were not enough: \(ends)")
    }

    /// Asks for everything twice, and for something new; false if the edge ends meanwhile.
    private func isRight(_ edge: Edge, _ room: Room, fresh: Int) throws -> Bool {
        for _ in 0..<2 {
            for key in 0..<Self.keys {
                guard let response = try? edge.get(room.path("\(key)")) else { return false }
                // It ends a moment after its connections are gone.
                if response.isCut, edge.child.waitForExit() != nil { return false }
                #expect(response.status == 200)
                #expect(response.text == keyedBody(key), "key \(key)")
            }
        }
        // What is found damaged only now may take the new one along, once or twice.
        var isStored = false
        for _ in 0..<5 where !isStored {
            guard (try? edge.get(room.path("\(fresh)"))) != nil,
                let isWritten = isWritten(edge),
                let again = try? edge.get(room.path("\(fresh)"))
            else { return false }
            isStored = isWritten && again.isHit
        }
        #expect(isStored, "\(edge.child.log)")
        edge.child.signal(SIGTERM)
        return edge.child.waitForExit() == 0
    }

    /// Whether all that waited is on disk, and not only in memory; nil: the edge has ended.
    private func isWritten(_ edge: Edge) -> Bool? {
        let found: (backlog: Int?, isOver: Bool)? = eventually {
            let backlog = try? edge.metric("mapedge_store_backlog_bytes")
            return backlog == nil || backlog == 0 ? (backlog, backlog == nil) : nil
        }
        return found.map(\.isOver) == true ? nil : found != nil
    }

    @Test("a log that ends the process is begun anew, and the cache is kept")
    func log() throws {
        let original = try Self.original.get()
        let directory = try Self.copy(original.directory)
        let first = try Self.start(original.origin, directory)
        _ = try first.get(original.room.path("1"))
        #expect(try first.get(original.room.path("1")).isHit)
        try #require(isWritten(first) == true)
        // The disk has lost it all: LMDB finds no page where it looks for one.
        #expect(truncate(directory.file("cache/invalidations/data.mdb"), 0) == 0)
        let asked = try Child(
            Edge.program,
            ["invalidate", "--admin", "127.0.0.1:\(first.adminPort)", original.room.path("2")])
        _ = asked.waitForExit()
        #expect(first.child.waitForExit() ?? 0 < 0)
        #expect(access(directory.file("cache/suspect-log"), F_OK) == 0)
        #expect(access(directory.file("cache/suspect"), F_OK) != 0)
        let second = try Self.start(original.origin, directory)
        #expect(second.child.log.contains { $0.contains("counts as stale") })
        #expect(second.child.log.allSatisfy { !$0.contains("set aside") })
        let response = try second.get(original.room.path("1"))
        #expect(response.status == 200 && !response.isHit)
        #expect(try second.get(original.room.path("1")).isHit)
        second.child.signal(SIGTERM)
        #expect(second.child.waitForExit() == 0)
    }

    @Test("what cannot be read ends the tools with words, not by a signal", arguments: 0..<6)
    func tools(_ seed: Int) throws {
        let original = try Self.original.get()
        let directory = try Self.copy(original.directory)
        try apply(.treeGarbage, seed, directory.file("cache/store/data.mdb"))
        for tool in ["verify", "stat", "compact"] {
            let child = try Child(
                "/usr/bin/env",
                [
                    "SWIFT_BACKTRACE=enable=no", Edge.program, "cache", tool, "--cache",
                    directory.file("cache"),
                ])
            let status = child.waitForExit() ?? -1
            #expect(status == 0 || status == 1, "\(tool) ended with \(status)")
            if tool == "verify" { #expect(status == 1, "\(child.wholeLog)") }
        }
    }

    // MARK: damaging

    /// LMDB's marks of a page: in a tree's branch, a leaf, or a value's own.
    private enum PageFlag { static let (branch, leaf, overflow): (UInt8, UInt8, UInt8) = (1, 2, 4) }

    private func apply(_ damage: Damage, _ seed: Int, _ path: String) throws {
        var random = SeededRandom(seed: UInt64(seed * 31 + damage.rawValue.utf8.count))
        let file = open(path, O_RDWR)
        try #require(file >= 0, "the cache is not in \(path)")
        defer { _ = close(file) }
        var bytes = [UInt8](repeating: 0, count: Self.size)
        let count = pread(file, &bytes, bytes.count, 0)
        // Pages from before, which nothing leads to any more, are among them.
        func pages(_ flags: UInt8...) -> [Int] {
            (2..<count / 4096).filter {
                flags.contains(bytes[$0 * 4096 + 10]) && bytes[$0 * 4096 + 11] == 0
            }
        }
        let trees = pages(PageFlag.branch, PageFlag.leaf)
        let bodies = pages(PageFlag.overflow)
        try #require(trees.count > 4 && bodies.count > 100)
        func flip(_ page: Int, _ range: Range<Int>) {
            let offset = page * 4096 + range.lowerBound + random.below(range.count)
            bytes[offset] ^= 1 << UInt8(random.below(8))
        }
        func fill(_ page: Int, _ byte: () -> UInt8) {
            for offset in page * 4096..<(page + 1) * 4096 { bytes[offset] = byte() }
        }
        // All of what a tree is made of, as one page may be of no account.
        for page in trees {
            switch damage {
            case .header: flip(page, 0..<16)
            case .pointers: flip(page, 16..<40)
            case .treeBits: flip(page, 0..<4096)
            case .treeGarbage:
                if random.below(2) == 0 { fill(page) { UInt8(truncatingIfNeeded: random.next()) } }
            case .treeZero: if random.below(2) == 0 { fill(page) { 0 } }
            case .bodyHeader, .bodyGarbage, .anywhere: break
            }
        }
        for page in bodies {
            switch damage {
            case .bodyHeader: if random.below(20) == 0 { flip(page, 0..<16) }
            case .bodyGarbage:
                if random.below(20) == 0 { fill(page) { UInt8(truncatingIfNeeded: random.next()) } }
            default: break
            }
        }
        if damage == .anywhere {
            for _ in 0..<40 { flip(2 + random.below(bodies.max() ?? 3), 0..<4096) }
        }
        let size = count
        #expect(pwrite(file, bytes, size, 0) == size)
    }
}
