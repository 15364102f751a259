import Caching

// What did not pass through the edge: another edge's writes, those of whoever asks a member
// directly, a link of the web pages, a job that goes on behind its answer.
//
// Of such a change is known that there was one, and nothing of what it touched. It shows in the
// update sequence, which each saved object raises: by more than the writes that passed here account
// for. A fingerprint alone shows no change of the catalog, as data has extents; where there is no
// sequence it has to do. A sequence that has fallen is that of a server which was put back or began
// anew, and tells nothing by itself.
extension ClusterState {
    /// What was said of the catalog when no write was under way.
    struct Sight: Sendable {
        var place: Int
        var edition: UInt64
        var fingerprint: UInt64
        var sequence: String?
        /// Writes since that have raised the sequence.
        var counted = 0
    }

    /// The catalog is seen as whoever is compared with says it is.
    ///
    /// What passed by makes all others unknown until they are compared anew, before anything of
    /// theirs is stored that was asked for since.
    mutating func watch(_ place: Int, _ print: Print, at now: Milliseconds) {
        guard print.edition == edition, isSettled(print) else { return }
        // Who hears of writes from others may not have heard of the latest one yet.
        guard settings.hasLeader || now >= graceUntil else { return }
        let last = sight
        sight = Sight(
            place: place, edition: edition, fingerprint: print.fingerprint,
            sequence: print.sequence)
        // Since when it has been so nobody knows.
        guard let last else {
            round?.isOvertaken = true
            return
        }
        // Without a leader each member has a sequence of its own.
        guard settings.hasLeader || last.place == place, last.isOvertaken(by: print) else { return }
        hasPassedBy = true
        round?.isOvertaken = true
        note(.passedBy(members[place].name))
        if !settings.hasLeader { graceUntil = now + Milliseconds(settings.propagation) }
        for other in members.indices where other != place && members[other].isPresent {
            members[other].isProven = false
        }
    }
}

extension ClusterState.Sight {
    fileprivate func isOvertaken(by print: ClusterState.Print) -> Bool {
        let isOther = print.fingerprint != fingerprint
        guard let old = sequence.flatMap({ Int($0) }), let new = print.sequence.flatMap({ Int($0) })
        else { return isOther && print.edition == edition }
        if new < old { return isOther }
        let (risen, isBeyond) = new.subtractingReportingOverflow(old)
        return isBeyond || risen > counted
    }
}
