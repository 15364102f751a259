import Caching
import Edge
import Glibc
import LMDB
import Testing
import WireTesting

@Suite("Store: damage in the pages that LMDB itself believes, and ends that tell of it")
struct StoreDamageTests {
    private let bench = StoreBench()

    private func fill(_ count: Int = 20) throws {
        let store = try bench.open()
        for index in 0..<count { store.put("tile \(index)", body(9_000, seed: index)) }
        store.settle()
        store.close()
    }

    private func mark(_ name: String) { close(creat(bench.path(name), 0o600)) }

    // MARK: pages of bodies

    /// What a page of a body is headed by, and where it is not what LMDB wrote.
    enum Header: CaseIterable, Sendable {
        case number, flags, dirty, count, zero, garbage

        func damage(_ page: inout [UInt8]) {
            switch self {
            case .number: page[0] ^= 0x02
            case .flags: page[10] = 0x02
            case .dirty: page[10] |= 0x10
            case .count: page[13] = 0x40
            case .zero: page = [UInt8](repeating: 0, count: page.count)
            case .garbage: page = body(page.count, seed: 99)
            }
        }
    }

    /// The file's pages that hold one chunk of a body.
    private func bodyPages() -> [Int] {
        var status = stat()
        stat(bench.path("store/data.mdb"), &status)
        return (2..<Int(status.st_size) / 4_096).filter { page(at: $0)[10] == 0x04 }
    }

    private func page(at number: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let descriptor = Glibc.open(bench.path("store/data.mdb"), O_RDONLY)
        pread(descriptor, &bytes, bytes.count, off_t(number * 4_096))
        close(descriptor)
        return bytes
    }

    @Test(
        "one broken page of a body never ends storing: the file is set aside before LMDB frees it",
        arguments: Header.allCases)
    func bodyPage(_ header: Header) throws {
        try fill(1)
        let number = try #require(bodyPages().first)
        var bytes = page(at: number)
        header.damage(&bytes)
        bench.overwrite(at: number * 4_096, bytes)
        #expect(try !StoreTools.verify(directory: bench.directory).isSound)
        let store = try bench.open()
        store.discardDamaged(store.key("tile 0"))
        store.settle()
        #expect(store.counters.value(.quarantines) == 1)
        #expect(store.mode == .normal)
        store.put("tile 1", body(9_000, seed: 1))
        store.settle()
        #expect(store.stored("tile 1")?.body == body(9_000, seed: 1))
        store.close()
        #expect(try StoreTools.verify(directory: bench.directory).isSound)
    }

    /// What the file has is in another order, as far as it lies in leaves of keys of 16 bytes.
    private func shuffleLeaves() throws {
        var random = SeededRandom(seed: 7)
        var status = stat()
        stat(bench.path("store/data.mdb"), &status)
        var leaves = 0
        for number in 2..<Int(status.st_size) / 4_096 {
            var bytes = page(at: number)
            // LMDB's header: flags, then where the places of the nodes end, two bytes each.
            let end = Int(bytes[12]) | Int(bytes[13]) << 8
            guard bytes[10] == 0x02, (32...4_096).contains(end) else { continue }
            let places = stride(from: 16, to: end, by: 2).map { [bytes[$0], bytes[$0 + 1]] }
            let first = Int(places[0][0]) | Int(places[0][1]) << 8
            guard bytes[first + 6] == 16, bytes[first + 7] == 0 else { continue }
            bytes.replaceSubrange(16..<end, with: places.shuffled(using: &random).joined())
            bench.overwrite(at: number * 4_096, bytes)
            leaves += 1
        }
        #expect(leaves > 0)
    }

