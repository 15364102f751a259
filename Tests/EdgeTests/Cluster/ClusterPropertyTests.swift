import Caching
import Testing
import WireTesting

@testable import Edge

/// GeoServers with one data directory, and what really is so, beside what the state believes.
private struct ModelledPool {
    struct Node {
        /// What it has in memory, as a number of the catalog.
        var memory = 0
        var isUp = true
        /// It reloads until this moment, and has read that catalog already.
        var loading: (until: Milliseconds, catalog: Int)?
        /// It was given another catalog by hand.
        var isStrange = false
    }

    /// A write under way: when it changes the leader, and when it is answered.
    struct Write {
        var place: Int
        var applies: Milliseconds
        var ends: Milliseconds
        var isApplied = false
    }

    struct Fetch {
        var place: Int
        var ticket: ClusterTicket
        /// What the answer is made of: read when it began.
        var content: Int
        var strange: Bool
    }

    var random: SeededRandom
    var state: ClusterState
    var now: Milliseconds = 0
    var nodes: [Node]
    var names: [String]
    /// The catalog on disk: what the leader has written.
    var disk = 0
    /// What a writer was told that it is written.
    var acknowledged = 0
    var fetches: [Fetch] = []
    var checks: [(due: Milliseconds, place: Int, asked: CheckStamp)] = []
    var writes = 0
    var write: Write?
    /// Nobody leads: whoever takes a write tells the others, who hear of it a little later.
    let isShared: Bool
    var news: [(due: Milliseconds, place: Int, catalog: Int)] = []
    var faults: [String] = []
    var (served, stored, best) = (0, 0, 0)

    init(seed: UInt64, isShared: Bool = false) {
        self.isShared = isShared
        random = SeededRandom(seed: seed &* 0x9E37_79B9_7F4A_7C15)
        let count = Int.random(in: 2...5, using: &random)
        names = (0..<count).map { "m\($0)" }
        var settings = ClusterSettings()
        settings.leader = isShared ? nil : "m0"
        if isShared { settings.sync = .none }
        settings.timeout = 5_000
        settings.driftInterval = 10_000
        state = ClusterState(settings, members: names)
        nodes = names.map { _ in Node() }
    }

    var fit: UInt64 {
        nodes.indices.reduce(0) { nodes[$1].isUp ? $0 | 1 << UInt64($1) : $0 }
    }

    /// Two catalogs in a row look the same in capabilities, as when a style's body is written.
    private func print(_ place: Int) -> CatalogPrint {
        let node = nodes[place]
        let visible = UInt64(node.memory / 2) + (node.isStrange ? 1_000_000 : 0)
        return CatalogPrint(visible, "\(node.memory)")
    }

