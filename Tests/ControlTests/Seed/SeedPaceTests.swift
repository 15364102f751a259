import Testing

@testable import Control

@Suite("Seed: how fast, with the clock in the test's hand")
struct SeedPaceTests {
    /// Asks as fast as it may for so long, each answered at once.
    private func count(_ pace: inout SeedPace, _ milliseconds: Int64, from start: Int64) -> Int {
        var (now, count) = (start, 0)
        while now < start + milliseconds {
            switch pace.ask(at: now) {
            case .ask:
                count += 1
                pace.succeed(asked: now)
            case .wait(let time):
                #expect(time > 0)
                now += time
            }
        }
        return count
    }

    @Test(
        "a rate is kept, whatever it is, for each healthy member",
        arguments: [(0.5, 1, 5), (4, 1, 40), (4, 3, 120), (250, 2, 5_000), (0.1, 1, 1), (7, 0, 70)])
    func rate(_ rate: Double, _ members: Int, _ expected: Int) {
        var pace = SeedPace(.init(rate: rate), members: members)
        let made = count(&pace, 10_000, from: 5)
        let slack = max(1, expected / 50)
        #expect((expected - 1...expected + slack).contains(made), "\(made)")
    }

    @Test("without a rate only places bind: so many for each healthy member, one at least")
    func places() {
        var pace = SeedPace(.init(concurrency: 3), members: 2)
        for _ in 0..<6 { #expect(pace.ask(at: 0) == .ask) }
        #expect(pace.ask(at: 0) == .wait(SeedPace.look))
        // With fewer members less is under way.
        pace.members = 1
        for _ in 0..<3 {
            pace.succeed(asked: 0)
            #expect(pace.ask(at: 1) == .wait(SeedPace.look))
        }
        pace.succeed(asked: 0)
        #expect(pace.ask(at: 1) == .ask)
        pace.members = 0
        #expect(pace.places == 1)
        pace.members = 4
        #expect(pace.places == 12)
    }

    @Test("a pool that says how long is left alone so long, then asked by one, then by all")
    func pause() {
        var pace = SeedPace(.init(concurrency: 4), members: 1)
        for _ in 0..<4 { _ = pace.ask(at: 0) }
        pace.pause(asked: 0, retryAfter: 7_000, at: 100)
        #expect(pace.ask(at: 100) == .wait(7_000) && pace.ask(at: 7_099) == .wait(1))
        for _ in 0..<3 { pace.pause(asked: 0, retryAfter: 7_000, at: 110) }
        // The others of the same moment are no further failures.
        #expect(pace.failuresInRow == 1)
        #expect(pace.ask(at: 7_110) == .ask)
        #expect(pace.ask(at: 7_110) == .wait(SeedPace.look))
        pace.succeed(asked: 7_110)
        #expect(pace.failuresInRow == 0 && pace.places == 4)
    }

    @Test("what was asked for before a pause does not end it, and a hit says nothing of the pool")
    func lateAnswers() {
        var pace = SeedPace(.init(concurrency: 4), members: 1)
        for _ in 0..<4 { _ = pace.ask(at: 10) }
        pace.pause(asked: 10, retryAfter: 5_000, at: 100)
        pace.succeed(asked: 10)
        #expect(pace.failuresInRow == 1 && pace.places == 1)
        pace.failTile(asked: 10)
        #expect(pace.failuresInRow == 2 && pace.places == 1)
        pace.leave()
        #expect(pace.inFlight == 0 && pace.failuresInRow == 2 && pace.places == 1)
        // One that was asked for since tells that the pool answers, if not with this tile.
        #expect(pace.ask(at: 5_100) == .ask)
        pace.failTile(asked: 5_100)
        #expect(pace.failuresInRow == 3 && pace.places == 4)
    }

    @Test("a Retry-After shorter than the back-off does not shorten it: a restart takes minutes")
    func shortRetryAfter() {
        let cases: [(said: Int64, expected: [Int64])] = [
            (5_000, [5, 5, 5, 8, 16, 32, 60]), (0, [1, 2, 4, 8, 16, 32, 60]),
        ]
        for (said, expected) in cases {
            var pace = SeedPace(.init(), members: 1)
            var (now, waits): (Int64, [Int64]) = (1, [])
            while !pace.hasGivenUp {
                #expect(pace.ask(at: now) == .ask)
                pace.pause(asked: now, retryAfter: said, at: now)
                waits.append(pace.pausedUntil - now)
                now = pace.pausedUntil
            }
            #expect(Array(waits.prefix(7)) == expected.map { $0 * 1_000 })
            // Ten minutes without a pool are no reason to give up.
            #expect(now > 600_000)
        }
    }

    @Test("one that says nothing is left alone 1, 2, 4 seconds and so on, a minute at the most")
    func backOff() {
        var pace = SeedPace(.init(failures: 100), members: 1)
        var (now, waits): (Int64, [Int64]) = (1, [])
        for _ in 0..<9 {
            #expect(pace.ask(at: now) == .ask)
            pace.pause(asked: now, retryAfter: nil, at: now)
            guard case .wait(let time) = pace.ask(at: now) else {
                Issue.record("no pause")
                return
            }
            waits.append(time)
            now += time
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60, 60].map { $0 * 1_000 })
        _ = pace.ask(at: now)
        pace.pause(asked: now, retryAfter: 86_400_000, at: now)
        #expect(pace.pausedUntil == now + 600_000)
    }

    @Test("it gives up after so many failures in a row, of whatever kind, and not before")
    func givingUp() {
        var pace = SeedPace(.init(failures: 3), members: 9)
        func ask(_ now: Int64) { #expect(pace.ask(at: now) == .ask) }
        ask(1)
        pace.failTile(asked: 1)
        ask(2)
        pace.failTile(asked: 2)
        ask(3)
        pace.succeed(asked: 3)
        ask(4)
        pace.failTile(asked: 4)
        ask(5)
        pace.pause(asked: 5, retryAfter: 0, at: 6)
        #expect(!pace.hasGivenUp)
        ask(1_006)
        pace.pause(asked: 1_006, retryAfter: 0, at: 1_008)
        #expect(pace.hasGivenUp && pace.inFlight == 0)
    }
}
