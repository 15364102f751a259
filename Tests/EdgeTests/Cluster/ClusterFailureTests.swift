import Caching
import Testing

@testable import Edge

@Suite("A cluster: leaders that die, members that come and go, nobody in charge")
struct ClusterFailureTests {
    @Test("a leader that dies before anybody caught up: the best answers, and nothing is stored")
    func leaderDies() {
        var cluster = settled()
        cluster.write()
        cluster.fit = 0b110
        cluster.step(300)
        #expect(cluster.loads == [])
        #expect(cluster.may(.affected) == [1, 2])
        #expect(cluster.may(.leaderRead) == [1, 2])
        #expect(cluster.may(.write) == [0])
        #expect(cluster.may(.affected, strict: true) == [0])
        #expect(!cluster.state.ticket(1, .affected).mayStore)
        #expect(cluster.state.ticket(1, .unaffected).mayStore)
        #expect(cluster.events.contains(.leaderless("m0")))
        cluster.fit = 0b111
        cluster.step()
        #expect(cluster.events.contains(.leaderBack("m0")))
        #expect(cluster.may(.affected) == [0])
        cluster.step()
        #expect(cluster.loads == [1])
    }

    @Test("the best is who has come farthest, and one that has drifted only when all have")
    func best() {
        var cluster = settled()
        cluster.write()
        cluster.step(300)
        cluster.loaded(1)
        cluster.step()
        #expect(cluster.inStep == [0, 1])
        cluster.fit = 0b110
        // Both in step are named; which of them is fit, health says.
        #expect(cluster.may(.affected) == [0, 1])
        cluster.write()
        #expect(cluster.may(.affected) == [1])
        cluster.state.drift(1, "by hand")
        #expect(cluster.may(.affected) == [2])
        #expect(cluster.may(.affected, tried: 0b100) == [1])
    }

    @Test("a leader that fails one request is asked no more by that one, if need be")
    func triedLeader() {
        var cluster = settled()
        cluster.write()
        #expect(cluster.may(.affected, tried: 1) == [1, 2])
        #expect(cluster.may(.affected, tried: 1, strict: true) == [0])
        #expect(cluster.may(.affected, tried: 0b111) == [0, 1, 2])
        cluster.fit = 0
        #expect(cluster.may(.affected) == [0])
        #expect(cluster.may(.unaffected) == [0, 1, 2])
    }

    @Test(
        "a leader that dies while a member loads: the load is waited for, then it serves as before")
    func diesWhileLoading() {
        var cluster = settled(2)
        cluster.write()
        cluster.step(300)
        #expect(cluster.loads == [1])
        cluster.fit = 0b10
        cluster.step(100)
        // Better one that loads than nobody.
        #expect(cluster.may(.affected) == [1])
        cluster.prints[0] = .some(nil)
        cluster.loaded(1)
        cluster.step(100)
        #expect(cluster.state.round == nil)
        #expect(cluster.may(.unaffected) == [0, 1])
        cluster.fit = 0b11
        cluster.prints[0] = CatalogPrint(1, "1")
        cluster.step(2_000)
        cluster.step(100)
        #expect(cluster.inStep == [0, 1])
    }

    @Test("a leader that cannot be compared with is no follower's failure")
    func leaderIsSilent() {
        var cluster = settled(2)
        cluster.write()
        cluster.step(300)
        cluster.prints[0] = .some(nil)
        cluster.loaded(1)
        cluster.step()
        #expect(cluster.state.round == nil)
        #expect(cluster.state.failures == 0)
        #expect(cluster.state.members[0].reason == "silence")
        cluster.prints[0] = CatalogPrint(1, "1")
        cluster.step(1_100)
        #expect(cluster.loads == [1, 1])
        cluster.loaded(1)
        cluster.step()
        #expect(cluster.inStep == [0, 1])
    }

    @Test("a member that was down is compared before it fills anything")
    func wasDown() {
        var cluster = settled()
        cluster.fit = 0b101
        cluster.step(100)
        #expect(cluster.inStep == [0, 1, 2])
        cluster.fit = 0b111
        cluster.step(100, answers: false)
        #expect(cluster.inStep == [0, 2])
        cluster.answer()
        #expect(cluster.inStep == [0, 1, 2])
    }

    @Test("a fetch that began before its member came into step is not stored")
    func fences() {
        var cluster = settled(2)
        let early = cluster.state.ticket(1, .affected)
        let leaders = cluster.state.ticket(0, .affected)
        #expect(early.mayStore)
        #expect(cluster.state.mayStore(early))
        cluster.write()
        let late = cluster.state.ticket(1, .affected)
        #expect(!late.mayStore)
        #expect(!cluster.state.mayStore(early))
        #expect(!cluster.state.mayStore(leaders))
        #expect(cluster.state.mayStore(cluster.state.ticket(0, .affected)))
        cluster.step(300)
        cluster.loaded(1)
        cluster.step()
        #expect(cluster.inStep == [0, 1])
        #expect(!cluster.state.mayStore(early))
        #expect(!cluster.state.mayStore(late))
        #expect(cluster.state.mayStore(cluster.state.ticket(1, .affected)))
        #expect(cluster.state.mayStore(.unaffected))
    }

