import Caching
import Reactor
import Testing

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
        #expect(pool.release(0, .succeeded, at: 0).handed == HandedPlace(member: 0, next: fetch(2)))
        pool.leaveQueue(fetch(3))
        #expect(pool.release(0, .succeeded, at: 0).handed == nil)
        #expect(pool.snapshot(at: 0, wall: 0).members[0].inFlight == 0)
    }

    @Test func `a place that is handed on is taken: who comes later waits behind`() {
        let pool = pool([1]) { $0.memberConcurrency = 1 }
        #expect(pool.choose(tried: 0, at: 0, for: fetch(1)) == .member(0))
        #expect(pool.choose(tried: 0, at: 0, for: fetch(2)) == .queued)
        #expect(pool.release(0, .succeeded, at: 0).handed?.next == fetch(2))
        #expect(pool.choose(tried: 0, at: 0, for: fetch(3)) == .queued)
        #expect(pool.snapshot(at: 0, wall: 0).members[0].inFlight == 1)
    }

    @Test func `a place whose fetch is gone goes to the next, and at last to nobody`() {
        let pool = pool([1]) { $0.memberConcurrency = 1 }
        #expect(pool.choose(tried: 0, at: 0, for: fetch(1)) == .member(0))
        for number in 2...3 {
            #expect(pool.choose(tried: 0, at: 0, for: fetch(UInt64(number))) == .queued)
        }
        #expect(pool.release(0, .succeeded, at: 0).handed?.next == fetch(2))
        #expect(pool.release(0, .neutral, at: 0).handed?.next == fetch(3))
        #expect(pool.release(0, .neutral, at: 0).handed == nil)
        #expect(pool.choose(tried: 0, at: 0, for: fetch(4)) == .member(0))
    }

    @Test func `a place goes to the first that may use it, past one that has tried the member`() {
        let pool = pool([1, 1]) { $0.memberConcurrency = 1 }
        for _ in 0..<2 { _ = pool.choose(tried: 0, at: 0, for: fetch(1)) }
        #expect(pool.choose(tried: 1, at: 0, for: fetch(2)) == .queued)
        #expect(pool.choose(tried: 0, at: 0, for: fetch(3)) == .queued)
        #expect(pool.release(0, .succeeded, at: 0).handed == HandedPlace(member: 0, next: fetch(3)))
        #expect(pool.release(1, .succeeded, at: 0).handed == HandedPlace(member: 1, next: fetch(2)))
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
        _ = pool.checked(1, false, at: 8)
        _ = pool.release(2, .succeeded, at: 9)
        let members = pool.snapshot(at: 9, wall: 1_009).members
        #expect(members.map(\.lastFailure) == ["first-byte-timeout", "check-failed", nil])
        #expect(members.map(\.lastFailureAt) == [1_007, 1_008, 0])
    }
}
