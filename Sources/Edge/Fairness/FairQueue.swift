import Caching

/// Who waits for a member, and in which order they are served: a value, the clock is the caller's.
///
/// Classes take turns, so that none waits behind another's limit. Within a class viewers take
/// turns: each entry has the number of the round in which it is due, its viewer's next one, and the
/// lowest is first (start-time fair queueing, Goyal, Vin and Cheng 1996). So whoever asks for one
/// picture waits for one picture of each other viewer at most, however many somebody else has asked
/// for, as the playback of a time series does. A picture of many tiles' size takes as many rounds.
///
/// Entries that may go to the same members form a group, so that nobody is looked at in vain:
/// adding, removing and taking cost the logarithm of the queue's length, times the number of
/// groups, of which there is one but for retries. Memory is bounded by the lengths in `Bounds`.
struct FairQueue<Group: Hashable & Sendable>: Sendable {
    /// How many may wait: in all, of one class, of one viewer.
    struct Bounds: Sendable, Equatable {
        var all: Int
        var perClass: Int
        var perViewer: Int
    }

    struct Entry: Sendable, Equatable {
        var fetch: QueuedFetch
        var requestClass: RequestClass
        /// Whose turn it uses.
        var viewer: UInt64
        /// In rounds of its viewer, 1 or more.
        var cost: Int
        /// When it is no use any more; monotonic milliseconds.
        var deadline: Milliseconds
        var group: Group
    }

    enum Refusal: Sendable, Equatable { case full, classFull, viewerFull }

    let bounds: Bounds
    private var waiting: [QueuedFetch: Waiting] = [:]
    private var viewers: [UInt64: Viewer] = [:]
    private var lines = PerClass(Line())
    /// Grows with each entry: equals are served in the order they came.
    private var sequence: UInt64 = 0
    /// Grows with each turn of a class.
    private var turn: UInt64 = 0

    private struct Waiting: Sendable {
        var entry: Entry
        var sequence: UInt64
    }

    private struct Viewer: Sendable {
        var waiting = 0
        var inClass = PerClass(0)
        /// The round of its latest entry, by class.
        var round = PerClass(UInt64(0))
    }

    private struct Line: Sendable {
        var count = 0
        var viewers = 0
        /// The round that was served last.
        var round: UInt64 = 0
        var lastTurn: UInt64 = 0
        var lanes: [Group: Lane] = [:]
    }

    /// Those of one class and group.
    private struct Lane: Sendable {
        /// Holds also who has left, until they are most of it.
        var heap = RoundHeap()
        var waiting = 0
    }

    init(_ bounds: Bounds) { self.bounds = bounds }

    var count: Int { waiting.count }
    var isEmpty: Bool { waiting.isEmpty }

    func count(of requestClass: RequestClass) -> Int { lines[requestClass].count }

    /// How many are certain to be served before the next entry of that viewer, if all of them can
    /// be: its own in that class, and as many of each other viewer.
    func ahead(of viewer: UInt64, _ requestClass: RequestClass) -> Int {
        let line = lines[requestClass]
        let own = viewers[viewer]?.inClass[requestClass] ?? 0
        let others = line.viewers - (own > 0 ? 1 : 0)
        return min(line.count, own + others * (own + 1))
    }

    /// Queues an entry, or says which bound forbids it.
    mutating func add(_ entry: Entry) -> Refusal? {
        let requestClass = entry.requestClass
        guard waiting.count < bounds.all else { return .full }
        guard lines[requestClass].count < bounds.perClass else { return .classFull }
        guard viewers[entry.viewer]?.waiting ?? 0 < bounds.perViewer else { return .viewerFull }
        insert(entry)
        return nil
    }

    /// Queues an entry that has waited before, whatever the bounds are by now.
    mutating func insert(_ entry: Entry) {
        let requestClass = entry.requestClass
        var viewer = viewers[entry.viewer] ?? Viewer()
        sequence += 1
        // Whoever comes anew begins with the round that is being served.
        let base = max(lines[requestClass].round, viewer.round[requestClass])
        let round = base + UInt64(max(1, entry.cost))
        if viewer.inClass[requestClass] == 0 { lines[requestClass].viewers += 1 }
        viewer.waiting += 1
        viewer.inClass[requestClass] += 1
        viewer.round[requestClass] = round
        viewers[entry.viewer] = viewer
        waiting[entry.fetch] = Waiting(entry: entry, sequence: sequence)
        lines[requestClass].count += 1
        lines[requestClass].lanes[entry.group, default: Lane()].waiting += 1
        lines[requestClass].lanes[entry.group]?.heap.insert(
            RoundHeap.Node(round: round, sequence: sequence, fetch: entry.fetch))
    }

    /// Another viewer wants the same: the entry is its own where it has fewer waiting, so that
    /// nobody's wish stands behind all that another one asked for.
    mutating func share(_ fetch: QueuedFetch, with viewer: UInt64) {
        guard var entry = waiting[fetch]?.entry, entry.viewer != viewer,
            (viewers[viewer]?.waiting ?? 0) < bounds.perViewer,
            (viewers[viewer]?.inClass[entry.requestClass] ?? 0)
                < (viewers[entry.viewer]?.inClass[entry.requestClass] ?? 0)
        else { return }
        _ = forget(fetch)
        entry.viewer = viewer
        insert(entry)
    }

