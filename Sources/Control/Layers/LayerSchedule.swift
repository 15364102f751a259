/// When an origin's layers and its grid sets are read: each by itself. A WMTS that fails is asked
/// again soon; its WMS is asked no more often for that, and nothing that a write has changed waits.
///
/// Times are in monotonic milliseconds.
struct LayerSchedule {
    /// What there is to read.
    struct Work: OptionSet {
        let rawValue: UInt8

        static let layers = Work(rawValue: 1)
        static let gridSets = Work(rawValue: 2)
    }

    private struct Reading {
        var next: Int64 = 0
        /// Why the latest one failed.
        var failure: String?

        mutating func end(_ failure: String?, began: Int64, interval: Int) {
            self.failure = failure
            next = began + (failure == nil ? Int64(interval) : LayerSchedule.patience)
        }
    }

    /// After so many milliseconds a server that could not tell is asked again.
    static let patience: Int64 = 2_000

    /// Of the latest write that the reading of layers knows of.
    var styleChange: UInt64 = 0
    private var layers = Reading()
    private var gridSets = Reading()

    /// Why not all could be read the last time; nil: all could.
    var failure: String? {
        let failures = [layers.failure, gridSets.failure].compactMap(\.self)
        return failures.isEmpty ? nil : failures.joined(separator: "; ")
    }

    /// All is due: it is to be read elsewhere, or otherwise.
    mutating func restart() { (layers, gridSets) = (Reading(), Reading()) }

    /// - Parameter change: the latest write that may have changed a default style, and whether it
    ///   is over.
    func due(at now: Int64, after change: (number: UInt64, isSettled: Bool)) -> Work {
        var work: Work = []
        // Who could not tell is not asked at once again for a write either.
        let isBehind = change.isSettled && change.number != styleChange && layers.failure == nil
        if layers.next <= now || isBehind { work.insert(.layers) }
        if gridSets.next <= now { work.insert(.gridSets) }
        return work
    }

    /// What was due has been read, or could not be.
    ///
    /// - Parameters:
    ///   - layers: why those could not be read; counts where they are of the work.
    ///   - gridSets: the same of those.
    mutating func end(
        _ work: Work, layers: String?, gridSets: String?, began: Int64, interval: Int
    ) {
        if work.contains(.layers) {
            self.layers.end(layers, began: began, interval: interval)
        }
        if work.contains(.gridSets) {
            self.gridSets.end(gridSets, began: began, interval: interval)
        }
    }
}
