import Caching
import Edge
import Glibc
import LMDB
import Synchronization
import Testing

@Suite("Store: may be lost, never wrong")
struct StoreRecoveryTests {
    private let bench = StoreBench()
    private var gap: Milliseconds = 60_000

    private func fill(_ count: Int = 60) throws {
        let store = try bench.open()
        for index in 0..<count { store.put("tile \(index)", body(9_000, seed: index)) }
        store.settle()
        store.close()
    }

    /// Every entry is either right or absent; returns how many are there.
    private func rightEntries(_ store: Store, _ count: Int = 60) -> Int {
        (0..<count).filter { index in
            guard ready(store, "tile \(index)") else { return false }
            guard let found = store.stored("tile \(index)") else { return false }
            #expect(found.body == body(9_000, seed: index))
            return true
        }.count
    }

    /// Has an entry read and checked, as the edge does before it serves one from before its start.
    private func ready(_ store: Store, _ name: String) -> Bool {
        let result = Mutex<FaultInResult?>(nil)
        guard store.faultIn(store.key(name), whenReady: { found in result.withLock { $0 = found } })
        else { return false }
        while result.withLock({ $0 }) == nil { store.step() }
        // Damage here and there is one thing, four entries within a minute another.
        bench.clock.advance(gap)
        return result.withLock { $0 } == .ready
    }

    @Test func `a clock that has fallen behind what is stored is told of`() throws {
        let store = try bench.open()
        store.put("early", body(10))
        store.put("late", body(10), now: bench.clock.now + 86_400_000)
        store.settle()
        store.close()
        #expect(!bench.events.texts.contains { $0.contains("the clock is") })
        try bench.open().settle()
        #expect(bench.events.texts.contains { $0.hasPrefix("the clock is 86400 s behind") })
    }

    @Test func `a process that ends without closing loses nothing that was committed`() throws {
        do {
            let store = try bench.open()
            for index in 0..<60 { store.put("tile \(index)", body(9_000, seed: index)) }
            store.settle()
            store.put("late", body(9_000))
        }
        let store = try bench.open()
        #expect(rightEntries(store) == 60)
        #expect(store.body(of: "late") == nil)
    }

    @Test func `a copy of the file taken while it is written opens with whole entries only`() throws
    {
        let store = try bench.open()
        let copy = StoreBench()
        for index in 0..<200 {
            store.put("tile \(index)", body(9_000, seed: index))
            if index % 7 == 0 { store.step() }
        }
        mkdir(copy.path("store"), 0o700)
        copyFile(bench.path("store/data.mdb"), copy.path("store/data.mdb"))
        copyFile(bench.path("format"), copy.path("format"))
        let other = try copy.open()
        let found = (0..<200).filter { index in
            guard let found = other.stored("tile \(index)") else { return false }
            #expect(found.body == body(9_000, seed: index))
            return true
        }
        #expect(found.count > 100)
    }

    enum Damage: CaseIterable, Sendable {
        case garbage, truncated, halved, empty, metaPages, noFormat, garbageFormat, otherVersion
        case otherSchema
    }

    @Test(
        "a file that cannot be trusted is set aside, and the store starts",
        arguments: Damage.allCases)
    func damagedFile(_ damage: Damage) throws {
        try fill()
        let data = bench.path("store/data.mdb")
        var status = stat()
        stat(data, &status)
        switch damage {
        case .garbage: bench.overwrite(at: 0, body(100_000))
        case .truncated: truncate(data, 5_000)
        case .halved: truncate(data, status.st_size / 2)
        case .empty: truncate(data, 0)
        case .metaPages: bench.overwrite(at: 0, [UInt8](repeating: 0, count: 8_192))
        case .noFormat: unlink(bench.path("format"))
        case .garbageFormat: writeFile("format", "what is this")
        case .otherVersion: replaceInFormat("lmdb 0.9", "lmdb 1.0")
        case .otherSchema: replaceInFormat("schema 1", "schema 2")
        }
        do {
            let store = try bench.open()
            #expect(store.mode == .normal)
            #expect(rightEntries(store) == 0)
            store.put("tile 1", body(9_000, seed: 1))
            store.settle()
            #expect(rightEntries(store) == 1)
        }
        guard damage != .empty else { return }
        #expect(bench.names.filter { $0.hasPrefix("bad-") }.count == 1)
        #expect(bench.events.texts.contains { $0.contains("set aside as bad-*") })
        #expect(rightEntries(try bench.open()) == 1)
    }

