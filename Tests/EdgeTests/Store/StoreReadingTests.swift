import Caching
import Edge
import Glibc
import LMDB
import Synchronization
import Testing

@Suite("Store: reading")
struct StoreReadingTests {
    private let bench = StoreBench()

    /// What `faultIn` says of a key.
    private func faultIn(_ store: Store, _ name: String) -> FaultInResult? {
        let found = Mutex<FaultInResult?>(nil)
        guard
            store.faultIn(store.key(name), whenReady: { result in found.withLock { $0 = result } })
        else { return nil }
        store.settle()
        return found.withLock { $0 }
    }

    @Test func `an entry counts as served lately for one to two minutes`() throws {
        let store = try bench.open()
        guard let reader = store.makeReader() else {
            Issue.record("there are readers left")
            return
        }
        let start: Milliseconds = 1_800_000_000_000
        var touches: [Bool] = []
        for seconds: Milliseconds in [0, 1, 60, 120, 600, 601, 80_000] {
            touches.append(reader.touch(store.key("tile"), now: start + seconds * 1_000))
        }
        #expect(touches == [false, true, true, true, false, true, false])
    }

    @Test func `an entry that could not be served yet does not count as served`() throws {
        let store = try bench.open()
        guard let reader = store.makeReader() else {
            Issue.record("there are readers left")
            return
        }
        let now: Milliseconds = 1_800_000_000_000
        var touches: [Bool] = []
        for _ in 0..<2 {
            touches.append(reader.touch(store.key("tile"), now: now))
            reader.untouch(store.key("tile"))
        }
        touches.append(reader.touch(store.key("tile"), now: now))
        touches.append(reader.touch(store.key("tile"), now: now))
        #expect(touches == [false, false, false, true])
    }

    @Test func `an entry from before the start is vouched for once it was read whole`() throws {
        do {
            let store = try bench.open()
            store.put("tile", body(30_000))
            store.put("small", body(300))
            store.settle()
            store.close()
        }
        let store = try bench.open()
        let objectID = try #require(store.stored("tile")).header.objectID
        guard let reader = store.makeReader() else {
            Issue.record("there are readers left")
            return
        }
        let before = reader.isVouched(objectID)
        #expect(!before)
        #expect(faultIn(store, "tile") == .ready)
        #expect(faultIn(store, "small") == .ready)
        #expect(faultIn(store, "none") == .absent)
        let after = reader.isVouched(objectID)
        #expect(after)
        store.put("new", body(30_000, seed: 2))
        store.settle()
        let own = reader.isVouched(try #require(store.stored("new")).header.objectID)
        #expect(own)
        #expect(store.counters.value(.faultIns) == 3)
    }

    @Test func `an entry whose body was damaged is deleted`() throws {
        do {
            let store = try bench.open()
            store.put("tile", body(400_000))
            store.settle()
            store.close()
        }
        // Somewhere in the middle of the only large thing in the file.
        bench.overwrite(at: 60 * 4_096 + 1_000, [1, 2, 3, 4, 5, 6, 7, 8])
        let store = try bench.open()
        #expect(faultIn(store, "tile") == .damaged)
        #expect(store.stored("tile") == nil)
        #expect(store.counters.value(.corrupt) == 1)
    }

    @Test func `a store with threads reads aside by itself`() throws {
        let store = try Store.open(bench.settings)
        store.put("tile", body(30_000))
        while store.hasPending { sched_yield() }
        let results = Mutex<[FaultInResult]>([])
        for name in ["tile", "none", "tile"] {
            let isTaken = store.faultIn(store.key(name)) { result in
                results.withLock { $0.append(result) }
            }
            #expect(isTaken)
        }
        while results.withLock({ $0.count }) < 3 { sched_yield() }
        #expect(results.withLock { $0 }.filter { $0 == .ready }.count == 2)
        store.close()
    }

    @Test func `a reader points at the bytes asked for, and at no more`() throws {
        let store = try bench.open()
        let bytes = body(100_000)
        store.put("tile", bytes)
        store.settle()
        let objectID = try #require(store.stored("tile")).header.objectID
        guard var reader = store.makeReader() else {
            Issue.record("there are readers left")
            return
        }
        var parts = [iovec](repeating: iovec(), count: 16)
        for (chunk, skip, limit, capacity) in [
            (0, 0, 10, 16), (0, 100, 5_000, 16), (3, 4_079, 2, 16), (20, 0, 100_000, 16),
            (0, 0, 100_000, 3), (24, 2_000, 100_000, 16), (25, 0, 10, 16), (0, 4_080, 10, 16),
        ] {
            reader.begin()
            let found = reader.gather(
                objectID: objectID, fromChunk: chunk, skip: skip, limit: limit, into: &parts,
                capacity: capacity)
            var got: [UInt8] = []
            for part in parts[..<found.count] {
                got += UnsafeRawBufferPointer(start: part.iov_base, count: part.iov_len)
            }
            let isResident = reader.isResident(&parts, count: found.count)
            reader.end()
            let start = chunk * 4_080 + skip
            let end = min(start + limit, (chunk + capacity) * 4_080, bytes.count)
            let expected = skip < 4_080 && start < end ? Array(bytes[start..<end]) : []
            #expect(got == expected)
            #expect(found.bytes == expected.count)
            #expect(isResident)
        }
    }

    @Test func `a fault within the map leaves a mark for the next start`() async throws {
        await #expect(processExitsWith: .failure) {
            let directory = "/tmp/mapedge-fault.\(getppid())"
            guard
                let store = try? Store.open(StoreSettings(directory: directory, mapBytes: 8 << 20)),
                var reader = store.makeReader()
            else { exit(0) }
            store.put("tile", body(400_000))
            while store.hasPending { sched_yield() }
            guard let objectID = store.stored("tile")?.header.objectID else { exit(0) }
            // Every page is dropped from memory and from the file: as if the disk lost them.
            truncate(directory + "/store/data.mdb", 40_960)
            var parts = [iovec](repeating: iovec(), count: 16)
            reader.begin()
            _ = reader.gather(objectID: objectID, fromChunk: 60, skip: 0, limit: 1, into: &parts)
            let value = parts[0].iov_base?.load(as: UInt8.self)
            exit(value == nil ? 0 : 1)
        }
        let directory = "/tmp/mapedge-fault.\(getpid())"
        defer { removeTree(directory) }
        #expect(listing(directory).contains("suspect"))
        let store = try Store.open(
            StoreSettings(directory: directory, mapBytes: 8 << 20), stepping: true)
        #expect(store.mode == .normal)
        #expect(store.stored("tile") == nil)
    }
}
