public import Caching
import Reactor
import Synchronization

/// A fetch that waits for a member at its limit, by the loop that runs it.
package struct QueuedFetch: Sendable, Hashable {
    var loop: Int
    var fetch: UInt64
}

/// A member's free place, and the fetch whose own it is from now on.
///
/// Whoever finds that the fetch is gone releases the member: the place goes to the next.
package struct HandedPlace: Sendable, Equatable {
    var member: Int
    var next: QueuedFetch
    var requestClass = RequestClass.other
}

/// One origin's pool: who is healthy, whose turn it is, who waits. Shared by all loops.
///
/// What it decides, ``PoolRoster`` decides. Touched on misses only; one mutex, held for
/// nanoseconds.
public final class OriginPool: Sendable {
    typealias Choice = PoolRoster.Choice
    typealias Ending = PoolRoster.Ending

    public let settings: OriginSettings
    let roster: Mutex<PoolRoster>
    private let context = Mutex<TLSContext?>(nil)
    /// What its members have in common; nil: nothing.
    package let cluster: Cluster?
    /// Each member's place in the cluster.
    let places: [Int]
    private let outages: OutageBoard
    private let outageState: Mutex<PoolOutage>
    /// Of the site's own calls, on southbound listeners.
    let breaker: SharedBreaker
    let observer = Mutex<CapabilitiesObserver?>(nil)

    /// Told, on the checks' thread, of what a member's capabilities are whenever a check has read
    /// them whole: the pool, the member's place, and what was seen. Must not block.
    public typealias CapabilitiesObserver = @Sendable (OriginPool, Int, CapabilitiesSeen) -> Void

    /// For the next connections to members that speak TLS; a reload replaces it.
    var tls: TLSContext? {
        get { context.withLock { $0 } }
        set { context.withLock { $0 = newValue } }
    }

    public convenience init(_ settings: OriginSettings, after previous: OriginPool? = nil) {
        self.init(settings, OutageBoard(), PoolOutage(), after: previous)
    }

    /// - Parameters:
    ///   - outages: where an outage of this pool is told.
    ///   - outage: what is known already, of a pool of the same name.
    ///   - previous: the same origin's pool as it was configured before.
    package init(
        _ settings: OriginSettings, _ outages: OutageBoard, _ outage: PoolOutage,
        after previous: OriginPool? = nil
    ) {
        self.settings = settings
        self.outages = outages
        let (known, members) = Self.cluster(of: settings, after: previous)
        (cluster, places) = (known, members)
        let admission = known.map { ClusterAdmission(cluster: $0, places: members) }
        roster = Mutex(PoolRoster(settings, admission))
        outageState = Mutex(outage)
        breaker = SharedBreaker.of(settings, after: previous)
    }

    /// Whose turn it is; see ``PoolRoster/choose(tried:mayTry:at:for:_:asking:)``.
    func choose(
        tried: UInt64, mayTry: Bool = false, at now: Milliseconds, for fetch: QueuedFetch,
        _ wish: MemberWish = .any, asking ask: PlaceAsk = PlaceAsk()
    ) -> Choice {
        roster.withLock {
            $0.choose(tried: tried, mayTry: mayTry, at: now, for: fetch, wish, asking: ask)
        }
    }

    /// Whether a fetch that has tried some could ask another: one that is fit, where the members
    /// have one catalog.
    ///
    /// - Parameter mayTry: as in `choose`.
    func hasOther(
        than tried: UInt64, mayTry: Bool = false, at now: Milliseconds, _ wish: MemberWish = .any,
        for requestClass: RequestClass = .other, strict: Bool
    ) -> Bool {
        roster.withLock { roster in
            guard cluster != nil else {
                return roster.hasOther(
                    than: tried, mayTry: mayTry, at: now, wish, for: requestClass)
            }
            return roster.admitted(wish, tried, now, strict: strict) & roster.able(at: now) & ~tried
                != 0
        }
    }

    /// Who is fit, or may prove to be, as bits, and how many requests each member has.
    func standing(at now: Milliseconds) -> (fit: UInt64, inFlight: [Int]) {
        roster.withLock { ($0.able(at: now), $0.members.map(\.inFlight)) }
    }

    /// Whether one more retry is within the budget; takes it when it is.
    func takeRetry() -> Bool { roster.withLock { $0.takeRetry() } }

