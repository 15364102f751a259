import Caching
import Testing

@testable import Edge

@Suite("A cluster that chooses its leader, as members of a group come and go")
struct ChosenLeaderTests {
    private func fresh(_ count: Int = 3) -> PlayedCluster {
        PlayedCluster(count, leader: nil) { settings in
            settings.sync = .reload
            settings.choosesLeader = true
        }
    }

    /// m0 has read the directory and leads, and all others are in step.
    private func settled(_ count: Int = 3) -> PlayedCluster {
        var cluster = fresh(count)
        cluster.step()
        cluster.loaded(0)
        cluster.step(300)
        cluster.loads = []
        return cluster
    }

    @Test("who begins knows nobody: the first by name reads the directory, and then leads")
    func beginning() {
        var cluster = fresh()
        cluster.step()
        #expect(cluster.loads == [0])
        #expect(cluster.may(.write) == [], "nobody takes writes yet")
        #expect(cluster.inStep == [])
        #expect(!cluster.state.ticket(0, .affected).mayStore)
        cluster.loaded(0, "no answer")
        cluster.step()
        #expect(cluster.loads == [0, 1], "the next one, before the first is tried again")
        cluster.loaded(1)
        #expect(cluster.may(.write) == [1])
        #expect(cluster.events.contains(.chosen("m1")))
        cluster.step(300)
        #expect(cluster.inStep.contains(1) && cluster.inStep.contains(2))
    }

    @Test("the leader stays while it is a member; gone, one in step takes its place at once")
    func gone() {
        var cluster = settled()
        #expect(cluster.may(.write) == [0])
        #expect(cluster.inStep == [0, 1, 2])
        #expect(cluster.state.follow(["m3", "m0", "m2", "m1"]) == [3, 0, 2, 1])
        cluster.fit = 0b1111
        cluster.prints[3] = .some(CatalogPrint(1, "1"))
        cluster.step()
        #expect(cluster.may(.write) == [0])
        _ = cluster.state.follow(["m3", "m2", "m1"])
        cluster.step()
        #expect(cluster.may(.write) == [1])
        #expect(cluster.loads == [])
        #expect(cluster.inStep.contains(2))
    }

    @Test("an unfit leader is waited for, and replaced after its time")
    func unfit() {
        var cluster = settled()
        cluster.fit = 0b110
        cluster.step(59_000)
        cluster.step(59_000)
        #expect(cluster.may(.write) == [0])
        cluster.fit = 0b111
        cluster.step(1)
        cluster.fit = 0b110
        cluster.step(1)
        cluster.step(59_999)
        #expect(cluster.may(.write) == [0])
        cluster.step(1)
        #expect(cluster.may(.write) == [1])
        // It comes back as a follower that has to read what it missed.
        cluster.fit = 0b111
        cluster.step(300)
        #expect(!cluster.inStep.contains(0))
        #expect(cluster.loads == [0])
        cluster.loaded(0)
        cluster.step(300)
        #expect(cluster.inStep == [0, 1, 2])
        #expect(cluster.may(.write) == [1])
    }

    @Test("a write that only the leader had heard of is read from the directory by its heir")
    func heirReads() {
        var cluster = settled()
        cluster.write(by: 0)
        #expect(cluster.inStep == [0])
        _ = cluster.state.follow(["m1", "m2"])
        cluster.step()
        #expect(cluster.may(.write) == [])
        #expect(cluster.inStep == [])
        #expect(!cluster.state.ticket(1, .affected).mayStore)
        cluster.step(300)
        #expect(cluster.loads == [1])
        cluster.loaded(1)
        #expect(cluster.may(.write) == [1])
        #expect(cluster.inStep == [1])
        #expect(cluster.state.ticket(1, .affected).mayStore)
    }

    @Test("a leader that goes while a follower is compared with it keeps nobody waiting")
    func comparedInVain() {
        var cluster = settled()
        cluster.write(by: 0)
        cluster.step(300, answers: false)
        cluster.loaded(1)
        cluster.step(1, answers: false)
        _ = cluster.state.follow(["m1", "m2"])
        cluster.waiting = []
        cluster.loads = []
        cluster.step(1)
        #expect(cluster.loads == [1])
        cluster.loaded(1)
        #expect(cluster.may(.write) == [1])
    }

    @Test("a write that ends at who led before makes its heir read once more")
    func lateWrite() {
        var cluster = settled()
        cluster.state.writeBegan()
        cluster.fit = 0b110
        cluster.step(1)
        cluster.step(60_000)
        #expect(cluster.may(.write) == [1])
        cluster.state.writeEnded(by: 0, changed: true, at: cluster.now)
        #expect(!cluster.inStep.contains(1) && !cluster.inStep.contains(2))
        cluster.step(2_100)
        #expect(cluster.loads == [1])
        cluster.loaded(1)
        #expect(cluster.may(.write) == [1])
    }

    @Test("with one that nobody chooses all is as before")
    func fixed() {
        var cluster = PlayedCluster(3)
        cluster.step()
        cluster.fit = 0b110
        cluster.step(1_000_000)
        #expect(cluster.may(.write) == [0])
        _ = cluster.state.follow(["m1", "m2"])
        cluster.step(1_000_000)
        #expect(cluster.may(.write) == [])
    }
}
