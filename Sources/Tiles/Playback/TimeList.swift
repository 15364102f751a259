/// Which values of TIME a layer has, as its capabilities list them.
///
/// A list of moments is gone through in its order. Of intervals only the ends are known here: where
/// in between there is something their periods would have to say.
public struct TimeList: Sendable {
    /// In their order, each once; empty where there are intervals among them.
    private let moments: [PlaybackInstant]
    private let first: PlaybackInstant
    private let last: PlaybackInstant

    /// - Parameter extent: moments, and intervals with or without a period.
    /// - Returns: nil where it is empty, or something in it cannot be read.
    public init?(_ extent: [String]) {
        var ends: [PlaybackInstant] = []
        var hasIntervals = false
        for item in extent {
            let parts = item.split(separator: "/")
            guard !parts.isEmpty else { return nil }
            for part in parts.prefix(2) {
                let text = Array(part.utf8)
                guard
                    let instant = unsafe TimeInstant(
                        QueryText(start: 0, end: text.count, isInPath: true), in: text.span.bytes),
                    let end = PlaybackInstant(instant)
                else { return nil }
                ends.append(end)
            }
            if parts.count > 1 { hasIntervals = true }
        }
        ends.sort { $0.precedes($1) }
        guard let first = ends.first, let last = ends.last else { return nil }
        (self.first, self.last) = (first, last)
        guard !hasIntervals else {
            moments = []
            return
        }
        var moments: [PlaybackInstant] = []
        for end in ends where moments.last?.precedes(end) ?? true { moments.append(end) }
        self.moments = moments
    }

    /// Whether a frame shows anything of what there is.
    func reaches(_ time: PlaybackTime) -> Bool {
        !last.precedes(time.first) && !(time.last ?? time.first).precedes(first)
    }

    /// The frame that comes `count` frames after three that were seen one after another; nil where
    /// these are not in the list one behind the other. The list's end is followed by its beginning.
    func upcoming(
        _ count: Int, after earlier: PlaybackTime, _ previous: PlaybackTime,
        _ current: PlaybackTime
    ) -> PlaybackTime? {
        guard count < moments.count, let here = current.moment,
            let places = places(earlier, previous, current)
        else { return nil }
        let (one, two) = (
            distance(places.0, places.1), distance(places.1, places.2)
        )
        let most = Int(PlaybackStep.missedMax)
        guard one.signum() == two.signum(), 1...most ~= abs(one), 1...most ~= abs(two)
        else { return nil }
        // Who is seen only now and then seems to leave some out.
        let step = abs(one) < abs(two) ? one : two
        let total = moments.count
        let place = ((places.2 + count * step) % total + total) % total
        return moments[place].told(as: here).map { PlaybackTime($0) }
    }

    private func places(
        _ one: PlaybackTime, _ two: PlaybackTime, _ three: PlaybackTime
    ) -> (Int, Int, Int)? {
        guard let first = place(of: one), let second = place(of: two), let third = place(of: three)
        else { return nil }
        return (first, second, third)
    }

    private func place(of time: PlaybackTime) -> Int? {
        guard let moment = time.moment else { return nil }
        var (low, high) = (0, moments.count)
        while low < high {
            let middle = (low + high) / 2
            if moments[middle].precedes(moment) { low = middle + 1 } else { high = middle }
        }
        return low < moments.count && !moment.precedes(moments[low]) ? low : nil
    }

    /// Round the list's end where that is shorter.
    private func distance(_ start: Int, _ end: Int) -> Int {
        let straight = end - start
        guard abs(straight) > moments.count / 2 else { return straight }
        return straight - straight.signum() * moments.count
    }
}
