import Caching
import Edge
import Glibc
import Testing

@Suite("mapedge cache: verify, stat, compact")
struct StoreToolsTests {
    private let bench = StoreBench()

    @Test func `statistics count entries, bodies and pages`() throws {
        let store = try bench.open()
        for index in 0..<30 { store.put("tile \(index)", body(40_000, seed: index % 10)) }
        store.put("small", body(100))
        store.settle()
        let open = store.statistics()
        store.close()
        let closed = try StoreTools.statistics(directory: bench.directory)
        #expect(open == closed)
        #expect(closed.entries == 31)
        #expect(closed.bodies == 10)
        #expect(closed.chunkPages >= 100)
        #expect(closed.mapPages == 4_096)
        #expect(closed.usedPages < 200)
    }

    @Test func `nothing is left where there is no cache`() throws {
        #expect(mkdir(bench.directory, 0o700) == 0 || errno == EEXIST)
        #expect(throws: StoreError.self) { try StoreTools.compact(directory: bench.directory) }
        #expect(throws: StoreError.self) { try StoreTools.verify(directory: bench.directory) }
        #expect(rmdir(bench.directory) == 0)
    }

    @Test func `verification of an open cache leaves out what changes meanwhile`() throws {
        let store = try bench.open()
        store.put("tile", body(40_000))
        store.settle()
        let check = try #require(store.verify())
        #expect(check.isSound)
        #expect(!check.isComplete)
        #expect(check.bodyBytes == 40_000)
    }

    @Test func `a cache that this process has open is not opened a second time`() throws {
        let store = try bench.open()
        let name = bench.directory.split(separator: "/").last ?? ""
        for path in [bench.directory, bench.directory + "/../" + name] {
            #expect(throws: StoreError.inUse(directory: path, holder: "this process itself")) {
                _ = try StoreTools.verify(directory: path)
            }
        }
        store.close()
        #expect(try StoreTools.verify(directory: bench.directory).isSound)
    }

    @Test func `verification finds a body that is not what was stored`() throws {
        let store = try bench.open()
        store.put("tile", body(400_000))
        store.settle()
        store.close()
        // Somewhere in the middle of the only large thing in the file.
        bench.overwrite(at: 60 * 4_096 + 1_000, [1, 2, 3, 4, 5, 6, 7, 8])
        let check = try StoreTools.verify(directory: bench.directory)
        #expect(check.damagedBodies == 1)
        #expect(!check.isSound)
    }

    @Test func `compaction keeps every entry and gives up the free pages`() throws {
        let store = try bench.open()
        for index in 0..<60 { store.put("tile \(index)", body(40_000, seed: index)) }
        store.settle()
        for index in 10..<60 { store.delete(store.key("tile \(index)")) }
        store.settle()
        store.close()
        let (before, after) = try StoreTools.compact(directory: bench.directory)
        #expect(after * 3 < before)
        #expect(bench.names == ["format", "invalidations", "lock", "store"])
        #expect(try StoreTools.verify(directory: bench.directory).isSound)
        let again = try bench.open()
        for index in 0..<10 {
            #expect(again.body(of: "tile \(index)") == body(40_000, seed: index))
        }
        #expect(again.body(of: "tile 10") == nil)
    }

    @Test func `a cache in use is not compacted`() throws {
        let store = try bench.open()
        store.put("tile", body(10))
        store.settle()
        let error = #expect(throws: StoreError.self) {
            _ = try StoreTools.compact(directory: bench.directory)
        }
        #expect(error?.description.contains("is in use by process") == true)
    }

    @Test func `a directory without a cache is an error with a remedy`() {
        let error = #expect(throws: StoreError.self) {
            _ = try StoreTools.statistics(directory: bench.directory)
        }
        #expect(
            error?.description == "cannot open \"\(bench.directory)/store\": there is no cache; "
                + "let this user write there or give --cache another directory")
    }
}
