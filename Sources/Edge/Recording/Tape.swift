import Reactor
import Synchronization

/// What passes over an edge's connections while somebody records: bytes as they were received and
/// sent, failures and invalidations, in one order over all loops.
///
/// Kept in memory only, within ``Limits``; a tape that is full takes nothing more. Loops look at
/// one reference for each receive and send, and write to it only while there is one.
public final class Tape: Sendable {
    /// How much is kept.
    public struct Limits: Sendable {
        /// Bytes of heads and bodies together. Default 32 MiB.
        public var bytes = 32 << 20
        /// Receives, sends and whatever else is an entry. Default 100,000.
        public var entries = 100_000

        public init() {}
    }

    /// One connection, or no connection at all.
    public struct Connection: Hashable, Sendable {
        var loop: Int
        var bits: UInt64
    }

    /// Something that happened.
    public enum Event: Sendable {
        /// Bytes from a viewer; over TLS, they are shown decrypted. `isSouthbound`: from the site
        /// itself, on a listener for its own calls.
        case viewerSaid([UInt8], isSecured: Bool, isTrusted: Bool, isSouthbound: Bool = false)
        case viewerHeard([UInt8])
        /// Its connection is gone; `isCut`: the edge broke it off, perhaps amid an answer.
        case viewerLeft(isCut: Bool = false)
        /// A connection to a member of that origin is being made; it comes to nothing unless the
        /// member is asked over it.
        case originSought(origin: String)
        /// Bytes to a member of that origin.
        case originAsked([UInt8], origin: String)
        case originSaid([UInt8])
        case originLeft
        /// A fetch from that origin failed; another try may follow.
        case originFailed(FetchFailure, origin: String)
        /// Paths and tags as the API takes them.
        case invalidated([String], isSoft: Bool)
        /// Another configuration or distribution is in force.
        case changed
    }

    /// One event, where and when.
    public struct Entry: Sendable {
        public var connection: Connection
        /// Of the edge's own clock, which may be a manual one: milliseconds since 1970.
        public var time: Int64
        public var event: Event
    }

    private struct State {
        var entries: [Entry] = []
        var bytes = 0
    }

    private let limits: Limits
    private let state = Mutex(State())
    private let full = Atomic(false)

    public init(limits: Limits = Limits()) { self.limits = limits }

    /// Holds what another one does, or a part of it.
    package convenience init(copying entries: [Entry]) {
        self.init()
        state.withLock { $0.entries = entries }
    }

    /// What was kept, in the order in which it happened.
    public var entries: [Entry] { state.withLock { $0.entries } }
    /// Something happened for which there was no room, and nothing was kept from there on.
    public var isFull: Bool { full.load(ordering: .acquiring) }
    /// Asked before anything is copied for it.
    var takesMore: Bool { !full.load(ordering: .relaxed) }

    /// Keeps an invalidation that is in force now.
    public func noteInvalidation(_ items: [String], isSoft: Bool, at time: Int64) {
        let nowhere = Connection(loop: -1, bits: 0)
        note(.invalidated(items, isSoft: isSoft), of: nowhere, at: time, bytes: 0)
    }

    /// Keeps that another configuration is in force from now on.
    public func noteChange(at time: Int64) {
        note(.changed, of: Connection(loop: -1, bits: 0), at: time, bytes: 0)
    }

    func note(_ event: Event, of connection: Connection, at time: Int64, bytes: Int) {
        state.withLock { state in
            guard !isFull, state.bytes + bytes <= limits.bytes,
                state.entries.count < limits.entries
            else { return full.store(true, ordering: .releasing) }
            state.bytes += bytes
            state.entries.append(Entry(connection: connection, time: time, event: event))
        }
    }
}
