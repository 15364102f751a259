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
    private let state: Mutex<State>
    private let context = Mutex<TLSContext?>(nil)
    /// What its members have in common; nil: nothing.
    package let cluster: Cluster?
    /// Each member's place in the cluster.
    let places: [Int]
    /// Members with an address; all of them where none has one.
    private let reachable: [Bool]

    /// For the next connections to members that speak TLS; a reload replaces it.
    var tls: TLSContext? {
        get { context.withLock { $0 } }
        set { context.withLock { $0 = newValue } }
    }

    private struct Member {
        var health: MemberHealth
        // Smooth weighted round robin: grows by weight, falls by the total when chosen.
        var current = 0
        var inFlight = 0
        var requests: UInt64 = 0
        var failures: UInt64 = 0
        var lastFailure: MemberFailure?
        var lastFailureAt: Milliseconds = 0
    }

    private struct Waiting {
        var fetch: QueuedFetch
        /// Members it asked already, as bits.
        var tried: UInt64
        var wish: MemberWish
    }

    private struct State {
        var members: [Member]
        var queue: [Waiting] = []
        // Retries: each request adds a share of one, each retry takes one.
        var retryTokens = 3.0
    }

    /// - Parameter previous: the same origin's pool as it was configured before.
    public init(_ settings: OriginSettings, after previous: OriginPool? = nil) {
        self.settings = settings
        (cluster, places) = Self.cluster(of: settings, after: previous)
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
        case failed(FetchFailure)
    }

    /// Whose turn it is: smooth weighted round robin over eligible members not in `tried`.
    ///
    /// When none is eligible one is tried all the same. At their limits, the fetch is queued.
    func choose(
        tried: UInt64, at now: Milliseconds, for fetch: QueuedFetch, _ wish: MemberWish = .any
    ) -> Choice {
        state.withLock { state in
            guard !state.members.isEmpty else { return .failed(.noMember) }
            let admitted = cluster == nil ? .max : admitted(wish, fit(state, now), tried)
            let candidates = candidates(state, tried, now, admitted)
            if candidates.isEmpty {
                // Only who serves others has a place to hand on.
                let isWorthWaiting = state.members.indices.contains {
                    !Self.has(tried, $0) && state.members[$0].inFlight > 0
                        && Self.has(admitted, $0)
                }
                guard isWorthWaiting, settings.memberConcurrency > 0 else {
                    return .failed(.noMember)
                }
                guard state.queue.count < settings.queueLength else { return .failed(.queueFull) }
                state.queue.append(Waiting(fetch: fetch, tried: tried, wish: wish))
                return .queued
            }
            return .member(Self.take(candidates, &state, settings, now))
        }
    }

    /// Members that health lets be asked, as bits.
    private func fit(_ state: borrowing State, _ now: Milliseconds) -> UInt64 {
        var bits: UInt64 = 0
        for index in state.members.indices
        where reachable[index] && state.members[index].health.isEligible(at: now) {
            bits |= 1 << UInt64(index & 63)
        }
        return bits
    }

    /// Members with a place for a fetch that has tried some and may ask those `admitted`.
    private func candidates(
        _ state: borrowing State, _ tried: UInt64, _ now: Milliseconds, _ admitted: UInt64
    ) -> [Int] {
        var (free, eligible): ([Int], [Int]) = ([], [])
        var isAnyEligible = false
        for index in state.members.indices where reachable[index] && Self.has(admitted, index) {
            let isEligible = state.members[index].health.isEligible(at: now)
            isAnyEligible = isAnyEligible || isEligible
            let limit = settings.memberConcurrency
            let hasPlace = limit == 0 || state.members[index].inFlight < limit
            guard hasPlace, !Self.has(tried, index) else { continue }
            free.append(index)
            if isEligible { eligible.append(index) }
        }
        // With all bad, one is still asked before the fallbacks.
        return isAnyEligible ? eligible : free
    }

    private static func has(_ tried: UInt64, _ member: Int) -> Bool {
        tried & (1 << UInt64(member & 63)) != 0
    }

    private static func take(
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
    func chooseRetry(
        tried: UInt64, at now: Milliseconds, _ wish: MemberWish = .any
    ) -> Int? {
        state.withLock { state in
            guard state.retryTokens >= 1 else { return nil }
            let admitted =
                cluster == nil ? .max : admitted(wish, fit(state, now), tried, strict: true)
            let candidates = candidates(state, tried, now, admitted)
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

    /// The member's place is free again. Returns whose it is now, if somebody waits for it.
    ///
    /// The place is taken already: nobody who comes later can have it, and it is not lost should
    /// the fetch be gone when it is told, since then the place is released in its turn.
    func release(
        _ member: Int, _ ending: Ending, at now: Milliseconds
    ) -> (handed: HandedPlace?, change: MemberHealth.Change) {
        state.withLock { state in
            state.members[member].inFlight -= 1
            let change = judge(&state, member, ending, now)
            let fit = state.queue.isEmpty ? 0 : fit(state, now)
            let next = state.queue.firstIndex { waiting in
                let admitted = admitted(waiting.wish, fit, waiting.tried)
                guard !Self.has(waiting.tried, member), Self.has(admitted, member) else {
                    return false
                }
                // A member that is ejected is the last resort, for this fetch as for a new one.
                return state.members[member].health.isEligible(at: now)
                    || !state.members.indices.contains {
                        !Self.has(waiting.tried, $0) && Self.has(admitted & fit, $0)
                    }
            }
            guard let next else { return (nil, change) }
            Self.occupy(member, &state, settings)
            return (HandedPlace(member: member, next: state.queue.remove(at: next).fetch), change)
        }
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

    /// Whether a fetch that has tried some could ask another that is fit.
    func hasOther(
        than tried: UInt64, at now: Milliseconds, _ wish: MemberWish, strict: Bool
    ) -> Bool {
        guard cluster != nil else { return settings.members.count > tried.nonzeroBitCount }
        return state.withLock { state in
            let fit = fit(state, now)
            return admitted(wish, fit, tried, strict: strict) & fit & ~tried != 0
        }
    }

    /// Who is fit, as bits, and how many requests each member has.
    func standing(at now: Milliseconds) -> (fit: UInt64, inFlight: [Int]) {
        state.withLock { (fit($0, now), $0.members.map(\.inFlight)) }
    }

    /// The fetch waits no longer: it timed out or its viewer left.
    func leaveQueue(_ fetch: QueuedFetch) {
        state.withLock { state in
            state.queue.removeAll { $0.fetch == fetch }
        }
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
                            : !member.health.isUp
                                ? "down"
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
