import Dispatch
import Glibc
import Reactor
import Synchronization

/// The last of what passed over a loop's connections, in a ring of memory that was had beforehand:
/// what `mapedge scenario record --last` tells. The oldest makes room for the newest.
///
/// To note something copies it and does nothing else, so that a hit still allocates nothing. Of
/// the bodies of hits only short ones are copied: of longer ones is known how long they were.
@safe  // owns the memory; offsets are those of records that it wrote
struct LookBack: ~Copyable {
    /// One event as it stands in the ring, before what it has of bytes.
    private struct Record: BitwiseCopyable {
        /// All of it, a multiple of eight; 0: what follows is at the ring's beginning.
        var length = 0
        var kind: Kind
        /// Of a viewer: `secured`, `trusted`, `southbound`; of a failure which.
        var detail: UInt8 = 0
        /// It is not the middle of an exchange.
        var begins = false
        /// Behind it, before any bytes: the origin's id.
        var nameLength = 0
        var loop: Int32
        var bits: UInt64
        var time: Int64
        /// By which it stands among the events of all loops.
        var number: UInt64 = 0
        /// Nanoseconds of the machine's own clock.
        var moment: UInt64
    }

    enum Kind: UInt8 {
        case viewerSaid, viewerHeard, viewerLeft
        case originSought, originAsked, originSaid, originLeft, originFailed
    }

    /// Of an event: all but its bytes.
    struct Note {
        var kind: Kind
        var detail: UInt8 = 0
        var begins = false
        var connection: Tape.Connection
        var time: Int64
        var moment: UInt64
    }

    /// Of a hit's body so many bytes are copied, as many as a scenario writes out.
    static let bodyBytes = 1_024

    static let secured: UInt8 = 1
    static let trusted: UInt8 = 2
    static let southbound: UInt8 = 4
    static let cut: UInt8 = 8

    private let memory: UnsafeMutableRawBufferPointer
    private let numbers: NoteNumbers
    /// Of `numbers`, without which it is read: a hit retains nothing.
    private let latest: UnsafePointer<Atomic<UInt64>>
    /// Where the oldest record is, and where the next goes.
    private var oldest = 0
    private var next = 0
    private var count = 0

    /// - Parameter bytes: of memory; 0: nothing is noted.
    init(bytes: Int, _ numbers: NoteNumbers) {
        unsafe memory = .allocate(byteCount: bytes & ~7, alignment: 8)
        self.numbers = numbers
        unsafe latest = numbers.latest
    }

    deinit { unsafe memory.deallocate() }

    var isOn: Bool { unsafe !memory.isEmpty }

    // MARK: noting

    /// Notes an event with the first `length` bytes of its parts.
    ///
    /// - Parameters:
    ///   - limit: of a part that is longer only the length is kept, but for the one at `whole`.
    ///   - name: an origin's id, as bytes: with a string even an empty one would be retained.
    mutating func note(
        _ note: Note, _ parts: UnsafeBufferPointer<iovec>, first length: Int,
        limit: Int = .max, except whole: UnsafeMutableRawPointer? = nil,
        name: UnsafeRawBufferPointer? = nil
    ) {
        var record = Record(
            kind: note.kind, detail: note.detail, begins: note.begins,
            loop: Int32(note.connection.loop), bits: note.connection.bits, time: note.time,
            moment: note.moment)
        record.nameLength = unsafe name?.count ?? 0
        var size = Self.headLength + Self.rounded(record.nameLength)
        // There is room for many parts, and few are sent.
        var (left, used) = (length, 0)
        while left > 0, used < parts.count {
            let part = unsafe parts[used]
            let bytes = unsafe min(part.iov_len, left)
            let isKept = unsafe bytes <= limit || part.iov_base == whole
            size += Self.pieceLength + (isKept ? Self.rounded(bytes) : 0)
            left -= bytes
            used += 1
        }
        guard var at = makeRoom(size) else { return }
        record.length = size
        record.number = unsafe latest.pointee.wrappingAdd(1, ordering: .relaxed).newValue
        unsafe memory.storeBytes(of: record, toByteOffset: at, as: Record.self)
        at += Self.headLength
        if let name = unsafe name {
            unsafe UnsafeMutableRawBufferPointer(rebasing: memory[at..<at + record.nameLength])
                .copyMemory(from: name)
        }
        at += Self.rounded(record.nameLength)
        left = length
        for index in 0..<used {
            let part = unsafe parts[index]
            let bytes = unsafe min(part.iov_len, left)
            left -= bytes
            let isKept = unsafe bytes <= limit || part.iov_base == whole
            unsafe memory.storeBytes(of: bytes, toByteOffset: at, as: Int.self)
            unsafe memory.storeBytes(of: isKept, toByteOffset: at + 8, as: Bool.self)
            at += Self.pieceLength
            guard isKept else { continue }
            unsafe UnsafeMutableRawBufferPointer(rebasing: memory[at..<at + bytes])
                .copyMemory(from: UnsafeRawBufferPointer(start: part.iov_base, count: bytes))
            at += Self.rounded(bytes)
        }
    }

