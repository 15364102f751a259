import Caching
import Edge
import Glibc
import LMDB
import Testing

@Suite("Store: what was found once is found again until something is committed")
struct FoundPlacesTests {
    private let bench = StoreBench()

    /// What one snapshot says of an entry, asked twice: the second time from memory.
    private func read(_ reader: inout StoreReader, _ store: Store, _ name: String) -> [UInt8]? {
        var answers: [[UInt8]?] = []
        reader.begin()
        for _ in 0..<2 { answers.append(readOnce(&reader, store, name)) }
        reader.end()
        #expect(answers[0] == answers[1])
        return answers[0]
    }

    private func readOnce(
        _ reader: inout StoreReader, _ store: Store, _ name: String
    ) -> [UInt8]? {
        guard let record = reader.find(store.key(name)),
            case .entry(let header, let layout) = EntryRecord.decode(
                record.bytes, expecting: Array(name.utf8).span.bytes, seed: store.seed,
                verifying: true)
        else { return nil }
        if !layout.inlineBody.isEmpty { return Array(record[layout.inlineBody]) }
        return gather(&reader, header.objectID, 0..<Int(header.bodyLength))
    }

    private func gather(
        _ reader: inout StoreReader, _ objectID: UInt64, _ range: Range<Int>
    ) -> [UInt8] {
        var parts = [iovec](repeating: iovec(), count: 16)
        let found = reader.gather(
            objectID: objectID, fromChunk: range.lowerBound / 4_080,
            skip: range.lowerBound % 4_080, limit: range.count, into: &parts)
        return parts[..<found.count].flatMap {
            Array(UnsafeRawBufferPointer(start: $0.iov_base, count: $0.iov_len))
        }
    }

    @Test(arguments: [100, 4_080, 10_240, 16_320, 16_321, 60_000])
    func `bodies of every length change, go and come with each commit`(length: Int) throws {
        let store = try bench.open()
        guard var reader = store.makeReader() else {
            Issue.record("there are readers left")
            return
        }
        #expect(read(&reader, store, "tile") == nil)
        for seed in 1...3 {
            store.put("tile", body(length, seed: seed))
            store.settle()
            #expect(read(&reader, store, "tile") == body(length, seed: seed))
            #expect(read(&reader, store, "tile") == body(length, seed: seed))
        }
        store.delete(store.key("tile"))
        store.settle()
        #expect(read(&reader, store, "tile") == nil)
    }

    @Test func `keys that share a place do not get each other's entries`() throws {
        let store = try bench.open()
        guard var reader = store.makeReader() else {
            Issue.record("there are readers left")
            return
        }
        let wanted = store.key("tile").low & 32_767
        let other = try #require(
            (0..<1_000_000).lazy.map { "tile \($0)" }.first {
                store.key($0).low & 32_767 == wanted
            })
        store.put("tile", body(9_000, seed: 1))
        store.put(other, body(9_000, seed: 2))
        store.settle()
        for _ in 0..<3 {
            #expect(read(&reader, store, "tile") == body(9_000, seed: 1))
            #expect(read(&reader, store, other) == body(9_000, seed: 2))
        }
    }

    @Test func `any part of a body is what it was, known before or not`() throws {
        let store = try bench.open()
        guard var reader = store.makeReader() else {
            Issue.record("there are readers left")
            return
        }
        let bytes = body(30_000)
        store.put("tile", bytes)
        store.put("other", body(20_000, seed: 2))
        store.settle()
        let objectID = try #require(store.stored("tile")).header.objectID
        let other = try #require(store.stored("other")).header.objectID
        for length in [1, 4_080, 4_081, 12_000, 30_000] {
            for start in stride(from: 0, through: bytes.count - length, by: 1_357) {
                reader.begin()
                // The place knows the object whose first chunks were asked for behind its record.
                _ = reader.find(store.key("tile"))
                _ = gather(&reader, objectID, 0..<(start.isMultiple(of: 2) ? 5_000 : 30_000))
                let part = gather(&reader, objectID, start..<start + length)
                let foreign = gather(&reader, other, 0..<100)
                reader.end()
                #expect(part == Array(bytes[start..<start + length]))
                #expect(foreign == Array(body(20_000, seed: 2)[..<100]))
            }
        }
    }

    @Test func `a new file has nothing of the old one`() throws {
        let store = try bench.open()
        guard var reader = store.makeReader() else {
            Issue.record("there are readers left")
            return
        }
        for index in 0..<8 {  // noted under eight commits
            store.put("tile \(index)", body(10_000, seed: index))
            store.settle()
            #expect(read(&reader, store, "tile \(index)") == body(10_000, seed: index))
        }
        bench.faults.fail(.commit, after: 0, code: LMDBError.corrupted)
        for round in 0..<16 {  // the new file counts its commits from the start, past all of those
            store.put("other", body(9_000, seed: round))
            store.settle()
            for index in 0..<8 { #expect(read(&reader, store, "tile \(index)") == nil) }
        }
        #expect(store.counters.value(.quarantines) == 1)
    }
}
