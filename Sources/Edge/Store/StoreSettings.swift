public import Caching
import Reactor

/// How the store is opened.
public struct StoreSettings: Sendable {
    /// The cache directory; created if it is missing, private to this user.
    public var directory: String
    /// Size of the map in bytes, fixed while it is open; at least 4 MiB, rounded up to a page.
    public var mapBytes: Int
    /// Bytes that may wait for the writer. Default 64 MiB; over it `enqueue` refuses.
    public var backlogBytes = 64 << 20
    /// Loops and other readers in this process. Default 64, at most 256.
    public var readers = 64
    /// How long the writer gathers work before it commits, in milliseconds. Default 50.
    public var gatherTime = 50
    /// Reserves the whole map on disk at start. Default: yes.
    public var preallocates = true
    /// Share of the map, in percent, above which entries are evicted. Default 90.
    public var evictionStart = 90
    /// Share of the map, in percent, at which eviction rests. Default 88.
    public var evictionRest = 88
    /// Share of the map, in percent, from which nothing more is stored. Default 95.
    public var refusalStart = 95
    /// Least milliseconds between two searches for what invalidations killed. Default 60 s.
    public var sweepInterval: Milliseconds = 60_000
    /// How long a rule stays in force after such a search, in milliseconds. Default 10 min: a fetch
    /// that takes longer than that across any invalidation is not stored.
    public var invalidationRetention: Milliseconds = 600_000
    /// In which time all entries in memory are checked once more, in milliseconds. Default 1 h.
    public var recheckInterval: Milliseconds = 3_600_000
    /// After how long what writes that a process left under way may have touched is invalidated
    /// once more, in milliseconds, as `WriteSettings.repeatDelay`. Default 60 s.
    public var repeatDelay: Milliseconds = 60_000
    /// Wall clock in milliseconds since the epoch, for what concerns the disk: pauses, damage.
    public var clock: @Sendable () -> Milliseconds
    /// What the times of entries are compared with, in milliseconds since the epoch, where the
    /// edge's time is another than the machine's. Default: `clock`.
    public var expiryClock: @Sendable () -> Milliseconds
    /// Makes the store fail on purpose; nil outside of tests and simulations.
    public var faults: StoreFaults?

    public init(
        directory: String, mapBytes: Int,
        clock: @escaping @Sendable () -> Milliseconds = StoreSettings.systemClock
    ) {
        self.directory = directory
        self.mapBytes = mapBytes
        self.clock = clock
        expiryClock = clock
    }

    /// The machine's wall clock.
    public static let systemClock: @Sendable () -> Milliseconds = { WallClock.system.now }

    /// The map's size as LMDB is given it.
    var roundedMapBytes: Int {
        let least = 4 << 20
        return (max(mapBytes, least) + 4_095) & ~4_095
    }
}