    /// Another member for a fetch that has an answer already, and might get a better one.
    func chooseRetry(
        tried: UInt64, onlyFit: Bool = false, isFree: Bool = false, at now: Milliseconds,
        _ wish: MemberWish = .any, strict: Bool = true, for requestClass: RequestClass = .other
    ) -> Int? {
        roster.withLock {
            $0.chooseRetry(
                tried: tried, onlyFit: onlyFit, isFree: isFree, at: now, wish, strict: strict,
                for: requestClass)
        }
    }

    /// The member's place is free again. Returns whose places are free now, if somebody waits.
    func release(
        _ member: Int, _ ending: Ending, wasTrial: Bool = false,
        _ requestClass: RequestClass = .other, heldFor: Milliseconds? = nil, at now: Milliseconds
    ) -> Released {
        typealias Result = ((handed: [HandedPlace], change: MemberHealth.Change), OriginHealth)
        let result = roster.withLock { roster -> Result? in
            // Whoever took this pool's place has the member's, too.
            if roster.successor?.positions[member] != nil { return nil }
            let released = roster.release(
                member, ending, wasTrial: wasTrial, requestClass, heldFor: heldFor, at: now)
            return (released, roster.health(at: now))
        }
        guard let (released, health) = result else {
            let holder = holder(of: member)
            return holder.pool.release(
                holder.member, ending, wasTrial: wasTrial, requestClass, heldFor: heldFor, at: now)
        }
        noteOutage(ending, health, now)
        return (released.handed, released.change, self)
    }

    /// Gives free places to those who wait, as when a member is well again.
    func serveWaiting(at now: Milliseconds) -> [HandedPlace] {
        roster.withLock { $0.serveWaiting(at: now) }
    }

    /// Whether anybody waits for a place of that class.
    func isAwaited(_ requestClass: RequestClass) -> Bool {
        let (next, count) = roster.withLock { ($0.successor, $0.queue.count(of: requestClass)) }
        return next?.pool.isAwaited(requestClass) ?? (count > 0)
    }

    /// See ``PoolRoster/holdEnds(_:after:)``.
    func holdEnds(_ requestClass: RequestClass, after now: Milliseconds) -> Milliseconds? {
        roster.withLock { $0.holdEnds(requestClass, after: now) }
    }

    /// - Parameter pool: where the handed places are, which may be a pool that took this one's
    ///   place.
    typealias Released = (handed: [HandedPlace], change: MemberHealth.Change, pool: OriginPool)

    /// Another member answered well what these did not.
    func confirm(
        _ suspects: [(member: Int, suspicion: Suspicion)], at now: Milliseconds
    ) -> [(member: Int, change: MemberHealth.Change)] {
        roster.withLock { roster in
            suspects.map { member, suspicion in
                switch suspicion {
                case .failure(let failure):
                    (member, roster.blame(member, failure, at: now))
                case .unknownLayer(let layer):
                    (member, roster.missed(layer, by: member, at: now))
                }
            }
        }
    }

    /// Whether there are layers that the member is thought not to know.
    /// The member served these layers, whatever was thought of it.
    func served(_ layers: String, by member: Int, at now: Milliseconds) {
        roster.withLock { $0.served(layers, by: member, at: now) }
    }

    /// Whether nobody has had an answer of the member for a while.
    func isDead(_ member: Int) -> Bool {
        roster.withLock { $0.members[member].health.liveness == .dead }
    }

    /// A member asked to be left alone; see ``PoolRoster/hold(_:_:until:at:)``.
    func hold(
        _ member: Int, _ requestClass: RequestClass, until: Milliseconds, at now: Milliseconds
    ) -> [QueuedFetch] {
        roster.withLock { $0.hold(member, requestClass, until: until, at: now) }
    }

    /// Another viewer waits for the same response; see ``FairQueue/share(_:with:)``.
    func share(_ fetch: QueuedFetch, with viewer: UInt64) {
        let next = roster.withLock { roster -> Successor? in
            if !roster.queue.isEmpty { roster.queue.share(fetch, with: viewer) }
            return roster.successor
        }
        next?.pool.share(fetch, with: viewer)
    }

