import Caching
import Edge
import Glibc
import LMDB
import Synchronization
import Testing

@Suite("Store: opening, and a disk that refuses")
struct StoreOpeningTests {
    private let bench = StoreBench()

    @Test func `a directory in use is refused by name of its holder`() throws {
        let store = try bench.open()
        var host = [CChar](repeating: 0, count: 256)
        gethostname(&host, 255)
        let name = String(
            decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let error = #expect(throws: StoreError.self) { _ = try bench.open() }
        #expect(
            error?.description == "cache directory \"\(bench.directory)\" is in use by process "
                + "\(getpid()) on \(name) since 2027-01-15T08:00:00Z; "
                + "stop it or give --cache another directory")
        store.close()
        _ = try bench.open()
    }

    @Test func `a directory that cannot be made is named, with what to do`() throws {
        var settings = bench.settings
        settings.directory = "/proc/none/cache"
        let error = #expect(throws: StoreError.self) { _ = try Store.open(settings) }
        #expect(
            error?.description == "cannot create \"/proc/none/cache\": No such file or directory; "
                + "let this user write there or give --cache another directory")
    }

    @Test func `something in the place of the directory is named for what it is`() throws {
        var settings = bench.settings
        settings.directory = bench.path("file")
        close(creat(settings.directory, 0o600))
        let error = #expect(throws: StoreError.self) { _ = try Store.open(settings) }
        #expect(
            error?.description == "cannot use \"\(settings.directory)\": Not a directory; "
                + "something else than a directory is there: give --cache another one")
    }

    @Test func `directories above are made too`() throws {
        var settings = bench.settings
        settings.directory = bench.path("a/b/c")
        let store = try Store.open(settings, stepping: true)
        #expect(store.put("tile", body(10)))
        store.close()
    }

    @Test func `a fault within the map sets the file aside at the next start`() throws {
        do {
            let store = try bench.open()
            store.put("tile", body(9_000))
            store.settle()
        }
        mark("suspect")
        let store = try bench.open()
        #expect(store.stored("tile") == nil)
        #expect(store.mode == .normal)
        #expect(!bench.names.contains("suspect"))
        #expect(bench.names.contains { $0.hasPrefix("bad-") })
    }

    @Test func `the third fault within a minute means to run without a cache`() throws {
        for round in 1...3 {
            mark(round == 2 ? "opening" : "suspect")
            let store = try bench.open()
            #expect(store.mode == (round < 3 ? .normal : .off))
            #expect(store.put("tile", body(10)) == (round < 3))
            #expect(round < 3 || store.makeReader() != nil)
            #expect(store.stored("tile") == nil)
            store.step()
            bench.clock.advance(10_000)
        }
        #expect(bench.events.texts.contains { $0.contains("3 times within a minute") })
        bench.clock.advance(60_000)
        #expect(try bench.open().mode == .normal)
    }

    private func mark(_ name: String) { close(creat(bench.path(name), 0o600)) }

    @Test(
        "a disk that refuses is borne: what waits is served, and written when it can be",
        arguments: [ENOSPC, EIO])
    func disk(code: Int32) throws {
        let store = try bench.open()
        store.put("before", body(9_000, seed: 1))
        store.settle()
        bench.faults.fail(.commit, after: 0, times: 3, code: code)
        let told = Mutex<[Bool]>([])
        store.put("during", body(9_000, seed: 2))
        store.delete(store.key("gone")) { isDurable in told.withLock { $0.append(isDurable) } }
        store.step()
        #expect(store.mode == .serveOnly)
        #expect(store.body(of: "before") == body(9_000, seed: 1))
        #expect(store.body(of: "during") == body(9_000, seed: 2))
        #expect(told.withLock { $0 } == [false])
        #expect(bench.faults.count(of: .commit) == 2)
        // Not tried again before its time.
        store.step()
        #expect(bench.faults.count(of: .commit) == 2)
        for _ in 0..<3 {
            bench.clock.advance(30_000)
            store.step()
        }
        store.settle()
        #expect(store.mode == .normal)
        #expect(!store.hasPending)
        #expect(store.stored("during")?.body == body(9_000, seed: 2))
        #expect(store.counters.value(.failedCommits) == 3)
        #expect(told.withLock { $0 }.count == 1)
        store.close()
        #expect(try StoreTools.verify(directory: bench.directory).isSound)
    }

    @Test func `whichever write fails, nothing is lost and nothing is wrong`() throws {
        for step in [StoreFaults.Step.put, .commit] {
            for passes in step == .commit ? Array(0..<7) : Array(0..<14) + [100, 270, 275] {
                let bench = StoreBench()
                let store = try bench.open()
                for index in 0..<4 { store.put("tile \(index)", body(9_000, seed: index)) }
                store.settle()
                bench.faults.fail(
                    step, after: passes, code: passes % 2 == 0 ? EIO : LMDBError.mapFull)
                store.put("tile 1", body(7_000, seed: 11))
                store.delete(store.key("tile 2"))
                store.put("large", body(1_060_000, seed: 12))
                store.put("twin", body(7_000, seed: 11))
                store.settle()
                bench.clock.advance(60_000)
                store.settle()
                #expect(!store.hasPending)
                if let found = store.stored("tile 1") {
                    #expect(found.body == body(7_000, seed: 11))
                }
                #expect(store.stored("tile 2") == nil)
                if let found = store.stored("large") {
                    #expect(found.body == body(1_060_000, seed: 12))
                }
                store.close()
                #expect(try StoreTools.verify(directory: bench.directory).isSound)
            }
        }
    }

    @Test func `a closed store takes nothing and finds nothing`() throws {
        let store = try bench.open()
        store.put("tile", body(9_000))
        store.close()
        #expect(!store.put("other", body(10)))
        #expect(!store.delete(store.key("tile")))
        #expect(store.stored("tile") == nil)
        #expect(store.mode == .off)
        // Whoever took it for full would have it made larger.
        #expect(!store.isFull && !store.isTaking && !store.hasRoom(for: 0))
        #expect(try bench.open().stored("tile")?.body == body(9_000))
    }

    @Test func `a store with its own thread writes by itself`() throws {
        let store = try Store.open(bench.settings)
        let isWritten = Mutex(false)
        store.put("tile", body(2_500_000))
        store.delete(store.key("none")) { _ in isWritten.withLock { $0 = true } }
        while !isWritten.withLock({ $0 }) { sched_yield() }
        #expect(store.stored("tile")?.body == body(2_500_000))
        store.put("late", body(9_000))
        store.close()
        #expect(try bench.open().stored("late")?.body == body(9_000))
    }
}
