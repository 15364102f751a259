import Caching
import Testing

@testable import Edge

@Suite("A pool in another's place")
struct SuccessionTests: SucceedingPools {
    private func order(_ pool: OriginPool, _ count: Int, at now: Milliseconds = 0) -> [String] {
        (0..<count).compactMap { _ in
            guard case .member(let member) = pool.choose(tried: 0, at: now, for: fetch(9)) else {
                return nil
            }
            _ = pool.release(member, .succeeded, at: now)
            return pool.settings.members[member].name
        }
    }

    @Test func `counters, health and what runs come over by name`() {
        let old = OriginPool(settings(["a", "b"]))
        #expect(old.choose(tried: 0, at: 0, for: fetch(1)) == .member(0))
        for _ in 0..<5 {
            guard case .member = old.choose(tried: 1, at: 0, for: fetch(2)) else { return }
            _ = old.release(1, .failed(.status(503)), at: 0)
        }
        let new = OriginPool(settings(["b", "c", "a"]))
        _ = new.succeed(old, at: 0)
        let members = new.snapshot(at: 0, wall: 0).members
        #expect(members.map(\.name) == ["b", "c", "a"])
        #expect(members.map(\.requests) == [5, 0, 1])
        #expect(members.map(\.failures) == [5, 0, 0])
        #expect(members.map(\.inFlight) == [0, 0, 1])
        #expect(members.map(\.state) == ["ejected", "warming", "up"])
    }

    @Test func `a fetch that began at the old pool gives its place back at the new one`() {
        let old = OriginPool(settings(["a", "b"]))
        _ = old.choose(tried: 0, at: 0, for: fetch(1))
        let new = OriginPool(settings(["x", "a"]))
        _ = new.succeed(old, at: 0)
        let last = OriginPool(settings(["a", "y", "x"]))
        _ = last.succeed(new, at: 0)
        #expect(last.snapshot(at: 0, wall: 0).members[0].inFlight == 1)
        let released = old.release(0, .succeeded, at: 0)
        #expect(released.pool === last)
        #expect(last.snapshot(at: 0, wall: 0).members[0].inFlight == 0)
    }

    @Test func `a place at a member that is gone is given back to nobody`() {
        let old = OriginPool(settings(["a", "b"]) { $0.memberConcurrency = 1 })
        _ = old.choose(tried: 0, at: 0, for: fetch(1))
        let new = OriginPool(settings(["b"]) { $0.memberConcurrency = 1 })
        _ = new.succeed(old, at: 0)
        #expect(old.release(0, .succeeded, at: 0).handed.isEmpty)
        #expect(new.snapshot(at: 0, wall: 0).members[0].inFlight == 0)
    }

    @Test func `nobody is chosen at the old pool any more`() {
        let old = OriginPool(settings(["a"]))
        let new = OriginPool(settings(["a", "b"]))
        _ = new.succeed(old, at: 0)
        #expect(old.choose(tried: 0, at: 0, for: fetch(1)) == .moved)
        #expect(old.chooseRetry(tried: 0, at: 0) == nil)
    }

    @Test func `who waited is served by a new member, and not by one it has tried`() {
        let old = OriginPool(settings(["a", "b"]) { $0.memberConcurrency = 1 })
        for number in 1...2 { _ = old.choose(tried: 0, at: 0, for: fetch(UInt64(number))) }
        #expect(old.choose(tried: 1, at: 0, for: fetch(3)) == .queued)
        #expect(old.choose(tried: 0, at: 0, for: fetch(4)) == .queued)
        #expect(old.choose(tried: 0, at: 0, for: fetch(5)) == .queued)
        // No checks: a new member is taken at once.
        let new = OriginPool(
            settings(["b", "a", "c"]) {
                $0.memberConcurrency = 1
                $0.health.interval = 0
            })
        let handed = new.succeed(old, at: 0)
        #expect(handed == [HandedPlace(member: 2, next: fetch(3))])
        // The one that waits behind it gets the place of the first that began at the old pool.
        let released = old.release(0, .succeeded, at: 0)
        #expect(released.handed.first == HandedPlace(member: 1, next: fetch(4)))
        old.leaveQueue(fetch(5))
        #expect(new.snapshot(at: 0, wall: 0).queued == 0)
    }

    @Test func `who waited keeps its place where fewer may wait`() {
        let old = OriginPool(settings(["a"]) { $0.memberConcurrency = 1 })
        for number in 1...6 { _ = old.choose(tried: 0, at: 0, for: fetch(UInt64(number))) }
        let new = OriginPool(
            settings(["a"]) {
                ($0.memberConcurrency, $0.queueLength) = (1, 2)
                ($0.queuePerClass, $0.queuePerViewer) = (2, 1)
            })
        _ = new.succeed(old, at: 0)
        #expect(new.snapshot(at: 0, wall: 0).queued == 5)
        #expect(new.choose(tried: 0, at: 0, for: fetch(7)) == .failed(.queueFull))
        var served: [QueuedFetch] = []
        while let place = new.release(0, .succeeded, at: 0).handed.first {
            served.append(place.next)
        }
        #expect(served == (2...6).map { fetch($0) })
    }

