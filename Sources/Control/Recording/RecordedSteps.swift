import Edge
import Simulation
import Tiles

/// What a tape holds, put in the order in which a scenario plays it.
struct RecordedSteps {
    /// Exchanges of viewers that were under way at the same time, and what origins saw meanwhile.
    struct Group {
        var viewers: [RecordedExchange]
        var origins: [RecordedExchange] = []
        var unreachable: [TapeReading.Unreachable] = []
        /// Within the group's time.
        var invalidations: [TapeReading.Invalidated] = []
        var end: Int

        var began: Int { viewers[0].began.entry }
    }

    enum Step {
        /// Had been stored before the recording began: fetched so, at that time.
        case warmUp(RecordedExchange, StoredPart, at: Int64)
        case group(Group)
        case invalidation(TapeReading.Invalidated)
        /// All that was stored until then is stale, at that time.
        case aging(at: Int64)
    }

    /// What of an answer had been stored.
    enum StoredPart {
        case answer
        /// A custom error page, which is an object of its own.
        case page(ErrorPage)
        /// The error that the page stands for.
        case error(ErrorPage)
        /// What was stale by the time of the first step: an origin was asked so whether it is good.
        case stale(RecordedExchange)
    }

    private(set) var steps: [Step] = []
    /// Who asked was believed what it said of whom it asks for: all of them, or only some.
    private(set) var haveTrustedViewer = false
    private(set) var haveOtherViewer = false
    /// Exchanges of viewers that are not among the steps, and why.
    private(set) var leftOut: [String: Int] = [:]
    /// Of the first step, on the edge's clock.
    private(set) var start: Int64

    /// - Parameters:
    ///   - pattern: which requests are kept, by path and query; nil: all.
    ///   - most: exchanges of viewers, from the first.
    ///   - errorPages: of the distribution.
    init(_ reading: TapeReading, pattern: String?, most: Int, errorPages: [ErrorPage] = []) {
        start = reading.start
        var kept: [RecordedExchange] = []
        var dropped: [RecordedExchange] = []
        for exchange in reading.viewers {
            guard let reason = Self.reason(against: exchange, pattern, since: reading.change)
            else {
                if kept.count < most {
                    kept.append(exchange)
                } else {
                    dropped.append(exchange)
                    note("too many")
                }
                continue
            }
            dropped.append(exchange)
            note(reason)
        }
        if reading.skipped > 0 { leftOut["connections not understood"] = reading.skipped }
        if reading.crowded > 0 { leftOut["failures for want of places or time"] = reading.crowded }
        haveTrustedViewer = kept.contains(where: \.hasTrustedViewer)
        haveOtherViewer = !kept.allSatisfy(\.hasTrustedViewer)
        var groups = Self.grouped(kept, reading.origins)
        let targets = Set(kept.map(\.target))
        let others = Set(dropped.map(\.target)).subtracting(targets)
        let causes = RecordedCauses(kept: kept, dropped: dropped)
        Self.give(reading, to: &groups, except: others, but: targets, causes, errorPages)
        let inner = Set(groups.flatMap(\.invalidations).map(\.entry))
        let outer = reading.invalidations.filter { !inner.contains($0.entry) }
        steps = groups.map { Step.group($0) } + outer.map { Step.invalidation($0) }
        steps.sort { $0.entry < $1.entry }
        warmUp(reading, errorPages)
    }

    private mutating func note(_ reason: String) { leftOut[reason, default: 0] += 1 }

    private static func reason(
        against exchange: RecordedExchange, _ pattern: String?, since change: Int?
    ) -> String? {
        let target = exchange.target
        if let change, exchange.began.entry < change { return "before the configuration changed" }
        if !target.hasPrefix("/") || !isPlain(target) || target.contains("#") { return "no path" }
        if target.utf8.count > StepReader.targetBytesMax { return "too long a path" }
        let hosts = exchange.request.head.lines.filter { $0.name.lowercased() == "host" }
        if hosts.count > 1 { return "several hosts" }
        guard let host = hosts.first?.value, isPlain(host) else { return "no host" }
        if let pattern, !matches(target, pattern) { return "other paths" }
        if exchange.answer == nil, !exchange.hasLeft, !exchange.isCut { return "not ended" }
        return nil
    }

