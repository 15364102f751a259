/// Who has just written something: readers whose next pages come from the origin itself.
///
/// A table of a size that never changes, of keyed hashes and when each window ends. A hash has a
/// place among eight; where all eight are taken by windows that are open, the one that ends first
/// gives way, and until it would have ended everybody counts as one who has written: never does
/// somebody miss what he wrote himself. Clock in hand, in milliseconds; allocates nothing after it
/// was made.
public struct OwnWrites: Sendable {
    private struct Window {
        var party: UInt64 = 0
        var until: Milliseconds = .min
    }

    private static var ways: Int { 8 }
    private var windows: [Window]
    private let mask: Int
    /// When the last window ends, those that gave way too.
    public private(set) var lastEnds: Milliseconds = .min
    /// Until then everybody counts as one who has written.
    public private(set) var everybodyUntil: Milliseconds = .min

    /// - Parameter places: rounded up to a power of two, eight at least; 16 bytes each.
    public init(places: Int) {
        var count = Self.ways
        while count < min(places, 1 << 24) { count *= 2 }
        windows = Array(repeating: Window(), count: count)
        mask = count / Self.ways - 1
    }

    public var places: Int { windows.count }

    /// Opens a party's window, or keeps it open longer.
    ///
    /// - Returns: whether another one's window gave way.
    public mutating func open(
        _ party: UInt64, until: Milliseconds, at now: Milliseconds
    ) -> Bool {
        lastEnds = max(lastEnds, until)
        let start = start(of: party)
        var least = start
        for index in start..<start + Self.ways {
            if windows[index].party == party, windows[index].until > now {
                windows[index].until = max(windows[index].until, until)
                return false
            }
            if windows[index].until < windows[least].until { least = index }
        }
        let isTaken = windows[least].until > now
        if isTaken { everybodyUntil = max(everybodyUntil, windows[least].until) }
        windows[least] = Window(party: party, until: until)
        return isTaken
    }

    /// Has everybody count as one who has written: whose windows are open is not known.
    public mutating func openForAll(until: Milliseconds) {
        lastEnds = max(lastEnds, until)
        everybodyUntil = max(everybodyUntil, until)
    }

    /// When the window that is open for a party ends; nil: none is.
    public func windowEnd(of party: UInt64, at now: Milliseconds) -> Milliseconds? {
        let start = start(of: party)
        for index in start..<start + Self.ways
        where windows[index].party == party && windows[index].until > now {
            return windows[index].until
        }
        return everybodyUntil > now ? everybodyUntil : nil
    }

    private func start(of party: UInt64) -> Int {
        (Int(truncatingIfNeeded: party >> 20) & mask) * Self.ways
    }
}