    mutating func turn() {
        now += Milliseconds(Int.random(in: 1...400, using: &random))
        endLoads()
        answerChecks()
        goOnWriting()
        hear()
        for task in state.work(
            at: now, fit: fit,
            inFlight: { [fetches] place in
                fetches.count { $0.place == place }
            })
        {
            switch task {
            case .load(let place):
                let time = Milliseconds(Int.random(in: 1...4_000, using: &random))
                nodes[place].loading = (now + time, disk)
            case .check(let place, let asked):
                let time = Milliseconds(Int.random(in: 0...1_500, using: &random))
                checks.append((now + time, place, asked))
            }
        }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<45: ask()
        case 45..<70: answer()
        case 70..<78: beginWrite()
        case 78..<82: kill()
        case 82..<90: revive()
        case 90..<91: if !isShared { changeByHand() }
        default: break
        }
        _ = state.takeEvents()
    }

    private mutating func endLoads() {
        for place in nodes.indices {
            guard let loading = nodes[place].loading else { continue }
            if !nodes[place].isUp {
                nodes[place].loading = nil
                state.loaded(place, failure: "gone", at: now)
            } else if now >= loading.until {
                nodes[place].loading = nil
                let fails = Int.random(in: 0..<5, using: &random) == 0
                if !fails {
                    (nodes[place].memory, nodes[place].isStrange) = (loading.catalog, false)
                }
                state.loaded(place, failure: fails ? "it answered 500" : nil, at: now)
            }
        }
    }

    private mutating func answerChecks() {
        let due = checks.filter { $0.due <= now }
        checks.removeAll { $0.due <= now }
        for check in due {
            // What it says is what it has when it answers; the question was stamped before.
            let print = nodes[check.place].isUp ? print(check.place) : nil
            state.checked(
                check.place, print, failure: print == nil ? "gone" : nil, asked: check.asked,
                at: now)
        }
    }

    private mutating func ask() {
        let bits = state.admitted(.affected, fit: fit, tried: 0)
        let able = nodes.indices.filter { bits & fit & 1 << UInt64($0) != 0 }
        guard let place = able.randomElement(using: &random) else {
            if fit != 0 { faults.append("nobody answers, though \(fit) are fit, at \(now)") }
            return
        }
        let ticket = state.ticket(place, .affected)
        let node = nodes[place]
        fetches.append(
            Fetch(place: place, ticket: ticket, content: node.memory, strange: node.isStrange))
        served += 1
        if !ticket.mayStore { best += 1 }
        // A viewer who asks now must not get what is older than what a writer was told of, unless
        // the leader cannot be had.
        if node.memory < acknowledged, fit & 1 != 0, !isShared {
            faults.append("m\(place) answers with \(node.memory), \(acknowledged) is known, \(now)")
        }
        if ticket.mayStore, node.memory < acknowledged {
            faults.append("m\(place) with \(node.memory) may fill at \(now)")
        }
    }

    private mutating func answer() {
        guard !fetches.isEmpty else { return }
        let fetch = fetches.remove(at: Int.random(in: 0..<fetches.count, using: &random))
        guard state.mayStore(fetch.ticket) else { return }
        stored += 1
        if fetch.content < acknowledged {
            faults.append("\(fetch.content) of m\(fetch.place) is stored, \(acknowledged) is known")
        }
    }

    private mutating func beginWrite() {
        let bits = state.admitted(.write, fit: fit, tried: 0)
        if bits != 1, !isShared { faults.append("a write may go to \(bits)") }
        let able = nodes.indices.filter { bits & fit & 1 << UInt64($0) != 0 }
        guard write == nil, let place = able.randomElement(using: &random) else { return }
        state.writeBegan()
        let applies = now + Milliseconds(Int.random(in: 0...800, using: &random))
        write = Write(
            place: place, applies: applies,
            ends: applies + Milliseconds(Int.random(in: 0...800, using: &random)))
    }

    private mutating func goOnWriting() {
        guard var write else { return }
        defer { self.write = write.ends < 0 ? nil : write }
        guard nodes[write.place].isUp else {
            // Nobody knows whether it was done.
            state.writeEnded(by: write.place, changed: true, at: now)
            write.ends = -1
            return
        }
        if now >= write.applies, !write.isApplied {
            disk += 1
            nodes[write.place].memory = disk
            write.isApplied = true
            if isShared { tell(all: disk) }
        }
        guard now >= write.ends, write.isApplied else { return }
        state.writeEnded(by: write.place, changed: true, at: now)
        acknowledged = disk
        writes += 1
        write.ends = -1
    }

    /// Within the time that they are given.
    private mutating func tell(all catalog: Int) {
        for place in nodes.indices {
            let time = Milliseconds(Int.random(in: 0...9_000, using: &random))
            news.append((now + time, place, catalog))
        }
    }

    private mutating func hear() {
        for piece in news where piece.due <= now && nodes[piece.place].isUp {
            nodes[piece.place].memory = max(nodes[piece.place].memory, piece.catalog)
        }
        news.removeAll { $0.due <= now }
    }

    private mutating func kill() {
        guard let place = nodes.indices.randomElement(using: &random) else { return }
        nodes[place].isUp = false
        fetches.removeAll { $0.place == place }
    }

    private mutating func revive() {
        let down = nodes.indices.filter { !nodes[$0].isUp }
        guard let place = down.randomElement(using: &random) else { return }
        // Who starts reads what is on disk.
        (nodes[place].isUp, nodes[place].memory, nodes[place].isStrange) = (true, disk, false)
    }

    private mutating func changeByHand() {
        let place = Int.random(in: 1..<nodes.count, using: &random)
        nodes[place].isStrange = true
    }

    /// Nothing more happens: everybody is back in step in the end.
    mutating func settle() {
        for place in nodes.indices where !nodes[place].isUp {
            (nodes[place].isUp, nodes[place].memory) = (true, disk)
            nodes[place].isStrange = false
        }
        fetches = []
        if let write { state.writeEnded(by: write.place, changed: true, at: now) }
        write = nil
        var rounds = 0
        while rounds < 3_000, nodes.indices.contains(where: { !state.isInStep($0) }) {
            now += 100
            rounds += 1
            endLoads()
            answerChecks()
            hear()
            for task in state.work(at: now, fit: fit, inFlight: { _ in 0 }) {
                switch task {
                case .load(let place): nodes[place].loading = (now + 500, disk)
                case .check(let place, let asked): checks.append((now + 50, place, asked))
                }
            }
        }
        for place in nodes.indices where !state.isInStep(place) {
            faults.append("m\(place) never came in step: \(state.members[place])")
        }
        for place in nodes.indices where nodes[place].memory != disk || nodes[place].isStrange {
            faults.append("m\(place) is in step with \(nodes[place]), disk has \(disk)")
        }
    }
}

@Suite("A cluster: whatever happens")
struct ClusterPropertyTests {
    @Test(
        "nothing older than an answered write is stored, and somebody answers", arguments: 1...150)
    func invariants(_ seed: Int) {
        var pool = ModelledPool(seed: UInt64(seed))
        for _ in 0..<1_500 where pool.faults.isEmpty { pool.turn() }
        if pool.faults.isEmpty { pool.settle() }
        #expect(pool.faults.isEmpty, "seed \(seed): \(pool.faults)")
    }

    @Test("the same of members that tell each other, with nobody to lead", arguments: 1...60)
    func shared(_ seed: Int) {
        var pool = ModelledPool(seed: UInt64(seed), isShared: true)
        for _ in 0..<1_500 where pool.faults.isEmpty { pool.turn() }
        if pool.faults.isEmpty { pool.settle() }
        #expect(pool.faults.isEmpty, "seed \(seed): \(pool.faults)")
        #expect(pool.writes > 5 && pool.stored > 5)
    }

    @Test("the model is no quiet one: it writes, stores, and serves from the best")
    func isBusy() {
        var (writes, stored, best) = (0, 0, 0)
        for seed in 1...20 {
            var pool = ModelledPool(seed: UInt64(seed))
            for _ in 0..<1_500 { pool.turn() }
            writes += pool.writes
            stored += pool.stored
            best += pool.best
        }
        #expect(writes > 500)
        #expect(stored > 1_000)
        #expect(best > 100)
    }
}