    @Test func `members asked already are the same ones at the new pool`() {
        let old = OriginPool(settings(["a", "b", "c"]))
        let new = OriginPool(settings(["c", "x", "a"]))
        _ = new.succeed(old, at: 0)
        #expect(old.successor?.translate(0b101) == 0b101)
        #expect(old.successor?.translate(0b011) == 0b100)
        #expect(old.successor?.translate(0b010) == 0)
    }

    @Test func `a newcomer gets nothing before its checks pass, and then a small share`() {
        let old = OriginPool(settings(["a"]))
        let new = OriginPool(settings(["a", "b"]))
        _ = new.succeed(old, at: 0)
        #expect(Set(order(new, 20)) == ["a"])
        #expect(new.checked(1, 0, ProbeResult(.passed), at: 1) == .none)
        #expect(new.checked(1, 0, ProbeResult(.passed), at: 2) == .cameUp)
        #expect(new.snapshot(at: 3, wall: 0).members[1].state == "slow-start")
        let early = order(new, 110, at: 3).count { $0 == "b" }
        #expect((1...30).contains(early), "\(early) of 110")
        #expect(order(new, 100, at: 60_000).count { $0 == "b" } == 50)
    }

    @Test func `where nobody who stays is well, newcomers are asked at once`() {
        let old = OriginPool(settings(["a"]))
        let new = OriginPool(settings(["b"]))
        _ = new.succeed(old, at: 0)
        #expect(new.health(at: 0) == .up)
    }

    @Test func `one that leaves gets nothing, unless nobody else is well`() {
        let pool = OriginPool(
            settings(["a", "b"]) {
                $0.members[0].isDraining = true
                $0.health.fall = 1
            })
        #expect(Set(order(pool, 10)) == ["b"])
        _ = pool.checked(1, 0, ProbeResult(.notConnected), at: 0)
        #expect(Set(order(pool, 10)) == ["a"])
        #expect(pool.snapshot(at: 0, wall: 0).members.map(\.state) == ["draining", "down"])
    }

    @Test func `who waits does not wait for one that leaves`() {
        let old = OriginPool(settings(["a", "b"]) { $0.memberConcurrency = 1 })
        for number in 1...2 { _ = old.choose(tried: 0, at: 0, for: fetch(UInt64(number))) }
        let new = OriginPool(
            settings(["a", "b"]) {
                $0.memberConcurrency = 1
                $0.members[0].isDraining = true
            })
        _ = new.succeed(old, at: 0)
        #expect(new.choose(tried: 0, at: 0, for: fetch(3)) == .queued)
        #expect(old.release(0, .succeeded, at: 0).handed.isEmpty)
        #expect(old.release(1, .succeeded, at: 0).handed.first?.next == fetch(3))
    }

    @Test func `the lowest tier with a place is asked, and others stand in`() {
        let pool = OriginPool(
            settings(["near", "far"]) {
                $0.members[1].tier = 1
                $0.memberConcurrency = 1
                $0.health.fall = 1
            })
        #expect(order(pool, 3) == ["near", "near", "near"])
        #expect(pool.choose(tried: 0, at: 0, for: fetch(1)) == .member(0))
        #expect(pool.choose(tried: 0, at: 0, for: fetch(2)) == .member(1), "the near one is full")
        _ = pool.release(0, .succeeded, at: 0)
        _ = pool.release(1, .succeeded, at: 0)
        _ = pool.checked(0, 0, ProbeResult(.notConnected), at: 0)
        #expect(order(pool, 2) == ["far", "far"])
    }

    @Test func `a fetch follows its pool, with its member or without`() {
        let old = OriginPool(settings(["a", "b"]))
        let new = OriginPool(settings(["b"]))
        _ = new.succeed(old, at: 0)
        #expect(old.holder(of: 1).pool === new && old.holder(of: 1).member == 0)
        #expect(old.holder(of: 0).pool === old && old.holder(of: 0).member == 0)
    }
}

@Suite("How busy a pool is")
struct PoolLoadTests {
    private func load(
        _ capacity: Int, members: Int, inFlight: Int, queued: Int = 0
    ) -> PoolLoad {
        PoolLoad(
            id: "maps", queued: queued, inFlight: inFlight, members: members, warming: 0,
            draining: 0, memberCapacity: capacity, misses: LatencyHistogram())
    }

