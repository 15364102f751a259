/// What happens when: a clock, the dice, and everything that is still to come, in order of time.
final class World {
    let clock: SimulatedClock
    let dice: Dice
    /// Told of each thing that happens, when somebody wants to read it.
    var trace: ((String) -> Void)?
    /// A number that two runs have in common only if the same things happened in both.
    private(set) var fingerprint: UInt64 = 0xCBF2_9CE4_8422_2325
    /// Broken invariants, in words; the first twenty.
    private(set) var violations: [String] = []
    private var heap: [Event] = []
    private var count: UInt64 = 0

    private struct Event {
        var time: UInt64
        /// Of two at the same time the one planned first happens first.
        var number: UInt64
        var action: () -> Void

        func isBefore(_ other: Event) -> Bool {
            time != other.time ? time < other.time : number < other.number
        }
    }

    init(clock: SimulatedClock, dice: Dice) {
        self.clock = clock
        self.dice = dice
    }

    var now: UInt64 { clock.monotonic }

    /// A moment since the world began, for people.
    func milliseconds(at time: UInt64) -> UInt64 { (time - 5_000_000_000_000) / 1_000_000 }

    /// When the next event is due; nil: nothing is planned.
    var nextTime: UInt64? { heap.first?.time }

    /// Whether the next event is to happen now.
    var isDue: Bool { nextTime.map { $0 <= now } ?? false }

    /// Time passes until the next event, or until the first of some other moments; false where
    /// there is none.
    func pass(to moments: UInt64?...) -> Bool {
        guard let next = (moments + [nextTime]).compactMap(\.self).min() else { return false }
        clock.advance(to: max(next, now + 1))
        return true
    }

    /// Has something happen so many nanoseconds from now.
    func after(_ nanoseconds: UInt64, _ action: @escaping () -> Void) {
        at(now + nanoseconds, action)
    }

    /// Has something happen at a moment, or now if that has passed.
    func at(_ time: UInt64, _ action: @escaping () -> Void) {
        count += 1
        heap.append(Event(time: max(time, now), number: count, action: action))
        var child = heap.count - 1
        while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Lets the next event happen, which must be due.
    func happen() {
        let event = heap[0]
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        event.action()
    }

    private func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].isBefore(heap[least]) { least = child }
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    /// Forgets what is planned, so that nothing holds on to what the events would have touched.
    func end() { heap = [] }

    /// Writes something down, for the fingerprint and for who reads along.
    func note(_ text: @autoclosure () -> String, _ number: Int) {
        fingerprint = (fingerprint ^ UInt64(truncatingIfNeeded: number)) &* 0x100_0000_01B3
        fingerprint ^= now
        if let trace { trace("\((now - 5_000_000_000_000) / 1_000) µs: \(text())") }
    }

    /// Something happened that must never happen.
    func violate(_ rule: String) {
        note("VIOLATION \(rule)", 99)
        if violations.count < 20 { violations.append(rule) }
    }
}
