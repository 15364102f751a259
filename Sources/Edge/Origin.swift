public import Caching
import Reactor
import Synchronization

/// A fetch that waits for a member at its limit, by the loop that runs it.
package struct QueuedFetch: Sendable, Equatable {
    var loop: Int
    var fetch: UInt64
}

/// A member's free place, and the fetch whose own it is from now on.
///
/// Whoever finds that the fetch is gone releases the member: the place goes to the next.
package struct HandedPlace: Sendable, Equatable {
    var member: Int
    var next: QueuedFetch
}

/// One origin's pool: who is healthy, whose turn it is, who waits. Shared by all loops.
///
/// Touched on misses only; one mutex, held for nanoseconds.
public final class OriginPool: Sendable {
    public let settings: OriginSettings
    let state: Mutex<State>
    private let context = Mutex<TLSContext?>(nil)
    /// Members with an address; all of them where none has one.
    private let reachable: [Bool]

    /// For the next connections to members that speak TLS; a reload replaces it.
    var tls: TLSContext? {
        get { context.withLock { $0 } }
        set { context.withLock { $0 = newValue } }
    }

    struct Member {
        var health: MemberHealth
        // Smooth weighted round robin: grows by weight, falls by the total when chosen.
        var current = 0
        var inFlight = 0
        var requests: UInt64 = 0
        var failures: UInt64 = 0
        var lastFailure: MemberFailure?
        var lastFailureAt: Milliseconds = 0
    }

    struct Waiting {
        var fetch: QueuedFetch
        /// Members it asked already, as bits.
        var tried: UInt64
    }

    struct State {
        var members: [Member]
        var queue: [Waiting] = []
        // Retries: each request adds a share of one, each retry takes one.
        var retryTokens = 3.0
        /// Who took this pool's place: places are given and taken there.
        var successor: Successor?
        var misses = LatencyHistogram()
    }

    public init(_ settings: OriginSettings) {
        self.settings = settings
        let isAny = settings.members.contains { !$0.endpoints.isEmpty }
        reachable = settings.members.map { !isAny || !$0.endpoints.isEmpty }
        state = Mutex(
            State(
                members: settings.members.map { _ in Member(health: MemberHealth(settings.health)) }
            ))
    }

    enum Choice: Equatable {
        case member(Int)
        /// Queued: `release` will hand a member to this fetch.
        case queued
        /// Another pool took this one's place: it is to be asked.
        case moved
        case failed(FetchFailure)
    }

    /// Whose turn it is: smooth weighted round robin over eligible members not in `tried`.
    ///
    /// When none is eligible one is tried all the same. At their limits, the fetch is queued.
    func choose(tried: UInt64, at now: Milliseconds, for fetch: QueuedFetch) -> Choice {
        state.withLock { state in
            guard state.successor == nil else { return .moved }
            guard !state.members.isEmpty else { return .failed(.noMember) }
            let candidates = candidates(state, tried, now)
            if candidates.isEmpty {
                // Only who serves others has a place to hand on.
                let isWorthWaiting = state.members.indices.contains {
                    !Self.has(tried, $0) && state.members[$0].inFlight > 0
                        && mayServe($0, state, now)
                }
                guard isWorthWaiting, settings.memberConcurrency > 0 else {
                    return .failed(.noMember)
                }
                guard state.queue.count < settings.queueLength else { return .failed(.queueFull) }
                state.queue.append(Waiting(fetch: fetch, tried: tried))
                return .queued
            }
            return .member(Self.take(candidates, &state, settings, now))
        }
    }

    /// Members with a place for a fetch that has tried some: the best tier of them.
    func candidates(
        _ state: borrowing State, _ tried: UInt64, _ now: Milliseconds
    ) -> [Int] {
        var (free, eligible): ([Int], [Int]) = ([], [])
        var isAnyEligible = false
        let isDrainingNeeded = isDrainingNeeded(state, now)
        for index in state.members.indices where reachable[index] {
            if settings.members[index].isDraining, !isDrainingNeeded { continue }
            let isEligible = state.members[index].health.isEligible(at: now)
            isAnyEligible = isAnyEligible || isEligible
            let limit = settings.memberConcurrency
            let hasPlace = limit == 0 || state.members[index].inFlight < limit
            guard hasPlace, !Self.has(tried, index) else { continue }
            free.append(index)
            if isEligible { eligible.append(index) }
        }
        // With all bad, one is still asked before the fallbacks.
        let found = isAnyEligible ? eligible : free
        let best = found.map { settings.members[$0].tier }.min()
        return found.filter { settings.members[$0].tier == best }
    }

