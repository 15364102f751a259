import Testing

@testable import Control

@Suite("Seed: the desk, with all decisions and neither clock nor socket")
struct SeedDeskTests {
    private func desk(
        _ total: Int, _ limits: SeedPace.Limits = .init(), members: Int = 1,
        ledger: SeedLedger? = nil, failedMax: Int = SeedDesk.failedMax
    ) -> SeedDesk {
        SeedDesk(
            .numbered(total), ledger ?? SeedLedger(total: total),
            SeedPace(limits, members: members), tally: SeedTally(), at: 0, failedMax: failedMax)
    }

    private func ask(_ desk: inout SeedDesk, at now: Int64) throws -> SeedDesk.Ask {
        guard case .ask(let ask) = desk.next(at: now) else {
            throw Unprepared(what: "nothing is handed out")
        }
        return ask
    }

    /// Answers all that is handed out, and gives the targets in order.
    private func play(
        _ desk: inout SeedDesk, until end: Int64 = .max,
        _ answer: (String, Int64) -> SeedOutcome
    ) -> [String] {
        var (now, asked): (Int64, [String]) = (1, [])
        while now < end {
            switch desk.next(at: now) {
            case .ask(let ask):
                asked.append(ask.target.target)
                desk.finish(ask, answer(ask.target.target, now), bytes: 10, at: now)
            case .wait(let time): now += time
            case .over: return asked
            }
        }
        return asked
    }

    @Test("all tiles, in order; stored ones and those that were there are counted apart")
    func all() {
        var desk = desk(4)
        let asked = play(&desk) { target, _ in target == "/2" ? .present : .stored }
        #expect(asked == ["/0", "/1", "/2", "/3"])
        #expect(desk.progress.tally == SeedTally(stored: 3, present: 1, bytes: 40))
        #expect(desk.progress.done == 4 && desk.isDone && desk.surrender == nil)
    }

    @Test("a store that takes nothing more ends it, and the tile is not settled")
    func full() {
        var desk = desk(4)
        let asked = play(&desk) { target, _ in target == "/2" ? .full : .stored }
        #expect(asked == ["/0", "/1", "/2"])
        #expect(desk.surrender == SeedSpace.words && desk.progress.done == 2)
        #expect(desk.ledger.position == 2 && desk.ledger.failed.isEmpty)
    }

