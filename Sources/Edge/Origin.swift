public import Caching
import Reactor
import Synchronization

/// A fetch that waits for a member at its limit, by the loop that runs it.
struct QueuedFetch: Sendable, Equatable {
    var loop: Int
    var fetch: UInt64
}

/// One origin's pool: who is healthy, whose turn it is, who waits. Shared by all loops.
///
/// Touched on misses only; one mutex, held for nanoseconds.
public final class OriginPool: Sendable {
    public let settings: OriginSettings
    private let state: Mutex<State>
    private let context = Mutex<TLSContext?>(nil)

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
    }

    private struct State {
        var members: [Member]
        var queue: [QueuedFetch] = []
        var queueHead = 0
        var queuedNow: Int { queue.count - queueHead }
        // Retries: each request adds a share of one, each retry takes one.
        var retryTokens = 3.0
    }

    public init(_ settings: OriginSettings) {
        self.settings = settings
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
    func choose(tried: UInt64, at now: Milliseconds, for fetch: QueuedFetch) -> Choice {
        state.withLock { state in
            guard !state.members.isEmpty else { return .failed(.noMember) }
            let free = { (index: Int, member: borrowing Member) -> Bool in
                tried & (1 << UInt64(index & 63)) == 0
                    && (self.settings.memberConcurrency == 0
                        || member.inFlight < self.settings.memberConcurrency)
            }
            let eligible = state.members.indices.filter {
                free($0, state.members[$0]) && state.members[$0].health.isEligible(at: now)
            }
            // With all bad, the one whose time is nearest is still asked before the fallbacks.
            let anyEligible = state.members.contains { $0.health.isEligible(at: now) }
            let candidates =
                eligible.isEmpty && !anyEligible
                ? state.members.indices.filter { free($0, state.members[$0]) } : eligible
            if candidates.isEmpty {
                let untried = state.members.indices.contains { tried & (1 << UInt64($0 & 63)) == 0 }
                guard untried, settings.memberConcurrency > 0 else { return .failed(.noMember) }
                guard state.queuedNow < settings.queueLength else { return .failed(.queueFull) }
                state.queue.append(fetch)
                return .queued
            }
            return .member(Self.take(candidates, &state, settings, now))
        }
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
        state.members[best].inFlight += 1
        state.members[best].requests += 1
        state.retryTokens = min(state.retryTokens + Double(settings.retryBudgetPercent) / 100, 100)
        return best
    }

    /// Whether one more retry is within the budget; takes it when it is.
    func takeRetry() -> Bool {
        state.withLock { state in
            guard state.retryTokens >= 1 else { return false }
            state.retryTokens -= 1
            return true
        }
    }

    enum Ending { case succeeded, failed, neutral }

    /// The member's slot is free again. Returns whom to wake, with the member that is now its own.
    func release(
        _ member: Int, _ ending: Ending, at now: Milliseconds
    ) -> (wake: QueuedFetch?, change: MemberHealth.Change) {
        state.withLock { state in
            state.members[member].inFlight -= 1
            let change = Self.judge(&state, member, ending, now)
            guard state.queuedNow > 0 else { return (nil, change) }
            let next = state.queue[state.queueHead]
            state.queueHead += 1
            if state.queueHead > 1_024 || state.queueHead == state.queue.count {
                state.queue.removeFirst(state.queueHead)
                state.queueHead = 0
            }
            return (next, change)
        }
    }

    private static func judge(
        _ state: inout State, _ member: Int, _ ending: Ending, _ now: Milliseconds
    ) -> MemberHealth.Change {
        switch ending {
        case .neutral: return .none
        case .succeeded: return state.members[member].health.exchangeSucceeded(at: now)
        case .failed:
            state.members[member].failures += 1
            let others = state.members.indices.contains {
                $0 != member && state.members[$0].health.isEligible(at: now)
            }
            return state.members[member].health.exchangeFailed(at: now, isLast: !others)
        }
    }

    /// The fetch waits no longer: it timed out or its viewer left.
    func leaveQueue(_ fetch: QueuedFetch) {
        state.withLock { state in
            if let index = state.queue[state.queueHead...].firstIndex(of: fetch) {
                state.queue.remove(at: index)
            }
        }
    }

    /// An active check's result.
    func checked(_ member: Int, _ passed: Bool, at now: Milliseconds) -> MemberHealth.Change {
        state.withLock { $0.members[member].health.checked(passed, at: now) }
    }

    /// Whether anybody at all would be asked gladly.
    func health(at now: Milliseconds) -> OriginHealth {
        state.withLock { state in
            state.members.contains { $0.health.isEligible(at: now) } ? .up : .allDown
        }
    }

    /// For `/status`.
    public func snapshot(at now: Milliseconds) -> PoolStatus {
        state.withLock { state in
            PoolStatus(
                id: settings.id, queued: state.queuedNow,
                members: zip(settings.members, state.members).map { given, member in
                    MemberStatus(
                        name: given.name, weight: given.weight,
                        state: !member.health.isUp
                            ? "down"
                            : now < member.health.ejectedUntil
                                ? "ejected"
                                : member.health.share(at: now) < 100 ? "slow-start" : "up",
                        ejectedUntil: member.health.ejectedUntil, inFlight: member.inFlight,
                        requests: member.requests, failures: member.failures,
                        consecutiveFailures: member.health.consecutiveFailures)
                })
        }
    }
}

/// A pool as `/status` shows it.
public struct PoolStatus: Sendable, Codable {
    public var id: String
    public var queued: Int
    public var members: [MemberStatus]
}

/// A member as `/status` shows it; times in milliseconds since the epoch.
public struct MemberStatus: Sendable, Codable {
    public var name: String
    public var weight: Int
    public var state: String
    public var ejectedUntil: Milliseconds
    public var inFlight: Int
    public var requests: UInt64
    public var failures: UInt64
    public var consecutiveFailures: Int
}
