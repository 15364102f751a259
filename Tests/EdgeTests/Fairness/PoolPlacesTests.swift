import Caching
import Reactor
import Testing

@testable import Edge

@Suite("A pool: limits by class, turns, members left alone, second requests")
struct PoolPlacesTests {
    private func pool(_ members: Int, _ change: (inout OriginSettings) -> Void) -> OriginPool {
        var settings = OriginSettings()
        settings.members = (0..<members).map {
            MemberSettings(name: "m\($0)", endpoints: [], authority: "m\($0)")
        }
        change(&settings)
        return OriginPool(settings)
    }

    private func fetch(_ number: Int) -> QueuedFetch { QueuedFetch(loop: 0, fetch: UInt64(number)) }

    private func ask(
        _ requestClass: RequestClass, viewer: UInt64 = 1, deadline: Milliseconds = .max
    ) -> PlaceAsk {
        PlaceAsk(requestClass: requestClass, viewer: viewer, deadline: deadline)
    }

    private func choose(
        _ pool: OriginPool, _ number: Int, _ ask: PlaceAsk, tried: UInt64 = 0,
        at now: Milliseconds = 0
    ) -> OriginPool.Choice { pool.choose(tried: tried, at: now, for: fetch(number), asking: ask) }

    @Test("a member's cores limit its tiles, and leave the other classes alone")
    func cores() {
        let pool = pool(1) { $0.members[0].cores = 1 }
        for number in 1...2 { #expect(choose(pool, number, ask(.tiles)) == .member(0)) }
        #expect(choose(pool, 3, ask(.tiles)) == .queued)
        #expect(choose(pool, 4, ask(.capabilities)) == .member(0))
        for number in 5...50 { #expect(choose(pool, number, ask(.pages)) == .member(0)) }
        // A page's place is no tile's.
        #expect(pool.release(0, .succeeded, .pages, at: 0).handed.isEmpty)
        let handed = pool.release(0, .succeeded, .tiles, at: 0).handed
        #expect(
            handed == [HandedPlace(member: 0, next: fetch(3), requestClass: .tiles)])
    }

    @Test("the limit of all classes together holds beside theirs")
    func total() {
        let pool = pool(1) {
            $0.memberConcurrency = 2
            $0.limits.given[.tiles] = 1
        }
        #expect(choose(pool, 1, ask(.tiles)) == .member(0))
        #expect(choose(pool, 2, ask(.tiles)) == .queued)
        #expect(choose(pool, 3, ask(.pages)) == .member(0))
        #expect(choose(pool, 4, ask(.pages)) == .queued)
        // The page's place may not go to the tile, which came first: tiles have all of theirs.
        #expect(pool.release(0, .succeeded, .pages, at: 0).handed.first?.next == fetch(4))
        #expect(pool.release(0, .succeeded, .tiles, at: 0).handed.first?.next == fetch(2))
    }

    @Test("a limit of 0 is none")
    func none() {
        let pool = pool(1) { $0.limits.given[.tiles] = 0 }
        for number in 1...500 { #expect(choose(pool, number, ask(.tiles)) == .member(0)) }
    }

    @Test("whoever could not be served in time is told so at once")
    func hopeless() {
        let pool = pool(1) { $0.limits.given[.tiles] = 1 }
        for _ in 0..<8 {
            _ = choose(pool, 1, ask(.tiles))
            _ = pool.release(0, .succeeded, .tiles, heldFor: 100, at: 0)
        }
        #expect(choose(pool, 1, ask(.tiles)) == .member(0))
        for number in 2...4 {
            #expect(choose(pool, number, ask(.tiles, deadline: 1_000)) == .queued)
        }
        // Three are before it, 100 ms each.
        #expect(choose(pool, 5, ask(.tiles, deadline: 300)) == .failed(.queueDeadline))
        #expect(choose(pool, 5, ask(.tiles, deadline: 301)) == .queued)
        // Another viewer has one of them before it.
        #expect(choose(pool, 6, ask(.tiles, viewer: 2, deadline: 101)) == .queued)
    }

    @Test("a member that asked for it gets no more of that class, and others do")
    func held() {
        let pool = pool(2) { _ in }
        #expect(choose(pool, 1, ask(.tiles)) == .member(0))
        #expect(pool.hold(0, .tiles, until: 5_000, at: 0) == [])
        // A shorter wait does not shorten the longer one.
        #expect(pool.hold(0, .tiles, until: 1_000, at: 0) == [])
        for number in 2...4 { #expect(choose(pool, number, ask(.tiles), at: 4_999) == .member(1)) }
        #expect(choose(pool, 5, ask(.pages), tried: 2, at: 0) == .member(0))
        #expect(choose(pool, 6, ask(.tiles), tried: 2, at: 5_000) == .held(until: 5_000))
        #expect(choose(pool, 6, ask(.tiles), tried: 2, at: 5_001) == .member(0))
        #expect(pool.snapshot(at: 0, wall: 0).members[0].held == ["tiles"])
        #expect(pool.snapshot(at: 0, wall: 0).members[0].consecutiveFailures == 0)
    }

    @Test("with all left alone, the first to be asked again is told")
    func allHeld() {
        let pool = pool(2) { _ in }
        _ = pool.hold(0, .tiles, until: 5_000, at: 0)
        _ = pool.hold(1, .tiles, until: 3_000, at: 0)
        #expect(choose(pool, 1, ask(.tiles)) == .held(until: 3_000))
        #expect(choose(pool, 1, ask(.tiles), at: 3_001) == .member(1))
    }

    @Test("who waits for a member that is to be left alone is sent elsewhere")
    func stranded() {
        let pool = pool(2) { $0.limits.given[.tiles] = 1 }
        for number in 1...2 { _ = choose(pool, number, ask(.tiles)) }
        #expect(choose(pool, 3, ask(.tiles)) == .queued)
        #expect(choose(pool, 4, ask(.tiles), tried: 2) == .queued)
        #expect(pool.hold(0, .tiles, until: 5_000, at: 0) == [fetch(4)])
        // Nobody is handed a place there meanwhile.
        #expect(pool.release(0, .neutral, .tiles, at: 10).handed.isEmpty)
        #expect(pool.release(1, .succeeded, .tiles, at: 10).handed.first?.next == fetch(3))
    }

    @Test("who waits is served by whoever is free by then, though nothing is released there")
    func freedByTime() {
        let pool = pool(2) { $0.limits.given[.tiles] = 1 }
        #expect(choose(pool, 1, ask(.tiles)) == .member(0))
        _ = pool.hold(1, .tiles, until: 50, at: 0)
        #expect(choose(pool, 2, ask(.tiles), at: 10) == .queued)
        #expect(pool.holdEnds(.tiles, after: 10) == 51)
        #expect(pool.serveWaiting(at: 50).isEmpty)
        let places = pool.serveWaiting(at: 51)
        #expect(places == [HandedPlace(member: 1, next: fetch(2), requestClass: .tiles)])
        #expect(pool.holdEnds(.tiles, after: 51) == nil)
    }

    @Test("nobody waits for a member that is out while one that is well wants to be left alone")
    func wellButHeld() {
        let pool = pool(2) {
            $0.health.consecutiveFailures = 1
            $0.limits.given[.tiles] = 1
        }
        #expect(choose(pool, 1, ask(.tiles)) == .member(0))
        #expect(choose(pool, 2, ask(.tiles)) == .member(1))
        _ = pool.release(0, .succeeded, .tiles, at: 0)
        _ = pool.release(1, .failed(.status(503)), .tiles, at: 0)
        #expect(choose(pool, 3, ask(.pages), tried: 1, at: 1) == .failed(.noMember))
        _ = pool.hold(0, .tiles, until: 5_000, at: 1)
        #expect(choose(pool, 4, ask(.tiles), at: 1) == .held(until: 5_000))
    }

    @Test("a second request goes to a member that is well and free, within its budget")
    func hedge() {
        let pool = pool(2) {
            $0.hedge.budgetPercent = 50
            $0.hedge.delay = 100
            $0.limits.given[.tiles] = 1
        }
        #expect(pool.hedgeDelay == 100)
        #expect(choose(pool, 1, ask(.tiles)) == .member(0))
        #expect(pool.chooseHedge(tried: 1, at: 0) == 1)
        // One was in hand and half of one earned.
        _ = pool.release(1, .neutral, .tiles, at: 0)
        #expect(pool.chooseHedge(tried: 1, at: 0) == nil)
        #expect(choose(pool, 2, ask(.tiles)) == .member(1))
        #expect(pool.chooseHedge(tried: 1, at: 0) == nil, "there is no place")
        _ = pool.release(1, .succeeded, .tiles, at: 0)
        #expect(pool.chooseHedge(tried: 1, at: 0) == 1)
    }

    @Test("retries stay within their budget, whatever fails", arguments: 0..<10)
    func retryStorm(seed: UInt64) {
        var dice = SeededDice(seed)
        let percent = Int(dice.below(60))
        let pool = pool(3) {
            $0.retryBudgetPercent = percent
            $0.health.consecutiveFailures = 1_000
        }
        var (requests, retries) = (0, 0)
        for number in 0..<3_000 {
            var tried: UInt64 = 0
            for attempt in 0..<3 {
                guard case .member(let member) = choose(pool, number, ask(.tiles), tried: tried)
                else { break }
                if attempt == 0 { requests += 1 }
                let fails = dice.below(10) < 9
                _ = pool.release(
                    member, fails ? .failed(.status(503)) : .succeeded, .tiles, at: 0)
                tried |= 1 << UInt64(member)
                guard fails, attempt < 2, pool.takeRetry() else { break }
                retries += 1
            }
        }
        // A retry is a request, too, from which the budget grows.
        let share = Double(percent) / 100
        #expect(Double(retries) <= 3 + Double(requests + retries) * share + 1)
        if percent > 0 { #expect(retries > requests * percent / 200) }
    }

    @Test("limits hold and no place is lost in a storm of all that can happen", arguments: 0..<30)
    func storm(seed: UInt64) {
        var world = PlaceStorm(seed: seed)
        for _ in 0..<3_000 { world.step() }
        world.drain()
        #expect(world.mistakes == [])
        #expect(world.served > 300)
    }
}

/// Fetches that come, end, time out and leave at a pool of control-flow members, by one seed.
private struct PlaceStorm {
    private let pool: OriginPool
    private let limits: [RequestClass: Int]
    private let total: Int
    private let memberCount: Int
    private var dice: SeededDice
    private var now: Milliseconds = 0
    private var number: UInt64 = 0
    private var running: [(fetch: QueuedFetch, member: Int, ask: PlaceAsk)] = []
    private var waiting: [QueuedFetch: PlaceAsk] = [:]
    var served = 0
    var mistakes: [String] = []

    init(seed: UInt64) {
        dice = SeededDice(seed)
        var settings = OriginSettings()
        memberCount = 1 + Int(dice.below(4))
        settings.members = (0..<memberCount).map {
            MemberSettings(name: "m\($0)", endpoints: [], authority: "m\($0)")
        }
        total = Int(dice.below(2)) * (2 + Int(dice.below(6)))
        settings.memberConcurrency = total
        settings.queueLength = 5 + Int(dice.below(60))
        settings.queuePerViewer = 1 + Int(dice.below(20))
        var limits: [RequestClass: Int] = [:]
        for kind in RequestClass.allCases {
            limits[kind] = Int(dice.below(4))
            settings.limits.given[kind] = limits[kind]
        }
        self.limits = limits
        pool = OriginPool(settings)
    }

    mutating func step() {
        now += Milliseconds(dice.below(20))
        expire()
        switch dice.below(12) {
        case 0...5: arrive()
        case 6...9: end(at: dice.below(UInt64(max(1, running.count))))
        case 10: leave()
        default: hold()
        }
        check()
    }

    /// Everybody who is served ends: nobody may wait then, but for members to be left alone.
    mutating func drain() {
        now += 100_000
        waiting.keys.forEach { pool.leaveQueue($0, isLate: true) }
        waiting = [:]
        while !running.isEmpty { end(at: 0) }
        for member in pool.snapshot(at: now, wall: now).members where member.inFlight != 0 {
            mistakes.append("\(member.name) has \(member.inFlight) in flight at the end")
        }
    }

    private mutating func arrive() {
        number += 1
        let fetch = QueuedFetch(loop: 0, fetch: number)
        let ask = PlaceAsk(
            requestClass: RequestClass.allCases[Int(dice.below(6))], viewer: dice.below(6),
            cost: 1 + Int(dice.below(3)), deadline: now + 50 + Milliseconds(dice.below(400)))
        switch pool.choose(tried: 0, at: now, for: fetch, asking: ask) {
        case .member(let member), .trial(let member): running.append((fetch, member, ask))
        case .queued: waiting[fetch] = ask
        case .held, .failed, .moved: break
        }
    }

    private mutating func end(at index: UInt64) {
        guard !running.isEmpty else { return }
        let done = running.remove(at: Int(index) % running.count)
        served += 1
        let held = Milliseconds(dice.below(60))
        take(
            pool.release(
                done.member, .succeeded, done.ask.requestClass, heldFor: held, at: now
            ).handed)
    }

    private mutating func take(_ places: [HandedPlace]) {
        for handed in places { take(handed) }
    }

    private mutating func take(_ handed: HandedPlace) {
        guard let ask = waiting.removeValue(forKey: handed.next) else {
            // It left before it was told: the place goes on.
            return take(
                pool.release(handed.member, .neutral, handed.requestClass, at: now).handed)
        }
        if now >= ask.deadline { mistakes.append("a place came \(now - ask.deadline) ms too late") }
        if ask.requestClass != handed.requestClass { mistakes.append("a place of another class") }
        running.append((handed.next, handed.member, ask))
    }

    private mutating func leave() {
        guard let fetch = waiting.keys.min(by: { $0.fetch < $1.fetch }) else { return }
        waiting[fetch] = nil
        // Some are gone before the pool hears of it.
        if dice.below(3) > 0 { pool.leaveQueue(fetch) }
    }

    private mutating func hold() {
        let kind = RequestClass.allCases[Int(dice.below(6))]
        let member = Int(dice.below(UInt64(memberCount)))
        let until = now + Milliseconds(dice.below(300))
        for fetch in pool.hold(member, kind, until: until, at: now) {
            if let ask = waiting[fetch], ask.requestClass != kind {
                mistakes.append("one of another class was sent away")
            }
            waiting[fetch] = nil
        }
    }

    private mutating func expire() {
        for (fetch, ask) in waiting where ask.deadline <= now {
            pool.leaveQueue(fetch, isLate: true)
            waiting[fetch] = nil
        }
    }

    private mutating func check() {
        for member in 0..<memberCount {
            let here = running.filter { $0.member == member }
            if total > 0, here.count > total { mistakes.append("\(here.count) of \(total)") }
            for kind in RequestClass.allCases {
                let count = here.count { $0.ask.requestClass == kind }
                if let limit = limits[kind], limit > 0, count > limit {
                    mistakes.append("\(kind): \(count) of \(limit)")
                }
            }
        }
    }
}
