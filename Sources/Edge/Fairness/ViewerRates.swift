import Caching
public import Reactor
import Synchronization

/// How often one viewer may ask for something of each class.
public struct ViewerRateSettings: Sendable {
    /// nil: as often as it likes, which is the default.
    public var limits = PerClass<RateLimit?>(nil)
    /// Whoever is never limited: monitoring, a seeder, one's own proxies.
    public var exempt: [AddressBlock] = []
    /// Viewers and classes that are remembered, 16 bytes each. Default 65,536: 1 MiB.
    public var parties = 65_536

    public init() {}

    /// Whether there is anything to be looked at.
    public var isOn: Bool { RequestClass.allCases.contains { limits[$0] != nil } }
}

/// What each viewer has left of its rates: one table for all loops, of a size that never changes.
///
/// Each viewer and class has a slot among eight that its key leads to. Slots are two atomics
/// without a lock: should two loops meet at one, or more than eight viewers be busy in one place,
/// then somebody gets a full bucket too early, and nobody an empty one.
@safe  // indices are masked; freed with its only owner
final class ViewerRateTable: @unchecked Sendable {  // the memory is atomics
    private static let ways = 8
    private let slots: UnsafeMutablePointer<Slot>
    let count: Int
    private let mask: UInt64
    private let seed: UInt64

    private struct Slot: ~Copyable {
        /// Whose it is; 0: nobody's.
        let party = Atomic<UInt64>(0)
        let fullAt = Atomic<Int64>(.min)
    }

    /// - Parameters:
    ///   - parties: rounded up to a power of two, eight at least.
    ///   - seed: a secret, so that nobody can choose whose slot he shares.
    init(parties: Int, seed: UInt64) {
        var count = Self.ways
        while count < min(parties, 1 << 24) { count *= 2 }
        self.count = count
        mask = UInt64(count / Self.ways - 1)
        self.seed = seed
        unsafe slots = .allocate(capacity: count)
        for index in 0..<count { unsafe (slots + index).initialize(to: Slot()) }
    }

    deinit {
        unsafe slots.deinitialize(count: count)
        unsafe slots.deallocate()
    }

    /// Takes a request of a viewer's rate; allocates nothing.
    ///
    /// - Returns: 0: it may be served; else in how many milliseconds the next one may.
    func take(
        _ viewer: SocketAddress, _ requestClass: RequestClass, _ limit: RateLimit,
        at now: Milliseconds
    ) -> Milliseconds {
        let party =
            ViewerKey.mix(
                ViewerKey.of(viewer, seed: seed), UInt64(requestClass.rawValue) &+ 1) | 1
        let slot = unsafe slot(of: party, at: now)
        while true {
            let before = unsafe slot.pointee.fullAt.load(ordering: .relaxed)
            var bucket = TokenBucket(fullAt: before)
            let wait = bucket.take(limit, at: now)
            if wait > 0 { return wait }
            if unsafe slot.pointee.fullAt.compareExchange(
                expected: before, desired: bucket.fullAt, ordering: .relaxed
            ).exchanged {
                return 0
            }
        }
    }

    /// The party's slot: its own, or the one of the eight that is nearest to being full again.
    private func slot(of party: UInt64, at now: Milliseconds) -> UnsafeMutablePointer<Slot> {
        let start = Int((party >> 20) & mask) * Self.ways
        var least = unsafe slots + start
        var leastFullAt = Int64.max
        for index in start..<start + Self.ways {
            let slot = unsafe slots + index
            if unsafe slot.pointee.party.load(ordering: .relaxed) == party { return unsafe slot }
            let fullAt = unsafe slot.pointee.fullAt.load(ordering: .relaxed)
            if fullAt < leastFullAt { unsafe (least, leastFullAt) = unsafe (slot, fullAt) }
        }
        unsafe least.pointee.party.store(party, ordering: .relaxed)
        unsafe least.pointee.fullAt.store(.min, ordering: .relaxed)
        return unsafe least
    }
}

/// The rates in force, as hits look at them: no references but its own, which nobody counts.
@safe  // owns what it points at; the table outlives it
final class ViewerRates: @unchecked Sendable {  // written once before it is shared
    private let limits: PerClass<RateLimit?>
    private let exempt: UnsafeMutableBufferPointer<AddressBlock>
    let table: ViewerRateTable

    /// - Parameter previous: whose table goes on, if it has the size that is asked for.
    init(_ settings: ViewerRateSettings, seed: UInt64, previous: ViewerRateTable?) {
        limits = settings.limits
        unsafe exempt = .allocate(capacity: settings.exempt.count)
        _ = unsafe exempt.initialize(from: settings.exempt)
        let fresh = previous.flatMap {
            $0.count >= settings.parties && $0.count < 2 * max(settings.parties, 8) ? $0 : nil
        }
        table = fresh ?? ViewerRateTable(parties: settings.parties, seed: seed)
    }

    deinit { unsafe exempt.deallocate() }

    func limit(_ requestClass: RequestClass) -> RateLimit? { limits[requestClass] }

    func exempts(_ viewer: SocketAddress) -> Bool {
        for index in unsafe exempt.indices where unsafe exempt[index].contains(viewer) {
            return true
        }
        return false
    }

    /// - Returns: 0: the request may be served; else in how many milliseconds the next one may.
    func wait(
        _ viewer: SocketAddress, _ requestClass: RequestClass, at now: Milliseconds
    ) -> Milliseconds {
        guard let limit = limits[requestClass], !exempts(viewer) else { return 0 }
        return table.take(viewer, requestClass, limit, at: now)
    }
}