    @Test func `saturation is what runs and waits, of the places there are`() {
        #expect(load(4, members: 2, inFlight: 2).saturation == 0.25)
        #expect(load(4, members: 2, inFlight: 8, queued: 5).saturation == 1)
        #expect(load(4, members: 0, inFlight: 0, queued: 1).saturation == 1)
        #expect(load(4, members: 0, inFlight: 0).saturation == 0)
        #expect(load(0, members: 2, inFlight: 2).saturation == nil)
        #expect(load(4, members: 2, inFlight: 3).inFlightPerMember == 1.5)
    }

    @Test func `the fullest class says how full the pool is`() {
        var load = load(0, members: 2, inFlight: 5)
        load.classes = [(busy: 3, capacity: 4), (busy: 1, capacity: 2)]
        #expect(load.saturation == 0.75)
        load.memberCapacity = 3
        #expect(load.saturation == 5.0 / 6)
        load.classes.append((busy: 1, capacity: 0))
        #expect(load.saturation == 1)
    }

    private func ofTwoCores(_ names: [String]) -> OriginSettings {
        var settings = OriginSettings()
        settings.members = names.map {
            var member = MemberSettings(name: $0, endpoints: [], authority: $0)
            member.cores = 2
            return member
        }
        return settings
    }

    private func takeTiles(_ count: Int, of pool: OriginPool) {
        for number in 0..<count {
            _ = pool.choose(
                tried: 0, at: 0, for: QueuedFetch(loop: 0, fetch: UInt64(number)),
                asking: PlaceAsk(requestClass: .tiles))
        }
    }

    @Test func `tiles have a limit of their own by default, by cores`() {
        let pool = OriginPool(ofTwoCores(["a", "b"]))
        takeTiles(2, of: pool)
        #expect(pool.load(at: 0).saturation == 0.25)
    }

    @Test(arguments: [false, true])
    func `what a leaving member finishes does not fill the pool, unless nobody else serves`(
        isLast: Bool
    ) {
        var settings = ofTwoCores(["a", "b"])
        settings.memberConcurrency = 4
        let old = OriginPool(settings)
        takeTiles(4, of: old)
        #expect(old.load(at: 0).saturation == 0.5)
        settings.members[0].isDraining = true
        settings.members[1].isDraining = isLast
        let pool = OriginPool(settings)
        _ = pool.succeed(old, at: 0)
        // Two of the four places that the other one has; with nobody else, all that runs.
        #expect(pool.load(at: 0).saturation == (isLast ? 1 : 0.5))
        #expect(pool.load(at: 0).inFlightPerMember == (isLast ? 4 : 2))
    }

    @Test func `a pool tells members by what is done with them`() {
        var settings = OriginSettings()
        settings.memberConcurrency = 2
        settings.members = ["a", "b", "c"].map {
            MemberSettings(name: $0, endpoints: [], authority: $0)
        }
        let old = OriginPool(settings)
        _ = old.choose(tried: 0, at: 0, for: QueuedFetch(loop: 0, fetch: 1))
        settings.members[1].isDraining = true
        settings.members.append(MemberSettings(name: "d", endpoints: [], authority: "d"))
        let new = OriginPool(settings)
        _ = new.succeed(old, at: 0)
        old.served(after: 3_000_000)
        let load = new.load(at: 0)
        #expect((load.members, load.draining, load.warming) == (2, 1, 1))
        #expect(load.inFlight == 1)
        #expect(load.misses.quantile(0.5) == LatencyHistogram.bounds[5])
        let sights = new.sights(at: 0)
        #expect(sights["a"] == Membership.Sight(isReady: true, inFlight: 1, isChecked: false))
        #expect(sights["d"] == Membership.Sight(isReady: false, inFlight: 0, isChecked: false))
    }

    @Test func `quantiles are bounds of buckets, a quarter too long at most`() {
        var histogram = LatencyHistogram()
        #expect(histogram.quantile(0.5) == nil)
        for milliseconds in 1...100 { histogram.record(milliseconds: Double(milliseconds)) }
        for (share, exact) in [(0.01, 1.0), (0.5, 50), (0.95, 95), (1, 100)] {
            let found = histogram.quantile(share) ?? 0
            #expect(found >= exact && found <= exact * 1.25, "\(share): \(found)")
        }
        let before = histogram
        histogram.record(milliseconds: 1_000_000)
        #expect(histogram.since(before).total == 1)
        #expect(histogram.since(before).quantile(1) == LatencyHistogram.bounds.last)
        // A pool that went and came back has begun anew.
        var anew = LatencyHistogram()
        anew.record(milliseconds: 3)
        #expect(anew.since(histogram) == anew)
    }
}
