import Caching
import Dispatch
import Edge
import Glibc
import Synchronization
import Testing

@Suite("Store: readers and the writer at once")
struct StoreStormTests {
    private let bench = StoreBench()

    /// Reads entries again and again while they are replaced and deleted; says what went wrong.
    private struct Visitor: ~Copyable {
        let store: Store
        var reader: StoreReader
        var random: SeededSequence
        var whole = 0
        var faults: [String] = []
        private var parts = [iovec](repeating: iovec(), count: 16)

        init?(_ store: Store, seed: UInt64) {
            guard let reader = store.makeReader() else { return nil }
            self.store = store
            self.reader = reader
            random = SeededSequence(seed: seed)
        }

        /// One body, a slice in each snapshot, held by reference from the first one on.
        mutating func visit(_ name: String) {
            guard case .none = store.findPending(store.key(name)) else { return }
            reader.begin()
            guard let record = reader.find(store.key(name)),
                case .entry(let header, let layout) = EntryRecord.decode(
                    record.bytes, expecting: Array(name.utf8).span.bytes, seed: store.seed,
                    verifying: true)
            else {
                reader.end()
                return
            }
            if !layout.inlineBody.isEmpty {
                if Checksum.of(record.bytes.extracting(layout.inlineBody)) != header.bodyChecksum {
                    faults.append("an inline body of \(name) is wrong")
                }
                reader.end()
                whole += 1
                return
            }
            store.retain(header.objectID)
            defer { store.release(header.objectID) }
            var checksum = Checksum()
            var length = 0
            while length < Int(header.bodyLength) {
                let found = reader.gather(
                    objectID: header.objectID, fromChunk: length / 4_080, skip: 0, limit: 16_320,
                    into: &parts)
                for part in parts[..<found.count] {
                    let bytes = UnsafeRawBufferPointer(start: part.iov_base, count: part.iov_len)
                    checksum.update(bytes.bytes)
                }
                length += found.bytes
                reader.end()
                if random.next(below: 4) == 0 { sched_yield() }
                reader.begin()
                guard found.count > 0 else { break }
            }
            reader.end()
            if length != Int(header.bodyLength) || checksum.value != header.bodyChecksum {
                faults.append("\(name): \(length) bytes of \(header.bodyLength)")
            }
            whole += 1
        }
    }

    @Test func `no reader ever sees a body that is not whole and right`() throws {
        bench.mapBytes = 12 << 20
        // Little may wait, so that most is found in the file.
        let store = try bench.openThreaded {
            $0.gatherTime = 1
            $0.backlogBytes = 300_000
        }
        let isOver = Atomic<Bool>(false)
        let faults = Mutex<[String]>([])
        let visits = Atomic<Int>(0)
        let readers = Atomic<Int>(0)
        let work = { @Sendable (worker: Int) in
            if worker == 0 {
                // On a busy machine the writer alone might get a thread, and be done before.
                while readers.load(ordering: .acquiring) == 0 { sched_yield() }
                var random = SeededSequence(seed: 1)
                for version in 0..<1_500 {
                    let name = "tile \(random.next(below: 60))"
                    if random.next(below: 8) == 0 {
                        store.delete(store.key(name))
                    } else {
                        let size = 500 + random.next(below: 60) * 1_500
                        while !store.put(name, body(size, seed: version % 900)) { sched_yield() }
                    }
                }
                while store.hasPending { sched_yield() }
                isOver.store(true, ordering: .releasing)
            } else if var visitor = Visitor(store, seed: UInt64(worker)) {
                readers.add(1, ordering: .acquiringAndReleasing)
                while !isOver.load(ordering: .acquiring) {
                    visitor.visit("tile \(visitor.random.next(below: 60))")
                }
                visits.add(visitor.whole, ordering: .relaxed)
                let seen = visitor.faults
                faults.withLock { $0 += seen }
            }
        }
        // A queue of its own gives each a thread, whatever else the machine is busy with.
        let group = DispatchGroup()
        for worker in 0..<4 {
            DispatchQueue(label: "storm \(worker)").async(group: group) { work(worker) }
        }
        group.wait()
        #expect(faults.withLock { $0 }.isEmpty)
        #expect(visits.load(ordering: .relaxed) > 100)
        #expect(store.counters.value(.quarantines) == 0)
        store.close()
        #expect(try StoreTools.verify(directory: bench.directory).isSound)
    }
}

extension StoreBench {
    /// A store that works by itself.
    func openThreaded(_ change: (inout StoreSettings) -> Void) throws -> Store {
        var settings = settings
        change(&settings)
        return try Store.open(settings)
    }
}
