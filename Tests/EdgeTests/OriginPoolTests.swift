import Caching
import Reactor
import Synchronization
import Testing
import Tiles

@testable import Edge

@Suite("A pool: whose turn it is, who waits")
struct OriginPoolTests {
    private func pool(_ weights: [Int], _ change: (inout OriginSettings) -> Void = { _ in })
        -> OriginPool
    {
        var settings = OriginSettings()
        settings.members = weights.enumerated().map {
            MemberSettings(name: "m\($0)", endpoints: [], authority: "m\($0)", weight: $1)
        }
        change(&settings)
        return OriginPool(settings)
    }

    private func fetch(_ number: UInt64) -> QueuedFetch { QueuedFetch(loop: 0, fetch: number) }

    private func order(_ pool: OriginPool, _ count: Int, tried: UInt64 = 0) -> [Int] {
        (0..<count).compactMap { _ in
            guard case .member(let member) = pool.choose(tried: tried, at: 0, for: fetch(1)) else {
                return nil
            }
            _ = pool.release(member, .succeeded, at: 0)
            return member
        }
    }

    @Test func `weights are smooth: no member has its whole share in a row`() {
        #expect(order(pool([5, 1, 1]), 7) == [0, 0, 1, 0, 2, 0, 0])
    }

    @Test func `equal members take turns`() {
        #expect(order(pool([1, 1, 1]), 6) == [0, 1, 2, 0, 1, 2])
    }

    @Test func `who has something to confirm is asked before its turn, and not more often`() {
        let pool = pool([1, 1, 1])
        func next(_ preferred: Int?) -> Int? {
            let choice = pool.choose(
                tried: 0, at: 0, for: fetch(1), asking: PlaceAsk(preferred: preferred))
            guard case .member(let member) = choice else { return nil }
            _ = pool.release(member, .succeeded, at: 0)
            return member
        }
        #expect((0..<3).map { _ in next(2) } == [2, 2, 2])
        // Others' turns make up for it.
        #expect((0..<6).map { _ in next(nil) } == [0, 1, 0, 1, 0, 1])
        var counts = [0, 0, 0]
        for _ in 0..<300 { next(1).map { counts[$0] += 1 } }
        #expect(counts[1] <= 108 && counts[0] >= 96 && counts[2] >= 96, "\(counts)")
        // One that is not fit has nothing in advance.
        for _ in 0..<5 {
            guard case .member(let member) = pool.choose(tried: 5, at: 0, for: fetch(1)) else {
                break
            }
            _ = pool.release(member, .failed(.status(503)), at: 0)
        }
        #expect(next(1) != 1)
    }

    @Test func `a member without an address gets nothing while another has one`() {
        let address = Endpoint.ip(SocketAddress(ipv4: 0x7F00_0001, port: 1))
        let pool = pool([1, 5]) { $0.members[0].endpoints = [address] }
        #expect(order(pool, 3) == [0, 0, 0])
        #expect(pool.choose(tried: 1, at: 0, for: fetch(1)) == .failed(.noMember))
        // Nor does it stand in for the one that fails: the last one is not ejected.
        for _ in 0..<20 {
            guard case .member = pool.choose(tried: 0, at: 0, for: fetch(1)) else { break }
            _ = pool.release(0, .failed(.status(503)), at: 0)
        }
        #expect(order(pool, 2) == [0, 0])
    }

    @Test func `a member that was tried is not asked again`() {
        #expect(order(pool([1, 1]), 3, tried: 1) == [1, 1, 1])
        #expect(pool([1]).choose(tried: 1, at: 0, for: fetch(1)) == .failed(.noMember))
        #expect(pool([]).choose(tried: 0, at: 0, for: fetch(1)) == .failed(.noMember))
    }

    @Test func `an ejected member gets nothing while another is well, and all when none is`() {
        let pool = pool([1, 1])
        for _ in 0..<5 {
            guard case .member = pool.choose(tried: 2, at: 0, for: fetch(1)) else { return }
            _ = pool.release(0, .failed(.status(503)), at: 0)
        }
        #expect(order(pool, 4) == [1, 1, 1, 1])
        #expect(pool.health(at: 0) == .up)
    }

