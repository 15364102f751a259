import Caching
import LMDB

/// A body that goes to chunks.
struct NewBody {
    var segments: [StoreSegment]
    var length: Int
    var checksum: UInt32
    /// A header block that goes before it, in chunks of its own; nil if it fits the record.
    var headers: [UInt8]?

    var headerChunks: Int { ObjectKeys.chunkCount(headers?.count ?? 0) }
    var chunks: Int { headerChunks + ObjectKeys.chunkCount(length) }

    /// The object's head, named by one record.
    func head(isRegistered: Bool) -> ObjectHead {
        guard let headers else {
            return ObjectHead(
                references: 1, length: UInt64(length), checksum: checksum,
                isRegistered: isRegistered)
        }
        var all = Checksum()
        unsafe all.update(headers.span.bytes)
        for segment in segments { unsafe all.update(segment.bytes.bytes) }
        return ObjectHead(
            references: 1, length: UInt64(headers.count + length), checksum: all.value,
            isRegistered: false)
    }
}

extension StoreWriter {
    /// Finds a stored body with the same bytes, or writes this one. `pages` is what it took.
    mutating func place(
        _ body: NewBody, _ file: StoreFile, _ transaction: inout WriteTransaction,
        _ changes: inout Changes
    ) throws(LMDBError) -> (objectID: UInt64, pages: Int) {
        if let objectID = try share(equalTo: body, file, &transaction, &changes) {
            return (objectID, 0)
        }
        let objectID = takeObjectID()
        let key = ObjectKeys.body(checksum: body.checksum, length: body.length, seed: core.seed)
        let isTaken = unsafe try transaction.get(key, in: file.bodies) != nil
        let head = body.head(isRegistered: !isTaken)
        try reach(.put, .put)
        unsafe head.write(
            to: try transaction.reserve(
                ObjectKeys.head(objectID), ObjectHead.byteCount, in: file.chunks, appends: true))
        try append(body, to: objectID, from: 0, limit: body.chunks, file, &transaction, &changes)
        try register(body, key, objectID, isRegistered: head.isRegistered, file, &transaction)
        return (objectID, body.chunks)
    }

    /// Lets one more record name a stored body with the same bytes; nil if there is none.
    func share(
        equalTo body: NewBody, _ file: StoreFile, _ transaction: inout WriteTransaction,
        _ changes: inout Changes
    ) throws(LMDBError) -> UInt64? {
        let key = ObjectKeys.body(checksum: body.checksum, length: body.length, seed: core.seed)
        guard let objectID = try registeredObject(body, key, file, transaction),
            try isSame(body, objectID, file, transaction),
            try share(objectID, file, &transaction, &changes)
        else { return nil }
        return objectID
    }

    /// The object that the body table names for a body of this length and checksum.
    private func registeredObject(
        _ body: NewBody, _ key: Key, _ file: StoreFile, _ transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> UInt64? {
        guard body.headers == nil, let bytes = unsafe try transaction.get(key, in: file.bodies),
            bytes.count == 8
        else { return nil }
        return unsafe UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    }

    /// Whether an object's chunks are these bytes, all of them compared.
    private func isSame(
        _ body: NewBody, _ objectID: UInt64, _ file: StoreFile,
        _ transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> Bool {
        guard let head = try head(objectID, file, transaction), head.length == UInt64(body.length),
            head.checksum == body.checksum
        else { return false }
        var cursor = SegmentCursor(body.segments)
        for chunk in 0..<body.chunks {
            let key = Key(ObjectKeys.chunk(objectID, chunk))
            guard let bytes = unsafe try transaction.get(key, in: file.chunks),
                unsafe cursor.isNext(bytes)
            else {
                return false
            }
        }
        return true
    }

    func head(
        _ objectID: UInt64, _ file: StoreFile, _ transaction: borrowing WriteTransaction
    ) throws(LMDBError) -> ObjectHead? {
        unsafe try transaction.get(ObjectKeys.head(objectID), in: file.chunks).flatMap {
            unsafe ObjectHead($0)
        }
    }

    /// One more record names the object. False if it is on its way out.
    private func share(
        _ objectID: UInt64, _ file: StoreFile, _ transaction: inout WriteTransaction,
        _ changes: inout Changes
    ) throws(LMDBError) -> Bool {
        guard var head = try head(objectID, file, transaction), head.references > 0,
            head.references < .max
        else { return false }
        head.references += 1
        try put(head, objectID, file, &transaction, &changes)
        core.counters.add(.shared)
        return true
    }

    func put(
        _ head: ObjectHead, _ objectID: UInt64, _ file: StoreFile,
        _ transaction: inout WriteTransaction, _ changes: inout Changes
    ) throws(LMDBError) {
        try reach(.put, .put)
        let key = ObjectKeys.head(objectID)
        unsafe head.write(to: try transaction.reserve(key, ObjectHead.byteCount, in: file.chunks))
        changes.isEmpty = false
    }

    /// Makes the body findable for bodies that equal it.
    func register(
        _ body: NewBody, _ key: Key, _ objectID: UInt64, isRegistered: Bool, _ file: StoreFile,
        _ transaction: inout WriteTransaction
    ) throws(LMDBError) {
        guard isRegistered else { return }
        let bytes = unsafe try transaction.reserve(key, 8, in: file.bodies)
        unsafe bytes.storeBytes(of: objectID.littleEndian, as: UInt64.self)
    }

    /// Writes up to `limit` chunks, from chunk `first` on.
    func append(
        _ body: NewBody, to objectID: UInt64, from first: Int, limit: Int, _ file: StoreFile,
        _ transaction: inout WriteTransaction, _ changes: inout Changes
    ) throws(LMDBError) {
        var source = ChunkSource(body, from: first)
        let end = min(first + limit, body.chunks)
        for chunk in first..<end {
            try reach(.put, .put)
            let count = source.nextCount
            let space = unsafe try transaction.reserve(
                Key(ObjectKeys.chunk(objectID, chunk)), count, in: file.chunks, appends: true)
            unsafe source.fill(space)
            changes.written += count
        }
        if end > first {
            try expect(Key(ObjectKeys.chunk(objectID, end - 1)), in: file.chunks, transaction)
        }
        changes.taken += end - first
        changes.isEmpty = false
    }
}

/// The bytes of an object chunk by chunk: the header block, if any, then the body, each beginning
/// a chunk of its own.
struct ChunkSource {
    private var headers: SegmentCursor
    private var body: SegmentCursor
    private var headerRest: Int
    private var bodyRest: Int

    init(_ new: NewBody, from first: Int) {
        headers = SegmentCursor(new.headers.map { [StoreSegment(copying: $0)] } ?? [])
        body = SegmentCursor(new.segments)
        headerRest = new.headers?.count ?? 0
        bodyRest = new.length
        for _ in 0..<first { skip() }
    }

    var nextCount: Int { min(headerRest > 0 ? headerRest : bodyRest, ObjectKeys.chunkBytes) }

    mutating func fill(_ space: UnsafeMutableRawBufferPointer) {
        if headerRest > 0 {
            unsafe headers.copy(to: space)
            headerRest -= space.count
        } else {
            unsafe body.copy(to: space)
            bodyRest -= space.count
        }
    }

    private mutating func skip() {
        let count = nextCount
        if headerRest > 0 {
            headers.skip(count)
            headerRest -= count
        } else {
            body.skip(count)
            bodyRest -= count
        }
    }
}
