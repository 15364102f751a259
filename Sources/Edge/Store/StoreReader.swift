public import Caching
public import Glibc
import LMDB
import Synchronization

/// One loop's way into the file: find, point at chunks, note the hit.
///
/// Each use is `begin()`, any number of calls, `end()`, within microseconds and without waiting in
/// between: what it hands out points into the map and is valid until `end()`. Costs no allocation,
/// no lock and no system call. Ask `Store.findPending` before `begin()`, never after.
@safe  // what it hands out says until when
public struct StoreReader: ~Copyable {
    private let store: StoreCore
    private let marks: ServedMarks
    private let touches: TouchTable
    private let slot: Int
    private let counter: UnsafeMutablePointer<Atomic<UInt64>>
    private var snapshot: Snapshot?
    private var generation: UInt64 = .max
    /// The file of that generation; nil while there is none.
    private(set) var file: StoreFile?
    private var isCursorCurrent = false
    private var places: FoundPlaces
    /// Which commit the open snapshot shows; 0 is none.
    private var stamp: UInt64 = 0

    /// What a reader holds of one generation of the file.
    fileprivate struct Snapshot: ~Copyable {
        let file: StoreFile
        let index: Database
        let transaction: ReadTransaction
        let cursor: ReadCursor

        init(_ file: StoreFile) throws(LMDBError) {
            let transaction = try ReadTransaction(file.environment)
            try transaction.renew()
            cursor = try ReadCursor(transaction, file.chunks)
            transaction.reset()
            self.transaction = transaction
            self.file = file
            index = file.index
        }
    }

    /// - Parameter places: entries whose places are remembered, a power of two.
    init(
        _ store: StoreCore, slot: Int, counter: UnsafeMutablePointer<Atomic<UInt64>>,
        places: Int = FoundPlaces.capacity
    ) {
        self.places = FoundPlaces(capacity: places)
        self.store = store
        marks = store.marks
        touches = store.touches
        self.slot = slot
        unsafe self.counter = unsafe counter
    }

    deinit { store.readers.give(slot) }

    /// Which file it reads, as it was at the last `begin()`; changes with each new one.
    @inline(__always)
    var fileGeneration: UInt64 { generation }

    /// Opens the latest snapshot. Must not be open already.
    @inline(__always)
    public mutating func begin() {
        // Announced before the snapshot is taken, in an order that all threads see: the writer may
        // delete chunks of what it made unfindable only when no older snapshot is open.
        let count = unsafe counter.pointee.load(ordering: .relaxed)
        precondition(count & 1 == 0, "the reader was begun twice")
        unsafe counter.pointee.store(count &+ 1, ordering: .sequentiallyConsistent)
        if generation != store.generation { reopen() }
        do {
            stamp = 0
            try snapshot?.transaction.renew()
            stamp = (snapshot?.transaction.number ?? 0) &+ 1
        } catch {
            fail(error)
        }
        isCursorCurrent = false
    }

    /// Closes the snapshot: every pointer handed out is invalid from now on.
    @inline(__always)
    public mutating func end() {
        snapshot?.transaction.reset()
        unsafe counter.pointee.store(
            counter.pointee.load(ordering: .relaxed) &+ 1, ordering: .releasing)
    }

    /// The record under a key, in the map; nil if there is none.
    @inline(__always)
    public mutating func find(_ key: CacheKey) -> UnsafeRawBufferPointer? {
        guard let index = snapshot?.index else { return nil }
        // A hit notes itself there soon; both lie anywhere.
        unsafe prefetch(UnsafeRawBufferPointer(start: touches.cell(key.low), count: 1))
        unsafe prefetch(UnsafeRawBufferPointer(start: marks.cell(key), count: 1))
        if let record = unsafe places.record(key, stamp) { return unsafe record }
        do {
            guard let record = unsafe try snapshot?.transaction.get(key.indexKey, in: index) ?? nil
            else {
                return nil
            }
            unsafe places.note(record, of: key, stamp)
            return unsafe record
        } catch {
            fail(error)
            return nil
        }
    }

    /// Notes that an entry is served now, for the eviction: rarely more than two relaxed loads.
    ///
    /// - Returns: whether it was served within the last one to two minutes. If not, see that it is
    ///   in memory (`isResident`) and that its body was checked (`isVouched`), else hand it to
    ///   `Store.faultIn`.
    @inline(__always)
    public func touch(_ key: CacheKey, now: Milliseconds) -> Bool {
        touches.touch(key.low)
        return marks.touch(key, now: now)
    }

    /// Takes back what `touch` noted: the entry could not be served yet.
    public func untouch(_ key: CacheKey) { marks.clear(key) }

    /// Points `parts` at bytes of an object's chunks, in order.
    ///
    /// - Parameters:
    ///   - chunk: the first chunk wanted, counted from 0; a header block in chunks comes first.
    ///   - skip: bytes of that chunk to leave out.
    ///   - limit: the most bytes wanted.
    ///   - capacity: the most parts to set; a part is a chunk of at most 4,080 bytes.
    /// - Returns: how many parts were set, and their bytes. Fewer than asked for means that the
    ///   object ends there or is gone.
    public mutating func gather(
        objectID: UInt64, fromChunk chunk: Int, skip: Int, limit: Int,
        into parts: UnsafeMutablePointer<iovec>, capacity: Int = 16
    ) -> (count: Int, bytes: Int) {
        guard limit > 0, capacity > 0 else { return (0, 0) }
        let known = unsafe recall(objectID, chunk, skip, limit, parts, capacity)
        if known.bytes == limit || known.count == capacity { return known }
        do {
            return unsafe try collect(objectID, chunk, skip, limit, parts, capacity)
        } catch {
            fail(error)
            return (0, 0)
        }
    }

