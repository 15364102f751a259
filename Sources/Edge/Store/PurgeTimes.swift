import Caching
import Synchronization

/// When rules were put in force, and what they reach, for longer than the store has need of them: a
/// tile cache behind the edge may have what is older than a write for as long as it likes.
///
/// Of a rule that is forgotten nothing is said, as if there had been none. In memory: of rules of
/// an earlier process is known that they came before this one began to note them.
struct PurgeTimes {
    private var index: InvalidationIndex
    /// By rising numbers.
    private var times: [(number: UInt64, at: Milliseconds)]
    private let most: Int
    var count: Int { times.count }

    /// - Parameters:
    ///   - known: rules that have come already.
    ///   - most: numbers that are remembered; of more the older half is forgotten.
    init(_ known: InvalidationIndex, at now: Milliseconds, most: Int = 4_096) {
        (index, self.most) = (known, most)
        times = [(known.latest, now)]
    }

    mutating func note(_ rules: [InvalidationRule], number: UInt64, at now: Milliseconds) {
        for rule in rules { index.insert(rule, number: number) }
        times.append((number, now))
        guard times.count > most else { return }
        index.retire(upTo: times[most / 2].number)
        times.removeFirst(most / 2 + 1)
    }

    /// When the latest rule came that reaches what is stored under a key, at the latest; nil: none
    /// is remembered.
    mutating func latest(reaching canonical: [UInt8], _ reading: ScopeReading) -> Milliseconds? {
        index.reading = reading
        let number = unsafe index.numbers(of: canonical.span.bytes).highest
        guard number > index.horizon else { return nil }
        return times.first { $0.number >= number }?.at
    }
}

/// The same for all loops, where somebody asks. A mutex that is held for microseconds, by who
/// invalidates and by who has a tile of a cache behind the edge.
final class PurgeBook: Sendable {
    private let times = Mutex<PurgeTimes?>(nil)
    private let clock: @Sendable () -> Milliseconds

    init(clock: @escaping @Sendable () -> Milliseconds) { self.clock = clock }

    /// The time by which it tells.
    var now: Milliseconds { clock() }

    var isKept: Bool { times.withLock { $0 != nil } }
    /// Numbers that are remembered, with that from which it began.
    var count: Int { times.withLock { $0?.count ?? 0 } }

    /// Keeps it from now on, beginning with rules that are in force, or not at all.
    func follow(_ known: (() -> InvalidationIndex)?) {
        guard let known else { return times.withLock { $0 = nil } }
        guard !isKept else { return }
        let index = known()
        times.withLock { $0 = $0 ?? PurgeTimes(index, at: clock()) }
    }

    /// Only what a write is known to have touched says anything of a tile cache behind the edge: of
    /// what an operator invalidates, or makes everything stale, that cache knows nothing.
    ///
    /// - Parameter isRepeated: once more, for what went on behind its answer. What was done to the
    ///   cache itself was done: what it has drawn since is new.
    func note(_ rules: [InvalidationRule], number: UInt64, isRepeated: Bool = false) {
        times.withLock { book in
            guard book != nil else { return }
            let touching = rules.filter { rule in
                guard let scope = rule.scope, !scope.touchesEverything else { return false }
                return !isRepeated || scope.parts.contains { $0.kinds != .tiles }
            }
            if !touching.isEmpty { book?.note(touching, number: number, at: clock()) }
        }
    }

    func latest(reaching canonical: [UInt8], _ reading: ScopeReading) -> Milliseconds? {
        times.withLock { $0?.latest(reaching: canonical, reading) }
    }
}
