import Caching

// Who leads where nobody says so: members come and go, and have one data directory.
//
// A leader is in step by being the leader, so that only such a one may become it whose catalog is
// known to be the present one: it is in step already, or it has read the directory, where each
// write that was answered is, since the latest write.
extension ClusterState {
    /// Keeps the leader while it is a member and well, or will soon be again; then chooses another
    /// one that is in step, the first by name, so that several edges come to the same.
    mutating func choose(at now: Milliseconds, _ fit: UInt64) {
        if let leader {
            if isFit(leader, fit) {
                unfitSince = nil
                return
            }
            let since = unfitSince ?? now
            unfitSince = since
            guard now - since >= Milliseconds(settings.succession) else { return }
            depose(leader)
        }
        let heirs = members.indices.filter { isFit($0, fit) && isInStep($0) }
        if let heir = first(of: heirs) { lead(heir, at: now) }
    }

    /// Nobody is in step: who is to read the directory, and to lead when it has.
    func heir(at now: Milliseconds, _ fit: UInt64) -> Int? {
        first(
            of: members.indices.filter {
                isFit($0, fit) && !members[$0].isLoading && now >= members[$0].notBefore
            })
    }

    private func first(of places: [Int]) -> Int? {
        places.min { members[$0].name < members[$1].name }
    }

    mutating func lead(_ place: Int, at now: Milliseconds) {
        unfitSince = nil
        if round?.place == place { round = nil }
        // Before it leads, which is being in step: its spell goes on.
        prove(place)
        leader = place
        note(.chosen(members[place].name))
        nextSurvey = now
    }

    /// When it comes back it may have missed writes that another leader took.
    mutating func depose(_ place: Int) {
        leader = nil
        unfitSince = nil
        members[place].isProven = false
        members[place].needsLoad = true
        members[place].reason = "another member took writes"
    }
}
