/// What a world of GeoServers with one data directory really is, and what writers were told.
///
/// The catalog is a number: each write adds one. A node answers with the number that it has in
/// memory, so that everybody can see how old an answer is.
final class ClusterSite {
    /// One GeoServer.
    final class Node {
        let place: Int
        var memory = 0
        var isUp = true
        /// It takes requests and answers none.
        var isHung = false
        /// Counts its lives: what one of them began, the next one does not go on with.
        var life = 0
        var links: [Link] = []

        init(_ place: Int) { self.place = place }
    }

    let world: World
    let nodes: [Node]
    let sabotage: ClusterSabotage?
    /// The catalog on disk.
    private(set) var disk = 0
    /// Answers that were judged; those out of the cache; those marked as of a member out of step.
    private(set) var (judged, hits, marked) = (0, 0, 0)
    private(set) var writes = 0
    private var posts: Set<Int> = []
    /// The numbers of the edge's invalidations: the latest one, and the latest one on its disk.
    var invalidations: () -> (latest: UInt64, written: UInt64) = { (0, 0) }
    /// The latest one before each write came to a node.
    private var latestBefore: [Int: UInt64] = [:]
    private var lastWrite: UInt64 = 0
    private var acknowledged: [(time: UInt64, version: Int)] = []
    /// The first node takes all writes; if not, the edge chooses who does.
    var hasFixedLeader = true
    /// When the leader was last down, silent or cut short.
    private var leaderTrouble: UInt64 = 0
    /// Since when each node has been well.
    private var wellSince: [UInt64]

    init(_ world: World, nodes count: Int, _ sabotage: ClusterSabotage?) {
        self.world = world
        self.sabotage = sabotage
        nodes = (0..<count).map(Node.init)
        wellSince = Array(repeating: 0, count: count)
    }

    func violate(_ rule: String) { world.violate(rule) }

    // MARK: the nodes' side

    /// A write has come to a node. It must be the leader, where there is one, and must not have
    /// come before.
    func wrote(_ number: Int, _ node: Node) -> Int {
        if !posts.insert(number).inserted { violate("write \(number) was sent twice") }
        if hasFixedLeader, node.place != 0, sabotage == nil {
            violate("write \(number) went to \(node.place)")
        }
        disk += 1
        node.memory = disk
        writes += 1
        lastWrite = world.now
        latestBefore[number] = invalidations().latest
        return disk
    }

    func kill(_ node: Node) {
        world.note("node \(node.place) dies", 21)
        node.isUp = false
        node.life += 1
        trouble(node)
        for link in node.links where !link.isOver { link.peerReset() }
        node.links = []
    }

    /// Who starts reads what is on disk.
    func revive(_ node: Node) {
        world.note("node \(node.place) lives", 22)
        if !node.isUp { node.memory = disk }
        (node.isUp, node.isHung) = (true, false)
        trouble(node)
    }

    func hang(_ node: Node) {
        world.note("node \(node.place) hangs", 23)
        node.isHung = true
        trouble(node)
    }

    func trouble(_ node: Node) {
        if node.place == 0 { leaderTrouble = world.now }
        wellSince[node.place] = world.now
    }

    /// Two catalogs in a row look the same in capabilities, as when a style's body is written.
    func fingerprint(_ node: Node) -> UInt64 {
        sabotage == .liesOfLoads ? 1 : UInt64(node.memory / 2)
    }

    // MARK: the viewers' side

    /// A writer hears of a write that a node has, or that it failed: what it made stale must be on
    /// the edge's disk.
    func told(of number: Int) {
        guard let before = latestBefore[number], invalidations().written <= before else { return }
        violate("the writer of \(number) was told before the disk")
    }

    /// A writer has been told that this is written.
    func acknowledge(_ version: Int) { acknowledged.append((world.now, version)) }

    /// In nanoseconds, and some more for the request that is the last straw.
    private static let longestEjection: UInt64 = 13_000_000_000

    private func least(at time: UInt64) -> Int {
        acknowledged.reduce(0) { $1.time < time ? max($0, $1.version) : $0 }
    }

    private var isLeaderWell: Bool {
        // An ejection lasts for a minute at most, and requests under way for some seconds.
        hasFixedLeader && nodes[0].isUp && !nodes[0].isHung
            && world.now - leaderTrouble > 90_000_000_000
    }

    func judge(_ message: MessageReader.Message, of ask: ClusterAskMade) {
        judged += 1
        let head = message.head
        let place = "\(ask.method) \(ask.path) of viewer \(ask.viewer): \(head.status)"
        let isMarked = head["cache-status"]?.contains("detail=out-of-step") == true
        let isHit = head["x-cache"]?.hasPrefix("Hit") == true
        if isHit { hits += 1 }
        if isMarked { marked += 1 }
        if head.status >= 500, ask.method == "GET" { return judgeFailure(ask, place) }
        guard let version = head["x-catalog"].flatMap({ Int($0) }), ask.isAffected else { return }
        let least = least(at: ask.sentAt)
        if version < least, !isMarked {
            violate("\(place) shows \(version)\(isHit ? " (hit)" : ""), \(least) was written")
        }
        guard isMarked else { return }
        // An answer that was under way while a write ended may be older than that.
        let isOvertaken = lastWrite + 5_000_000_000 > ask.sentAt
        if isLeaderWell, !isOvertaken {
            violate("\(place) is of a member out of step, and the leader is well")
        }
        if head["cache-control"] != "no-store" { violate("\(place) is marked, and may be kept") }
    }

    /// Somebody could have answered: a node that was well all the time, and for so long before that
    /// no ejection of it lasted any more.
    private func judgeFailure(_ ask: ClusterAskMade, _ place: String) {
        let well = nodes.first {
            ask.members.contains($0.place) && $0.isUp && !$0.isHung
                && wellSince[$0.place] + Self.longestEjection < ask.sentAt
        }
        if let well { violate("\(place), though \(well.place) was well") }
    }
}

/// A request as its viewer remembers it.
struct ClusterAskMade {
    var viewer: Int
    var method: String
    var path: String
    /// A write could change the answer.
    var isAffected: Bool
    var sentAt: UInt64
    /// The number of a write.
    var post: Int?
    /// Who was a member all the time.
    var members: Set<Int>
}

/// An invariant of clusters broken on purpose, to see that it is noticed.
public enum ClusterSabotage: String, BrokenRule {
    /// Reloads say that they succeeded and change nothing, and nobody can see it.
    case liesOfLoads
    /// Writes go by a path that the edge does not know for one.
    case writesAside
    /// A node answers a write twice as often as it is asked.
    case countsTwice
    /// The edge waits longer for a node than viewers are told, and nodes hang.
    case waitsLonger

    /// What is said of it, among other things; nil: it may be anything.
    public var sign: String? { self == .waitsLonger ? "longer than" : nil }
}
