public import Caching
import Synchronization

/// The two clocks of one simulated machine.
///
/// The monotonic one moves when the world says so. The wall clock follows it with a drift and is
/// set forward or back now and then, as a time service does. Any thread may read: the store has
/// its time from here.
public final class SimulatedClock: Sendable {
    private let elapsed = Atomic<UInt64>(0)
    private let stepped = Atomic<Int64>(0)
    private let setBack = Atomic<Int64>(0)
    /// Parts per million by which the wall clock is fast.
    private let drift: Int64

    /// A machine that has been up for a while, in 2026.
    private static let monotonicStart: UInt64 = 5_000_000_000_000
    static let wallStart: Milliseconds = 1_780_000_000_000

    /// The wall clock does not follow the monotonic one; it is only ever set.
    private let stands: Bool

    public init(driftPartsPerMillion drift: Int64 = 0, stands: Bool = false) {
        self.drift = drift
        self.stands = stands
    }

    /// Nanoseconds since some moment; never falls.
    public var monotonic: UInt64 { Self.monotonicStart + elapsed.load(ordering: .relaxed) }

    /// Milliseconds since the epoch, right or wrong.
    public var wall: Milliseconds {
        let milliseconds = stands ? 0 : Int64(elapsed.load(ordering: .relaxed) / 1_000_000)
        let drifted = milliseconds + milliseconds * drift / 1_000_000
        return Self.wallStart + drifted + stepped.load(ordering: .relaxed)
    }

    /// By how much the wall clock was set back, all times together.
    public var setBackTotal: Milliseconds { setBack.load(ordering: .relaxed) }

    func advance(to monotonic: UInt64) {
        let next = monotonic - Self.monotonicStart
        if next > elapsed.load(ordering: .relaxed) { elapsed.store(next, ordering: .relaxed) }
    }

    /// Sets the wall clock forward, or back when `step` is negative.
    func setWall(by step: Milliseconds) {
        stepped.add(step, ordering: .relaxed)
        if step < 0 { setBack.add(-step, ordering: .relaxed) }
    }
}
