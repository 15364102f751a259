// Sets that a pool's own capabilities tell of, beside those that are known already.
extension GridSets {
    /// What became of a set that a pool has.
    public enum Joining: Equatable, Sendable {
        /// It is there, its tiles under its own name.
        case isNew
        /// Its tiles are those of a known set, under whose name each is one entry.
        case isKnown
        /// A known set of that name is another one, and stays; but what the pool's services are
        /// asked by that name is none of its tiles.
        case differs
    }

    /// Adds a set behind the known ones, which go before it: names that are taken stay whose they
    /// are, and tiles that a known set has keep their names. A set with a `defect` must not come.
    public mutating func join(_ set: GridSet) -> Joining {
        if let known = self.set(named: set.name) {
            guard twins(of: set, in: known, withNames: true) == nil else { return .isKnown }
            markForeign(known)
            return .differs
        }
        for index in records.indices where !records[index].isTwin {
            guard let twins = twins(of: set, in: index, withNames: false) else { continue }
            append(set, twins: twins)
            return .isKnown
        }
        append(set)
        return .isNew
    }

    /// The matrix of a known set that each level is; nil where one is none of its.
    private func twins(of set: GridSet, in index: Int, withNames: Bool) -> [Matrix]? {
        let record = records[index]
        guard record.system == .canonical(set.code), record.tileWidth == set.tileWidth,
            record.tileHeight == set.tileHeight
        else { return nil }
        var found: [Matrix] = []
        for level in set.levels {
            let twin = matrices[record.matrices].first {
                Self.isSame(level, $0, record)
                    && (!withNames || name($0.name).elementsEqual(level.name.utf8))
            }
            guard let twin else { return nil }
            found.append(twin)
        }
        return found
    }

    /// Whether a level's tiles are a matrix's, or the first of them: to a millionth of their size,
    /// and to a hundredth where they lie, or to what GeoWebCache leaves out of its numbers.
    private static func isSame(
        _ level: GridSet.Level, _ matrix: Matrix, _ record: Record
    ) -> Bool {
        guard let place = level.place else { return false }
        let size = (level.resolution - matrix.resolution).magnitude
        guard size < matrix.resolution * 1e-6 else { return false }
        let slack = max(matrix.tileSpan.width / 100, 0.01 / record.metersPerUnit)
        return (place.west - matrix.west).magnitude <= slack
            && (place.north - matrix.north).magnitude <= slack
            && place.columns <= matrix.columns && place.rows <= matrix.rows
    }
}