    /// Printable, without spaces: anything else is refused (400), and no scenario can ask for it.
    private static func isPlain(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    /// `/a*` as an invalidation has it: letter by letter, with a star at the end for anything.
    static func matches(_ target: String, _ pattern: String) -> Bool {
        pattern.hasSuffix("*")
            ? target.hasPrefix(pattern.dropLast()) : target.prefix { $0 != "?" } == pattern
    }

    private static func grouped(
        _ viewers: [RecordedExchange], _ origins: [RecordedExchange]
    ) -> [Group] {
        var groups: [Group] = []
        for exchange in viewers {
            let end = exchange.ended?.entry ?? exchange.began.entry
            if let last = groups.last, exchange.began.entry < last.end,
                !hasWaited(exchange, for: last, origins)
            {
                groups[groups.count - 1].viewers.append(exchange)
                groups[groups.count - 1].end = max(last.end, end)
            } else {
                groups.append(Group(viewers: [exchange], end: end))
            }
        }
        return groups
    }

    /// A viewer has an answer before its loop has noted that, so that what it asks next may stand
    /// before the answer's end. Then it is of the same moment, and no origin works at the answer.
    private static func hasWaited(
        _ exchange: RecordedExchange, for group: Group, _ origins: [RecordedExchange]
    ) -> Bool {
        guard group.viewers.count == 1, let ended = group.viewers[0].ended,
            (0...1).contains(ended.time - exchange.began.time)
        else { return false }
        return !origins.contains {
            $0.cause >= group.began && $0.cause < ended.entry
                && $0.ended?.entry ?? .max > exchange.began.entry
        }
    }

    /// What an origin saw between two groups was caused by the first of them.
    private static func give(
        _ reading: TapeReading, to groups: inout [Group], except others: Set<String>,
        but kept: Set<String>, _ causes: RecordedCauses, _ errorPages: [ErrorPage]
    ) {
        let beginnings = groups.map(\.began)
        func index(of entry: Int) -> Int? {
            var (low, high) = (0, beginnings.count)
            while low < high {
                let middle = (low + high) / 2
                if beginnings[middle] <= entry { low = middle + 1 } else { high = middle }
            }
            return low > 0 ? low - 1 : nil
        }
        for exchange in reading.origins {
            let targets = exchange.viewersTargets
            if !targets.contains(where: kept.contains) {
                if targets.contains(where: others.contains) { continue }
                // Such as a custom error page, which has a path of its own.
                let pages = errorPages.filter { targets.contains($0.path) }
                let isKept =
                    pages.isEmpty
                    ? causes.isKept(exchange.cause)
                    : causes.isKept(exchange, of: pages, reading.origins)
                if !isKept { continue }
            }
            if let at = index(of: exchange.cause) { groups[at].origins.append(exchange) }
        }
        for failure in reading.unreachable where causes.isKept(failure.entry) {
            if let at = index(of: failure.entry) { groups[at].unreachable.append(failure) }
        }
        for invalidation in reading.invalidations {
            guard let at = index(of: invalidation.entry), invalidation.entry < groups[at].end
            else { continue }
            groups[at].invalidations.append(invalidation)
        }
    }

    /// Hits on what nobody fetched while the tape ran: fetched before, as old as the hit says.
    private mutating func warmUp(_ reading: TapeReading, _ errorPages: [ErrorPage]) {
        var known: Set<String> = []
        var stale = StaleCopies(reading)
        var warm: [(exchange: RecordedExchange, part: StoredPart, time: Int64)] = []
        let groups = steps.compactMap { step -> Group? in
            if case .group(let group) = step { group } else { nil }
        }
        // What only those got who are not played, nobody fetches when the rest is.
        let origins = groups.flatMap(\.origins)
        let unreachable = groups.flatMap(\.unreachable)
        for group in groups {
            for viewer in group.viewers {
                let name = "\(viewer.request.head["host"] ?? "") \(viewer.target)"
                if stale.take(viewer, name) {
                    known.insert(name)
                    continue
                }
                guard known.insert(name).inserted, let head = viewer.answer?.head, head.isHit,
                    let age = head["age"].flatMap({ Int64($0) }),
                    !Self.wasFetched(origins, before: viewer, age)
                else { continue }
                // In the middle of its second, lest a millisecond changes the Age.
                let time = min(viewer.told - age * 1_000 - 500, reading.start - 1)
                let isError = head["x-cache"]?.hasPrefix("Error") == true
                guard isError, let page = errorPages.first(where: { $0.told == head.status })
                else {
                    warm.append((viewer, .answer, time))
                    continue
                }
                // The page may be older than what it stands for, and stand for several.
                if known.insert(page.path).inserted { warm.append((viewer, .page(page), time)) }
                guard !Self.met(origins, unreachable, during: viewer) else { continue }
                let latest = min(viewer.told - page.lifetime + 500, reading.start - 1)
                warm.append((viewer, .error(page), max(time, latest)))
            }
        }
        warm.sort { $0.time < $1.time }
        let aged = stale.steps(before: warm.first?.time ?? reading.start)
        start = min(start, aged.time, warm.first?.time ?? start)
        steps = aged.steps + warm.map { Step.warmUp($0.exchange, $0.part, at: $0.time) } + steps
    }

    /// Whether an origin was asked, or could not be, while a viewer waited.
    private static func met(
        _ origins: [RecordedExchange], _ unreachable: [TapeReading.Unreachable],
        during viewer: RecordedExchange
    ) -> Bool {
        let entries = viewer.began.entry..<(viewer.ended?.entry ?? .max)
        return origins.contains { entries.contains($0.began.entry) }
            || unreachable.contains { entries.contains($0.entry) }
    }

    /// Whether an origin answered just that when what is so old was stored. A map is one under
    /// several paths, and may be cut out of another, and a root object has another name: for these
    /// any answer of that time counts.
    private static func wasFetched(
        _ origins: [RecordedExchange], before viewer: RecordedExchange, _ age: Int64
    ) -> Bool {
        let oldest = viewer.told - (age + 1) * 1_000
        let path = viewer.target.prefix { $0 != "?" }
        let query = Array(viewer.target.dropFirst(path.count + 1).utf8)
        let map = unsafe MapRequest.classify(
            path: Array(path.utf8).span.bytes, query: query.span.bytes)
        let isAny = path == "/" || map != nil
        return origins.contains { exchange in
            guard let end = exchange.ended, end.entry < viewer.ended?.entry ?? .max else {
                return false
            }
            guard end.time >= oldest - 5, end.time <= oldest + 1_005 else { return false }
            // Or one of another spelling, which has the same bytes.
            let body = viewer.answer?.body ?? []
            return isAny || !body.isEmpty && body == exchange.answer?.body
                || exchange.viewersTargets.contains { $0.prefix { $0 != "?" } == path }
        }
    }
}

extension PlainHead {
    /// The edge answered from its store, perhaps since no origin did, and the Age is its own.
    fileprivate var isHit: Bool { isPlainHit || resultWord == "RefreshHit" }

    /// No origin had to confirm it.
    var isPlainHit: Bool {
        resultWord == "Hit" || self["cache-status"]?.contains("; hit") == true
    }

    private var resultWord: Substring { self["x-cache"]?.prefix { $0 != " " } ?? "" }
}

extension RecordedSteps.Step {
    /// Its place on the tape.
    fileprivate var entry: Int {
        switch self {
        case .warmUp, .aging: -1
        case .group(let group): group.began
        case .invalidation(let invalidation): invalidation.entry
        }
    }
}
