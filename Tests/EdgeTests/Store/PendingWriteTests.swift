import Caching
import Testing

@testable import Edge

@Suite("Law 3: what a write may touch is on disk before it is forwarded")
struct PendingWriteTests {
    private let bench = StoreBench()

    private func rule(_ layer: String) -> InvalidationRule {
        InvalidationRule(scope: WriteScope(.layer(LayerName(layer)), .tiles))
    }

    /// A store that forgets no rule before the test is over.
    private func open() throws -> Store {
        try bench.open { $0.invalidationRetention = 3_600_000 }
    }

    /// Numbers of the rules in force that touch a layer.
    private func number(_ store: Store, _ layer: String) -> UInt64 {
        let index = store.invalidations.makeIndex()
        return index.numbers(of: key(layer).span.bytes).dead
    }

    private func key(_ layer: String) -> [UInt8] {
        withUnsafeTemporaryAllocation(byteCount: 512, alignment: 8) { memory in
            var key = CanonicalKey(memory)
            key.append(host: Array("h".utf8).span.bytes)
            key.append(.path, Array("/geoserver/wms".utf8).span.bytes)
            key.append(.query, Array("REQUEST=GetMap&LAYERS=\(layer)".utf8).span.bytes)
            return [UInt8](key.bytes)
        }
    }

    @discardableResult
    private func begin(_ store: Store, _ layer: String) -> UInt64 {
        store.invalidations.beginWrite(rule(layer)) { _ in }
    }

    @Test("a write that begins is told when it is on disk, and is in force for nobody")
    func begins() throws {
        let store = try open()
        let told = EventList()
        _ = store.invalidations.beginWrite(rule("a:x")) { told.append(.init(.notice, "\($0)")) }
        #expect(told.texts.isEmpty)
        // It has no number, so that nothing with one waits for the disk.
        #expect(store.invalidations.latestWritten == 0)
        store.settle()
        #expect(told.texts == ["true"])
        #expect(number(store, "a:x") == 0 && store.invalidations.latest == 0)
        #expect(store.invalidations.pendingWrites == (1, 0))
    }

    @Test("what became of it is in force at once, and survives; of what was refused nothing does")
    func ends() throws {
        do {
            let store = try open()
            let (done, refused) = (begin(store, "a:x"), begin(store, "a:y"))
            #expect(store.invalidations.endWrite(done, [rule("a:x")]).number == 1)
            store.invalidations.endWrite(refused, [])
            #expect(store.invalidations.latestWritten == 0)
            #expect(number(store, "a:x") == 1 && number(store, "a:y") == 0)
            #expect(store.invalidations.pendingWrites == (0, 0))
            store.settle()
            #expect(store.invalidations.latestWritten == 1)
            store.close()
        }
        let store = try open()
        #expect(number(store, "a:x") == 1 && number(store, "a:y") == 0)
        #expect(bench.events.texts.isEmpty)
    }

    @Test("a restart knows whether writes that may change default styles were left under way")
    func leftStyles() throws {
        func isLeft(_ scope: WriteScope, ends: Bool) throws -> Bool {
            let bench = StoreBench()
            do {
                let store = try bench.open()
                #expect(!store.invalidations.hasLeftStyleWrites)
                let rule = InvalidationRule(scope: scope)
                let id = store.invalidations.beginWrite(rule) { _ in }
                if ends { store.invalidations.endWrite(id, [rule]) }
                store.settle()
                store.close()
            }
            return try bench.open().invalidations.hasLeftStyleWrites
        }
        let layer = WriteScope.Target.layer(LayerName("a:x"))
        #expect(try isLeft(WriteScope(layer, .all), ends: false))
        #expect(try isLeft(.everything, ends: false))
        #expect(try !isLeft(WriteScope(layer, .edited), ends: false))
        #expect(try !isLeft(WriteScope(layer, .all), ends: true))
    }

    @Test("one that nobody knows the end of counts as done after a restart, and for an hour")
    func restart() throws {
        do {
            let store = try open()
            begin(store, "a:x")
            store.settle()
            store.close()
        }
        do {
            let store = try open()
            #expect(number(store, "a:x") == 1 && number(store, "a:y") == 0)
            #expect(bench.events.texts.contains { $0.hasPrefix("1 writes were under way") })
            #expect(store.invalidations.pendingWrites == (0, 1))
            store.close()
        }
        // Its server may be at it still.
        let store = try open()
        #expect(number(store, "a:x") == 2)
        bench.clock.advance(59_999)
        store.settle()
        #expect(number(store, "a:x") == 2)
        bench.clock.advance(1)
        store.settle()
        #expect(number(store, "a:x") == 3)
        // Nobody knows any more whether it was a job.
        for minutes: Milliseconds in [2, 4, 8, 16, 32] {
            #expect(store.invalidations.pendingWrites == (0, 1))
            bench.clock.advance(minutes * 60_000)
            store.settle()
        }
        #expect(store.invalidations.pendingWrites == (0, 0))
        #expect(store.counters.value(.writesRepeated) == 6)
        store.close()
        #expect(try open().invalidations.latest == 8)
    }

