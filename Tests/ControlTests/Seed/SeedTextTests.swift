import Testing

@testable import Control

@Suite("Seed: what is shown, what is kept, and what an answer means")
struct SeedTextTests {
    private func progress(_ total: Int, done: Int = 0) -> SeedProgress {
        SeedProgress(total: total, done: done, tally: SeedTally(), at: 0)
    }

    @Test("the time left goes by the rate of the last half minute")
    func timeLeft() {
        var progress = progress(1_000)
        #expect(progress.left == nil)
        for second in 1...20 {
            progress.update(done: second * 10, failed: 0)
            progress.sample(at: Int64(second) * 1_000, pausedUntil: 0, members: 1)
        }
        #expect((progress.rate - 10).magnitude < 1e-9 && progress.left == 80_000)
        // One good second is not what the next hour will be like.
        var burst = progress
        burst.update(done: 300, failed: 0)
        burst.sample(at: 21_000, pausedUntil: 0, members: 1)
        #expect((12.0...16.0).contains(burst.rate), "\(burst.rate)")
        // Half as fast: after a while that is what counts.
        for second in 21...120 {
            progress.update(done: 200 + (second - 20) * 20 / 4, failed: 0)
            progress.sample(at: Int64(second) * 1_000, pausedUntil: 0, members: 1)
        }
        #expect((5.0...5.5).contains(progress.rate), "\(progress.rate)")
        // Samples that lie too close say nothing.
        let rate = progress.rate
        progress.update(done: 999, failed: 1)
        progress.sample(at: 120_100, pausedUntil: 0, members: 1)
        #expect(progress.rate == rate && progress.left == 0 && progress.share == 1)
    }

    @Test("a run that goes on counts what was done before, and not into its rate")
    func goingOn() {
        var progress = progress(100, done: 90)
        progress.update(done: 92, failed: 0)
        progress.sample(at: 1_000, pausedUntil: 0, members: 2)
        #expect(progress.rate == 2 && progress.left == 4_000)
        #expect(progress.line == "92/100 tiles, 92.0 %, 2.0/s, 0 B, ETA 4s, 2 members")
        #expect(progress.bar(10) == "[#########.]")
    }

