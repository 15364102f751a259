import Caching
import Edge
import Glibc
import HTTP
import LMDB
import Synchronization
import Testing
import WireTesting

/// A cache directory of a test's own, with a clock that stands still and no thread: what happens,
/// and when, is up to the test.
final class StoreBench {
    private let place: TemporaryDirectory
    let clock = ManualClock()
    let events = EventList()
    let faults = StoreFaults()
    var mapBytes = 16 << 20

    init() {
        do { place = try TemporaryDirectory() } catch { preconditionFailure("\(error)") }
    }

    var directory: String { place.path }

    var settings: StoreSettings {
        let clock = clock
        var settings = StoreSettings(directory: directory, mapBytes: mapBytes) { clock.now }
        settings.faults = faults
        settings.preallocates = false
        settings.sweepInterval = 0
        settings.invalidationRetention = 0
        return settings
    }

    func open(_ change: (inout StoreSettings) -> Void = { _ in }) throws -> Store {
        var settings = settings
        change(&settings)
        let events = events
        return try Store.open(settings, stepping: true) { events.append($0) }
    }

    /// Names below the cache directory.
    var names: [String] { listing(directory) }

    func path(_ name: String) -> String { directory + "/" + name }

    /// Changes bytes of the data file.
    func overwrite(at offset: Int, _ bytes: [UInt8]) {
        let descriptor = Glibc.open(path("store/data.mdb"), O_WRONLY)
        pwrite(descriptor, bytes, bytes.count, off_t(offset))
        close(descriptor)
    }
}

/// Wall clock under the test's hand.
final class ManualClock: Sendable {
    private let cell = Atomic<Int64>(1_800_000_000_000)
    var now: Milliseconds { cell.load(ordering: .relaxed) }
    func advance(_ milliseconds: Milliseconds) { cell.add(milliseconds, ordering: .relaxed) }
}

/// What the store told its operator.
final class EventList: Sendable {
    private let list = Mutex<[StoreEvent]>([])
    func append(_ event: StoreEvent) { list.withLock { $0.append(event) } }
    var texts: [String] { list.withLock { $0.map(\.text) } }
}

func listing(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        names.append(
            withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            })
    }
    return names.filter { $0 != "." && $0 != ".." }.sorted()
}

func removeTree(_ path: String) {
    for name in listing(path) { removeTree(path + "/" + name) }
    if unlink(path) != 0 { rmdir(path) }
}

func copyFile(_ from: String, _ to: String) {
    let source = open(from, O_RDONLY)
    let target = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
        let count = read(source, &buffer, buffer.count)
        guard count > 0 else { break }
        write(target, buffer, count)
    }
    close(source)
    close(target)
}

/// A body of that many bytes, different for each seed.
func body(_ count: Int, seed: Int = 1) -> [UInt8] {
    var state = UInt64(truncatingIfNeeded: seed) &* 0x9e37_79b9_7f4a_7c15 | 1
    return [UInt8](unsafeUninitializedCapacity: count + 8) { memory, initialized in
        let bytes = UnsafeMutableRawBufferPointer(memory)
        for at in stride(from: 0, to: count, by: 8) {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            bytes.storeBytes(of: state, toByteOffset: at, as: UInt64.self)
        }
        initialized = count
    }
}

/// Whether bytes are those of `body(_:seed:)`; says where they begin to differ.
func expectBody(
    _ bytes: [UInt8]?, _ count: Int, seed: Int = 1, _ location: SourceLocation = #_sourceLocation
) {
    let expected = body(count, seed: seed)
    guard let bytes else {
        Issue.record("there is no body", sourceLocation: location)
        return
    }
    if bytes == expected { return }
    let same = zip(bytes, expected).reduce(into: (count: 0, isSame: true)) { state, pair in
        state.isSame = state.isSame && pair.0 == pair.1
        if state.isSame { state.count += 1 }
    }
    Issue.record(
        "\(bytes.count) bytes for \(count), the same up to \(same.count)", sourceLocation: location)
}

extension Store {
    func key(_ name: String) -> CacheKey {
        CacheKey.hash(Array(name.utf8).span.bytes, seed: seed)
    }

