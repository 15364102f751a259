import Caching
import Edge
import Glibc
import Synchronization
import Testing

@Suite("Store: deletions and who still reads")
struct StoreDeletionTests {
    private let bench = StoreBench()

    @Test func `a deleted entry is absent at once, and its durability is told`() throws {
        let store = try bench.open()
        store.put("tile", body(9_000))
        store.settle()
        let told = Mutex<[Bool]>([])
        store.delete(store.key("tile")) { isDurable in
            told.withLock { $0.append(isDurable) }
        }
        #expect(store.body(of: "tile") == nil)
        #expect(told.withLock { $0 }.isEmpty)
        store.step()
        #expect(told.withLock { $0 } == [true])
        #expect(store.body(of: "tile") == nil)
    }

    @Test func `a deletion of what waits to be written takes it back`() throws {
        let store = try bench.open()
        store.put("tile", body(9_000))
        store.delete(store.key("tile"))
        #expect(store.body(of: "tile") == nil)
        store.settle()
        #expect(store.body(of: "tile") == nil)
        #expect(!store.hasPending)
    }

    @Test func `chunks of a retained object stay after its deletion until it is released`() throws {
        let store = try bench.open()
        store.put("tile", body(50_000))
        store.settle()
        let objectID = try #require(store.stored("tile")).header.objectID
        store.retain(objectID)
        store.delete(store.key("tile"))
        store.settle()
        #expect(store.stored("tile") == nil)
        #expect(store.chunks(objectID, from: 0, count: 50_000) == body(50_000))
        #expect(store.counters.value(.heldObjects) == 1)
        store.release(objectID)
        store.settle()
        #expect(store.chunks(objectID, from: 0, count: 50_000).isEmpty)
        #expect(store.counters.value(.heldObjects) == 0)
        store.close()
        #expect(try StoreTools.verify(directory: bench.directory).isSound)
    }

    @Test func `chunks stay while a snapshot is open in which they could be found`() throws {
        let store = try bench.open()
        store.put("tile", body(50_000))
        store.settle()
        let objectID = try #require(store.stored("tile")).header.objectID
        guard var reader = store.makeReader() else {
            Issue.record("there are readers left")
            return
        }
        reader.begin()
        let isFound = reader.find(store.key("tile")) != nil
        #expect(isFound)
        store.delete(store.key("tile"))
        for _ in 0..<5 { store.step() }
        // Found before the deletion, retained after it: still in the same snapshot.
        store.retain(objectID)
        reader.end()
        store.settle()
        #expect(store.chunks(objectID, from: 0, count: 50_000) == body(50_000))
        store.release(objectID)
        store.settle()
        #expect(store.chunks(objectID, from: 0, count: 50_000).isEmpty)
    }

    @Test func `deletions put off by a killed process are made up for by the next`() throws {
        do {
            let store = try bench.open()
            store.put("tile", body(500_000))
            store.settle()
            store.retain(try #require(store.stored("tile")).header.objectID)
            store.delete(store.key("tile"))
            store.settle()
        }
        #expect(try StoreTools.statistics(directory: bench.directory).deletionsPending == 1)
        let store = try bench.open()
        store.settle()
        store.close()
        let statistics = try StoreTools.statistics(directory: bench.directory)
        #expect(statistics.deletionsPending == 0)
        #expect(statistics.chunkPages == 0)
    }

    @Test func `a large body that was cut off by a kill leaves nothing`() throws {
        do {
            let store = try bench.open()
            bench.faults.fail(.commit, after: 2, times: 1_000, code: EIO)
            store.put("big", body(3_000_000))
            store.step()
        }
        #expect(try StoreTools.statistics(directory: bench.directory).deletionsPending == 1)
        bench.faults.fail(.commit, after: 1_000_000, code: 0)
        let store = try bench.open()
        store.settle()
        #expect(store.body(of: "big") == nil)
        store.close()
        #expect(try StoreTools.statistics(directory: bench.directory).chunkPages == 0)
        #expect(try StoreTools.verify(directory: bench.directory).isSound)
    }

    @Test func `many readers come and go without a slot being lost`() throws {
        let store = try bench.open { $0.readers = 4 }
        for _ in 0..<20 {
            let first = store.makeReader()
            let second = store.makeReader()
            let isThere = first != nil && second != nil
            #expect(isThere)
        }
        let readers = [store.makeReader() != nil, store.makeReader() != nil]
        #expect(readers == [true, true])
    }
}
