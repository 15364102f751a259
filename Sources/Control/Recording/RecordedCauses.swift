import Simulation

/// Which viewers may have caused what an origin saw, by time alone.
struct RecordedCauses {
    private var kept: Spans
    private var dropped: Spans
    private let viewers: (kept: [RecordedExchange], dropped: [RecordedExchange])

    /// - Parameters:
    ///   - kept: exchanges of viewers that are played.
    ///   - dropped: those that are not.
    init(kept: [RecordedExchange], dropped: [RecordedExchange]) {
        (self.kept, self.dropped) = (Spans(kept), Spans(dropped))
        viewers = (kept, dropped)
    }

    /// Whether a viewer who is played was waiting then; where nobody was, whether the last one who
    /// asked is played, as what is refreshed in the background comes after the answer.
    func isKept(_ entry: Int) -> Bool {
        let (kept, dropped) = (kept.before(entry), dropped.before(entry))
        guard let dropped else { return true }
        guard let kept else { return false }
        if kept.end > entry { return true }
        return dropped.end <= entry && kept.began > dropped.began
    }

    /// Whether an error page that an origin was asked for then was for a viewer who is played: for
    /// one who waited, and got such a page or nothing. Of several the one whose error came last.
    ///
    /// - Parameters:
    ///   - pages: those that lie where it was asked for.
    ///   - origins: what origins saw, in order.
    func isKept(
        _ fetch: RecordedExchange, of pages: [ErrorPage], _ origins: [RecordedExchange]
    ) -> Bool {
        func waited(_ viewer: RecordedExchange) -> Bool {
            guard viewer.began.entry < fetch.cause, viewer.ended?.entry ?? .max > fetch.cause
            else { return false }
            guard let head = viewer.answer?.head else { return true }
            return pages.contains { $0.told == head.status }
        }
        let own = viewers.kept.filter(waited)
        let others = viewers.dropped.filter(waited)
        if own.isEmpty != others.isEmpty { return others.isEmpty }
        let error = origins.last { exchange in
            exchange.ended?.entry ?? .max <= fetch.cause
                && pages.contains { $0.code == exchange.answer?.head.status }
        }
        guard let error, !own.isEmpty else { return isKept(fetch.cause) }
        return own.contains { error.viewersTargets.contains($0.target) }
    }

    /// When exchanges were under way.
    private struct Spans {
        private var begins: [Int] = []
        /// The latest end of each and of all before it.
        private var ends: [Int] = []

        init(_ exchanges: [RecordedExchange]) {
            for exchange in exchanges.sorted(by: { $0.began.entry < $1.began.entry }) {
                begins.append(exchange.began.entry)
                ends.append(max(ends.last ?? 0, exchange.ended?.entry ?? .max))
            }
        }

        /// The last that began before an entry, and when it and all before it were over.
        func before(_ entry: Int) -> (began: Int, end: Int)? {
            var (low, high) = (0, begins.count)
            while low < high {
                let middle = (low + high) / 2
                if begins[middle] < entry { low = middle + 1 } else { high = middle }
            }
            return low > 0 ? (begins[low - 1], ends[low - 1]) : nil
        }
    }
}