    /// A response as the edge would hand it over.
    func response(
        _ name: String, _ body: StoreBody, headers: String = "Content-Type: image/png\r\n",
        usefulFor: Milliseconds = 3_600_000, now: Milliseconds = 1_800_000_000_000
    ) -> StorePut {
        let until = now + usefulFor
        let times = EntryTimes(
            storedAt: now, initialAge: 0, freshUntil: until, swrUntil: until, sieUntil: until)
        return StorePut(
            key: key(name), header: EntryHeader(status: 200, flags: [], times: times),
            canonicalKey: Array(name.utf8), headers: Array(headers.utf8), body: body)
    }

    @discardableResult
    func put(
        _ name: String, _ bytes: [UInt8], headers: String = "Content-Type: image/png\r\n",
        usefulFor: Milliseconds = 3_600_000, now: Milliseconds = 1_800_000_000_000,
        invalidation: UInt64 = 0
    ) -> Bool {
        var put = response(
            name, .segments([StoreSegment(copying: bytes)]), headers: headers,
            usefulFor: usefulFor, now: now)
        put.header.invalidation = invalidation
        return enqueue(put)
    }

    /// Carries out all that waits.
    func settle() {
        for _ in 0..<20_000 where !step() {
            // Orphans wait for one more turn than the commit that made them.
            if !step() { return }
        }
    }

    /// What a viewer would get: from memory while it is pending, else from the file.
    func body(of name: String) -> [UInt8]? {
        switch findPending(key(name)) {
        case .deleted: return nil
        case .object(let object):
            if let objectID = object.storedObject {
                return chunks(objectID, from: 0, count: object.length)
            }
            return gather(object)
        case .none: return stored(name)?.body
        }
    }

    private func gather(_ object: PendingObject) -> [UInt8] {
        var parts = [iovec](repeating: iovec(), count: 64)
        var bytes: [UInt8] = []
        while bytes.count < object.length {
            let found = object.gather(from: bytes.count, limit: 1 << 20, into: &parts, capacity: 64)
            for part in parts[..<found.count] {
                bytes.append(
                    contentsOf: UnsafeRawBufferPointer(start: part.iov_base, count: part.iov_len))
            }
        }
        return bytes
    }

    struct Found {
        var header: EntryHeader
        var headers: [UInt8]
        var body: [UInt8]
    }

    /// What the file has, read the way a loop does.
    func stored(_ name: String) -> Found? {
        guard var reader = makeReader() else { return nil }
        reader.begin()
        guard let record = reader.find(key(name)) else {
            reader.end()
            return nil
        }
        let decoded = EntryRecord.decode(
            record.bytes, expecting: Array(name.utf8).span.bytes, seed: seed, verifying: true)
        guard case .entry(let header, let layout) = decoded else {
            reader.end()
            return nil
        }
        var headers = [UInt8](record[layout.headers])
        var body = [UInt8](record[layout.inlineBody])
        reader.end()
        if header.flags.contains(.headersInChunks) {
            headers = chunks(header.objectID, from: 0, count: layout.headersLength)
            let first = (layout.headersLength + 4_079) / 4_080
            body = chunks(header.objectID, from: first, count: Int(header.bodyLength))
        } else if layout.inlineBody.isEmpty {
            body = chunks(header.objectID, from: 0, count: Int(header.bodyLength))
        }
        return Found(header: header, headers: headers, body: body)
    }

    /// An object's bytes, a slice in each snapshot; fewer when chunks are missing.
    func chunks(_ objectID: UInt64, from first: Int, count: Int) -> [UInt8] {
        guard var reader = makeReader() else { return [] }
        var parts = [iovec](repeating: iovec(), count: 16)
        var bytes: [UInt8] = []
        while bytes.count < count {
            reader.begin()
            let slice = reader.gather(
                objectID: objectID, fromChunk: first + bytes.count / 4_080,
                skip: bytes.count % 4_080, limit: count - bytes.count, into: &parts)
            for part in parts[..<slice.count] {
                bytes.append(
                    contentsOf: UnsafeRawBufferPointer(start: part.iov_base, count: part.iov_len))
            }
            reader.end()
            if slice.count == 0 { break }
        }
        return bytes
    }
}

/// A canonical key as a name for the bench: host and path, each behind kind and length.
func name(_ path: String) -> String {
    withUnsafeTemporaryAllocation(byteCount: 1_024, alignment: 8) { memory in
        var key = CanonicalKey(memory)
        key.append(host: Array("h".utf8).span.bytes)
        key.append(.path, Array(path.utf8).span.bytes)
        return String(decoding: [UInt8](key.bytes), as: UTF8.self)
    }
}
