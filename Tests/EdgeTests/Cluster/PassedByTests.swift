import Caching
import Testing

@testable import Edge

@Suite("A cluster: what did not pass through the edge")
struct PassedByTests {
    /// A comparison, a change, and the next comparison.
    struct Row: CustomTestStringConvertible, Sendable {
        var name: String
        /// What the leader says before and after.
        var before: (UInt64, String?)
        var after: (UInt64, String?)
        /// Writes in between that succeeded, and those of them that save an object.
        var writes = 0
        var counted = 0
        var hasPassed: Bool

        var testDescription: String { name }

        static let all = [
            Row(name: "nothing", before: (1, "7"), after: (1, "7"), hasPassed: false),
            Row(name: "a style's body", before: (1, "7"), after: (1, "8"), hasPassed: true),
            Row(
                name: "extents of data, which no object has", before: (1, "7"), after: (2, "7"),
                hasPassed: false),
            Row(
                name: "one's own write", before: (1, "7"), after: (2, "8"), writes: 1, counted: 1,
                hasPassed: false),
            Row(
                name: "one's own and another's", before: (1, "7"), after: (2, "9"), writes: 1,
                counted: 1, hasPassed: true),
            Row(
                name: "one's own, which saves nothing, and another's", before: (1, "7"),
                after: (1, "8"), writes: 1, hasPassed: true),
            Row(
                name: "a server that began anew", before: (1, "7"), after: (1, "2"),
                hasPassed: false),
            Row(
                name: "one that was put back", before: (1, "7"), after: (2, "2"), hasPassed: true),
            Row(name: "no sequence", before: (1, nil), after: (1, nil), hasPassed: false),
            Row(name: "no sequence, others", before: (1, nil), after: (2, nil), hasPassed: true),
            Row(
                name: "no sequence, a write", before: (1, nil), after: (2, nil), writes: 1,
                hasPassed: false),
        ]
    }

    @Test("the update sequence tells, by more than the writes that passed", arguments: Row.all)
    func sequence(_ row: Row) {
        var cluster = PlayedCluster()
        for place in 0..<3 { cluster.prints[place] = CatalogPrint(row.before.0, row.before.1) }
        cluster.step()
        #expect(!cluster.state.hasPassedBy)
        for number in 0..<row.writes {
            cluster.state.writeBegan()
            cluster.state.writeEnded(
                by: 0, changed: true, saves: number < row.counted ? 1 : 0, at: cluster.now)
        }
        for place in 0..<3 { cluster.prints[place] = CatalogPrint(row.after.0, row.after.1) }
        cluster.step(31_000)
        #expect(cluster.state.hasPassedBy == row.hasPassed)
        #expect(cluster.events.contains(.passedBy("m0")) == row.hasPassed)
    }

    @Test("who has not been compared since fills nothing, and neither does what it was asked")
    func fence() {
        var cluster = settled()
        let ticket = cluster.state.ticket(1, .affected)
        #expect(cluster.state.mayStore(ticket))
        cluster.prints[0] = CatalogPrint(1, "2")
        cluster.prints[1] = CatalogPrint(1, "2")
        // The leader answers; the others are slower.
        cluster.step(31_000, answers: false)
        let others = cluster.waiting.filter { $0.place != 0 }
        cluster.waiting.removeAll { $0.place != 0 }
        cluster.answer()
        #expect(cluster.state.hasPassedBy)
        #expect(cluster.inStep == [0])
        cluster.waiting = others
        cluster.answer()
        // Another edge has seen to the first of them: it is in step, and its spell another one.
        #expect(cluster.inStep == [0, 1])
        #expect(!cluster.state.mayStore(ticket))
        cluster.step(100)
        #expect(cluster.loads == [2])
    }

    @Test("a write that is under way spoils a comparison, which comes again")
    func unsettled() {
        var cluster = settled()
        cluster.state.writeBegan()
        cluster.prints[0] = CatalogPrint(2, "2")
        cluster.step(31_000)
        #expect(!cluster.state.hasPassedBy)
        cluster.state.writeEnded(by: 0, changed: true, saves: 1, at: cluster.now)
        cluster.step(1_000)
        #expect(!cluster.state.hasPassedBy)
    }

    @Test("without a leader it counts what one member says, once it may have heard")
    func leaderless() {
        var cluster = settled(2, leader: nil)
        cluster.state.writeBegan()
        cluster.state.writeEnded(by: 0, changed: true, at: cluster.now)
        for place in 0..<2 { cluster.prints[place] = CatalogPrint(1, "2") }
        cluster.step(300)
        #expect(!cluster.state.hasPassedBy)
        // Nobody said of the write that it saves an object.
        cluster.step(31_000)
        #expect(cluster.state.hasPassedBy)
    }

    @Test("everything below the paths goes, unless the operator says what does")
    func rules() {
        var settings = ClusterSettings()
        #expect(settings.rules(isScopeKnown: true).isEmpty)
        #expect(settings.rules(isScopeKnown: false).count == 2)
        settings.invalidates = ["/a/*"]
        #expect(settings.rules(isScopeKnown: true).count == 1)
        #expect(settings.rules(isScopeKnown: false).count == 1)
        settings.invalidates = []
        #expect(settings.rules(isScopeKnown: false).isEmpty)
    }
}
