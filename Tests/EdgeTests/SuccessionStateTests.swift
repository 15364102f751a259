import Caching
import Reactor
import Testing

@testable import Edge

/// What is known of a pool as a whole when another takes its place.
@Suite("A pool in another's place: outage, breaker, cluster, checks")
struct SuccessionStateTests: SucceedingPools {
    // MARK: outage

    @Test func `an outage goes on at the new pool, and fetches of the old one end it there`() {
        let board = OutageBoard()
        let old = OriginPool(settings(["a"]), board, PoolOutage())
        for number in 0..<5 as Range<UInt64> { _ = old.choose(tried: 0, at: 0, for: fetch(number)) }
        for _ in 0..<2 { _ = old.release(0, .failed(.status(503)), at: 1_000) }
        let new = OriginPool(settings(["a", "b"]), board, old.outage, after: old)
        board.keep([new.settings.id: ObjectIdentifier(new)])
        // The old pool learns of the third failure after the new one was made.
        _ = old.release(0, .failed(.status(503)), at: 2_000)
        #expect(board.since(new.settings.id) == nil)
        _ = new.succeed(old, at: 2_000)
        #expect(board.since(new.settings.id) == 1_000)
        for _ in 0..<2 { _ = old.release(0, .succeeded, at: 3_000) }
        #expect(board.since(new.settings.id) == nil)
    }

    @Test func `how many failures begin an outage is the new pool's own`() {
        let old = OriginPool(settings(["a"]))
        old.judgesOutages(begins: 9, ends: 9)
        let new = OriginPool(settings(["a"]), after: old)
        new.judgesOutages(begins: 1, ends: 1)
        _ = new.succeed(old, at: 0)
        #expect((new.outage.begins, new.outage.ends) == (1, 1))
    }

    // MARK: breaker

    private func opened(_ names: [String]) -> OriginPool {
        let pool = OriginPool(settings(names))
        let rules = SouthboundSettings()
        for _ in 0..<rules.breakerFailures {
            _ = pool.breaker.withLock { $0.failed(at: 0, rules) }
        }
        return pool
    }

    @Test func `a breaker stays open, and a call that began at the old pool closes it`() {
        let old = opened(["a"])
        let new = OriginPool(settings(["a", "b"]), after: old)
        _ = new.succeed(old, at: 0)
        #expect(new.snapshot(at: 0, wall: 0).breaker == "open")
        #expect(!new.breaker.withLock { $0.admits(at: 1) })
        #expect(old.breaker.withLock { $0.answered() } == .closed)
        #expect(new.snapshot(at: 0, wall: 0).breaker == "closed")
    }

    @Test func `where somebody new can be asked at once, the next call is the trial`() {
        let old = opened(["a"])
        for _ in 0..<3 { _ = old.checked(0, 0, ProbeResult(.notConnected), at: 0) }
        let new = OriginPool(settings(["a", "b"]), after: old)
        _ = new.succeed(old, at: 1)
        #expect(new.breaker.withLock { $0.admits(at: 1) })
        #expect(!new.breaker.withLock { $0.admits(at: 1) }, "one trial, and no more")
    }

    @Test func `a breaker says nothing of a pool of which nobody is left`() {
        let new = OriginPool(settings(["b"]), after: opened(["a"]))
        #expect(new.snapshot(at: 0, wall: 0).breaker == "closed")
    }

    // MARK: cluster

    private static func cluster(_ settings: inout OriginSettings) {
        settings.cluster = ClusterSettings()
        settings.cluster?.leader = "a"
        settings.memberConcurrency = 1
        settings.health.interval = 0
    }

    @Test func `a write that waits goes to the leader, wherever that one stands now`() {
        let write = MemberWish(ask: .write, session: nil)
        let old = OriginPool(settings(["a", "b"], Self.cluster))
        #expect(old.choose(tried: 0, at: 0, for: fetch(1), write) == .member(0))
        #expect(old.choose(tried: 0, at: 0, for: fetch(2), write) == .queued)
        let new = OriginPool(settings(["b", "c", "a"], Self.cluster), after: old)
        #expect(new.cluster === old.cluster)
        #expect(new.succeed(old, at: 0).isEmpty, "two have a place, and are not the leader")
        let handed = old.release(0, .succeeded, at: 0).handed
        #expect(handed == [HandedPlace(member: 2, next: fetch(2))])
    }