    /// Takes an entry out that waits no longer. False: it was not there.
    @discardableResult
    mutating func remove(_ fetch: QueuedFetch) -> Bool { forget(fetch) != nil }

    /// Takes out all of a class whose group is meant, in the order in which they came.
    mutating func removeAll(
        of requestClass: RequestClass, where isMeant: (Group) -> Bool
    ) -> [QueuedFetch] {
        let meant = entries.filter {
            $0.requestClass == requestClass && isMeant($0.group)
        }.map(\.fetch)
        for fetch in meant { _ = forget(fetch) }
        return meant
    }

    /// Takes out who is next, among those that may be served.
    ///
    /// - Parameters:
    ///   - now: entries whose deadline is over are dropped, and nobody is told: their own timers
    ///     end them.
    ///   - serves: whether there is a place for that class.
    ///   - suits: whether the place is at a member that this group may go to.
    mutating func take(
        at now: Milliseconds, serves: (RequestClass) -> Bool, suits: (Group) -> Bool
    ) -> Entry? {
        guard !waiting.isEmpty else { return nil }
        let classes = RequestClass.allCases.filter { lines[$0].count > 0 && serves($0) }
            .sorted { lines[$0].lastTurn < lines[$1].lastTurn }
        for requestClass in classes {
            guard let (node, group) = first(requestClass, now, suits) else { continue }
            lines[requestClass].lanes[group]?.heap.removeFirst()
            let entry = forget(node.fetch)
            turn += 1
            lines[requestClass].lastTurn = turn
            lines[requestClass].round = max(lines[requestClass].round, node.round)
            return entry
        }
        return nil
    }

    /// Everybody who waits, in the order in which they came.
    var entries: [Entry] {
        waiting.values.sorted { $0.sequence < $1.sequence }.map(\.entry)
    }

    // MARK: parts

    private mutating func first(
        _ requestClass: RequestClass, _ now: Milliseconds, _ suits: (Group) -> Bool
    ) -> (RoundHeap.Node, Group)? {
        var best: (RoundHeap.Node, Group)?
        for group in Array(lines[requestClass].lanes.keys) where suits(group) {
            guard let node = head(requestClass, group, now) else { continue }
            if best.map({ node < $0.0 }) ?? true { best = (node, group) }
        }
        return best
    }

    /// The first of a group that still waits and has time.
    private mutating func head(
        _ requestClass: RequestClass, _ group: Group, _ now: Milliseconds
    ) -> RoundHeap.Node? {
        while let node = lines[requestClass].lanes[group]?.heap.first {
            if let held = waiting[node.fetch], held.sequence == node.sequence {
                if now < held.entry.deadline { return node }
                _ = forget(node.fetch)
            } else {
                lines[requestClass].lanes[group]?.heap.removeFirst()
            }
        }
        return nil
    }

    private mutating func forget(_ fetch: QueuedFetch) -> Entry? {
        guard let entry = waiting.removeValue(forKey: fetch)?.entry else { return nil }
        let requestClass = entry.requestClass
        lines[requestClass].count -= 1
        var viewer = viewers[entry.viewer] ?? Viewer()
        viewer.waiting -= 1
        viewer.inClass[requestClass] -= 1
        if viewer.inClass[requestClass] == 0 {
            lines[requestClass].viewers -= 1
            // What it was to wait for is over; it begins anew with the others.
            viewer.round[requestClass] = 0
        }
        viewers[entry.viewer] = viewer.waiting == 0 ? nil : viewer
        shrink(requestClass, entry.group)
        return entry
    }

    /// One of a lane is gone: an empty one is dropped, one that holds mostly who left is made anew.
    private mutating func shrink(_ requestClass: RequestClass, _ group: Group) {
        guard var lane = lines[requestClass].lanes.removeValue(forKey: group) else { return }
        lane.waiting -= 1
        guard lane.waiting > 0 else { return }
        if lane.heap.count > 2 * lane.waiting + 16 {
            lane.heap.keep { waiting[$0.fetch]?.sequence == $0.sequence }
        }
        lines[requestClass].lanes[group] = lane
    }
}

/// The lowest round first; a binary heap.
struct RoundHeap: Sendable {
    struct Node: Sendable, Comparable {
        var round: UInt64
        var sequence: UInt64
        var fetch: QueuedFetch

        static func < (left: Node, right: Node) -> Bool {
            left.round == right.round ? left.sequence < right.sequence : left.round < right.round
        }
    }

    private var nodes: [Node] = []

    var count: Int { nodes.count }
    var first: Node? { nodes.first }

    mutating func insert(_ node: Node) {
        nodes.append(node)
        var at = nodes.count - 1
        while at > 0, nodes[at] < nodes[(at - 1) / 2] {
            nodes.swapAt(at, (at - 1) / 2)
            at = (at - 1) / 2
        }
    }

    mutating func removeFirst() {
        guard let last = nodes.popLast(), !nodes.isEmpty else { return }
        nodes[0] = last
        var at = 0
        while true {
            let (left, right) = (2 * at + 1, 2 * at + 2)
            var least = at
            if left < nodes.count, nodes[left] < nodes[least] { least = left }
            if right < nodes.count, nodes[right] < nodes[least] { least = right }
            if least == at { return }
            nodes.swapAt(at, least)
            at = least
        }
    }

    mutating func keep(_ isWanted: (Node) -> Bool) {
        let kept = nodes.filter(isWanted)
        nodes.removeAll()
        for node in kept { insert(node) }
    }
}
