import Caching
import Edge

/// A group of instances as a source of members tells of it: with mistakes, in any order, and some
/// that it is about to end. What it says goes through the real `Membership`.
final class SimulatedGroup {
    private let dice: Dice
    private let all: [MemberSettings]
    /// Instances that exist, by their places; those that it ends.
    private var named: Set<Int>
    private var ending: Set<Int> = []
    private var membership: Membership
    private var applied: [MemberSettings]

    init(_ dice: Dice, _ members: [MemberSettings], _ now: UInt64) {
        self.dice = dice
        all = members
        applied = members
        named = Set(members.indices)
        var rules = MembershipRules()
        (rules.drainTime, rules.noticeTime, rules.warmTime) = (4_000, 2_000, 20_000)
        membership = Membership(rules, keeping: members, at: Milliseconds(now / 1_000_000))
    }

    /// An instance comes, goes, or is about to go; the leader's is one like another.
    func change() {
        let place = dice.pick(0...all.count - 1)
        if !named.contains(place) {
            named.insert(place)
            ending.remove(place)
        } else if named.count > 1, !ending.insert(place).inserted || dice.chance(40) {
            named.remove(place)
        }
    }

    /// All are there, and stay.
    func settle() { (named, ending) = (Set(all.indices), []) }

    /// What the source says now, if it says anything; returns the members that are to be in force
    /// where they are others than before.
    func ask(
        _ sights: [String: Membership.Sight], at now: Milliseconds, hasFaults: Bool
    ) -> [MemberSettings]? {
        if !hasFaults || dice.chance(50) { _ = membership.heard(answer(hasFaults), at: now) }
        _ = membership.observe(sights, at: now)
        let next = membership.settings
        guard next != applied else { return nil }
        applied = next
        return next
    }

    private func answer(_ hasFaults: Bool) -> [DiscoveredMember] {
        // Nobody at all is no answer to believe.
        if hasFaults, dice.chance(10) { return [] }
        var places = named.sorted()
        if dice.chance(50) { places.reverse() }
        // One of them is overlooked.
        if hasFaults, places.count > 1, dice.chance(5) { places.removeLast() }
        return places.map { place in
            let hook = LifecycleHook(.terminating, instance: "i-\(place)")
            return DiscoveredMember(all[place], hook: ending.contains(place) ? hook : nil)
        }
    }
}
