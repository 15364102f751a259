import Caching

/// The store's space, as far as a seed has to know it.
struct SeedSpace: Equatable, Sendable {
    /// Bytes.
    var used: Int
    var size: Int
    /// From so many on something has to go for what comes.
    var evictsFrom: Int
    /// When the youngest entry was stored that had to go while it was good; 0: none had.
    var evictedUntil: Milliseconds

    /// Near enough to that mark that it may be reached between two looks.
    var isNearlyFull: Bool { used >= evictsFrom - size / 4 }

    /// Before anything has to go.
    private var isFull: Bool { used >= evictsFrom - size / 25 }

    /// Why a seed had better end; nil: it may go on.
    ///
    /// A store that was full when it began gives it the place of what is older, until it would have
    /// to give what the seed itself has stored.
    ///
    /// - Parameters:
    ///   - before: when it began.
    ///   - began: by the edge's clock.
    func surrender(after before: SeedSpace, began: Milliseconds) -> String? {
        guard size > 0, isFull && !before.isFull || evictedUntil >= began else { return nil }
        return Self.words + " (\(sizeText(used)) of \(sizeText(size)) are in use)"
    }

    static let words =
        "the store is full: what comes now takes the place of what this seed has stored, so that "
        + "cache.size has to be larger, or the seed smaller"
}