    /// Whether nobody but those that leave is well: they stand in for the others until they go.
    private func isDrainingNeeded(_ state: borrowing State, _ now: Milliseconds) -> Bool {
        !state.members.indices.contains {
            reachable[$0] && !settings.members[$0].isDraining
                && state.members[$0].health.isEligible(at: now)
        }
    }

    private func mayServe(_ member: Int, _ state: borrowing State, _ now: Milliseconds) -> Bool {
        !settings.members[member].isDraining || isDrainingNeeded(state, now)
    }

    static func has(_ tried: UInt64, _ member: Int) -> Bool {
        tried & (1 << UInt64(member & 63)) != 0
    }

    static func take(
        _ candidates: [Int], _ state: inout State, _ settings: OriginSettings, _ now: Milliseconds
    ) -> Int {
        var total = 0
        var best = candidates[0]
        for index in candidates {
            let weight = max(
                1, settings.members[index].weight * state.members[index].health.share(at: now))
            total += weight
            state.members[index].current += weight
            if state.members[index].current > state.members[best].current { best = index }
        }
        state.members[best].current -= total
        occupy(best, &state, settings)
        return best
    }

    private static func occupy(_ member: Int, _ state: inout State, _ settings: OriginSettings) {
        state.members[member].inFlight += 1
        state.members[member].requests += 1
        state.retryTokens = min(state.retryTokens + Double(settings.retryBudgetPercent) / 100, 100)
    }

    /// Whether one more retry is within the budget; takes it when it is.
    func takeRetry() -> Bool {
        state.withLock { state in
            guard state.retryTokens >= 1 else { return false }
            state.retryTokens -= 1
            return true
        }
    }

    /// Another member for a fetch that has an answer already, and might get a better one: only if
    /// it can be asked at once and the budget has a retry, which is then taken.
    func chooseRetry(tried: UInt64, at now: Milliseconds) -> Int? {
        state.withLock { state in
            guard state.retryTokens >= 1, state.successor == nil else { return nil }
            let candidates = candidates(state, tried, now)
            guard !candidates.isEmpty else { return nil }
            state.retryTokens -= 1
            return Self.take(candidates, &state, settings, now)
        }
    }

    enum Ending {
        case succeeded
        case failed(MemberFailure)
        case neutral
    }

    /// - Parameter pool: where the handed place is, which may be a pool that took this one's place.
    typealias Released = (handed: HandedPlace?, change: MemberHealth.Change, pool: OriginPool)

    /// The member's place is free again. Returns whose it is now, if somebody waits for it.
    ///
    /// The place is taken already: nobody who comes later can have it, and it is not lost should
    /// the fetch be gone when it is told, since then the place is released in its turn.
    func release(
        _ member: Int, _ ending: Ending, at now: Milliseconds
    ) -> Released {
        let result = state.withLock { state -> Released? in
            // Whoever took this pool's place has the member's, too.
            if state.successor?.positions[member] != nil { return nil }
            state.members[member].inFlight -= 1
            let change = judge(&state, member, ending, now)
            let next = state.queue.firstIndex { waiting in
                guard !Self.has(waiting.tried, member), mayServe(member, state, now) else {
                    return false
                }
                // A member that is ejected is the last resort, for this fetch as for a new one.
                return state.members[member].health.isEligible(at: now)
                    || !state.members.indices.contains {
                        !Self.has(waiting.tried, $0) && reachable[$0]
                            && state.members[$0].health.isEligible(at: now)
                    }
            }
            guard let next else { return (nil, change, self) }
            Self.occupy(member, &state, settings)
            let place = HandedPlace(member: member, next: state.queue.remove(at: next).fetch)
            return (place, change, self)
        }
        if let result { return result }
        let holder = holder(of: member)
        return holder.pool.release(holder.member, ending, at: now)
    }