    @Test("so many connections as there may be requests under way, and 128 at the most")
    func connections() {
        #expect(
            [0, 1, 2, 127, 128, 129, 4_096].map(SeedRun.connections)
                == [1, 1, 2, 127, 128, 128, 128])
    }

    @Test("a pool that is busy is waited for, and every tile is asked for in the end")
    func busy() {
        var desk = desk(5, .init(concurrency: 2))
        let asked = play(&desk) { _, now in
            now < 20_000 ? .busy("status 503", retryAfter: 5_000) : .stored
        }
        #expect(Set(asked.suffix(5)) == ["/0", "/1", "/2", "/3", "/4"])
        #expect(desk.progress.done == 5 && desk.progress.tally.stored == 5)
        #expect(desk.progress.failed == 0 && desk.progress.errors == asked.count - 5)
    }

    @Test("a tile that makes the pool busy each time does not keep the others from being asked for")
    func heavy() {
        var desk = desk(4)
        let asked = play(&desk) { target, _ in
            target == "/1" ? .busy("status 504", retryAfter: nil) : .stored
        }
        #expect(desk.progress.done == 3 && desk.progress.failed == 1 && desk.surrender == nil)
        #expect(asked.count { $0 == "/1" } == 9)
        #expect(desk.progress.causes["status 504"]?.example == "/1")
    }

    @Test("a pool that fails for good ends the job, with words, before all was tried")
    func surrender() throws {
        var desk = desk(1_000, .init(failures: 6))
        let asked = play(&desk) { _, _ in .failed("status 404", isFinal: true) }
        #expect(asked.count == 6)
        let words = try #require(desk.surrender)
        #expect(words == "6 requests in a row failed, the last with status 404 for /5")
        #expect(desk.next(at: 1_000_000) == .over)
    }

    @Test("hits between failures do not hide that the pool is down")
    func hitsInBetween() throws {
        var desk = desk(1_000, .init(failures: 6))
        let asked = play(&desk) { target, _ in
            (Int(target.dropFirst()) ?? 0) % 2 == 0 ? .present : .busy("503", retryAfter: 1_000)
        }
        #expect(desk.surrender?.hasPrefix("6 requests in a row failed") == true)
        #expect(asked.count { $0 == "/1" } == 3 && !asked.contains("/9"))
    }

    @Test("a stale tile is asked for again behind the rest, and is no failure of the pool")
    func stale() {
        var desk = desk(30)
        var seen: Set<String> = []
        let asked = play(&desk) { target, _ in seen.insert(target).inserted ? .stale : .present }
        #expect(asked.count == 60 && Set(asked.prefix(30)).count == 30)
        #expect(desk.surrender == nil && desk.progress.done == 30 && desk.progress.failed == 0)
    }

    @Test("tiles that failed for good are not held, and too many of them end the job")
    func manyFailures() throws {
        var desk = desk(1_000, failedMax: 30)
        let asked = play(&desk) { target, _ in
            let isGone = (Int(target.dropFirst()) ?? 0) % 2 == 1
            return isGone ? .failed("status 404", isFinal: true) : .stored
        }
        #expect(asked.count == 62 && desk.held == 0)
        #expect(desk.surrender == "more than 30 tiles failed, the last /61")
        // Those of an earlier run are none of this one's.
        let ledger = try #require(
            SeedLedger(total: 1_000, position: 62, ahead: [], failed: Array(0..<31)))
        var next = self.desk(1_000, ledger: ledger, failedMax: 30)
        #expect(play(&next) { _, _ in .stored }.count == 1_000 - 31 && next.surrender == nil)
    }

    @Test("what is told to stop hands out nothing more, and counts what was under way")
    func stopping() throws {
        var desk = desk(3, .init(concurrency: 2))
        let first = try ask(&desk, at: 1)
        let second = try ask(&desk, at: 1)
        desk.stop()
        #expect(desk.next(at: 2) == .over)
        desk.finish(second, .stored, bytes: 1, at: 3)
        desk.finish(first, .busy("status 503", retryAfter: 60_000), bytes: 0, at: 4)
        let state = SeedState(
            SeedDefinition(), desk.ledger, notOlderThan: nil, desk.progress.tally)
        #expect(state.position == 0 && state.ahead == [1])
        var rest = self.desk(3, ledger: state.ledger)
        #expect(play(&rest) { _, _ in .stored } == ["/0", "/2"])
    }

    @Test("one that waits for another's answer asks again when that was given back")
    func waiting() throws {
        var desk = desk(1, .init(concurrency: 2))
        let only = try ask(&desk, at: 1)
        #expect(desk.next(at: 1) == .wait(SeedPace.look))
        #expect(desk.pace.inFlight == 1)
        desk.finish(only, .busy("status 503", retryAfter: 1_000), bytes: 0, at: 2)
        #expect(desk.next(at: 2) == .wait(1_000))
        #expect(try ask(&desk, at: 1_002) == SeedDesk.Ask(index: 0, target: only.target, at: 1_002))
    }

    @Test("failed tiles of an earlier run are asked for behind the rest")
    func failedBefore() {
        let ledger = SeedLedger(total: 6, position: 3, ahead: [4], failed: [0, 2])
        var desk = desk(6, ledger: ledger)
        #expect(desk.progress.done == 2)
        #expect(play(&desk) { _, _ in .stored } == ["/3", "/5", "/0", "/2"])
        #expect(desk.progress.done == 6)
    }

    @Test("an empty job is over at once")
    func empty() {
        var desk = desk(0)
        #expect(desk.next(at: 1) == .over && desk.isDone)
    }
}
