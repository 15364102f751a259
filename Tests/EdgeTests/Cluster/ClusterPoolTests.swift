import Caching
import Reactor
import Testing

@testable import Edge

@Suite("A pool whose members have one catalog")
struct ClusterPoolTests {
    private func settings(
        _ names: [String], _ change: (inout OriginSettings) -> Void = { _ in }
    ) -> OriginSettings {
        var settings = OriginSettings()
        settings.members = names.map {
            MemberSettings(name: $0, endpoints: [], authority: $0)
        }
        var cluster = ClusterSettings()
        cluster.leader = "m0"
        settings.cluster = cluster
        change(&settings)
        return settings
    }

    private func fetch(_ number: UInt64) -> QueuedFetch { QueuedFetch(loop: 0, fetch: number) }

    private let affected = MemberWish(ask: .affected, session: nil)
    private let write = MemberWish(ask: .write, session: nil)

    /// Asks so many times, and gives the place back each time.
    private func chosen(
        _ pool: OriginPool, _ wish: MemberWish, _ count: Int = 6, at now: Milliseconds = 0
    ) -> Set<Int> {
        Set(
            (0..<count).compactMap { _ in
                guard case .member(let member) = pool.choose(tried: 0, at: now, for: fetch(1), wish)
                else { return nil }
                _ = pool.release(member, .succeeded, at: now)
                return member
            })
    }

    /// Compares all members, who say the same.
    private func compare(_ pool: OriginPool, at now: Milliseconds = 0) -> [ClusterTask] {
        let work = pool.clusterWork(at: now)
        for item in work {
            guard case .check(let place, let asked) = item.task else { continue }
            item.cluster.checked(
                place, CatalogPrint(1, "1"), failure: nil, asked: asked, at: now)
        }
        return work.map(\.task)
    }

    @Test("who is in step takes turns, and the leader has the writes")
    func turns() {
        let pool = OriginPool(settings(["m0", "m1", "m2"]))
        #expect(chosen(pool, affected) == [0])
        #expect(chosen(pool, .any) == [0, 1, 2])
        #expect(compare(pool).count == 3)
        #expect(chosen(pool, affected) == [0, 1, 2])
        #expect(chosen(pool, write) == [0])
        pool.cluster?.writeBegan()
        pool.cluster?.writeEnded(by: 0, changed: true, at: 0)
        #expect(chosen(pool, affected) == [0])
        #expect(pool.chooseRetry(tried: 0b1, at: 0, affected) == nil)
        #expect(!pool.hasOther(than: 0b1, at: 0, affected, strict: true))
        #expect(pool.hasOther(than: 0b1, at: 0, affected, strict: false))
        #expect(!pool.hasOther(than: 0b1, at: 0, write, strict: false))
    }

    @Test("a fetch that waits for the leader is not handed to who is out of step")
    func waits() {
        let pool = OriginPool(settings(["m0", "m1"]) { $0.memberConcurrency = 1 })
        #expect(pool.choose(tried: 0, at: 0, for: fetch(1), affected) == .member(0))
        #expect(pool.choose(tried: 0, at: 0, for: fetch(2), .any) == .member(1))
        #expect(pool.choose(tried: 0, at: 0, for: fetch(3), affected) == .queued)
        #expect(pool.release(1, .succeeded, at: 0).handed.isEmpty)
        #expect(pool.release(0, .succeeded, at: 0).handed.first?.next == fetch(3))
    }

