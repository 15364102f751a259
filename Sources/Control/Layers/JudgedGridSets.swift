import Tiles

extension MapServices {
    /// What of a pool's sets counts beside what was configured, and a sentence for each that does
    /// not.
    func judged(_ read: PoolGridSets) -> (counting: [GridSet], new: [String], refused: [String]) {
        var (counting, new): ([GridSet], [String]) = ([], [])
        var refused = read.refused.map { "\"\(printable($0.name))\" \(printable($0.problem))" }
        var known = gridSets
        for set in read.sets {
            switch known.join(set) {
            case .isNew: new.append(set.name)
            case .isKnown: break
            case .differs:
                refused.append(
                    "\"\(printable(set.name))\" is another one than the edge knows by that name")
                continue
            }
            counting.append(set)
        }
        return (counting, new, refused)
    }
}