    @Test(
        "a leaf out of order takes nothing that nobody finds again, and is no end of reading",
        arguments: [true, false])
    func leaf(_ isWritten: Bool) throws {
        try fill()
        try shuffleLeaves()
        // Found by whoever comes there first: what is stored, or the reading of what is there.
        let store = try bench.open()
        if isWritten { for index in 0..<20 { store.put("new \(index)", body(900, seed: index)) } }
        store.settle()
        #expect(store.counters.value(.quarantines) == 1)
        // Where what is stored belongs the keys' hash tells, which is another one in each store.
        let told = isWritten ? ["put: ", "cursor: "] : ["cursor: "]
        #expect(
            bench.events.texts.contains { text in
                told.contains { text.contains($0 + "MDB_CORRUPTED") }
            }, "\(bench.events.texts)")
        #expect(store.mode == .normal)
        for index in 0..<20 { store.put("new \(index)", body(900, seed: index)) }
        store.settle()
        for index in 0..<20 {
            #expect(store.stored("new \(index)")?.body == body(900, seed: index))
        }
        #expect(store.counters.value(.quarantines) == 1)
    }

    @Test func `verification looks at what is to be deleted too`() throws {
        let store = try bench.open()
        store.put("tile", body(9_000))
        store.settle()
        // Held by a viewer, so that it stays on the list.
        let objectID = try #require(store.stored("tile")).header.objectID
        store.retain(objectID)
        store.delete(store.key("tile"))
        store.settle()
        store.close()
        #expect(try StoreTools.verify(directory: bench.directory).isSound)
        let number = try #require(bodyPages().first)
        bench.overwrite(at: number * 4_096, body(4_096, seed: 99))
        #expect(try StoreTools.verify(directory: bench.directory).damagedBodies == 1)
    }

    @Test(
        "what LMDB says only of broken pages is damage",
        arguments: [EINVAL, LMDBError.badTransaction])
    func impossible(code: Int32) throws {
        let store = try bench.open()
        bench.faults.fail(.put, after: 0, code: code)
        store.put("tile", body(9_000))
        store.settle()
        #expect(store.counters.value(.quarantines) == 1)
        #expect(store.mode == .normal)
        #expect(store.body(of: "tile") == body(9_000))
    }

    @Test func `no memory for a change is borne three times, and then taken for damage`() throws {
        let store = try bench.open()
        bench.faults.fail(.put, after: 0, times: 3, code: ENOMEM)
        store.put("tile", body(9_000))
        for _ in 0..<4 {
            store.settle()
            bench.clock.advance(30_000)
        }
        #expect(store.counters.value(.quarantines) == 0)
        #expect(store.stored("tile")?.body == body(9_000))
        bench.faults.fail(.put, after: 0, times: 1_000, code: ENOMEM)
        store.put("other", body(9_000, seed: 2))
        for _ in 0..<3 {
            store.settle()
            bench.clock.advance(30_000)
        }
        #expect(store.counters.value(.quarantines) == 0)
        bench.faults.fail(.put, after: 0, times: 1, code: ENOMEM)
        store.settle()
        #expect(store.counters.value(.quarantines) == 1)
        store.settle()
        #expect(store.mode == .normal)
        #expect(store.stored("other")?.body == body(9_000, seed: 2))
    }

    @Test(
        "a place that no file can have is damage, where the file is as long as it may become",
        arguments: [(EFBIG, 3), (EIO, 9)], [true, false])
    func tooFar(_ failure: (code: Int32, limit: Int), _ isReserved: Bool) throws {
        let (code, limit) = failure
        let store = try bench.open { $0.preallocates = isReserved }
        bench.faults.fail(.commit, after: 0, times: 1_000, code: code)
        store.put("tile", body(9_000))
        // Once: what begins anew and cannot be written either is not what was broken.
        for round in 1...20 {
            store.settle()
            let isSetAside = isReserved && round > limit
            #expect(store.counters.value(.quarantines) == (isSetAside ? 1 : 0), "\(round)")
            bench.clock.advance(30_000)
        }
    }

    @Test func `the file that follows a damaged one is reserved on the disk too`() throws {
        let store = try bench.open { $0.preallocates = true }
        bench.faults.fail(.commit, after: 0, code: LMDBError.corrupted)
        store.put("tile", body(9_000))
        store.settle()
        #expect(store.counters.value(.quarantines) == 1)
        var status = stat()
        #expect(stat(bench.path("store/data.mdb"), &status) == 0)
        #expect(Int(status.st_size) == bench.mapBytes)
    }

    // MARK: ends

    @Test(
        "ends soon after the start, so many in a row, set the file aside",
        arguments: [("starting", 3), ("crashed", 2)])
    func ends(_ marker: String, _ limit: Int) throws {
        try fill()
        for round in 1...limit {
            mark(marker)
            bench.clock.advance(70_000)
            let store = try bench.open()
            #expect((store.stored("tile 1") != nil) == (round < limit))
            #expect(store.mode == .normal)
        }
        #expect(bench.events.texts.contains { $0.contains("\(limit) times in a row") })
        #expect(bench.names.contains { $0.hasPrefix("bad-") })
        #expect(!bench.names.contains { ["crashed", "starting", "ends"].contains($0) })
    }

    @Test func `ends that lie apart are no sign of damage`() throws {
        try fill()
        for _ in 1...6 {
            mark("starting")
            bench.clock.advance(200_000)
            #expect(try bench.open().stored("tile 1") != nil)
        }
    }

    @Test func `a store that has read its index is not starting any more`() throws {
        let store = try Store.open(bench.settings)
        while bench.names.contains("starting") { sched_yield() }
        store.close()
        #expect(bench.names == ["format", "invalidations", "lock", "store"])
    }

    @Test(
        "an invalidation log that ended the process while it was opened is begun anew, and only it",
        arguments: ["suspect", "crashed"])
    func logEnded(_ marker: String) throws {
        try fill()
        mark("opening-log")
        mark(marker)
        let store = try bench.open()
        #expect(bench.events.texts.contains { $0.contains("invalidation log") })
        #expect(!bench.names.contains { $0.hasPrefix("bad-") })
        #expect(!bench.names.contains("opening-log") && !bench.names.contains(marker))
        // What it said is lost: it may have said anything of what is stored.
        #expect(store.invalidations.latest > 0, "\(bench.events.texts)")
    }

    @Test func `one that ended it later is begun anew, and all that is stored is stale`() throws {
        try fill()
        mark("suspect-log")
        mark("starting")
        let store = try bench.open()
        #expect(!bench.names.contains { $0.hasPrefix("bad-") || $0.hasPrefix("suspect") })
        #expect(!bench.names.contains("ends"))
        #expect(store.invalidations.latest > 0)
        #expect(bench.events.texts.contains { $0.contains("ended the process") })
        #expect(bench.events.texts.contains { $0.contains("counts as stale") })
    }

    @Test func `a log without a byte is a lost one`() throws {
        try fill()
        #expect(truncate(bench.path("invalidations/data.mdb"), 0) == 0)
        let store = try bench.open()
        #expect(store.invalidations.latest > 0)
        #expect(bench.events.texts.contains { $0.contains("counts as stale") })
    }

    @Test(
        "a log that ends the process over and over is the disk's doing, and is not opened again",
        arguments: [["suspect-log"], ["opening-log", "crashed"]])
    func logEnds(_ markers: [String]) throws {
        for round in 1...3 {
            for marker in markers { mark(marker) }
            let store = try bench.open { $0.invalidationRetention = 600_000 }
            #expect((store.mode == .normal) == (round < 3))
            #expect(store.invalidations.count == 0)
            store.invalidate([InvalidationRule(.target, Array("/a".utf8))])
            store.settle()
            #expect(store.invalidations.count == 1)
            store.close()
        }
        #expect(bench.names.allSatisfy { !$0.hasSuffix("-log") })
    }

    // MARK: compaction

    @Test("a compaction that was cut off loses nothing", arguments: [true, false])
    func compaction(_ isBetween: Bool) throws {
        try fill()
        mkdir(bench.path("compact"), 0o700)
        copyFile(bench.path("store/data.mdb"), bench.path("compact/data.mdb"))
        if isBetween {
            rename(bench.path("store"), bench.path("old"))
        } else {
            mkdir(bench.path("old"), 0o700)
            copyFile(bench.path("store/data.mdb"), bench.path("old/data.mdb"))
        }
        let store = try bench.open()
        #expect(store.stored("tile 7")?.body == body(9_000, seed: 7))
        #expect(bench.names == ["format", "invalidations", "lock", "store"])
        #expect(bench.events.texts.contains { $0.contains("a compaction") })
        store.close()
        _ = try StoreTools.compact(directory: bench.directory)
    }

    @Test func `a compaction goes on where one was cut off`() throws {
        try fill()
        mkdir(bench.path("compact"), 0o700)
        rename(bench.path("store"), bench.path("old"))
        _ = try StoreTools.compact(directory: bench.directory)
        #expect(try StoreTools.verify(directory: bench.directory).entries == 20)
        #expect(bench.names == ["format", "invalidations", "lock", "store"])
    }

    // MARK: a smaller size

    /// Also what is done only after a pause.
    private func rest(_ store: Store) { for _ in 0..<5 { store.settle() } }

    @Test("a cache that is too large for its new size keeps what fits", arguments: [true, false])
    func shrinking(_ isCompacted: Bool) throws {
        try fill(1_200)
        if isCompacted { _ = try StoreTools.compact(directory: bench.directory) }
        bench.mapBytes = 4 << 20
        for round in 0..<2 {
            let store = try bench.open()
            rest(store)
            #expect(store.counters.value(.quarantines) == 0)
            #expect(store.isTaking)
            #expect(store.counters.value(.usedPages) <= 1_024 * 95 / 100)
            #expect(store.counters.value(.entries) > 150)
            var found = 0
            for index in 0..<1_200 {
                guard let entry = store.stored("tile \(index)") else { continue }
                #expect(entry.body == body(9_000, seed: index))
                found += 1
            }
            let former = store.stored("new 0") == nil ? 0 : 1
            #expect(found + former == store.counters.value(.entries))
            store.put("new \(round)", body(9_000, seed: round))
            store.settle()
            #expect(store.stored("new \(round)") != nil)
            store.close()
        }
        #expect(bench.events.texts.contains { $0.contains("mapedge cache compact") })
        #expect(!bench.names.contains { $0.hasPrefix("bad-") })
        let told = bench.events.texts.count
        _ = try StoreTools.compact(directory: bench.directory)
        let store = try bench.open()
        store.settle()
        #expect(store.stored("new 1") != nil)
        #expect(bench.events.texts.count == told)
    }

    @Test func `a few large bodies are evicted down to a smaller size too`() throws {
        let first = try bench.open()
        for index in 0..<25 { first.put("tile \(index)", body(400_000, seed: index)) }
        first.settle()
        first.close()
        bench.mapBytes = 4 << 20
        let store = try bench.open()
        rest(store)
        #expect(store.counters.value(.usedPages) <= 1_024 * 95 / 100)
        #expect(store.isTaking)
        #expect((3...9).contains(store.counters.value(.entries)))
    }
}

extension LMDBError {
    /// `MDB_BAD_TXN`
    fileprivate static var badTransaction: Int32 { -30_782 }
}