    private func judge(
        _ state: inout State, _ member: Int, _ ending: Ending, _ now: Milliseconds
    ) -> MemberHealth.Change {
        switch ending {
        case .neutral: return .none
        case .succeeded: return state.members[member].health.exchangeSucceeded(at: now)
        case .failed(let failure):
            state.members[member].failures += 1
            state.members[member].lastFailure = failure
            state.members[member].lastFailureAt = now
            let others = state.members.indices.contains {
                $0 != member && reachable[$0] && state.members[$0].health.isEligible(at: now)
            }
            return state.members[member].health.exchangeFailed(at: now, isLast: !others)
        }
    }

    /// The fetch waits no longer: it timed out or its viewer left.
    func leaveQueue(_ fetch: QueuedFetch) {
        let next = state.withLock { state in
            state.queue.removeAll { $0.fetch == fetch }
            return state.successor
        }
        next?.pool.leaveQueue(fetch)
    }

    /// An active check's result.
    func checked(_ member: Int, _ passed: Bool, at now: Milliseconds) -> MemberHealth.Change {
        state.withLock { state in
            if !passed {
                state.members[member].lastFailure = .check
                state.members[member].lastFailureAt = now
            }
            return state.members[member].health.checked(passed, at: now)
        }
    }

    /// Whether anybody at all would be asked gladly.
    func health(at now: Milliseconds) -> OriginHealth {
        state.withLock { state in
            state.members.indices.contains {
                reachable[$0] && state.members[$0].health.isEligible(at: now)
            } ? .up : .allDown
        }
    }

    /// For `/status`.
    ///
    /// - Parameters:
    ///   - now: monotonic milliseconds, as everywhere in this pool.
    ///   - wall: the machine's wall clock at that moment.
    public func snapshot(at now: Milliseconds, wall: Milliseconds) -> PoolStatus {
        func shown(_ time: Milliseconds) -> Milliseconds { time == 0 ? 0 : wall - now + time }
        return state.withLock { state in
            PoolStatus(
                id: settings.id, queued: state.queue.count,
                members: zip(settings.members, state.members).map { given, member in
                    MemberStatus(
                        name: given.name, weight: given.weight,
                        state: given.unresolved != nil && given.endpoints.isEmpty
                            ? "unresolved"
                            : given.isDraining
                                ? "draining"
                                : !member.health.isUp
                                    ? (member.health.isProved ? "down" : "warming")
                                    : now < member.health.ejectedUntil
                                        ? "ejected"
                                        : member.health.share(at: now) < 100 ? "slow-start" : "up",
                        ejectedUntil: shown(member.health.ejectedUntil), inFlight: member.inFlight,
                        requests: member.requests, failures: member.failures,
                        consecutiveFailures: member.health.consecutiveFailures,
                        lastFailure: member.lastFailure?.word,
                        lastFailureAt: shown(member.lastFailureAt))
                })
        }
    }
}

/// What a member is blamed for.
enum MemberFailure: Sendable, Equatable {
    case fetch(FetchFailure)
    /// It answered with a gateway's error.
    case status(Int)
    /// It did not pass an active check.
    case check

    /// The word in `/status`.
    var word: String {
        switch self {
        case .fetch(let failure): failure.word.description
        case .status(let status): "status \(status)"
        case .check: "check-failed"
        }
    }
}

/// A pool as `/status` shows it.
public struct PoolStatus: Sendable, Codable {
    public var id: String
    public var queued: Int
    public var members: [MemberStatus]
}

/// A member as `/status` shows it; times in milliseconds since the epoch by the machine's clock,
/// whatever clock the edge goes by.
public struct MemberStatus: Sendable, Codable {
    public var name: String
    public var weight: Int
    public var state: String
    public var ejectedUntil: Milliseconds
    public var inFlight: Int
    public var requests: UInt64
    public var failures: UInt64
    public var consecutiveFailures: Int
    /// What it did wrong last, and so why it is ejected or down; nil: nothing yet.
    public var lastFailure: String?
    /// 0 while there is none.
    public var lastFailureAt: Milliseconds
}