    private func writeFile(_ name: String, _ text: String) {
        let descriptor = Glibc.open(bench.path(name), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        write(descriptor, text, text.utf8.count)
        close(descriptor)
    }

    private func replaceInFormat(_ old: String, _ new: String) {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let descriptor = Glibc.open(bench.path("format"), O_RDONLY)
        let count = read(descriptor, &bytes, bytes.count)
        close(descriptor)
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        let at = text.firstRange(of: old)
        guard let at else { return }
        writeFile("format", text.replacingCharacters(at, new))
    }

    @Test func `only the last file set aside is kept`() throws {
        for _ in 0..<3 {
            try fill(2)
            bench.clock.advance(5_000)
            bench.overwrite(at: 0, body(100_000))
        }
        _ = try bench.open()
        #expect(bench.names.filter { $0.hasPrefix("bad-") }.count == 1)
    }

    @Test("flipped bits are never served", arguments: 0..<12)
    func flips(_ seed: Int) throws {
        try fill()
        var random = SeededSequence(seed: UInt64(seed + 1))
        var status = stat()
        stat(bench.path("store/data.mdb"), &status)
        let pages = Int(status.st_size) / 4_096
        // Within bodies, whose pages are most of the file: trees are another test's matter.
        for _ in 0..<20 {
            let page = 2 + random.next(below: pages - 2)
            let offset = page * 4_096 + 16 + random.next(below: 4_080)
            if isBodyPage(page) { flip(at: offset, bit: random.next(below: 8)) }
        }
        let store = try bench.open()
        let right = rightEntries(store)
        #expect(right < 60)
        store.settle()
        #expect(store.counters.value(.corrupt) >= 60 - right)
    }

    /// Whether a page begins with LMDB's mark of an overflow page.
    private func isBodyPage(_ page: Int) -> Bool {
        var flags: UInt16 = 0
        let descriptor = Glibc.open(bench.path("store/data.mdb"), O_RDONLY)
        pread(descriptor, &flags, 2, off_t(page * 4_096 + 10))
        close(descriptor)
        return flags & 0x04 != 0
    }

    private func flip(at offset: Int, bit: Int) {
        var byte: UInt8 = 0
        let descriptor = Glibc.open(bench.path("store/data.mdb"), O_RDWR)
        pread(descriptor, &byte, 1, off_t(offset))
        byte ^= 1 << UInt8(bit)
        pwrite(descriptor, &byte, 1, off_t(offset))
        close(descriptor)
    }

    @Test mutating func `a store with many damaged entries is set aside while serving`() throws {
        try fill()
        gap = 0
        let store = try bench.open()
        bench.faults.fail(.verify, after: 0, times: 10, code: EIO)
        for index in 0..<5 { #expect(!ready(store, "tile \(index)")) }
        store.settle()
        #expect(store.counters.value(.quarantines) == 1)
        #expect(store.mode == .normal)
        #expect(store.stored("tile 50") == nil)
        store.put("tile 50", body(9_000, seed: 50))
        store.settle()
        #expect(store.stored("tile 50")?.body == body(9_000, seed: 50))
    }

    @Test func `a reader follows the store to its new file`() throws {
        let store = try bench.open()
        store.put("tile", body(9_000))
        store.settle()
        guard var reader = store.makeReader() else {
            Issue.record("there are readers left")
            return
        }
        reader.begin()
        let before = reader.find(store.key("tile")) != nil
        bench.faults.fail(.commit, after: 0, code: LMDBError.corrupted)
        store.put("other", body(9_000, seed: 2))
        store.settle()
        // The old file is still mapped for who is in the middle of a snapshot.
        let during = reader.find(store.key("tile")) != nil
        reader.end()
        reader.begin()
        let after = reader.find(store.key("tile")) != nil
        let other = reader.find(store.key("other")) != nil
        reader.end()
        #expect([before, during, after, other] == [true, true, false, true])
        #expect(store.counters.value(.quarantines) == 1)
    }
}

extension String {
    func replacingCharacters(_ range: Range<String.Index>, _ text: String) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}