    @Test("a member that drifted and came back has not stayed in step meanwhile")
    func spells() {
        var cluster = settled(2)
        let ticket = cluster.state.ticket(1, .affected)
        cluster.prints[1] = CatalogPrint(9, "1")
        cluster.step(31_000)
        cluster.prints[1] = CatalogPrint(1, "1")
        cluster.step(100)
        cluster.loaded(1)
        cluster.step()
        #expect(cluster.inStep == [0, 1])
        #expect(!cluster.state.mayStore(ticket))
    }

    @Test("members that come and go keep what is known, and a round ends with its member")
    func membership() {
        var cluster = settled()
        cluster.write()
        cluster.step(300)
        #expect(cluster.state.round?.place == 1)
        #expect(cluster.state.follow(["m2", "m0", "m3"]) == [2, 0, 3])
        #expect(cluster.state.round == nil)
        cluster.fit = 0b1101
        cluster.prints[3] = CatalogPrint(1, "1")
        #expect(cluster.may(.unaffected) == [0, 2, 3])
        cluster.loaded(1)
        cluster.step(100)
        #expect(cluster.loads == [1, 2])
        cluster.loaded(2)
        cluster.step()
        cluster.step()
        #expect(cluster.loads == [1, 2, 3])
        cluster.loaded(3)
        cluster.step()
        #expect(cluster.inStep == [0, 2, 3])
        // A leader that is no member takes no writes, and nobody takes them in its place.
        _ = cluster.state.follow(["m2", "m3"])
        #expect(cluster.may(.write) == [])
        #expect(cluster.may(.affected) == [2, 3])
        #expect(cluster.state.follow(["m1"]) == [4])
    }

    @Test("sync none: the writer is in step at once, the others after their time to hear of it")
    func shared() {
        var cluster = settled(leader: nil)
        #expect(cluster.inStep == [0, 1, 2])
        cluster.write(by: 1)
        #expect(cluster.inStep == [1])
        #expect(cluster.may(.affected) == [1])
        #expect(cluster.may(.write) == [1])
        // Equal capabilities may be those of before: a style's body shows in none.
        cluster.step(300)
        cluster.step(9_000)
        #expect(cluster.inStep == [1])
        #expect(!cluster.state.ticket(0, .affected).mayStore)
        cluster.prints[1] = CatalogPrint(2, "2")
        cluster.prints[0] = CatalogPrint(2, "2")
        cluster.step(1_000)
        #expect(cluster.inStep == [0, 1])
        #expect(cluster.loads == [])
        #expect(cluster.state.members[2].isDrifted)
        cluster.prints[2] = CatalogPrint(2, "2")
        cluster.step(30_000)
        #expect(cluster.inStep == [0, 1, 2])
    }

    @Test("sync none: two that have not heard of a write outvote nobody who took it")
    func outvoted() {
        var cluster = settled(leader: nil)
        cluster.write(by: 1)
        cluster.prints[1] = CatalogPrint(2, "2")
        cluster.step(300)
        #expect(cluster.inStep == [1])
        cluster.prints[0] = CatalogPrint(2, "2")
        cluster.prints[2] = CatalogPrint(2, "2")
        cluster.step(30_000)
        #expect(cluster.inStep == [0, 1, 2])
        #expect(!cluster.state.members[1].isDrifted)
    }

    @Test("without a majority the latest writer is right, then the higher update sequence")
    func ties() {
        var cluster = settled(2, leader: nil)
        cluster.prints[1] = CatalogPrint(2, "7")
        cluster.step(31_000)
        #expect(cluster.inStep == [1])
        cluster.prints[1] = CatalogPrint(1, "1")
        cluster.step(31_000)
        cluster.write(by: 0)
        cluster.prints[0] = CatalogPrint(3, "1")
        cluster.prints[1] = CatalogPrint(1, "9")
        cluster.step(300)
        #expect(cluster.inStep == [0])
        var third = settled(3, leader: nil)
        third.prints[0] = CatalogPrint(5, "9")
        third.step(31_000)
        #expect(third.inStep == [1, 2])
    }

    @Test("a write that came by another way is a write all the same")
    func elsewhere() {
        var cluster = settled()
        cluster.state.writeBegan()
        cluster.state.writeEnded(by: nil, changed: true, at: cluster.now)
        #expect(cluster.inStep == [0])
        var shared = settled(leader: nil)
        shared.state.writeBegan()
        shared.state.writeEnded(by: nil, changed: true, at: shared.now)
        #expect(shared.inStep == [])
        #expect(shared.may(.affected) == [0, 1, 2])
        shared.step(300)
        #expect(shared.inStep == [])
        shared.step(29_800)
        #expect(shared.inStep == [0, 1, 2])
    }

    @Test("members that nobody loads are in step again when they compare as equal")
    func peers() {
        var cluster = settled { $0.followers = ["m1"] }
        cluster.write()
        cluster.prints[0] = CatalogPrint(2, "2")
        cluster.step(300)
        #expect(cluster.loads == [1])
        cluster.prints[1] = CatalogPrint(2, "2")
        cluster.prints[2] = CatalogPrint(2, "2")
        cluster.loaded(1)
        cluster.step()
        #expect(cluster.inStep == [0, 1])
        cluster.step(31_000)
        #expect(cluster.loads == [1])
        #expect(cluster.inStep == [0, 1, 2])
    }
}
