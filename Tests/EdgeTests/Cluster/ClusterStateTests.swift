import Caching
import Testing

@testable import Edge

/// A cluster whose slow side is played by hand.
struct PlayedCluster {
    var state: ClusterState
    var now: Milliseconds = 0
    var fit: UInt64
    var inFlight: [Int: Int] = [:]
    /// What each member says of its catalog.
    var prints: [Int: CatalogPrint?] = [:]
    var loads: [Int] = []
    /// Checks that were begun and wait for an answer.
    var waiting: [(place: Int, asked: CheckStamp)] = []
    var events: [ClusterEvent] = []

    init(
        _ count: Int = 3, leader: Int? = 0, _ change: (inout ClusterSettings) -> Void = { _ in }
    ) {
        var settings = ClusterSettings()
        settings.leader = leader.map { "m\($0)" }
        if leader == nil { settings.sync = .none }
        change(&settings)
        state = ClusterState(settings, members: (0..<count).map { "m\($0)" })
        fit = (1 << UInt64(count)) - 1
        for place in 0..<count { prints[place] = .some(CatalogPrint(1, "1")) }
    }

    /// Looks for work, and does all checks at once.
    mutating func step(_ milliseconds: Milliseconds = 0, answers: Bool = true) {
        now += milliseconds
        let load = inFlight
        for task in state.work(at: now, fit: fit, inFlight: { load[$0] ?? 0 }) {
            switch task {
            case .load(let place): loads.append(place)
            case .check(let place, let asked): waiting.append((place, asked))
            }
        }
        if answers { answer() }
        events += state.takeEvents()
    }

    mutating func answer() {
        let asked = waiting
        waiting = []
        for (place, stamp) in asked {
            let print = prints[place] ?? nil
            state.checked(
                place, print, failure: print == nil ? "silence" : nil, asked: stamp, at: now)
        }
    }

    mutating func write(changed: Bool = true, by place: Int = 0) {
        state.writeBegan()
        state.writeEnded(by: place, changed: changed, saves: changed ? 1 : 0, at: now)
    }

    mutating func loaded(_ place: Int, _ failure: String? = nil) {
        state.loaded(place, failure: failure, at: now)
        events += state.takeEvents()
    }

    var inStep: [Int] { state.members.indices.filter(state.isInStep) }

    func may(_ ask: ClusterAsk, tried: UInt64 = 0, strict: Bool = false) -> [Int] {
        let bits = state.admitted(ask, fit: fit, tried: tried, strict: strict)
        return state.members.indices.filter { bits & 1 << UInt64($0) != 0 }
    }
}

/// In step after the first comparison.
func settled(
    _ count: Int = 3, leader: Int? = 0, _ change: (inout ClusterSettings) -> Void = { _ in }
) -> PlayedCluster {
    var cluster = PlayedCluster(count, leader: leader, change)
    cluster.step()
    return cluster
}

extension CatalogPrint {
    init(_ fingerprint: UInt64, _ sequence: String?) {
        self.init(fingerprint: fingerprint, sequence: sequence)
    }
}

@Suite("A cluster: editions, rounds, drift")
struct ClusterStateTests {
    @Test("who begins knows the leader only, until followers compare as equal")
    func start() {
        var cluster = PlayedCluster()
        #expect(cluster.inStep == [0])
        #expect(cluster.may(.affected) == [0])
        #expect(cluster.may(.unaffected) == [0, 1, 2])
        cluster.step()
        #expect(cluster.inStep == [0, 1, 2])
        #expect(cluster.loads == [])
        #expect(cluster.may(.affected) == [0, 1, 2])
    }

    @Test("equal capabilities are not enough where the update sequence tells of a missed write")
    func suspect() {
        var cluster = PlayedCluster()
        cluster.prints[1] = CatalogPrint(1, "0")
        cluster.step()
        #expect(cluster.inStep == [0, 2])
        cluster.step(100)
        #expect(cluster.loads == [1])
        cluster.loaded(1)
        // The sequence is a hint: after a reload it decides nothing.
        cluster.step()
        #expect(cluster.inStep == [0, 1, 2])
    }

    @Test("a write that passed by the edge and shows nowhere else shows in the update sequence")
    func passedBy() {
        var cluster = settled(2)
        cluster.prints[0] = CatalogPrint(1, "2")
        cluster.step(31_000)
        #expect(cluster.inStep == [0])
        #expect(!cluster.state.members[1].isDrifted)
        cluster.step(100)
        #expect(cluster.loads == [1])
        cluster.loaded(1)
        cluster.step()
        #expect(cluster.inStep == [0, 1])
        // Sequences that never agree cost one load for each that the leader has.
        cluster.step(31_000)
        cluster.step(31_000)
        #expect(cluster.loads == [1])
        #expect(cluster.inStep == [0, 1])
    }