    private static var headLength: Int { rounded(MemoryLayout<Record>.size) }
    /// How long a piece is, and whether it follows.
    private static var pieceLength: Int { 16 }

    private static func rounded(_ count: Int) -> Int { (count + 7) & ~7 }

    /// Where so many bytes may be written, for which the oldest go; nil: they are more than all.
    private mutating func makeRoom(_ size: Int) -> Int? {
        let capacity = unsafe memory.count
        // Room for the mark that the rest of the ring is not used.
        guard size + 8 <= capacity else { return nil }
        if next + size + 8 > capacity {
            while count > 0, oldest >= next { forgetOldest() }
            unsafe memory.storeBytes(of: 0, toByteOffset: next, as: Int.self)
            next = 0
        }
        while count > 0, oldest >= next, oldest < next + size + 8 { forgetOldest() }
        if count == 0 { oldest = next }
        count += 1
        defer { next += size }
        return next
    }

    private mutating func forgetOldest() {
        oldest = following(oldest)
        count -= 1
    }

    /// Where the record behind another one is.
    private func following(_ place: Int) -> Int {
        let end = unsafe place + memory.load(fromByteOffset: place, as: Int.self)
        return unsafe memory.load(fromByteOffset: end, as: Int.self) == 0 ? 0 : end
    }

    // MARK: telling

    /// What was noted since a moment, each with its number. Of a connection only what comes from
    /// the first request on of which nothing is missing; bytes that were not kept are `x`.
    func entries(since moment: UInt64) -> [(number: UInt64, entry: Tape.Entry)] {
        var found: [(UInt64, Tape.Entry)] = []
        var known: Set<Tape.Connection> = []
        var place = oldest
        for index in 0..<count {
            if index > 0 { place = following(place) }
            let record = unsafe memory.load(fromByteOffset: place, as: Record.self)
            guard record.moment >= moment else { continue }
            let connection = Tape.Connection(loop: Int(record.loop), bits: record.bits)
            if record.begins { known.insert(connection) }
            guard known.contains(connection) || record.kind == .originFailed else { continue }
            if record.kind == .viewerLeft || record.kind == .originLeft {
                known.remove(connection)
            }
            let event = event(record, at: place)
            let entry = Tape.Entry(connection: connection, time: record.time, event: event)
            found.append((record.number, entry))
        }
        return found
    }

