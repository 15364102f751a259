import Caching
import Edge
import Testing

@Suite("Store: identical bodies")
struct StoreSharingTests {
    private let bench = StoreBench()

    @Test func `identical bodies are stored once`() throws {
        let store = try bench.open()
        for index in 0..<50 { store.put("tile \(index)", body(10_000)) }
        store.settle()
        let ids = Set((0..<50).compactMap { store.stored("tile \($0)")?.header.objectID })
        #expect(ids.count == 1)
        #expect(store.counters.value(.shared) == 49)
        store.close()
        let check = try StoreTools.verify(directory: bench.directory)
        #expect(check.isSound)
        #expect(check.bodies == 1)
        #expect(check.entries == 50)
    }

    @Test func `a shared body stays until its last record goes`() throws {
        let store = try bench.open()
        for index in 0..<3 { store.put("tile \(index)", body(10_000)) }
        store.settle()
        store.delete(store.key("tile 0"))
        store.put("tile 1", body(12_000, seed: 9))
        store.settle()
        #expect(store.body(of: "tile 2") == body(10_000))
        store.close()
        #expect(try StoreTools.verify(directory: bench.directory).isSound)

        let again = try bench.open()
        again.delete(again.key("tile 2"))
        again.settle()
        again.close()
        let check = try StoreTools.verify(directory: bench.directory)
        #expect(check.isSound)
        #expect(check.bodies == 1)
    }

    @Test func `a body that comes again after it went is stored anew`() throws {
        let store = try bench.open()
        for _ in 0..<5 {
            store.put("tile", body(10_000))
            store.put("tile", body(10_000))
            store.delete(store.key("tile"))
            store.put("tile", body(10_000))
            store.settle()
            #expect(store.body(of: "tile") == body(10_000))
            store.delete(store.key("tile"))
            store.settle()
            #expect(store.body(of: "tile") == nil)
        }
        store.close()
        let check = try StoreTools.verify(directory: bench.directory)
        #expect(check.isSound)
        #expect(check.bodies == 0)
    }

    @Test func `a body replaced by an equal one keeps its chunks`() throws {
        let store = try bench.open()
        store.put("tile", body(10_000))
        store.settle()
        let first = store.stored("tile")?.header.objectID
        store.put("tile", body(10_000))
        store.settle()
        #expect(store.stored("tile")?.header.objectID == first)
        store.close()
        #expect(try StoreTools.verify(directory: bench.directory).isSound)
    }

    @Test func `large equal bodies are shared too`() throws {
        let store = try bench.open()
        let bytes = body(1_500_000)
        store.put("a", bytes)
        store.put("b", bytes)
        store.settle()
        #expect(store.stored("b")?.body == bytes)
        #expect(store.stored("a")?.header.objectID == store.stored("b")?.header.objectID)
        store.close()
        #expect(try StoreTools.verify(directory: bench.directory).isSound)
    }

    @Test func `a random history leaves exact counts`() throws {
        var random = SeededSequence(seed: 7)
        let store = try bench.open()
        var expected: [String: [UInt8]] = [:]
        for _ in 0..<2_000 {
            let name = "tile \(random.next(below: 40))"
            switch random.next(below: 10) {
            case 0:
                store.delete(store.key(name))
                expected[name] = nil
            case 1: store.step()
            default:
                let bytes = body(1_900 + 3_000 * random.next(below: 6), seed: random.next(below: 4))
                store.put(name, bytes)
                expected[name] = bytes
            }
        }
        for (name, bytes) in expected { #expect(store.body(of: name) == bytes) }
        store.settle()
        for (name, bytes) in expected { #expect(store.body(of: name) == bytes) }
        store.close()
        let check = try StoreTools.verify(directory: bench.directory)
        #expect(check.isSound)
        #expect(check.entries == expected.count)
        #expect(try StoreTools.statistics(directory: bench.directory).deletionsPending == 0)
    }
}

/// Numbers that a seed decides.
struct SeededSequence {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

    mutating func next(below limit: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Int((state >> 11) % UInt64(limit))
    }
}