    @Test("what is amiss stands behind: failed tiles, errors, and what is waited for")
    func amiss() {
        var progress = progress(10)
        progress.note(failure: "status 404", of: "/a")
        progress.note(failure: "status 404", of: "/b")
        progress.note(wait: "status 503")
        progress.update(done: 0, failed: 2)
        progress.sample(at: 1_000, pausedUntil: 3_500, members: 1)
        #expect(
            progress.line.hasSuffix("1 member, 2 failed, 2 errors, waiting 3s: status 503"),
            "\(progress.line)")
        progress.note(isStored: true)
        #expect(!progress.line.contains("waiting"))
        #expect(
            progress.report("a:b", time: 65_000) == [
                "a:b: 0 of 10 tiles, 1 stored, 0 there already, 2 failed; 0 B in 1m05s",
                "  2 x status 404, such as /a",
            ])
    }

    @Test("a row of a terminal is cut to its width, so that it can be written over")
    func row() {
        var progress = progress(10)
        progress.note(wait: "status 503 (no-member)")
        progress.sample(at: 1_000, pausedUntil: 60_000, members: 1)
        let whole = "\(progress.bar(20)) \(progress.line)"
        #expect(whole.count > 100 && progress.row(500) == whole)
        #expect(progress.row(80) == String(whole.prefix(79)))
        #expect(progress.row(1).isEmpty && progress.row(0).isEmpty)
    }

    @Test("sizes and spans are short")
    func words() {
        #expect(
            [0, 999, 1_000, 12_345, 999_999_999].map(sizeText) == [
                "0 B", "999 B", "1.0 KB", "12.3 KB", "999.9 MB",
            ])
        #expect(
            [0, 59_999, 60_000, 3_599_000, 3_660_000, 86_400_000, 356_400_000].map(spanText)
                == ["0s", "59s", "1m00s", "59m59s", "1h01m", "1d00h", "4d03h"])
    }

    // MARK: state

    private var state: SeedState {
        var job = SeedDefinition()
        job.add("layer", "geonode:\"roads\"")
        job.add("zoom", "0-5")
        job.add("style", nil)
        let ledger = SeedLedger(total: 20, position: 4, ahead: [6, 7], failed: [1, 6])
        return SeedState(
            job, ledger ?? SeedLedger(total: 0), notOlderThan: 1_700_000_000_123,
            SeedTally(stored: 3, present: 1, bytes: 4_000_000_000))
    }

    @Test("a state is read as it was written")
    func roundTrip() throws {
        let text = String(decoding: state.encoded, as: UTF8.self)
        #expect(SeedState(text) == state)
        let ledger = try #require(SeedState(text)?.ledger)
        #expect(ledger.position == 4 && ledger.ahead == [6, 7] && ledger.done == 4)
        var plain = state
        plain.notOlderThan = nil
        #expect(SeedState(String(decoding: plain.encoded, as: UTF8.self)) == plain)
        for text in [
            "", "{}", "[1]", "a: b", text.replacing("\"mapedgeSeed\": 1", with: "\"x\": 1"),
        ] {
            #expect(SeedState(text) == nil, "\(text)")
        }
    }

    @Test("the state of another job is refused with the first thing that differs")
    func otherJobs() throws {
        let job = state.job
        #expect(job.difference(from: job) == nil)
        var other = job
        other.fields[1].value = "0-6"
        #expect(other.difference(from: job) == "zoom is \"0-5\" there and \"0-6\" here")
        var more = job
        more.add("time", "2011")
        #expect(more.difference(from: job) == "time is not given there and \"2011\" here")
        #expect(job.difference(from: more) == "time is \"2011\" there and not given here")
    }

    // MARK: answers

    private func outcome(
        _ status: Int, _ fields: [(String, String)] = [], type: String = "image/png"
    ) -> SeedOutcome {
        SeedOutcome(
            HTTPReply(
                status: status,
                fields: [("content-type", type)] + fields.map { (name: $0.0, value: $0.1) }))
    }

    @Test("an answer is a stored tile, one that was there, a busy pool, or a failure")
    func answers() {
        func said(_ text: String) -> SeedOutcome { outcome(200, [("cache-status", text)]) }
        #expect(said("MapEdge; fwd=uri-miss; fwd-status=200; stored") == .stored)
        #expect(said("MapEdge; fwd=uri-miss; fwd-status=200; collapsed; stored") == .stored)
        #expect(said("MapEdge; fwd=stale; fwd-status=304; stored; ttl=60; detail=stale") == .stored)
        #expect(said("MapEdge; hit; ttl=5") == .present)
        #expect(said("MapEdge; hit; ttl=-5; detail=stale-while-revalidate") == .stale)
        #expect(said("Inner; hit, MapEdge; fwd=uri-miss; stored") == .stored)
        #expect(
            said("MapEdge; fwd=bypass; fwd-status=200; detail=no-store")
                == .failed("answered, but not stored (no-store)", isFinal: true))
        // Done is only what is said to be stored; and what will be another time is asked for again.
        for text in [
            "fwd=uri-miss; fwd-status=200; collapsed; detail=out-of-step",
            "fwd=uri-miss; fwd-status=200; detail=out-of-step",
        ] {
            #expect(
                said("MapEdge; \(text)")
                    == .busy("answered, but not stored (out-of-step)", retryAfter: nil))
        }
        #expect(
            said("MapEdge; fwd=uri-miss; fwd-status=200; detail=not-kept")
                == .busy("answered, but not stored (not-kept)", retryAfter: nil))
        #expect(
            said("MapEdge; fwd=uri-miss; fwd-status=200; detail=store-full")
                == .full)
        #expect(
            said("MapEdge; fwd=stale; fwd-status=304; ttl=60; detail=stale")
                == .failed("answered, but not stored (stale)", isFinal: false))
        #expect(
            said("MapEdge; fwd=uri-miss; fwd-status=200; collapsed")
                == .failed("answered, but not stored", isFinal: true))
        #expect(outcome(200) == .failed("answered, but not stored", isFinal: true))
        #expect(
            outcome(200, [("cache-status", "MapEdge; hit"), ("x-edge-degraded", "stale")])
                == .busy("an old tile, because the pool fails", retryAfter: nil))
        #expect(
            outcome(200, [("cache-status", "MapEdge; fwd=uri-miss; stored")], type: "text/xml")
                == .failed("text/xml in a tile's place", isFinal: false))
        #expect(
            outcome(503, [("retry-after", "5"), ("cache-status", "MapEdge; detail=blank-tile")])
                == .busy("status 503 (blank-tile)", retryAfter: 5_000))
        for status in [429, 502, 504] {
            #expect(outcome(status) == .busy("status \(status)", retryAfter: nil))
        }
        #expect(outcome(500) == .failed("status 500", isFinal: false))
        #expect(outcome(404) == .failed("status 404", isFinal: true))
        #expect(outcome(302) == .failed("status 302", isFinal: true))
        #expect(SeedOutcome(nil) == .busy("no whole answer", retryAfter: nil))
    }
}
