import Tiles

extension MapServices {
    /// What a pool's sets are beside what was configured: names of new ones, and a sentence for
    /// each that is not gone by.
    ///
    /// One that differs from the known one of its name is put in force all the same: what the
    /// pool's services are asked by that name is none of the known one's tiles.
    func judged(_ read: PoolGridSets) -> (new: [String], refused: [String]) {
        var new: [String] = []
        var refused = read.refused.map { "\"\(printable($0.name))\" \(printable($0.problem))" }
        var known = gridSets
        for set in read.sets {
            switch known.join(set) {
            case .isNew: new.append(set.name)
            case .isKnown: break
            case .differs:
                refused.append(
                    "\"\(printable(set.name))\" is another one than the edge knows by that name")
            }
        }
        return (new, refused)
    }
}
