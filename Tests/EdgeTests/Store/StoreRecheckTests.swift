import Caching
import Edge
import Glibc
import Testing

@Suite("What is in memory is checked again, a slice at a time")
struct StoreRecheckTests {
    private let bench = StoreBench()
    private let count = 1_000

    private func filled(_ change: (inout StoreSettings) -> Void = { _ in }) throws -> Store {
        let store = try bench.open {
            $0.recheckInterval = 60_000
            change(&$0)
        }
        for number in 0..<count {
            store.put(
                "tile \(number)", body(3_000, seed: number), headers: "X-Name: name-\(number).\r\n")
        }
        store.settle()
        return store
    }

    /// Changes a bit wherever the file has these bytes, those in use and those left over.
    private func damage(_ bytes: [UInt8]) {
        let descriptor = open(bench.path("store/data.mdb"), O_RDWR)
        var page = [UInt8](repeating: 0, count: 4_096)
        var (number, found) = (0, 0)
        while pread(descriptor, &page, page.count, off_t(number * 4_096)) == page.count {
            for at in 0...(page.count - bytes.count) where page[at] == bytes[0] {
                guard page[at..<at + bytes.count].elementsEqual(bytes) else { continue }
                page[at + bytes.count - 1] ^= 1
                pwrite(
                    descriptor, [page[at + bytes.count - 1]], 1,
                    off_t(number * 4_096 + at + bytes.count - 1))
                found += 1
            }
            number += 1
        }
        close(descriptor)
        #expect(found > 0)
    }

    /// Lets time pass, and the writer work. Returns the most records that one step looked at.
    @discardableResult
    private func wait(_ milliseconds: Milliseconds, _ store: Store) -> Int {
        var most = 0
        for _ in 0..<milliseconds / 20 {
            bench.clock.advance(20)
            let before = store.counters.value(.rechecked)
            store.step()
            most = max(most, store.counters.value(.rechecked) - before)
        }
        store.settle()
        return most
    }

    @Test("what its bytes have become in memory is found within the time, and is not served on")
    func finds() throws {
        let store = try filled()
        damage(Array(body(3_000, seed: 7)[1_000..<1_016]))
        damage(Array("X-Name: name-500.".utf8))
        #expect(store.stored("tile 7") != nil && store.counters.value(.corrupt) == 0)
        wait(60_000, store)
        #expect(store.counters.value(.corrupt) == 2)
        #expect(store.counters.value(.quarantines) == 0 && store.counters.value(.entries) == 998)
        #expect(store.stored("tile 7") == nil && store.stored("tile 500") == nil)
        expectBody(store.stored("tile 8")?.body, 3_000, seed: 8)
        #expect(bench.events.texts.contains { $0.contains("is not what was written there") })
        store.put("tile 7", body(3_000, seed: 7))
        wait(120_000, store)
        expectBody(store.stored("tile 7")?.body, 3_000, seed: 7)
        #expect(store.counters.value(.corrupt) == 2)
    }

    @Test("what was checked before it was served is checked again")
    func former() throws {
        try filled().close()
        let store = try filled()
        #expect(store.faultIn(store.key("tile 7")) { _ in })
        store.settle()
        damage(Array(body(3_000, seed: 7)[1_000..<1_016]))
        wait(60_000, store)
        #expect(store.stored("tile 7") == nil && store.counters.value(.corrupt) == 1)
    }

    @Test("what is not in memory is not read for it")
    func absent() throws {
        let store = try filled()
        damage(Array(body(3_000, seed: 7)[1_000..<1_016]))
        bench.faults.fail(.residency, after: 0, times: .max, code: 1)
        wait(120_000, store)
        #expect(store.counters.value(.rechecked) > count && store.stored("tile 7") != nil)
        bench.faults.fail(.residency, after: .max, code: 1)
        wait(60_000, store)
        #expect(store.stored("tile 7") == nil)
    }

    @Test(
        "a round takes half the time at least, in slices of 64 records, and a store at rest stays")
    func rate() throws {
        let store = try filled()
        #expect(store.counters.value(.rechecked) == 0 && !store.step())
        // The first slice comes ten seconds behind the start.
        let most = wait(40_000, store)
        #expect(most == 64)
        #expect((count / 2...count).contains(store.counters.value(.rechecked)))
        wait(600_000, store)
        #expect((10 * count...21 * count).contains(store.counters.value(.rechecked)))
    }

    @Test("long bodies end a slice, and are read as a whole")
    func bytes() throws {
        let store = try bench.open { $0.recheckInterval = 60_000 }
        for number in 0..<4 { store.put("long \(number)", body(2_000_000, seed: number)) }
        store.settle()
        #expect(wait(60_000, store) == 1)
        #expect((4...12).contains(store.counters.value(.rechecked)))
        damage(Array(body(2_000_000, seed: 3)[1_900_000..<1_900_016]))
        wait(60_000, store)
        #expect(store.stored("long 3") == nil && store.counters.value(.corrupt) == 1)
        expectBody(store.stored("long 2")?.body, 2_000_000, seed: 2)
    }

    @Test("bodies that are damaged are deleted however many they are")
    func many() throws {
        let store = try filled()
        for seed in 100..<110 { damage(Array(body(3_000, seed: seed)[1_000..<1_016])) }
        wait(60_000, store)
        #expect(store.counters.value(.corrupt) == 10 && store.counters.value(.quarantines) == 0)
        #expect(store.counters.value(.entries) == count - 10)
    }

    @Test("too many damaged records condemn the file, and a new one is checked from its start")
    func condemned() throws {
        let store = try filled()
        for number in 100..<200 { damage(Array("X-Name: name-\(number).".utf8)) }
        wait(60_000, store)
        #expect(store.counters.value(.quarantines) == 1 && store.mode == .normal)
        store.put("tile", body(3_000, seed: 2_000))
        store.settle()
        damage(Array(body(3_000, seed: 2_000)[1_000..<1_016]))
        wait(120_000, store)
        #expect(store.stored("tile") == nil && store.counters.value(.quarantines) == 1)
    }

    @Test("a clock that is set back puts nothing off")
    func clock() throws {
        let store = try filled()
        wait(20_000, store)
        bench.clock.advance(-86_400_000)
        let before = store.counters.value(.rechecked)
        wait(70_000, store)
        #expect(store.counters.value(.rechecked) - before >= count)
    }
}