    @Test("what may go on behind its answer is repeated after the delay that was set")
    func repeats() throws {
        let store = try open()
        store.invalidations.repeatDelay = 5_000
        let write = begin(store, "a:x")
        store.invalidations.endWrite(write, [rule("a:x")], again: rule("a:x"))
        store.settle()
        #expect(store.invalidations.pendingWrites == (0, 1))
        #expect(store.counters.value(.writesRepeating) == 1)
        bench.clock.advance(5_000)
        store.settle()
        #expect(number(store, "a:x") == 2)
        bench.clock.advance(50_000)
        store.settle()
        #expect(number(store, "a:x") == 2)
    }

    @Test("a job is known by its name until its write is over, or it is started anew")
    func jobs() throws {
        let store = try open()
        let job = AwaitedJob(name: "maps 3", member: "a")
        #expect(!store.invalidations.awaitsJobs)
        func start(_ job: AwaitedJob) -> UInt64 {
            let write = begin(store, "a:x")
            store.invalidations.endWrite(
                write, [rule("a:x")], again: rule("a:x"), mayTakeLong: true, job: job)
            return write
        }
        _ = start(job)
        let other = start(AwaitedJob(name: "maps 3", member: "b"))
        let latest = start(job)
        // The first one waits for nothing more than the third does.
        #expect(store.invalidations.awaiting("maps 3").map(\.id) == [other, latest])
        #expect(store.invalidations.awaiting("maps 4").isEmpty)
        #expect(store.invalidations.pendingWrites == (0, 2))
        bench.clock.advance(60_000)
        store.settle()
        #expect(store.invalidations.awaiting("maps 3").map(\.id) == [other, latest])
        store.invalidations.endWrite(latest, [rule("a:x")])
        store.invalidations.endWrite(other, [rule("a:x")])
        #expect(!store.invalidations.awaitsJobs)
        #expect(store.invalidations.pendingWrites == (0, 0))
        // It goes on for an hour, and nobody asks for it.
        _ = start(job)
        for minutes: Milliseconds in [1, 2, 4, 8, 16, 32] {
            #expect(store.invalidations.awaitsJobs)
            bench.clock.advance(minutes * 60_000)
            store.settle()
        }
        #expect(!store.invalidations.awaitsJobs)
    }

    @Test("what may take long is repeated at intervals that double, for about an hour")
    func repeatsLong() throws {
        let store = try open()
        let write = begin(store, "a:x")
        store.invalidations.endWrite(
            write, [rule("a:x")], again: rule("a:x"), mayTakeLong: true)
        store.settle()
        for minutes: Milliseconds in [1, 2, 4, 8, 16, 32] {
            let before = number(store, "a:x")
            bench.clock.advance(minutes * 60_000 - 1)
            store.settle()
            #expect(number(store, "a:x") == before)
            #expect(store.invalidations.pendingWrites == (0, 1))
            bench.clock.advance(1)
            store.settle()
            #expect(number(store, "a:x") == before + 1, "\(minutes)")
        }
        #expect(store.invalidations.pendingWrites == (0, 0))
        #expect(store.counters.value(.writesRepeated) == 6)
    }

    @Test("what a process left under way is repeated after the delay that was set, too")
    func repeatsLeft() throws {
        func open(_ delay: Milliseconds) throws -> Store {
            try bench.open { ($0.invalidationRetention, $0.repeatDelay) = (3_600_000, delay) }
        }
        do {
            let store = try open(300_000)
            begin(store, "a:x")
            store.settle()
            store.close()
        }
        let store = try open(300_000)
        #expect(number(store, "a:x") == 1)
        bench.clock.advance(299_999)
        store.settle()
        #expect(number(store, "a:x") == 1)
        bench.clock.advance(1)
        store.settle()
        #expect(number(store, "a:x") == 2)
        store.close()
    }

    @Test("scopes that are too many to be kept count as everything")
    func bounded() {
        var writes = PendingWrites()
        let long = InvalidationRule(.scope, [UInt8](repeating: 1, count: 16_000))
        let ids = (0..<600).map { _ in writes.begin(long) }
        #expect(writes.rules[ids[0]] == long)
        #expect(writes.rules[ids[599]] == .everything)
        for id in ids.prefix(100) { writes.end(id) }
        let next = writes.begin(long)
        #expect(writes.rules[next] == long)
    }

    @Test("a log that is full forgets its rules for one, everything, and no write")
    func full() throws {
        do {
            let store = try open()
            begin(store, "a:x")
            let rules = (0..<4_500).map { number in
                InvalidationRule(
                    .target, Array("/\(number)".utf8) + Array(repeating: 65, count: 15_000))
            }
            store.invalidate(rules)
            store.settle()
            #expect(number(store, "b:z") > 0, "everything is stale")
            store.close()
        }
        let store = try open()
        #expect(store.invalidations.pendingWrites == (0, 1))
    }
}
