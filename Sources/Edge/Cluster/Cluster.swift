public import Caching
import Synchronization

/// One origin's GeoServers as all loops see them: ``ClusterState`` behind a mutex that is held for
/// nanoseconds, and where sessions are at home.
///
/// Touched on misses only. A reload that keeps the origin's cluster settings keeps this object,
/// whatever becomes of its members.
public final class Cluster: Sendable {
    public let settings: ClusterSettings
    let classifier: ClusterClassifier
    private let state: Mutex<State>

    private struct State {
        var cluster: ClusterState
        var sessions = ClusterSessions()
        /// Members of which it was said already that their sessions went elsewhere.
        var told: Set<Int> = []
        var counts = ClusterCounts()
        /// The same origin's cluster since its settings are others.
        var heir: Cluster?

        func mayStore(_ ticket: ClusterTicket) -> Bool {
            ticket.place < 0 || heir == nil && cluster.mayStore(ticket)
        }
    }

    /// - Parameter previous: the same origin's cluster under other settings. Its editions go on, so
    ///   that who was behind is not in step for having been configured anew; writes that are under
    ///   way there end here as well; and nothing that is fetched there is stored any more.
    init(_ settings: ClusterSettings, after previous: Cluster? = nil) {
        self.settings = settings
        classifier = ClusterClassifier(settings)
        state = Mutex(State(cluster: ClusterState(settings)))
        guard let previous else { return }
        previous.state.withLock { old in
            state.withLock { $0.cluster = ClusterState(settings, after: old.cluster) }
            old.heir = self
        }
    }

    /// These are the members from now on; returns each one's place.
    func follow(_ names: [String]) -> [Int] {
        state.withLock { state in
            let places = state.cluster.follow(names)
            for place in state.cluster.members.indices where !places.contains(place) {
                state.sessions.releaseAll(of: place)
                state.told.remove(place)
            }
            return places
        }
    }

    /// The present edition, which a fetch that others join must have begun in.
    var edition: UInt64 { state.withLock { $0.cluster.edition } }

    /// What is asked, and where its session is at home.
    func wish(_ ask: ClusterAsk, session: UInt64?) -> MemberWish {
        MemberWish(ask: ask, session: ask == .unaffected ? nil : session)
    }

    /// Members that may be asked, as bits of their places.
    func admitted(
        _ wish: MemberWish, fit: UInt64, tried: UInt64, strict: Bool
    ) -> UInt64 {
        state.withLock { state in
            let members = state.cluster.admitted(
                wish.ask, fit: fit, tried: tried, strict: strict)
            guard let session = wish.session, let home = state.sessions.home(of: session) else {
                return members
            }
            let bit = UInt64(1) << UInt64(home)
            return members & bit & fit & ~tried != 0 ? bit : members
        }
    }

    /// What counts of a wish: a session that is at home nowhere wishes for nobody.
    func settled(_ wish: MemberWish) -> MemberWish {
        guard let session = wish.session else { return wish }
        let isKnown = state.withLock { $0.sessions.home(of: session) != nil }
        return isKnown ? wish : MemberWish(ask: wish.ask, session: nil)
    }

    /// A member takes a fetch: of its session, if it had its home elsewhere and that is down, it is
    /// told once that it begins anew.
    func took(_ place: Int, _ wish: MemberWish, fit: UInt64) {
        guard let session = wish.session else { return }
        state.withLock { state in
            guard let home = state.sessions.home(of: session) else { return }
            guard home != place else {
                state.told.remove(home)
                return
            }
            guard fit & 1 << UInt64(home) == 0 else { return }
            state.sessions.release(session)
            state.counts.sessionsMoved += 1
            if state.told.insert(home).inserted {
                state.cluster.note(.sessionsLost(state.cluster.members[home].name))
            }
        }
    }

    func ticket(_ place: Int, _ ask: ClusterAsk) -> ClusterTicket {
        state.withLock { state in
            let ticket = state.cluster.ticket(place, ask)
            if !ticket.mayStore { state.counts.behind += 1 }
            return ticket
        }
    }

