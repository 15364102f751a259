import Caching
import Testing

@testable import Edge
@testable import Reactor

@Suite("An outage of a pool: when it begins, when it ends")
struct OutageTests {
    private enum Event {
        case failed(Bool, eligible: Bool = true)
        case succeeded
        case check(Bool, telling: Bool = false, eligible: Bool = true)
    }

    /// When it began after each event, one a second from 1,000 on.
    private func story(_ events: [Event], begins: Int = 3, ends: Int = 2) -> [Milliseconds?] {
        var outage = PoolOutage(begins: begins, ends: ends)
        return events.enumerated().map { index, event in
            let now = Milliseconds(1_000 * (index + 1))
            switch event {
            case .failed(let reached, let eligible):
                outage.failed(at: now, isReached: reached, isAnyEligible: eligible)
            case .succeeded: outage.succeeded()
            case .check(let passed, let telling, let eligible):
                outage.checked(
                    passed, at: now, isTelling: telling, isAnyEligible: eligible)
            }
            return outage.since
        }
    }

    @Test("three failures in a row begin it, and it counts from the first")
    func begins() {
        #expect(story([.failed(true), .failed(false), .failed(true)]) == [nil, nil, 1_000])
        let mixed: [Event] = [
            .failed(true), .failed(true), .succeeded, .failed(true), .failed(true),
        ]
        #expect(story(mixed) == [nil, nil, nil, nil, nil])
    }

    @Test("nobody eligible is one at once")
    func nobody() {
        #expect(story([.failed(true, eligible: false)]) == [1_000])
        #expect(
            story([.check(false, eligible: true), .check(false, eligible: false)]) == [nil, 2_000])
    }

    @Test("two successes in a row end it; one failure between begins them anew")
    func ends() {
        let down: [Event] = [.failed(true), .failed(true), .failed(true)]
        #expect(story(down + [.succeeded, .succeeded]).suffix(2) == [1_000, nil])
        #expect(
            story(down + [.succeeded, .failed(true), .succeeded, .succeeded]).suffix(4)
                == [1_000, 1_000, 1_000, nil])
    }

    @Test("checks end it if they tell more than a connection, or if none could be made before")
    func checks() {
        let errors: [Event] = [.failed(true), .failed(true), .failed(true)]
        let refused: [Event] = [.failed(false), .failed(false), .failed(false)]
        let connects: [Event] = [.check(true), .check(true), .check(true)]
        let answers: [Event] = [.check(true, telling: true), .check(true, telling: true)]
        #expect(story(errors + connects).last == 1_000)
        #expect(story(refused + connects).suffix(3) == [1_000, nil, nil])
        #expect(story(errors + answers).suffix(2) == [1_000, nil])
        for (isAnyEligible, since) in [(false, 1_000), (true, nil)] as [(Bool, Milliseconds?)] {
            // Of another member's failed check nothing follows while somebody is eligible.
            let between = Event.check(false, eligible: isAnyEligible)
            #expect(story(errors + [answers[0], between, answers[1]]).last == since)
        }
        #expect(
            story(refused + [.check(true, eligible: false), .check(true, eligible: false)]).last
                == 1_000)
    }

    @Test("the board numbers what begins and ends, and tells it once")
    func board() {
        let board = OutageBoard()
        let first = board.version
        let (pool, former) = (pool(1, OutageBoard()), pool(1, OutageBoard()))
        let owner = ObjectIdentifier(pool)
        board.note("maps", by: owner, since: nil)
        #expect(board.version == first && board.takeUntold().isEmpty)
        board.note("maps", by: owner, since: 5)
        board.note("maps", by: owner, since: 5)
        #expect(board.version == first + 1)
        #expect(board.since("maps") == 5 && board.since("pages") == nil)
        #expect(board.takeUntold() == [OutageChange(origin: "maps", since: 5, before: nil)])
        // Whoever was replaced is not listened to.
        board.keep(["maps": owner])
        board.note("maps", by: ObjectIdentifier(former), since: nil)
        #expect(board.version == first + 1 && board.since("maps") == 5)
        board.keep(["pages": owner])
        #expect(board.version == first + 2 && board.since("maps") == nil)
        let ended = board.takeUntold()
        #expect(ended == [OutageChange(origin: "maps", since: nil, before: 5)])
        #expect(ended[0].event(at: 9_005).text.contains("answers again, after 9s"))
        #expect(ended[0].event(at: 9_005).level == .notice)
    }

    private func pool(_ members: Int, _ board: OutageBoard) -> OriginPool {
        var settings = OriginSettings()
        settings.id = "maps"
        settings.members = (0..<members).map {
            MemberSettings(
                name: "m\($0)", endpoints: [.ip(SocketAddress(ipv4: 0x7F00_0001, port: 1))],
                authority: "m")
        }
        return OriginPool(settings, board, PoolOutage())
    }

    private func run(_ pool: OriginPool, _ ending: OriginPool.Ending, at now: Milliseconds) {
        guard
            case .member(let member) = pool.choose(
                tried: 0, at: now, for: QueuedFetch(loop: 0, fetch: 0))
        else { return }
        _ = pool.release(member, ending, at: now)
    }

    @Test("a pool of one, whose member is never ejected, tells its outage all the same")
    func poolOfOne() {
        let board = OutageBoard()
        let pool = pool(1, board)
        for second in 1...3 {
            #expect(board.since("maps") == nil)
            run(pool, .failed(.status(503)), at: Milliseconds(second * 1_000))
        }
        #expect(board.since("maps") == 1_000)
        #expect(pool.health(at: 3_000) == .up)
        #expect(pool.snapshot(at: 3_000, wall: 1_003_000).outageSince == 1_001_000)
        // What proves nothing of the member proves nothing of the pool.
        run(pool, .neutral, at: 4_000)
        #expect(board.since("maps") == 1_000)
        run(pool, .succeeded, at: 5_000)
        run(pool, .succeeded, at: 6_000)
        #expect(board.since("maps") == nil)
        #expect(pool.snapshot(at: 6_000, wall: 6_000).outageSince == 0)
    }

    @Test("another configuration keeps what is known of a pool of that name")
    func reload() {
        var settings = Settings()
        settings.origins = [OriginSettings()]
        settings.behaviors = [BehaviorSettings(policy: .standard(mode: .cloudfront))]
        settings.origins[0].members = [
            MemberSettings(
                name: "m", endpoints: [.ip(SocketAddress(ipv4: 0x7F00_0001, port: 1))],
                authority: "m")
        ]
        settings.fallbacks.outageBegins = 1
        let first = SettingsSnapshot(settings, previous: nil)
        run(first.pools[0], .failed(.status(502)), at: 7_000)
        #expect(first.outages.since("default") == 7_000)
        settings.origins[0].attempts = 1
        settings.fallbacks.outageEnds = 1
        let second = SettingsSnapshot(settings, previous: first)
        #expect(second.pools[0] !== first.pools[0])
        #expect(second.outages === first.outages && second.outages.since("default") == 7_000)
        run(second.pools[0], .succeeded, at: 8_000)
        #expect(second.outages.since("default") == nil)
        run(second.pools[0], .failed(.status(502)), at: 9_000)
        settings.origins[0].id = "other"
        #expect(SettingsSnapshot(settings, previous: second).outages.since("default") == nil)
    }
}
