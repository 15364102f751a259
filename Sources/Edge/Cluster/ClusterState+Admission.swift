// Who may answer.
extension ClusterState {
    /// The members that may be asked, as bits of their places.
    ///
    /// One that is in step is asked for what a write could change, as long as one is fit. When none
    /// is, the best of the others is, and nothing of theirs is stored: so it is when the leader is
    /// down or cannot be reached before anybody has caught up.
    ///
    /// - Parameters:
    ///   - fit: members that health lets be asked.
    ///   - tried: those that this fetch has asked already, in vain.
    ///   - strict: the fetch has an answer already, and would only be better off with a good one.
    public func admitted(
        _ ask: ClusterAsk, fit: UInt64, tried: UInt64, strict: Bool = false
    ) -> UInt64 {
        let leaderBit = leader.map { UInt64(1) << UInt64($0) } ?? 0
        switch ask {
        // A leader that is no member just now takes no writes, and nobody takes them for it.
        case .write where settings.hasLeader: return leaderBit
        case .leaderRead where leaderBit & fit & ~tried != 0: return leaderBit
        case .unaffected:
            let idle = present & ~inRound
            return idle & fit & ~tried != 0 ? idle : present
        case .write, .leaderRead, .affected: return affected(fit, tried, strict: strict)
        }
    }

    private func affected(_ fit: UInt64, _ tried: UInt64, strict: Bool) -> UInt64 {
        let good = inStep
        if strict || good & fit & ~tried != 0 { return good }
        for candidates in [present & ~inRound, present] where candidates & fit & ~tried != 0 {
            return best(of: candidates & fit & ~tried)
        }
        // With all bad, one is asked all the same: one in step, if that is possible.
        return good & ~tried != 0 ? good : present
    }

    /// The member that is drained and loaded now.
    private var inRound: UInt64 { round.map { 1 << UInt64($0.place) } ?? 0 }

    /// Those who have come farthest; one that has drifted only when all have.
    private func best(of candidates: UInt64) -> UInt64 {
        func rank(_ place: Int) -> (Int, UInt64) {
            (members[place].isDrifted ? 0 : 1, members[place].reached)
        }
        let places = members.indices.filter { candidates & 1 << UInt64($0) != 0 }
        guard let most = places.map(rank).max(by: { $0 < $1 }) else { return candidates }
        return places.reduce(0) { rank($1) == most ? $0 | 1 << UInt64($1) : $0 }
    }
}