    /// Whether an object's body was checked, or written, by this process.
    @inline(__always)
    public func isVouched(_ objectID: UInt64) -> Bool { store.vouched.contains(objectID) }

    /// Whether all pages behind the parts are in memory: one system call for each run of pages,
    /// as chunks that were written together lie behind each other.
    public func isResident(_ parts: UnsafeMutablePointer<iovec>, count: Int) -> Bool {
        if store.settings.faults?.reach(.residency) != nil { return false }
        var index = 0
        while index < count {
            var run = unsafe UnsafeRawBufferPointer(parts[index])
            index += 1
            while index < count, let next = unsafe run.joined(to: parts[index]) {
                unsafe run = unsafe next
                index += 1
            }
            if unsafe !Residency.isResident(run) { return false }
        }
        return true
    }
}

extension StoreReader {
    /// As far as the chunks were found before.
    @inline(__always)
    private func recall(
        _ objectID: UInt64, _ chunk: Int, _ skip: Int, _ limit: Int,
        _ parts: UnsafeMutablePointer<iovec>, _ capacity: Int
    ) -> (count: Int, bytes: Int) {
        guard snapshot != nil else { return (0, 0) }
        let known = places.count(of: objectID, stamp)
        var (count, bytes, at, offset) = (0, 0, chunk, skip)
        while at < known {
            let part = unsafe places.chunk(at)
            guard unsafe part.iov_len > offset, let base = unsafe part.iov_base else { break }
            let taken = unsafe min(part.iov_len - offset, limit - bytes)
            unsafe parts[count] = unsafe iovec(iov_base: base + offset, iov_len: taken)
            count += 1
            bytes += taken
            if count == capacity || bytes == limit { break }
            (at, offset) = (at + 1, 0)
        }
        return (count, bytes)
    }

    private mutating func collect(
        _ objectID: UInt64, _ chunk: Int, _ skip: Int, _ limit: Int,
        _ parts: UnsafeMutablePointer<iovec>, _ capacity: Int
    ) throws(LMDBError) -> (count: Int, bytes: Int) {
        if !isCursorCurrent {
            try snapshot?.renewCursor()
            isCursorCurrent = true
        }
        var number = ObjectKeys.chunk(objectID, chunk)
        var found = unsafe try snapshot?.cursor.seek(Key(number)) ?? nil
        var offset = skip
        var count = 0
        var bytes = 0
        while let value = unsafe found, let base = value.baseAddress, value.count > offset {
            let taken = min(value.count - offset, limit - bytes)
            // What is noted begins with an object's first chunk.
            if chunk == 0 { unsafe places.note(chunk: count, value, of: objectID, stamp) }
            unsafe parts[count] = unsafe iovec(
                iov_base: UnsafeMutableRawPointer(mutating: base + offset), iov_len: taken)
            count += 1
            bytes += taken
            if count == capacity || bytes == limit { break }
            offset = 0
            number += 1
            unsafe found = unsafe try snapshot?.cursor.next(expecting: number) ?? nil
        }
        return (count, bytes)
    }

    /// Shows records to `body` in the order of their keys, in a snapshot that is open; for the cold
    /// side, which takes a slice in each.
    ///
    /// - Returns: where the next slice begins; nil behind the last record.
    mutating func scan(
        from start: Key, limit: Int, _ body: (UnsafeRawBufferPointer) -> Void
    ) -> Key? {
        do {
            guard let index = snapshot?.index,
                let cursor = try snapshot?.transaction.cursor(index)
            else { return nil }
            var found = unsafe try cursor.seekFrom(start)
            for _ in 0..<limit {
                guard let (_, record) = unsafe found else { return nil }
                unsafe body(record)
                unsafe found = unsafe try cursor.next()
            }
            return unsafe found?.key
        } catch {
            fail(error)
            return nil
        }
    }

    /// The head of an object; nil if the object is gone.
    mutating func head(_ objectID: UInt64) -> ObjectHead? {
        do {
            guard let table = snapshot?.file.chunks,
                let bytes = unsafe try snapshot?.transaction.get(
                    ObjectKeys.head(objectID), in: table)
                    ?? nil
            else { return nil }
            return unsafe ObjectHead(bytes)
        } catch {
            fail(error)
            return nil
        }
    }

    /// Follows the store to the file it uses now.
    @inline(never)
    private mutating func reopen() {
        snapshot = nil
        places.forget()
        let (file, generation) = store.currentFile
        self.generation = generation
        self.file = file
        guard let file else { return }
        do {
            snapshot = try Snapshot(file)
        } catch {
            // Other processes may have all slots: try again at the next use.
            if error.kind == .readersFull { self.generation = .max }
            fail(error)
        }
    }

    @inline(never)
    private mutating func fail(_ error: LMDBError) {
        // Without a snapshot everything is absent, until the store has a new file.
        if error.kind != .readersFull { snapshot = nil }
        store.noteReadFailure(error, generation: generation)
    }
}

extension StoreReader.Snapshot {
    fileprivate func renewCursor() throws(LMDBError) { try cursor.renew(transaction) }
}

extension UnsafeRawBufferPointer {
    /// A part behind these bytes, on the same page or the next one, together with them; nil: it
    /// lies elsewhere.
    fileprivate func joined(to part: iovec) -> UnsafeRawBufferPointer? {
        guard let start = baseAddress, let base = unsafe UnsafeRawPointer(part.iov_base) else {
            return nil
        }
        let gap = unsafe base - (start + count)
        guard (0..<Environment.pageBytes).contains(gap) else { return nil }
        return unsafe UnsafeRawBufferPointer(start: start, count: count + gap + part.iov_len)
    }
}