    @Test("what passes by during a load makes another one necessary, until sequences agree")
    func passedByLoad() {
        var cluster = settled(2)
        cluster.prints[0] = CatalogPrint(1, "2")
        cluster.step(31_000)
        cluster.step(100)
        #expect(cluster.loads == [1])
        // It has read the one, and the other came then.
        (cluster.prints[0], cluster.prints[1]) = (CatalogPrint(1, "3"), CatalogPrint(1, "2"))
        cluster.loaded(1)
        cluster.step()
        #expect(cluster.inStep == [0])
        cluster.step(100)
        #expect(cluster.loads == [1, 1])
        cluster.prints[1] = CatalogPrint(1, "3")
        cluster.loaded(1)
        cluster.step()
        #expect(cluster.inStep == [0, 1])
        #expect(cluster.state.failures == 0)
    }

    @Test("what passes by during a load is not missed by who has asked nobody before")
    func passedByFirstLoad() {
        var cluster = PlayedCluster(2)
        cluster.write()
        cluster.prints[0] = nil
        cluster.step(300)
        #expect(cluster.loads == [1])
        (cluster.prints[0], cluster.prints[1]) = (CatalogPrint(1, "3"), CatalogPrint(1, "2"))
        cluster.loaded(1)
        cluster.step()
        #expect(cluster.inStep == [0])
        cluster.step(100)
        #expect(cluster.loads == [1, 1])
        // Sequences that never agree.
        cluster.loaded(1)
        cluster.step()
        #expect(cluster.inStep == [0, 1])
    }

    @Test("what passes by during a load is not missed for a write that comes to nothing")
    func passedByBesideWrite() {
        var cluster = settled(2)
        cluster.prints[0] = CatalogPrint(1, "2")
        cluster.step(31_000)
        cluster.step(100)
        cluster.state.writeBegan()
        (cluster.prints[0], cluster.prints[1]) = (CatalogPrint(1, "3"), CatalogPrint(1, "2"))
        cluster.loaded(1)
        cluster.step()
        #expect(cluster.inStep == [0])
        cluster.state.writeEnded(by: 0, changed: false, at: cluster.now)
        cluster.step(1_000)
        cluster.step(100)
        #expect(cluster.inStep == [0] && cluster.loads == [1, 1])
    }

    @Test("a write leaves the leader alone, and brings one after the other back")
    func round() {
        var cluster = settled()
        cluster.write()
        #expect(cluster.inStep == [0])
        #expect(cluster.may(.write) == [0])
        #expect(cluster.may(.affected) == [0])
        cluster.step(100)
        #expect(cluster.loads == [])
        cluster.step(200)
        #expect(cluster.loads == [1])
        #expect(cluster.may(.unaffected) == [0, 2])
        cluster.step(60_000)
        #expect(cluster.loads == [1])
        cluster.loaded(1)
        cluster.step()
        #expect(cluster.inStep == [0, 1])
        cluster.step()
        #expect(cluster.loads == [1, 2])
        cluster.loaded(2)
        cluster.step()
        #expect(cluster.inStep == [0, 1, 2])
        #expect(cluster.state.rounds == 2)
        #expect(cluster.events.contains(.inStep("m2", edition: 2)))
    }

    @Test("a write that was refused changes nothing")
    func refused() {
        var cluster = settled()
        cluster.write(changed: false)
        #expect(cluster.inStep == [0, 1, 2])
        #expect(cluster.state.edition == 1)
    }

    @Test("a burst of writes is one round, and an endless one begins it all the same")
    func burst() {
        var cluster = settled(2)
        for _ in 0..<7 {
            cluster.write()
            cluster.step(200)
        }
        #expect(cluster.loads == [])
        for _ in 0..<4 {
            cluster.write()
            cluster.step(200)
        }
        #expect(cluster.loads == [1])
        cluster.loaded(1)
        cluster.step(300)
        cluster.step(2_000)
        cluster.step()
        #expect(cluster.loads == [1, 1])
        #expect(cluster.inStep == [0])
    }