    @Test func `at its limit requests wait in order, and over the queue's length they are refused`()
    {
        let pool = pool([1]) {
            $0.memberConcurrency = 1
            $0.queueLength = 2
        }
        #expect(pool.choose(tried: 0, at: 0, for: fetch(1)) == .member(0))
        #expect(pool.choose(tried: 0, at: 0, for: fetch(2)) == .queued)
        #expect(pool.choose(tried: 0, at: 0, for: fetch(3)) == .queued)
        #expect(pool.choose(tried: 0, at: 0, for: fetch(4)) == .failed(.queueFull))
        #expect(
            pool.release(0, .succeeded, at: 0).handed.first
                == HandedPlace(member: 0, next: fetch(2)))
        pool.leaveQueue(fetch(3))
        #expect(pool.release(0, .succeeded, at: 0).handed.isEmpty)
        #expect(pool.snapshot(at: 0, wall: 0).members[0].inFlight == 0)
    }

    @Test func `a place that is handed on is taken: who comes later waits behind`() {
        let pool = pool([1]) { $0.memberConcurrency = 1 }
        #expect(pool.choose(tried: 0, at: 0, for: fetch(1)) == .member(0))
        #expect(pool.choose(tried: 0, at: 0, for: fetch(2)) == .queued)
        #expect(pool.release(0, .succeeded, at: 0).handed.first?.next == fetch(2))
        #expect(pool.choose(tried: 0, at: 0, for: fetch(3)) == .queued)
        #expect(pool.snapshot(at: 0, wall: 0).members[0].inFlight == 1)
    }

    @Test func `a place whose fetch is gone goes to the next, and at last to nobody`() {
        let pool = pool([1]) { $0.memberConcurrency = 1 }
        #expect(pool.choose(tried: 0, at: 0, for: fetch(1)) == .member(0))
        for number in 2...3 {
            #expect(pool.choose(tried: 0, at: 0, for: fetch(UInt64(number))) == .queued)
        }
        #expect(pool.release(0, .succeeded, at: 0).handed.first?.next == fetch(2))
        #expect(pool.release(0, .neutral, at: 0).handed.first?.next == fetch(3))
        #expect(pool.release(0, .neutral, at: 0).handed.isEmpty)
        #expect(pool.choose(tried: 0, at: 0, for: fetch(4)) == .member(0))
    }

    @Test func `a place goes to the first that may use it, past one that has tried the member`() {
        let pool = pool([1, 1]) { $0.memberConcurrency = 1 }
        for _ in 0..<2 { _ = pool.choose(tried: 0, at: 0, for: fetch(1)) }
        #expect(pool.choose(tried: 1, at: 0, for: fetch(2)) == .queued)
        #expect(pool.choose(tried: 0, at: 0, for: fetch(3)) == .queued)
        #expect(
            pool.release(0, .succeeded, at: 0).handed.first
                == HandedPlace(member: 0, next: fetch(3)))
        #expect(
            pool.release(1, .succeeded, at: 0).handed.first
                == HandedPlace(member: 1, next: fetch(2)))
    }

    @Test func `nobody waits for a member that serves nobody, since none would wake them`() {
        let pool = pool([1, 1]) {
            $0.memberConcurrency = 1
            $0.health.consecutiveFailures = 1
        }
        guard case .member(0) = pool.choose(tried: 2, at: 0, for: fetch(1)) else {
            Issue.record("the first member is not chosen")
            return
        }
        _ = pool.release(0, .failed(.status(503)), at: 0)
        #expect(pool.choose(tried: 2, at: 0, for: fetch(2)) == .failed(.noMember))
    }

    @Test func `retries are a share of the requests`() {
        let pool = pool([1]) { $0.retryBudgetPercent = 50 }
        for _ in 0..<3 { #expect(pool.takeRetry()) }
        #expect(!pool.takeRetry())
        _ = order(pool, 2)
        #expect(pool.takeRetry())
        #expect(!pool.takeRetry())
    }

    @Test func `a retry earns no retries, and who waits has earned once`() {
        let pool = pool([1]) {
            $0.retryBudgetPercent = 100
            $0.memberConcurrency = 1
        }
        for _ in 0..<3 { #expect(pool.takeRetry()) }
        let again = PlaceAsk(isCounted: true)
        #expect(pool.choose(tried: 0, at: 0, for: fetch(1), asking: again) == .member(0))
        #expect(pool.choose(tried: 0, at: 0, for: fetch(2), asking: again) == .queued)
        #expect(!pool.takeRetry())
        #expect(pool.choose(tried: 0, at: 0, for: fetch(3)) == .queued)
        _ = pool.release(0, .succeeded, at: 0)
        #expect(pool.takeRetry())
        #expect(!pool.takeRetry())
    }

    @Test func `there is another member where one would be found, or waited for`() {
        let pool = pool([1, 1, 1]) {
            $0.memberConcurrency = 1
            $0.health.consecutiveFailures = 1
        }
        #expect(pool.hasOther(than: 1, at: 0, strict: true))
        #expect(!pool.hasOther(than: 0b111, at: 0, strict: true))
        for _ in 0..<3 { _ = pool.choose(tried: 0, at: 0, for: fetch(1)) }
        #expect(pool.hasOther(than: 1, at: 0, strict: true), "they hand their places on")
        for member in 0..<2 { _ = pool.release(member, .failed(.status(503)), at: 0) }
        // The last one is asked still; the others are out while it is fit.
        _ = pool.release(2, .neutral, at: 0)
        #expect(!pool.hasOther(than: 0b100, at: 0, strict: true))
        #expect(pool.choose(tried: 0b100, at: 0, for: fetch(2)) == .failed(.noMember))
    }

    @Test func `a retry for a better answer is taken at once or not at all`() {
        let pool = pool([1, 1]) {
            $0.memberConcurrency = 1
            $0.retryBudgetPercent = 0
        }
        #expect(pool.choose(tried: 0, at: 0, for: fetch(1)) == .member(0))
        #expect(pool.chooseRetry(tried: 1, at: 0) == 1)
        #expect(pool.chooseRetry(tried: 1, at: 0) == nil, "it is at its limit")
        #expect(pool.snapshot(at: 0, wall: 0).queued == 0)
        for _ in 0..<2 { #expect(pool.takeRetry()) }
        _ = pool.release(1, .succeeded, at: 0)
        #expect(pool.chooseRetry(tried: 1, at: 0) == nil, "the budget is spent")
    }

    @Test func `the snapshot tells states, counts and what waits`() {
        let pool = pool([1, 3]) { $0.id = "maps" }
        _ = order(pool, 4)
        let status = pool.snapshot(at: 0, wall: 0)
        #expect(status.id == "maps")
        #expect(status.members.map(\.requests) == [1, 3])
        #expect(status.members.map(\.state) == ["up", "up"])
        #expect(status.queued == 0)
    }

    @Test func `the snapshot tells why a member is out`() {
        let pool = pool([1, 1, 1])
        for _ in 0..<3 { _ = pool.choose(tried: 0, at: 0, for: fetch(1)) }
        _ = pool.release(0, .failed(.fetch(.firstByteTimeout)), at: 7)
        _ = pool.checked(1, 0, ProbeResult(.silent), at: 8)
        _ = pool.release(2, .succeeded, at: 9)
        let members = pool.snapshot(at: 9, wall: 1_009).members
        #expect(members.map(\.lastFailure) == ["first-byte-timeout", "check-silent", nil])
        #expect(members.map(\.lastFailureAt) == [1_007, 1_008, 0])
    }

    private func failing(_ pool: OriginPool, _ member: Int, at now: Milliseconds, _ count: Int = 5)
    {
        for _ in 0..<count {
            // So that this member and no other one is chosen.
            let tried = ~(UInt64(1) << UInt64(member))
            guard case .member(member) = pool.choose(tried: tried, at: now, for: fetch(1)) else {
                return
            }
            _ = pool.release(member, .failed(.status(503)), at: now)
        }
    }

    @Test func `on probation one request is tried, and only one that another could answer`() {
        let pool = pool([1, 1])
        failing(pool, 0, at: 0)
        func choices(mayTry: Bool, _ count: Int) -> [OriginPool.Choice] {
            (0..<count).map { _ in pool.choose(tried: 0, mayTry: mayTry, at: 1_000, for: fetch(1)) }
        }
        #expect(choices(mayTry: false, 30).allSatisfy { $0 == .member(1) })
        #expect(choices(mayTry: true, 30).count { $0 == .trial(0) } == 1)
        let status = pool.snapshot(at: 1_000, wall: 0).members[0]
        #expect(status.state == "probation" && status.inFlight == 1)
        let ended = pool.release(0, .succeeded, wasTrial: true, at: 1_001)
        #expect(ended.change == .returned)
        #expect(pool.snapshot(at: 1_001, wall: 0).members[0].state == "slow-start")
    }

    @Test func `a trial that fails ejects again, and another one is tried after that`() {
        let pool = pool([1, 1])
        failing(pool, 0, at: 0)
        func trial(at now: Milliseconds) -> Bool {
            (0..<30).contains { _ in
                pool.choose(tried: 0, mayTry: true, at: now, for: fetch(1)) == .trial(0)
            }
        }
        #expect(trial(at: 1_000))
        let ended = pool.release(
            0, .failed(.fetch(.firstByteTimeout)), wasTrial: true, at: 6_000)
        #expect(ended.change == .ejected)
        #expect(!trial(at: 7_999))
        #expect(trial(at: 8_000))
    }

    @Test func `whom all fit members have failed has nothing to lose, and is the trial`() {
        let pool = pool([1, 1])
        failing(pool, 0, at: 0)
        #expect(pool.choose(tried: 2, at: 999, for: fetch(1)) == .failed(.noMember))
        #expect(pool.chooseRetry(tried: 2, at: 1_000) == nil, "an answer is at hand already")
        #expect(pool.choose(tried: 2, at: 1_000, for: fetch(1)) == .trial(0))
        #expect(pool.choose(tried: 2, at: 1_000, for: fetch(1)) == .failed(.noMember))
    }

    @Test func `with nobody fit one that was alive is asked before one that was dead`() {
        let pool = pool([1, 1]) { $0.health.checks = [ProbeAnswers.map] }
        for _ in 0..<3 {
            _ = pool.checked(0, 0, ProbeResult(.silent), at: 0)
            _ = pool.checked(1, 0, ProbeResult(.content(.exception)), at: 0)
        }
        #expect(pool.health(at: 0) == .allDown)
        #expect(order(pool, 3) == [1, 1, 1])
        for _ in 0..<3 { _ = pool.checked(1, 0, ProbeResult(.notConnected), at: 0) }
        let asked = (0..<2).map { _ in pool.choose(tried: 0, at: 0, for: fetch(1)) }
        #expect(asked.contains(.member(0)) && asked.contains(.member(1)), "before the fallbacks")
    }

    @Test func `the last fit member is not ejected while the other one has to prove itself`() {
        let pool = pool([1, 1])
        failing(pool, 0, at: 0)
        failing(pool, 1, at: 1_000, 20)
        #expect(pool.snapshot(at: 1_000, wall: 0).members.map(\.state) == ["probation", "up"])
    }

    @Test func `a suspicion counts once another member has answered well`() {
        let pool = pool([1, 1]) { $0.health.consecutiveFailures = 2 }
        let suspect = (member: 0, suspicion: Suspicion.failure(.content(.exception)))
        #expect(pool.confirm([suspect], at: 0).map(\.change) == [.none])
        #expect(pool.confirm([suspect], at: 0).map(\.change) == [.ejected])
        let layer = (member: 1, suspicion: Suspicion.unknownLayer("roads"))
        for _ in 0..<9 { _ = pool.confirm([layer], at: 0) }
        let members = pool.snapshot(at: 0, wall: 0).members
        #expect(members.map(\.lastFailure) == ["service-exception", "layer-unknown"])
        #expect(members[1].state == "up", "the last fit one stays")
    }

    @Test func `capabilities are told to who observes, and shown with their fingerprint`() throws {
        let pool = pool([1]) {
            $0.health.checks = [
                CheckSettings(kind: .capabilities(minimum: 1, layers: []), target: "/caps")
            ]
        }
        let told = Mutex<[CapabilitiesSeen]>([])
        pool.observeCapabilities { _, member, seen in told.withLock { $0.append(seen) } }
        let document = ProbeAnswers.capabilities(["a", "b"])
        let capabilities = try CapabilitiesReader.read(document.span.bytes)
        _ = pool.checked(0, 0, ProbeResult(.passed, capabilities), at: 5)
        let seen = CapabilitiesSeen(
            fingerprint: capabilities.fingerprint, updateSequence: "9", layers: 2, at: 5)
        #expect(told.withLock { $0 } == [seen] && pool.capabilities == [seen])
        pool.setDrift(.drifted, of: 0)
        let status = pool.snapshot(at: 5, wall: 1_005).members[0]
        #expect(status.drift == "drifted" && status.readiness == "ready")
        #expect(
            status.checks.map { $0.fingerprint.flatMap { UInt64($0, radix: 16) } }
                == [capabilities.fingerprint])
        #expect(status.checks.map(\.lastAt) == [1_005])
    }

    @Test func `metrics have a sample for each member, and none for what is not known`() {
        let pool = pool([1, 1]) { $0.id = "maps" }
        failing(pool, 0, at: 0)
        let samples = memberSamples([pool.snapshot(at: 0, wall: 0)])
        func values(_ name: String) -> [Double] {
            samples.filter { $0.name == "mapedge_member_\(name)" }.map(\.value)
        }
        #expect(values("takes_traffic") == [0, 1])
        #expect(values("alive") == [1])
        #expect(values("failures_total") == [5, 0] && values("ejections_total") == [1, 0])
        #expect(values("ready").isEmpty && values("in_step").isEmpty)
        #expect(
            samples.allSatisfy { !$0.help.isEmpty && $0.labels.map(\.0) == ["origin", "member"] })
    }
}
