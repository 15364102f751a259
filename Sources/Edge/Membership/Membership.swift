public import Caching

/// Who belongs to a pool, as a source tells it from time to time: pure, the clock is the caller's.
///
/// A new member is *warming* until its checks pass, then it *serves* (its share grows by the slow
/// start of its health). One that the source no longer names, or whose group ends it, is
/// *draining*: it gets nothing new, and is gone once nothing runs there, or after the drain time.
/// The last one that is fit is never gone, whatever the source says.
///
/// A source that fails, or has nobody at all, changes nothing: to believe it would turn a mistake
/// there into an outage here.
public struct Membership: Sendable {
    public enum Phase: Sendable, Equatable { case warming, serving, draining }

    /// One member in force.
    public struct Member: Sendable, Equatable {
        public internal(set) var settings: MemberSettings
        public internal(set) var phase: Phase
        /// When the phase began.
        public internal(set) var since: Milliseconds
        var hold: Hold?

        public var name: String { settings.name }
    }

    /// What the pool knows of a member at this moment.
    public struct Sight: Sendable, Equatable {
        /// Its checks pass, or nobody checks it.
        public var isReady: Bool
        public var inFlight: Int
        /// Each of its checks has passed when it was last asked; nobody is taken at his word.
        public var isChecked: Bool

        public init(isReady: Bool, inFlight: Int, isChecked: Bool = true) {
            self.isReady = isReady
            self.inFlight = inFlight
            self.isChecked = isChecked
        }
    }

    /// What a group is to be told.
    public enum Order: Sendable, Equatable {
        case heartbeat(LifecycleHook)
        /// It may go on; or, of a member that never became fit, it may not.
        case complete(LifecycleHook, isFit: Bool)
    }

    /// A hook and what was said of it.
    struct Hold: Sendable, Equatable {
        var hook: LifecycleHook
        var since: Milliseconds
        var lastBeat: Milliseconds
        /// When it was completed; nil: not yet.
        var completedAt: Milliseconds?
        var isFit = true
    }

    public let rules: MembershipRules
    /// In the order of arrival.
    public private(set) var members: [Member] = []
    /// Holds of those that are gone, or were never here.
    private var departures: [LifecycleHook: Hold] = [:]
    /// Nobody was in force yet: the first ones serve at once, since there is no better one.
    private var isFirst = true
    /// What was told of the source and holds on is not told again: it names nobody; these members
    /// are left out.
    private var isNameless = false
    private var leftOut: Set<String> = []

    public init(_ rules: MembershipRules) { self.rules = rules }

    /// Members that were in force before, such as those of before a reload.
    public init(_ rules: MembershipRules, keeping settings: [MemberSettings], at now: Milliseconds)
    {
        self.init(rules)
        for member in settings {
            members.append(Member(settings: member, phase: .serving, since: now))
            members[members.count - 1].settings.isDraining = false
        }
        isFirst = members.isEmpty
    }

    /// What a pool is made of.
    public var settings: [MemberSettings] { members.map(\.settings) }

    /// The source has answered.
    ///
    /// - Returns: what changed, for the operator, one line each.
    public mutating func heard(_ list: [DiscoveredMember], at now: Milliseconds) -> [String] {
        var named: [String: DiscoveredMember] = [:]
        for member in list where named[member.settings.name] == nil {
            named[member.settings.name] = member
        }
        hearOfDepartures(list, at: now)
        let wasNameless = isNameless
        isNameless = !list.contains { !$0.isLeaving }
        guard !isNameless else {
            return members.isEmpty || wasNameless
                ? [] : ["the source names nobody; the members in force are kept"]
        }
        leftOut.formIntersection(named.keys)
        var notes: [String] = []
        for index in members.indices {
            hear(of: index, named[members[index].name], at: now, &notes)
        }
        let known = Set(members.map(\.name))
        for member in list where !member.isLeaving {
            guard let first = named[member.settings.name], first == member,
                !known.contains(member.settings.name),
                !members.contains(where: {
                    $0.name == member.settings.name
                })
            else { continue }
            add(member, at: now, &notes)
        }
        if !members.isEmpty { isFirst = false }
        return notes
    }

    private mutating func add(
        _ found: DiscoveredMember, at now: Milliseconds, _ notes: inout [String]
    ) {
        guard members.count < OriginPool.membersMax else {
            guard leftOut.insert(found.settings.name).inserted else { return }
            notes.append(
                "\(found.settings.name) is left out: a pool has at most \(OriginPool.membersMax) "
                    + "members; put a load balancer before some of them")
            return
        }
        leftOut.remove(found.settings.name)
        var member = Member(
            settings: found.settings, phase: isFirst ? .serving : .warming, since: now)
        member.hold = found.hook.map { Hold(hook: $0, since: now, lastBeat: now) }
        members.append(member)
        notes.append(
            "\(member.name) is new\(isFirst ? "" : " and gets nothing before its checks pass")")
    }

    /// What an answer says of a member in force; nil: nothing.
    private mutating func hear(
        of index: Int, _ found: DiscoveredMember?, at now: Milliseconds, _ notes: inout [String]
    ) {
        guard let found, !found.isLeaving else {
            renewHold(index, found?.hook, at: now)
            guard members[index].phase != .draining else { return }
            members[index].phase = .draining
            members[index].since = now
            members[index].settings.isDraining = true
            notes.append(
                "\(members[index].name) leaves: it finishes what runs there, for "
                    + "\(rules.drainTime / 1_000) s at most")
            return
        }
        let isBack = members[index].phase == .draining
        members[index].settings = found.settings
        renewHold(index, found.hook, at: now)
        if isBack {
            members[index].phase = .serving
            members[index].since = now
            notes.append("\(members[index].name) is back")
        }
    }

