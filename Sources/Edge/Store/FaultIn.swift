import Caching
import Dispatch
import Glibc
import LMDB
import Synchronization

/// What became of an entry that was read from disk aside.
public enum FaultInResult: Sendable {
    /// In memory, and its body is the one that was stored.
    case ready
    /// There is none any more.
    case absent
    /// Its record or body was damaged; it is deleted.
    case damaged
}

/// What is to be read, and who waits for it.
struct FaultIn: Sendable {
    enum Wish {
        /// An entry, which is checked too.
        case entry(CacheKey)
        /// Bytes of an object that is held, counted from its first chunk.
        case bytes(Range<Int>, of: UInt64)

        /// What chooses the worker.
        fileprivate var number: UInt64 {
            switch self {
            case .entry(let key): key.low
            case .bytes(_, let objectID): objectID
            }
        }
    }

    var wish: Wish
    var whenReady: @Sendable (FaultInResult) -> Void
}

/// Reads entries from disk beside the loops: a few at a time, a bounded number waiting.
final class FaultInQueue: Sendable {
    private static let workers = 4
    private static let limit = 4_096

    private let core: StoreCore
    private let queues: [DispatchQueue]
    private let waiting = Mutex<[FaultIn]>([])
    private let count = Atomic<Int>(0)
    private let isStepping: Bool

    init(_ core: StoreCore, stepping: Bool) {
        self.core = core
        isStepping = stepping
        queues = (0..<Self.workers).map {
            DispatchQueue(label: "mapedge.store.fault-in.\($0)", qos: .userInitiated)
        }
    }

    func add(_ work: FaultIn) -> Bool {
        guard count.load(ordering: .relaxed) < Self.limit else { return false }
        count.add(1, ordering: .relaxed)
        if isStepping {
            waiting.withLock { $0.append(work) }
        } else {
            queues[Int(work.wish.number % UInt64(Self.workers))].async { self.perform(work) }
        }
        return true
    }

    /// Does all that waits, on this thread. Returns whether there was anything.
    func step() -> Bool {
        let batch = waiting.withLock { waiting in
            defer { waiting.removeAll() }
            return waiting
        }
        for work in batch { perform(work) }
        return !batch.isEmpty
    }

    private func perform(_ work: FaultIn) {
        core.counters.add(.faultIns)
        let result = unsafe core.readers.take().map { slot in
            var reader = unsafe StoreReader(core, slot: slot.slot, counter: slot.counter, places: 1)
            switch work.wish {
            case .entry(let key): return reader.readWhole(key, core)
            case .bytes(let range, let objectID): return reader.read(range, of: objectID)
            }
        }
        count.subtract(1, ordering: .relaxed)
        // Without a reader nothing was read: as if it were not there.
        work.whenReady(result ?? .absent)
    }
}

extension StoreReader {
    /// Reads a record and all of its body, a slice in each snapshot, and checks both.
    ///
    /// - Parameter condemns: as for `StoreCore.discard`, should the body be damaged.
    mutating func readWhole(
        _ key: CacheKey, _ core: StoreCore, condemns: Bool = true
    ) -> FaultInResult {
        begin()
        guard let record = unsafe find(key) else {
            end()
            return .absent
        }
        guard let (header, layout) = unsafe try? EntryRecord.inspect(record.bytes) else {
            end()
            core.discard(key)
            return .damaged
        }
        let former = StoreWriter.FormerRecord(header: header, layout: layout)
        guard former.hasChunks else {
            end()
            return .ready
        }
        core.references.retain(header.objectID)
        let head = head(header.objectID)
        end()
        defer { _ = core.references.release(header.objectID) }
        guard let head, core.settings.faults?.reach(.verify) == nil,
            former.headerChunks > 0 || head.checksum == header.bodyChecksum,
            checksum(of: header.objectID, head.length) == head.checksum
        else {
            core.discard(key, condemns: condemns)
            return .damaged
        }
        core.vouched.insert(header.objectID)
        return .ready
    }

    /// Reads bytes of an object that somebody holds, a slice in each snapshot.
    mutating func read(_ range: Range<Int>, of objectID: UInt64) -> FaultInResult {
        var at = range.lowerBound
        return unsafe withUnsafeTemporaryAllocation(of: iovec.self, capacity: 16) { parts in
            guard let base = parts.baseAddress else { return .absent }
            while at < range.upperBound {
                begin()
                defer { end() }
                let slice = unsafe gather(
                    objectID: objectID, fromChunk: at / ObjectKeys.chunkBytes,
                    skip: at % ObjectKeys.chunkBytes, limit: range.upperBound - at, into: base)
                guard slice.count > 0 else { return .absent }
                unsafe read(base, slice.count)
                at += slice.bytes
            }
            return .ready
        }
    }

    /// All at once, so that the disk can work on them together.
    ///
    /// - Returns: their checksum behind that of what came before.
    @discardableResult
    private func read(
        _ parts: UnsafeMutablePointer<iovec>, _ count: Int, _ before: Checksum = Checksum()
    ) -> Checksum {
        var checksum = before
        for index in 0..<count {
            unsafe Residency.prefetch(UnsafeRawBufferPointer(parts[index]))
        }
        for index in 0..<count {
            unsafe checksum.update(UnsafeRawBufferPointer(parts[index]).bytes)
        }
        return checksum
    }

    /// CRC-32C of all chunks of an object; nil if they are not as long as they should be.
    mutating func checksum(of objectID: UInt64, _ length: UInt64) -> UInt32? {
        var checksum = Checksum()
        var chunk = 0
        var bytes: UInt64 = 0
        return unsafe withUnsafeTemporaryAllocation(of: iovec.self, capacity: 16) { parts in
            guard let base = parts.baseAddress else { return nil }
            while bytes < length {
                begin()
                let slice = unsafe gather(
                    objectID: objectID, fromChunk: chunk, skip: 0,
                    limit: 16 * ObjectKeys.chunkBytes,
                    into: base)
                checksum = unsafe read(base, slice.count, checksum)
                end()
                guard slice.count > 0 else { return nil }
                chunk += slice.count
                bytes += UInt64(slice.bytes)
            }
            return bytes == length ? checksum.value : nil
        }
    }
}

extension UnsafeRawBufferPointer {
    init(_ part: iovec) { unsafe self.init(start: part.iov_base, count: part.iov_len) }
}