    @Test func `a leader that leaves takes writes until it is gone`() {
        let pool = OriginPool(
            settings(["a", "b"]) {
                Self.cluster(&$0)
                $0.members[0].isDraining = true
            })
        let write = MemberWish(ask: .write, session: nil)
        #expect(pool.choose(tried: 0, at: 0, for: fetch(1), write) == .member(0))
        #expect(pool.choose(tried: 0, at: 0, for: fetch(2)) == .member(1))
    }

    @Test func `what a member that is gone answered is not stored`() throws {
        let old = OriginPool(settings(["b", "a"], Self.cluster))
        let ticket = old.ticket(1, .affected)
        #expect(try #require(old.cluster).mayStore(ticket))
        let new = OriginPool(settings(["b", "x"], Self.cluster), after: old)
        _ = new.succeed(old, at: 0)
        #expect(!(try #require(new.cluster).mayStore(ticket)))
    }

    // MARK: members

    @Test func `the same name at another address is another machine`() {
        func at(_ ports: [UInt16]) -> OriginSettings {
            settings(["a", "b"]) { settings in
                for (index, port) in ports.enumerated() {
                    settings.members[index].endpoints = [.ip(.loopback(port: port))]
                }
            }
        }
        let old = OriginPool(at([1, 2]))
        for _ in 0..<3 { _ = old.checked(1, 0, ProbeResult(.notConnected), at: 0) }
        let same = OriginPool(at([1, 2]))
        _ = same.succeed(old, at: 0)
        #expect(same.snapshot(at: 0, wall: 0).members.map(\.state) == ["up", "down"])
        let moved = OriginPool(at([1, 3]))
        _ = moved.succeed(same, at: 0)
        #expect(moved.snapshot(at: 0, wall: 0).members.map(\.state) == ["up", "warming"])
    }

    @Test func `who stays at the first of many pools keeps none of those between`() {
        let first = OriginPool(settings(["a"]))
        var latest = OriginPool(settings(["a", "b"]))
        _ = latest.succeed(first, at: 0)
        weak let second = latest
        for name in ["c", "d"] {
            let next = OriginPool(settings([name, "a"]))
            _ = next.succeed(latest, at: 0)
            latest = next
        }
        #expect(second != nil)
        first.shortenSuccession()
        #expect(second == nil)
        #expect(first.holder(of: 0).pool === latest && first.holder(of: 0).member == 1)
    }

    // MARK: checks

    @Test func `a check that began at the old pool counts at the new one, if it is the same`() {
        let old = OriginPool(settings(["a", "b"]))
        let new = OriginPool(settings(["b"]))
        _ = new.succeed(old, at: 0)
        for _ in 0..<3 { _ = old.checked(1, 0, ProbeResult(.notConnected), at: 0) }
        #expect(new.snapshot(at: 0, wall: 0).members[0].state == "down")
        let other = OriginPool(
            settings(["b"]) { $0.health.checks = [CheckSettings(kind: .map, target: "/m")] })
        _ = other.succeed(new, at: 0)
        #expect(new.checked(0, 0, ProbeResult(.passed), at: 0) == .none)
        #expect(other.snapshot(at: 0, wall: 0).members[0].checks[0].last == nil)
    }

    @Test func `checks of who stays keep their time, and who is new is checked at once`() {
        let old = OriginPool(settings(["a", "b"]))
        var turns = ProbeTurn.all(of: [old], after: [], at: 0)
        #expect(turns.allSatisfy { $0.next > 0 })
        turns[1].next = 77
        let new = OriginPool(settings(["b", "c"]))
        _ = new.succeed(old, at: 0)
        let next = ProbeTurn.all(of: [new], after: turns, at: 50)
        #expect(next.map(\.next) == [77, 50])
        let other = OriginPool(
            settings(["b"]) { $0.health.checks = [CheckSettings(kind: .map, target: "/m")] })
        _ = other.succeed(new, at: 0)
        #expect(ProbeTurn.all(of: [other], after: next, at: 60).map(\.next) == [60])
    }
}