    @Test("a write during a load makes another one necessary, and is nobody's failure")
    func overtaken() {
        var cluster = settled(2)
        cluster.write()
        cluster.step(300)
        #expect(cluster.loads == [1])
        cluster.write()
        cluster.loaded(1)
        cluster.step()
        #expect(cluster.inStep == [0])
        cluster.step(300)
        #expect(cluster.loads == [1, 1])
        cluster.loaded(1)
        cluster.step()
        #expect(cluster.inStep == [0, 1])
        #expect(cluster.state.failures == 0)
    }

    @Test("a member is drained before it loads, for so long at most")
    func drained() {
        var cluster = settled(2)
        cluster.inFlight[1] = 3
        cluster.write()
        cluster.step(300)
        #expect(cluster.loads == [])
        #expect(cluster.may(.unaffected) == [0])
        cluster.step(59_000)
        #expect(cluster.loads == [])
        cluster.step(1_100)
        #expect(cluster.loads == [1])
    }

    @Test("a failed load is tried again later, and another member's turn comes first")
    func failures() {
        var cluster = settled { $0.retries = 1 }
        cluster.write()
        cluster.step(300)
        #expect(cluster.loads == [1])
        cluster.loaded(1, "reload: it answered 500")
        #expect(
            cluster.events.contains(.failed("m1", "reload: it answered 500", attempt: 1)))
        cluster.step()
        #expect(cluster.loads == [1, 2])
        cluster.loaded(2)
        cluster.step(500)
        #expect(cluster.inStep == [0, 2])
        cluster.step(600)
        #expect(cluster.loads == [1, 2, 1])
        cluster.loaded(1, "reload: it answered 500")
        // From here on once for each interval.
        cluster.step(20_000)
        #expect(cluster.loads.count == 3)
        cluster.step(11_000)
        #expect(cluster.loads == [1, 2, 1, 1])
        cluster.loaded(1)
        cluster.step()
        #expect(cluster.inStep == [0, 1, 2])
        #expect(cluster.state.members[1].failures == 0)
    }

    @Test("a member that loads and still differs has drifted, and is tried again")
    func loadedInVain() {
        var cluster = settled(2)
        cluster.write()
        cluster.prints[0] = CatalogPrint(2, "2")
        cluster.step(300)
        cluster.loaded(1)
        cluster.step()
        #expect(cluster.inStep == [0])
        #expect(cluster.state.members[1].isDrifted)
        #expect(cluster.events.contains(.drifted("m1", "its capabilities are not the leader's")))
        cluster.prints[1] = CatalogPrint(2, "2")
        cluster.step(1_000)
        cluster.loaded(1)
        cluster.step()
        #expect(cluster.inStep == [0, 1])
        #expect(!cluster.state.members[1].isDrifted)
    }

    @Test("a member that differs at a comparison is named, fills nothing, and is brought back")
    func drift() {
        var cluster = settled()
        cluster.prints[2] = CatalogPrint(9, "1")
        cluster.step(29_000)
        #expect(cluster.inStep == [0, 1, 2])
        cluster.step(2_000)
        #expect(cluster.inStep == [0, 1])
        #expect(cluster.events.last == .drifted("m2", "its capabilities are not the leader's"))
        #expect(!cluster.state.ticket(2, .affected).mayStore)
        cluster.step(100)
        #expect(cluster.loads == [2])
        cluster.prints[2] = CatalogPrint(1, "1")
        cluster.loaded(2)
        cluster.step()
        #expect(cluster.inStep == [0, 1, 2])
    }

    @Test("what is seen while a write is under way proves no drift")
    func unsettled() {
        var cluster = settled(2)
        cluster.state.writeBegan()
        cluster.prints[0] = CatalogPrint(2, "2")
        cluster.step(31_000)
        cluster.step(300)
        #expect(cluster.inStep == [0, 1])
        cluster.state.writeEnded(by: 0, changed: false, at: cluster.now)
        cluster.step(300)
        #expect(cluster.inStep == [0])
        #expect(cluster.state.members[1].isDrifted)
    }

    @Test("an answer from before a load says nothing of the time after it")
    func lateAnswer() {
        var cluster = settled(2)
        cluster.step(31_000, answers: false)
        #expect(cluster.waiting.count == 2)
        cluster.write()
        cluster.prints[0] = CatalogPrint(2, "2")
        cluster.step(300, answers: false)
        #expect(cluster.loads == [1])
        cluster.loaded(1)
        cluster.answer()
        #expect(cluster.state.failures == 0)
        cluster.prints[1] = CatalogPrint(2, "2")
        cluster.step(300)
        #expect(cluster.inStep == [0, 1])
    }
}