    func mayStore(_ ticket: ClusterTicket) -> Bool {
        state.withLock { state in
            let may = state.mayStore(ticket)
            if !may { state.counts.fenced += 1 }
            return may
        }
    }

    /// Whether what was asked for by a ticket is as new as the catalog still.
    func isInStep(_ ticket: ClusterTicket) -> Bool { state.withLock { $0.mayStore(ticket) } }

    func bind(_ session: UInt64, to place: Int) {
        state.withLock { $0.sessions.bind(session, to: place) }
    }

    func writeBegan() {
        state.withLock { state in
            state.cluster.writeBegan()
            state.heir?.writeBegan()
        }
    }

    func writeEnded(
        by place: Int?, changed: Bool, saves: Int = 0, at now: Milliseconds
    ) {
        state.withLock { state in
            state.counts.writes += changed ? 1 : 0
            state.cluster.writeEnded(
                by: place, changed: changed, saves: saves, at: now)
            // Who has that place here may have another there.
            state.heir?.writeEnded(by: nil, changed: changed, saves: saves, at: now)
        }
    }

    /// Whether the catalog was seen, since the last call, to have changed by what passed by here.
    func takePassedBy() -> Bool {
        state.withLock { state in
            defer { state.cluster.hasPassedBy = false }
            state.counts.passedBy += state.cluster.hasPassedBy ? 1 : 0
            return state.cluster.hasPassedBy
        }
    }

    // MARK: the slow side

    func work(at now: Milliseconds, fit: UInt64, inFlight: (Int) -> Int) -> [ClusterTask] {
        state.withLock { $0.cluster.work(at: now, fit: fit, inFlight: inFlight) }
    }

    /// What came of a load; `failure` nil: it succeeded.
    public func loaded(_ place: Int, failure: String?, at now: Milliseconds) {
        state.withLock { $0.cluster.loaded(place, failure: failure, at: now) }
    }

    /// What came of a comparison.
    public func checked(
        _ place: Int, _ print: CatalogPrint?, failure: String?, asked: CheckStamp,
        at now: Milliseconds
    ) {
        state.withLock {
            $0.cluster.checked(place, print, failure: failure, asked: asked, at: now)
        }
    }

    /// The word for a member's `drift` in `/status`.
    func drift(of place: Int) -> MemberDrift {
        state.withLock { state in
            if state.cluster.isInStep(place) { return .inStep }
            return state.cluster.members[place].isDrifted ? .drifted : .unknown
        }
    }

    /// Members that are not in step.
    package var stepless: [String] {
        state.withLock { state in
            state.cluster.members.indices.filter {
                state.cluster.members[$0].isPresent && !state.cluster.isInStep($0)
            }.map { state.cluster.members[$0].name }
        }
    }

    /// What has happened since the last call.
    public func takeEvents() -> [ClusterEvent] { state.withLock { $0.cluster.takeEvents() } }

    /// For `/status` and `/metrics`.
    func status(id: String, fit: UInt64) -> ClusterStatus {
        state.withLock { state in
            ClusterStatus(
                id: id, state.cluster, state.counts, sessions: state.sessions.count, fit: fit)
        }
    }
}

/// What a fetch asks of its pool's cluster.
struct MemberWish: Sendable, Hashable {
    var ask: ClusterAsk
    /// The hash of its session's cookie; nil: it has none that counts.
    var session: UInt64?

    /// Of a pool whose members have nothing in common.
    static let any = MemberWish(ask: .unaffected, session: nil)
}

/// Numbers of a cluster for `/metrics`.
struct ClusterCounts: Sendable {
    /// Configuration writes that may have changed something.
    var writes: UInt64 = 0
    /// Questions asked of a member out of step, since nobody else was fit.
    var behind: UInt64 = 0
    /// Answers not stored because their member was, or came, out of step.
    var fenced: UInt64 = 0
    /// Sessions that began anew because their member was down.
    var sessionsMoved: UInt64 = 0
    /// Comparisons that showed a change which passed by the edge.
    var passedBy: UInt64 = 0
}
