import Glibc
import Synchronization

/// The time of day that an edge goes by, the same for all its threads: the machine's, or one that
/// is told.
///
/// A manual clock stands still until it is moved, and is never set back: an `Age` may not fall.
/// Waits for peers and disks do not go by it; they are monotonic.
public final class WallClock: Sendable {
    /// The machine's. Also for what outlives the edge or concerns others, such as certificates,
    /// whatever clock the edge goes by.
    public static let system = WallClock()

    /// The last moment that HTTP's dates can name: 9999-12-31T23:59:59.999Z, in milliseconds since
    /// the epoch.
    public static let latest: Int64 = 253_402_300_799_999

    /// Whether it stands until it is moved.
    public let isManual: Bool
    private let told: Atomic<Int64>

    private init() {
        isManual = false
        told = Atomic(0)
    }

    /// A clock that stands at `start`, in milliseconds since the epoch, held within 1970 and
    /// ``latest``.
    public init(manual start: Int64) {
        isManual = true
        told = Atomic(min(max(0, start), Self.latest))
    }

    /// Milliseconds since the epoch. One load, or what the kernel answers from shared memory.
    public var now: Int64 {
        isManual ? told.load(ordering: .acquiring) : Self.readMachine()
    }

    /// Milliseconds since the epoch by the machine's clock.
    static func readMachine() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) &* 1_000 &+ Int64(time.tv_nsec) / 1_000_000
    }

    /// Moves a manual clock forward by so many milliseconds; from any thread.
    ///
    /// - Returns: the new time.
    /// - Throws: `notManual`, `backwards` if the number is negative, `tooLate` beyond ``latest``.
    ///   Then nothing has changed.
    public func advance(by milliseconds: Int64) throws(WallClockError) -> Int64 {
        try move { now throws(WallClockError) in
            guard milliseconds >= 0 else { throw .backwards(now: now) }
            let (next, overflow) = now.addingReportingOverflow(milliseconds)
            return overflow ? .max : next
        }
    }

    /// Sets a manual clock to a time, in milliseconds since the epoch; from any thread.
    ///
    /// - Returns: the new time.
    /// - Throws: `notManual`, `backwards` if it is earlier than now, `tooLate` beyond ``latest``.
    ///   Then nothing has changed.
    public func set(to time: Int64) throws(WallClockError) -> Int64 {
        try move { now throws(WallClockError) in
            guard time >= now else { throw .backwards(now: now) }
            return time
        }
    }

    // Whoever moves it at the same time adds up: neither move is lost.
    private func move(
        _ next: (Int64) throws(WallClockError) -> Int64
    ) throws(WallClockError) -> Int64 {
        guard isManual else { throw .notManual }
        var now = told.load(ordering: .acquiring)
        while true {
            let time = try next(now)
            guard time <= Self.latest else { throw .tooLate }
            let (isMoved, current) = told.compareExchange(
                expected: now, desired: time, ordering: .acquiringAndReleasing)
            if isMoved { return time }
            now = current
        }
    }
}

/// Why a clock was not moved.
public enum WallClockError: Error, Equatable {
    /// It is the machine's.
    case notManual
    /// That would set it back; `now` is where it stands, in milliseconds since the epoch.
    case backwards(now: Int64)
    /// That is beyond ``WallClock/latest``.
    case tooLate
}