    private func event(_ record: Record, at place: Int) -> Tape.Event {
        let start = place + Self.headLength
        let name = unsafe String(
            decoding: memory[start..<start + record.nameLength], as: UTF8.self)
        var bytes: [UInt8] = []
        var at = start + Self.rounded(record.nameLength)
        while at < place + record.length {
            let length = unsafe memory.load(fromByteOffset: at, as: Int.self)
            let isKept = unsafe memory.load(fromByteOffset: at + 8, as: Bool.self)
            at += Self.pieceLength
            guard isKept else {
                bytes += repeatElement(UInt8(ascii: "x"), count: length)
                continue
            }
            unsafe bytes += memory[at..<at + length]
            at += Self.rounded(length)
        }
        return switch record.kind {
        case .viewerSaid:
            .viewerSaid(
                bytes, isSecured: record.detail & Self.secured != 0,
                isTrusted: record.detail & Self.trusted != 0,
                isSouthbound: record.detail & Self.southbound != 0)
        case .viewerHeard: .viewerHeard(bytes)
        case .viewerLeft: .viewerLeft(isCut: record.detail & Self.cut != 0)
        case .originSought: .originSought(origin: name)
        case .originAsked: .originAsked(bytes, origin: name)
        case .originSaid: .originSaid(bytes)
        case .originLeft: .originLeft
        case .originFailed:
            .originFailed(FetchFailure(rawValue: record.detail) ?? .abandoned, origin: name)
        }
    }
}

/// Numbers for what all loops note, by which it has one order.
final class NoteNumbers: Sendable {
    /// In memory of its own, so that a loop can count without its owner.
    @safe  // one cell, which its owner frees
    private struct Cell: @unchecked Sendable {  // an atomic; freed by its one owner
        let memory: UnsafeMutablePointer<Atomic<UInt64>>

        init() {
            unsafe memory = .allocate(capacity: 1)
            unsafe memory.initialize(to: Atomic(0))
        }
    }

    private let cell = Cell()

    /// Valid as long as this is there.
    var latest: UnsafePointer<Atomic<UInt64>> { unsafe UnsafePointer(cell.memory) }

    func next() -> UInt64 {
        unsafe cell.memory.pointee.wrappingAdd(1, ordering: .relaxed).newValue
    }

    deinit { unsafe cell.memory.deallocate() }
}

/// Where loops put what they have noted, for who asks.
package final class LookedBack: Sendable {
    /// Notes up to then are left out: nanoseconds of the machine's own clock.
    let since: UInt64
    let done = DispatchSemaphore(value: 0)
    private let found: Mutex<[(number: UInt64, entry: Tape.Entry)]>

    init(since: UInt64, _ known: [(number: UInt64, entry: Tape.Entry)]) {
        self.since = since
        found = Mutex(known)
    }

    func add(_ entries: [(number: UInt64, entry: Tape.Entry)]) {
        found.withLock { $0 += entries }
        done.signal()
    }

    /// In one order.
    var entries: [Tape.Entry] {
        found.withLock { $0.sorted { $0.number < $1.number }.map(\.entry) }
    }
}

/// The latest invalidations and changes of the configuration, of which loops note nothing.
final class RareNotes: Sendable {
    private struct Noted {
        var number: UInt64
        var moment: UInt64
        var entry: Tape.Entry
        var bytes: Int
    }

    /// Bytes that are kept, most of them of paths.
    private static let most = 1 << 20

    private struct State {
        var noted: [Noted] = []
        var bytes = 0
    }

    private let state = Mutex(State())

    func note(
        _ event: Tape.Event, at time: Int64, bytes: Int, _ number: UInt64, _ moment: UInt64
    ) {
        let entry = Tape.Entry(
            connection: Tape.Connection(loop: -1, bits: 0), time: time, event: event)
        state.withLock { state in
            state.noted.append(Noted(number: number, moment: moment, entry: entry, bytes: bytes))
            state.bytes += bytes
            guard state.bytes > Self.most else { return }
            // By halves, so that it is seldom.
            var kept = 0
            let first = state.noted.lastIndex { noted in
                kept += noted.bytes
                return kept > Self.most / 2
            }
            state.noted.removeFirst((first ?? -1) + 1)
            state.bytes = state.noted.reduce(0) { $0 + $1.bytes }
        }
    }

    func entries(since moment: UInt64) -> [(number: UInt64, entry: Tape.Entry)] {
        state.withLock { $0.noted.filter { $0.moment >= moment }.map { ($0.number, $0.entry) } }
    }
}