    private mutating func renewHold(_ index: Int, _ hook: LifecycleHook?, at now: Milliseconds) {
        guard members[index].hold?.hook != hook else { return }
        members[index].hold = hook.map { Hold(hook: $0, since: now, lastBeat: now) }
    }

    /// Those that end and are not in force: they were here before this edge was, or are gone.
    private mutating func hearOfDepartures(_ list: [DiscoveredMember], at now: Milliseconds) {
        let leaving = Set(list.compactMap { $0.isLeaving ? $0.hook : nil })
        departures = departures.filter { leaving.contains($0.key) }
        for found in list where found.isLeaving {
            guard let hook = found.hook, departures[hook] == nil,
                !members.contains(where: { $0.name == found.settings.name })
            else { continue }
            departures[hook] = Hold(hook: hook, since: now, lastBeat: now)
        }
    }

    /// Goes on with what time and the pool have brought; to be called about once in a second.
    ///
    /// - Parameter sights: by name; whoever is missing is not ready, and nothing runs there.
    public mutating func observe(
        _ sights: [String: Sight], at now: Milliseconds
    ) -> (orders: [Order], notes: [String]) {
        var orders: [Order] = []
        var notes: [String] = []
        func sight(_ member: Member) -> Sight {
            sights[member.name] ?? Sight(isReady: false, inFlight: 0)
        }
        for index in members.indices {
            warm(index, sight(members[index]), at: now, &orders, &notes)
        }
        let gone = finished(sight, at: now)
        for member in members where gone.contains(member.name) {
            if var hold = member.hold, hold.hook.kind == .terminating {
                hold.completedAt = now
                departures[hold.hook] = hold
                orders.append(.complete(hold.hook, isFit: true))
            }
            notes.append("\(member.name) is gone")
        }
        members.removeAll { gone.contains($0.name) }
        beat(at: now, &orders)
        return (orders, notes)
    }

    /// Draining members that may go now: not the last one that is fit.
    private func finished(_ sight: (Member) -> Sight, at now: Milliseconds) -> Set<String> {
        let isServed = members.contains { $0.phase == .serving && sight($0).isReady }
        var leftFit = members.count { $0.phase != .warming && sight($0).isReady }
        var gone: Set<String> = []
        for member in members where member.phase == .draining {
            let seen = sight(member)
            guard isOver(member, seen, isServed, at: now), !seen.isReady || leftFit > 1 else {
                continue
            }
            if seen.isReady { leftFit -= 1 }
            gone.insert(member.name)
        }
        return gone
    }

    /// Whether a draining member may go, if it is not the last one that is fit.
    private func isOver(
        _ member: Member, _ seen: Sight, _ isServed: Bool, at now: Milliseconds
    ) -> Bool {
        let spent = now - member.since
        if spent >= rules.drainTime { return true }
        let isNoticed = member.hold == nil || spent >= rules.noticeTime
        // Until somebody else serves, it is what stands in.
        return seen.inFlight == 0 && isNoticed && isServed
    }

    /// A member that is ready serves; one that never is, is given up to its group.
    private mutating func warm(
        _ index: Int, _ seen: Sight, at now: Milliseconds, _ orders: inout [Order],
        _ notes: inout [String]
    ) {
        if members[index].phase == .warming, seen.isReady {
            members[index].phase = .serving
            members[index].since = now
            notes.append("\(members[index].name) is ready and gets its share by slow start")
        }
        guard let hold = members[index].hold, hold.hook.kind == .launching else { return }
        if let completedAt = hold.completedAt {
            // The group still waits: it was not told, or has not heard.
            guard now - completedAt >= 2 * rules.heartbeat else { return }
            members[index].hold?.completedAt = now
            orders.append(.complete(hold.hook, isFit: hold.isFit))
            return
        }
        // It may serve unproved, where nobody is better: that does not make it fit.
        let isFit = members[index].phase != .warming && seen.isReady && seen.isChecked
        guard isFit || now - hold.since >= rules.warmTime else { return }
        members[index].hold?.completedAt = now
        members[index].hold?.isFit = isFit
        orders.append(.complete(hold.hook, isFit: isFit))
        if !isFit {
            notes.append(
                "\(members[index].name) has not passed its checks for \(rules.warmTime / 1_000) s; "
                    + "its group is told to abandon it")
        }
    }

    /// Tells groups that wait that somebody is at work.
    private mutating func beat(at now: Milliseconds, _ orders: inout [Order]) {
        for index in members.indices {
            guard let hold = members[index].hold, hold.completedAt == nil,
                now - hold.lastBeat >= rules.heartbeat
            else { continue }
            members[index].hold?.lastBeat = now
            orders.append(.heartbeat(hold.hook))
        }
        for hook in departures.keys.sorted(by: { $0.instance < $1.instance }) {
            guard let hold = departures[hook] else { continue }
            let isDue =
                hold.completedAt.map { now - $0 >= 2 * rules.heartbeat }
                ?? (now - hold.since >= rules.noticeTime)
            guard isDue else { continue }
            departures[hook]?.completedAt = now
            orders.append(.complete(hook, isFit: true))
        }
    }
}
