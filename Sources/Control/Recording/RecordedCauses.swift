/// Which viewers may have caused what an origin saw, by time alone.
struct RecordedCauses {
    private var kept: Spans
    private var dropped: Spans

    /// - Parameters:
    ///   - kept: exchanges of viewers that are played.
    ///   - dropped: those that are not.
    init(kept: [RecordedExchange], dropped: [RecordedExchange]) {
        (self.kept, self.dropped) = (Spans(kept), Spans(dropped))
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