    @Test("a write waits for the leader alone, and is nobody's without it")
    func writes() {
        let pool = OriginPool(
            settings(["m0", "m1"]) {
                $0.memberConcurrency = 1
                $0.health.consecutiveFailures = 1
                $0.health.ejection = 60_000
            })
        #expect(pool.choose(tried: 0, at: 0, for: fetch(1), write) == .member(0))
        #expect(pool.choose(tried: 0, at: 0, for: fetch(2), write) == .queued)
        #expect(pool.release(0, .failed(.fetch(.cutShort)), at: 0).handed.first?.member == 0)
        #expect(
            pool.choose(tried: 0b1, at: 0, for: fetch(3), write) == .failed(.noMember))
        _ = pool.release(0, .neutral, at: 0)
        // Ejected or not: there is no other.
        #expect(pool.choose(tried: 0, at: 0, for: fetch(4), write) == .member(0))
        #expect(chosen(pool, affected) == [1])
    }

    @Test("a session stays at its member while that one may answer")
    func sessions() {
        let pool = OriginPool(
            settings(["m0", "m1"]) {
                $0.health.consecutiveFailures = 1
                $0.health.ejection = 60_000
            })
        _ = compare(pool)
        pool.cluster?.bind(7, to: 1)
        let session = MemberWish(ask: .affected, session: 7)
        #expect(chosen(pool, session) == [1])
        #expect(chosen(pool, MemberWish(ask: .affected, session: 8)) == [0, 1])
        // The leader has all that concerns the catalog.
        #expect(chosen(pool, MemberWish(ask: .leaderRead, session: 7)) == [0])
        guard case .member(let member) = pool.choose(tried: 0, at: 0, for: fetch(1), session) else {
            Issue.record("nobody is chosen")
            return
        }
        _ = pool.release(member, .failed(.fetch(.cutShort)), at: 0)
        // Who only asks moves nobody.
        #expect(pool.hasOther(than: 0b10, at: 0, session, strict: true))
        #expect(pool.clusterStatus(at: 0)?.sessionsMoved == 0)
        #expect(pool.cluster?.takeEvents().contains(.sessionsLost("m1")) == false)
        #expect(chosen(pool, session) == [0])
        #expect(pool.cluster?.takeEvents().contains(.sessionsLost("m1")) == true)
        #expect(chosen(pool, session) == [0])
        #expect(pool.cluster?.takeEvents().contains(.sessionsLost("m1")) == false)
        #expect(pool.clusterStatus(at: 0)?.sessionsMoved == 1)
    }

    @Test("a reload keeps what is known, unless the cluster's own keys change")
    func reload() {
        let pool = OriginPool(settings(["m0", "m1"]))
        _ = compare(pool)
        let next = OriginPool(settings(["m2", "m1", "m0"]), after: pool)
        #expect(next.cluster === pool.cluster)
        #expect(next.places == [2, 1, 0])
        #expect(chosen(next, affected) == [1, 2])
        #expect(chosen(next, write) == [2])
        #expect(next.ticket(1, .affected).mayStore)
        #expect(!next.ticket(0, .affected).mayStore)
        let other = OriginPool(
            settings(["m0", "m1"]) { $0.cluster?.timeout = 1 }, after: next)
        #expect(other.cluster !== next.cluster)
        #expect(chosen(other, affected) == [0])
        // What was asked by the old settings is stored no more.
        #expect(next.cluster?.mayStore(next.ticket(2, .affected)) == false)
        let plain = OriginPool(settings(["m0"]) { $0.cluster = nil }, after: next)
        #expect(plain.cluster == nil)
        #expect(plain.ticket(0, .affected) == .unaffected)
    }

    @Test("a write that is under way while the cluster's keys change ends in both")
    func overtaken() {
        let pool = OriginPool(settings(["m0", "m1"]))
        _ = compare(pool)
        pool.cluster?.writeBegan()
        let next = OriginPool(settings(["m1", "m0"]) { $0.cluster?.timeout = 1 }, after: pool)
        let edition = next.cluster?.edition
        let ticket = next.ticket(1, .affected)
        #expect(ticket.mayStore && next.cluster?.mayStore(ticket) == true)
        pool.cluster?.writeEnded(by: 0, changed: true, at: 0)
        #expect(next.cluster?.edition == edition.map { $0 + 1 })
        #expect(next.cluster?.mayStore(ticket) == false)
        #expect(next.cluster?.isInStep(ticket) == false)
        // None is under way any more: what differs now has drifted.
        for item in next.clusterWork(at: 1_000) {
            guard case .check(let place, let asked) = item.task else { continue }
            let print = CatalogPrint(place == 0 ? 1 : 2, "1")
            item.cluster.checked(place, print, failure: nil, asked: asked, at: 1_000)
        }
        #expect(!next.ticket(0, .affected).mayStore)
    }

    @Test("status and metrics name who is out of step, and why")
    func status() throws {
        let pool = OriginPool(settings(["m0", "m1", "m2"]))
        for item in pool.clusterWork(at: 0) {
            guard case .check(let place, let asked) = item.task else { continue }
            let print = CatalogPrint(place == 2 ? 9 : 1, "1")
            item.cluster.checked(place, print, failure: nil, asked: asked, at: 0)
        }
        let status = try #require(pool.clusterStatus(at: 0))
        #expect(status.members.map(\.state) == ["in-step", "in-step", "drifted"])
        #expect(status.members.map(\.role) == ["leader", "follower", "follower"])
        #expect(status.members[2].fingerprint == "9")
        #expect(status.members[2].reason == "its capabilities are not the leader's")
        let samples = status.samples
        let drifted = samples.filter { $0.name == "mapedge_cluster_member_drifted" }
        #expect(drifted.map(\.value) == [0, 0, 1])
        #expect(samples.allSatisfy { !$0.help.isEmpty })
        _ = pool.clusterWork(at: 100)
        #expect(pool.clusterStatus(at: 100)?.members[2].state == "loading")
        pool.cluster?.loaded(2, failure: nil, at: 100)
        #expect(pool.clusterStatus(at: 100)?.members[2].state == "comparing")
        #expect(pool.cluster?.stepless == ["m2"])
    }
}