    /// The fetch waits no longer: it timed out or its viewer left.
    func leaveQueue(_ fetch: QueuedFetch, isLate: Bool = false) {
        let next = roster.withLock { roster -> Successor? in
            if roster.successor == nil { roster.leaveQueue(fetch, isLate: isLate) }
            return roster.successor
        }
        next?.pool.leaveQueue(fetch, isLate: isLate)
    }

    // MARK: outages

    /// What a request's end says of the pool as a whole.
    private func noteOutage(_ ending: Ending, _ health: OriginHealth, _ now: Milliseconds) {
        outageState.withLock { outage in
            switch ending {
            case .neutral: return
            case .succeeded: outage.succeeded()
            case .failed(let failure):
                outage.failed(
                    at: now, isReached: failure.isReached, isAnyEligible: health == .up)
            }
            // Under the lock, so that the board hears of changes in their order.
            outages.note(settings.id, by: ObjectIdentifier(self), since: outage.since)
        }
    }

    /// From now on so many failures begin an outage, and so many successes end it.
    func judgesOutages(begins: Int, ends: Int) {
        outageState.withLock { ($0.begins, $0.ends) = (max(1, begins), max(1, ends)) }
    }

    /// What is known of it as a whole, for the pool that takes its place.
    var outage: PoolOutage { outageState.withLock { $0 } }

    /// Goes on with what the pool whose place it takes knew last.
    func inheritOutage(of old: OriginPool) {
        let last = old.outage
        outageState.withLock { outage in
            let (begins, ends) = (outage.begins, outage.ends)
            outage = last
            (outage.begins, outage.ends) = (begins, ends)
            outages.note(settings.id, by: ObjectIdentifier(self), since: outage.since)
        }
    }

    /// Whether anybody at all would be asked gladly.
    func health(at now: Milliseconds) -> OriginHealth { roster.withLock { $0.health(at: now) } }

    // MARK: checks

    /// An active check's result, by the places of member and check.
    func checked(
        _ member: Int, _ check: Int = 0, _ result: ProbeResult, at now: Milliseconds
    ) -> MemberHealth.Change {
        // It may have begun at a pool whose place another has taken.
        let holder = holder(of: member)
        guard holder.pool === self else {
            let isSame = holder.pool.settings.health.checksSame(as: settings.health)
            return isSame
                ? holder.pool.checked(holder.member, check, result, at: now) : .none
        }
        let (change, seen, health) = roster.withLock { roster in
            let change = roster.checked(member, check, result, at: now)
            return (
                change,
                result.capabilities == nil ? nil : roster.members[member].capabilities[check],
                roster.health(at: now)
            )
        }
        outageState.withLock { outage in
            outage.checked(
                result.finding.hasPassed, at: now, isTelling: settings.health.isReal(check),
                isAnyEligible: health == .up)
            outages.note(settings.id, by: ObjectIdentifier(self), since: outage.since)
        }
        if let seen, let observer = observer.withLock({ $0 }) { observer(self, member, seen) }
        return change
    }

    /// When a check should find out if a member is well again; nil: nothing is to be found out.
    func checkedEarlyAt(_ member: Int) -> Milliseconds? {
        roster.withLock { $0.members[member].health.checkedEarlyAt() }
    }

    /// Has somebody told of members' capabilities; nil: nobody any more.
    public func observeCapabilities(_ observer: CapabilitiesObserver?) {
        self.observer.withLock { $0 = observer }
    }

    /// What members said of their layers when they were last asked, by their places: of the first
    /// check that asks for it.
    public var capabilities: [CapabilitiesSeen?] {
        roster.withLock { roster in
            roster.members.map { member in
                member.capabilities.min { $0.key < $1.key }?.value
            }
        }
    }

    /// Whoever compares members says how this one stands to its peers.
    public func setDrift(_ drift: MemberDrift, of member: Int) {
        roster.withLock { $0.setDrift(drift, of: member) }
    }

    /// For `/status`.
    ///
    /// - Parameters:
    ///   - now: monotonic milliseconds, as everywhere in this pool.
    ///   - wall: the machine's wall clock at that moment.
    public func snapshot(at now: Milliseconds, wall: Milliseconds) -> PoolStatus {
        var status = roster.withLock { $0.status(at: now, wall: wall) }
        status.breaker = breaker.withLock { $0.word }
        status.outageSince = outage.since.map { wall - now + $0 } ?? 0
        return status
    }
}
