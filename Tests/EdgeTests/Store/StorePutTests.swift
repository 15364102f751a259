import Caching
import Edge
import Testing

@Suite("Store: putting and finding")
struct StorePutTests {
    private let bench = StoreBench()

    @Test(
        "what was put is found whole, in memory, in the file and after a restart",
        arguments: [
            0, 1, 700, 1_500, 1_999, 2_000, 4_079, 4_080, 4_081, 8_160, 61_000, 1_048_576,
            1_048_577,
            3_333_333,
        ])
    func sizes(_ size: Int) throws {
        let bytes = body(size)
        do {
            let store = try bench.open()
            #expect(store.put("tile", bytes))
            #expect(store.hasPending)
            #expect(store.body(of: "tile") == bytes)
            store.settle()
            #expect(!store.hasPending)
            #expect(store.backlogBytes == 0)
            #expect(store.body(of: "tile") == bytes)
            store.close()
        }
        let store = try bench.open()
        #expect(store.body(of: "tile") == bytes)
        #expect(store.stored("tile")?.headers == Array("Content-Type: image/png\r\n".utf8))
        store.close()
        #expect(try StoreTools.verify(directory: bench.directory).isSound)
    }

    @Test(
        "headers too long for the record come back from the chunks",
        arguments: [
            (2_500, 0), (2_500, 100), (5_000, 4_080), (9_000, 50_000), (3_000, 2_000_000),
        ])
    func longHeaders(headers: Int, size: Int) throws {
        let store = try bench.open()
        let text = "Link: " + String(repeating: "x", count: headers) + "\r\n"
        store.put("page", body(size), headers: text)
        store.settle()
        let found = try #require(store.stored("page"))
        #expect(found.headers == Array(text.utf8))
        #expect(found.body == body(size))
        store.close()
        #expect(try StoreTools.verify(directory: bench.directory).isSound)
    }

    @Test func `the latest put of a key wins, in memory and in the file`() throws {
        let store = try bench.open()
        store.put("tile", body(5_000, seed: 1))
        store.put("tile", body(6_000, seed: 2))
        #expect(store.body(of: "tile") == body(6_000, seed: 2))
        store.settle()
        #expect(store.body(of: "tile") == body(6_000, seed: 2))
        store.put("tile", body(100, seed: 3))
        store.settle()
        #expect(store.body(of: "tile") == body(100, seed: 3))
        store.close()
        let check = try StoreTools.verify(directory: bench.directory)
        #expect(check.isSound)
        #expect(check.bodies == 0)
    }

    @Test func `a key that was never put is absent`() throws {
        let store = try bench.open()
        store.put("tile", body(10))
        store.settle()
        #expect(store.body(of: "other") == nil)
    }

    @Test func `a body in several segments is stored as one`() throws {
        let store = try bench.open()
        let bytes = body(30_000)
        let segments = stride(from: 0, to: bytes.count, by: 1_777).map {
            StoreSegment(copying: Array(bytes[$0..<min($0 + 1_777, bytes.count)]))
        }
        _ = store.enqueue(store.response("tile", .segments(segments)))
        #expect(store.body(of: "tile") == bytes)
        store.settle()
        #expect(store.body(of: "tile") == bytes)
    }

    @Test func `a full backlog refuses, is counted, and takes again once it is written`() throws {
        let store = try bench.open { $0.backlogBytes = 100_000 }
        #expect(store.put("a", body(60_000, seed: 1)))
        #expect(!store.put("b", body(60_000, seed: 2)))
        #expect(store.counters.value(.refusedBacklog) == 1)
        store.settle()
        #expect(store.put("b", body(60_000, seed: 2)))
    }

    @Test func `a confirmed entry gets a new record and keeps its body`() throws {
        let store = try bench.open()
        let bytes = body(20_000)
        store.put("tile", bytes)
        store.settle()
        let first = try #require(store.stored("tile"))
        let refreshed = store.response(
            "tile", .stored(objectID: first.header.objectID, length: 20_000),
            headers: "Date: tomorrow\r\n", usefulFor: 7_200_000)
        #expect(store.enqueue(refreshed))
        #expect(store.body(of: "tile") == bytes)
        store.settle()
        let second = try #require(store.stored("tile"))
        #expect(second.header.objectID == first.header.objectID)
        #expect(second.headers == Array("Date: tomorrow\r\n".utf8))
        #expect(second.header.times.freshUntil - first.header.times.freshUntil == 3_600_000)
        #expect(second.body == bytes)
        store.close()
        #expect(try StoreTools.verify(directory: bench.directory).isSound)
    }

    @Test(
        "a confirmation that moves the headers keeps the body",
        arguments: [(10, 3_000), (3_000, 10), (3_000, 9_000)])
    func refreshMovesHeaders(before: Int, after: Int) throws {
        let store = try bench.open()
        let bytes = body(20_000)
        let headers = { (count: Int) in "A: " + String(repeating: "x", count: count) + "\r\n" }
        store.put("tile", bytes, headers: headers(before))
        store.settle()
        let first = try #require(store.stored("tile"))
        _ = store.enqueue(
            store.response(
                "tile", .stored(objectID: first.header.objectID, length: 20_000),
                headers: headers(after)))
        store.settle()
        let second = try #require(store.stored("tile"))
        #expect(second.headers == Array(headers(after).utf8))
        #expect(second.body == bytes)
        store.close()
        #expect(try StoreTools.verify(directory: bench.directory).isSound)
    }

    @Test func `a confirmation of what was replaced or deleted meanwhile is dropped`() throws {
        let store = try bench.open()
        store.put("tile", body(20_000, seed: 1))
        store.settle()
        let old = try #require(store.stored("tile")).header.objectID
        store.put("tile", body(20_000, seed: 2))
        _ = store.enqueue(store.response("tile", .stored(objectID: old, length: 20_000)))
        store.settle()
        #expect(store.stored("tile")?.body == body(20_000, seed: 2))
        #expect(store.counters.value(.droppedGone) == 1)
        store.close()
        #expect(try StoreTools.verify(directory: bench.directory).isSound)
    }

    @Test func `object ids are never given twice, whatever restarts come between`() throws {
        var seen: Set<UInt64> = []
        for round in 0..<4 {
            let store = try bench.open()
            store.put("tile", body(9_000, seed: round))
            store.put("small", body(9, seed: round))
            store.settle()
            for name in ["tile", "small"] {
                let objectID = try #require(store.stored(name)).header.objectID
                #expect(seen.insert(objectID).inserted)
            }
            if round % 2 == 0 { store.close() }
        }
    }
}
