import Caching
import Testing

@testable import CloudFront

@Suite("Outgoing invalidations: what is sent next, and when")
struct OutgoingInvalidationsTests {
    private static func fresh(
        told: UInt64 = 10, _ change: (inout OutgoingInvalidations.Limits) -> Void = { _ in }
    ) -> OutgoingInvalidations {
        var limits = OutgoingInvalidations.Limits()
        limits.gather = 5_000
        limits.poll = 20_000
        change(&limits)
        return OutgoingInvalidations(
            limits, OutgoingRecord(target: "E1 Cache-Tag", instance: "i", told: told), at: 0)
    }

    private static func items(_ texts: String...) throws -> [InvalidationPath] {
        try texts.map { try InvalidationPath($0) }
    }

    private static func batch(_ sequence: Int, _ upTo: UInt64, _ items: String...) -> OutgoingBatch
    {
        OutgoingBatch(reference: "mapedge-i-\(sequence)", items: items, upTo: upTo)
    }

    @Test("what comes within the gather time goes in one batch, and then all is told")
    func gathers() throws {
        var core = Self.fresh()
        #expect(core.next(at: 0) == .wait(until: nil))
        core.take(try Self.items("/a"), upTo: 11, at: 1_000)
        core.take(try Self.items("/b", "/a"), upTo: 12, at: 4_000)
        #expect(core.next(at: 5_999) == .wait(until: 6_000))
        #expect(core.next(at: 6_000) == .send(Self.batch(1, 12, "/a", "/b")))
        #expect(core.record.told == 10 && core.record.batch != nil)
        core.settle(.accepted(id: "I1", isCompleted: true), at: 6_001, dice: 0)
        #expect(core.record.told == 12 && core.record.batch == nil && core.behindSince == nil)
        #expect(core.counts.batches == 1 && core.counts.items == 2)
        #expect(core.next(at: 7_000) == .wait(until: nil))
    }

    @Test("what does not concern CloudFront is told by nothing")
    func nothing() throws {
        var core = Self.fresh()
        core.take([], upTo: 15, at: 0)
        #expect(core.record.told == 15 && core.next(at: 9_000) == .wait(until: nil))
        core.take(try Self.items("/a"), upTo: 16, at: 9_000)
        core.take([], upTo: 17, at: 9_000)
        #expect(core.record.told == 15, "16 is not told yet")
        #expect(core.next(at: 14_000) == .send(Self.batch(1, 17, "/a")))
    }

    @Test("what comes while a batch is under way is the next one")
    func meanwhile() throws {
        var core = Self.fresh()
        core.take(try Self.items("/a"), upTo: 11, at: 0)
        _ = core.next(at: 5_000)
        core.take(try Self.items("/b"), upTo: 12, at: 5_500)
        core.settle(.accepted(id: "I1", isCompleted: true), at: 6_000, dice: 0)
        #expect(core.record.told == 11 && core.behindSince == 5_500)
        #expect(core.next(at: 6_000) == .wait(until: 10_500))
        #expect(core.next(at: 10_500) == .send(Self.batch(2, 12, "/b")))
    }

    @Test(
        "a failure is tried again later and later, under one reference",
        arguments: [
            (OutgoingInvalidations.Answer.unavailable, [500, 1_000, 2_000, 4_000] as [Int64]),
            (.throttled, [1_000, 2_000, 4_000, 8_000]),
            (.quotaExceeded, [10_000, 20_000, 40_000, 80_000]),
            (.refused, [15_000, 30_000, 60_000, 120_000]),
        ])
    func retries(_ answer: OutgoingInvalidations.Answer, _ least: [Int64]) throws {
        var core = Self.fresh()
        core.take(try Self.items("/a"), upTo: 11, at: 0)
        var now: Int64 = 5_000
        let batch = Self.batch(1, 11, "/a")
        for delay in least {
            #expect(core.next(at: now) == .send(batch))
            core.settle(answer, at: now, dice: 0)
            #expect(core.next(at: now + delay - 1) == .wait(until: now + delay))
            now += delay
        }
        for _ in 0..<40 { core.settle(answer, at: now, dice: 1) }
        #expect(core.next(at: now + 299_999) == .wait(until: now + 300_000), "with an end")
        #expect(core.next(at: now + 300_000) == .send(batch))
        #expect(core.counts.failures == 44 && core.record.told == 10)
    }

    @Test("items that are refused become /*, under a reference of their own")
    func refused() throws {
        var core = Self.fresh()
        core.take(try Self.items("/a"), upTo: 11, at: 0)
        _ = core.next(at: 5_000)
        core.settle(.itemsRefused, at: 5_000, dice: 0)
        #expect(core.next(at: 5_500) == .send(Self.batch(2, 11, "/*")))
        #expect(core.counts.replaced == 1)
        core.settle(.itemsRefused, at: 5_500, dice: 0)
        #expect(core.next(at: 6_500) == .send(Self.batch(2, 11, "/*")), "there is nothing wider")
        core.settle(.referenceUsed, at: 6_500, dice: 0)
        #expect(core.next(at: 8_500) == .send(Self.batch(3, 11, "/*")))
    }

    @Test("a batch that the quota has no room for twice asks for half as much")
    func halved() throws {
        var core = Self.fresh()
        core.take(try Self.items("/a/1*", "/a/2*", "/a/3*", "/b", "/c*"), upTo: 11, at: 0)
        let whole = Self.batch(1, 11, "/a/1*", "/a/2*", "/a/3*", "/b", "/c*")
        #expect(core.next(at: 5_000) == .send(whole))
        core.settle(.quotaExceeded, at: 5_000, dice: 0)
        #expect(core.next(at: 15_000) == .send(whole), "others may be done soon")
        core.settle(.quotaExceeded, at: 15_000, dice: 0)
        #expect(core.next(at: 35_000) == .send(Self.batch(2, 11, "/a/*", "/b", "/c*")))
        core.settle(.quotaExceeded, at: 35_000, dice: 0)
        #expect(core.next(at: 75_000) == .send(Self.batch(3, 11, "/*")))
        core.settle(.quotaExceeded, at: 75_000, dice: 0)
        #expect(core.next(at: 155_000) == .send(Self.batch(3, 11, "/*")))
        #expect(core.counts.coarsened == 2)
    }

    @Test("no more is in progress than the quota allows; what has no room is widened or waits")
    func quota() throws {
        var core = Self.fresh {
            $0.wildcards = 2
            $0.paths = 3
        }
        core.take(try Self.items("/a*", "/b", "/c"), upTo: 11, at: 0)
        #expect(core.next(at: 5_000) == .send(Self.batch(1, 11, "/a*", "/b", "/c")))
        core.settle(.accepted(id: "I1", isCompleted: false), at: 5_000, dice: 0)
        #expect(core.inProgress == (2, 1))
        // One path and one wildcard are left.
        core.take(try Self.items("/d/1", "/d/2"), upTo: 12, at: 5_000)
        #expect(core.next(at: 10_000) == .send(Self.batch(2, 12, "/d/*")))
        core.settle(.accepted(id: "I2", isCompleted: false), at: 10_000, dice: 0)
        #expect(core.counts.coarsened == 1)
        core.take(try Self.items("/e*"), upTo: 13, at: 10_000)
        #expect(core.next(at: 20_000) == .wait(until: 25_000))
        #expect(core.next(at: 25_000) == .ask(id: "I1"))
        core.note("I1", isCompleted: false, at: 25_000)
        #expect(core.next(at: 25_000) == .wait(until: 30_000))
        #expect(core.next(at: 30_000) == .ask(id: "I2"))
        core.note("I2", isCompleted: true, at: 30_000)
        #expect(core.next(at: 30_000) == .send(Self.batch(3, 13, "/e*")))
        core.settle(.accepted(id: "I3", isCompleted: false), at: 30_000, dice: 0)
        // Nobody ever says that they are completed.
        #expect(core.inProgress == (2, 2))
        _ = core.next(at: 30_000 + core.limits.progress)
        #expect(core.inProgress == (0, 0))
    }

    @Test("what waits while CloudFront is away stays small")
    func away() throws {
        var core = Self.fresh { $0.items = 10 }
        core.take(try Self.items("/first"), upTo: 11, at: 0)
        _ = core.next(at: 5_000)
        for number in 0..<500 {
            let item = try Self.items("/tiles/\(number % 7)/\(number)")
            core.take(item, upTo: 12 + UInt64(number), at: 6_000)
            core.settle(.unavailable, at: 6_000, dice: 0)
        }
        #expect(core.waitingItems <= 21)
        #expect(core.behindSince == 0)
        core.settle(.accepted(id: "I", isCompleted: true), at: 7_000, dice: 0)
        guard case .send(let batch) = core.next(at: 20_000) else {
            Issue.record("nothing is sent")
            return
        }
        #expect(batch.items.count <= 10 && batch.upTo == 511)
        for number in 0..<500 {
            let path = "/tiles/\(number % 7)/\(number)"
            #expect(
                batch.items.contains { path.hasPrefix($0.hasSuffix("*") ? $0.dropLast() : $0[...]) }
            )
        }
    }

    @Test("a record is read as it was written, and what was cut is none")
    func record() {
        for batch in [nil, Self.batch(3, 12, "/a?b=1", "#layer:geonode:roads")] {
            let record = OutgoingRecord(
                target: "E1 by paths", instance: "ab", sequence: 3, told: 11, batch: batch)
            #expect(OutgoingRecord(record.text) == record)
            for length in 0..<record.text.utf8.count {
                let part = String(record.text.prefix(length))
                #expect(OutgoingRecord(part) == nil, "\(part)")
            }
        }
        #expect(OutgoingRecord("") == nil)
    }

    @Test(
        "a process goes on where another one ended, or tells everything",
        arguments: [
            ("E1", 11, 12, 20, 5, false), ("E1", 11, nil, 11, 11, false),
            // Another distribution, or another way to tell it.
            ("E2", 11, nil, 20, 5, true),
            // The log was lost, or does not reach back so far.
            ("E1", 11, nil, 7, 0, true), ("E1", 11, nil, 20, 12, true),
            ("E1", 11, 21, 20, 5, true),
        ] as [(String, UInt64, UInt64?, UInt64, UInt64, Bool)])
    func resumes(
        _ target: String, _ told: UInt64, _ sent: UInt64?, _ latest: UInt64, _ retired: UInt64,
        _ startsAnew: Bool
    ) {
        let batch = sent.map { OutgoingBatch(reference: "r", items: ["/a"], upTo: $0) }
        let known = OutgoingRecord(
            target: "E1", instance: "ab", sequence: 3, told: told, batch: batch)
        let (record, isNew) = OutgoingRecord.resuming(
            known, target: target, latest: latest, retired: retired, instance: "new")
        #expect(isNew == startsAnew)
        #expect(record.told == (startsAnew ? latest : told))
        #expect(record.batch == (startsAnew ? nil : batch))
        #expect(record.instance == "new")
        #expect(record.target == target)
        let first = OutgoingRecord.resuming(
            nil, target: target, latest: latest, retired: retired, instance: "new")
        #expect(first.startsAnew && first.record.instance == "new" && first.record.told == latest)
    }

    @Test("a batch that was under way goes again as it was")
    func resend() {
        let batch = Self.batch(3, 12, "/a")
        let record = OutgoingRecord(
            target: "E1", instance: "i", sequence: 3, told: 10, batch: batch)
        var core = OutgoingInvalidations(OutgoingInvalidations.Limits(), record, at: 0)
        #expect(core.taken == 12, "what is behind it is still to be taken")
        core.take([.everything], upTo: 14, at: 0)
        #expect(core.next(at: 0) == .send(batch))
        core.settle(.accepted(id: "I", isCompleted: true), at: 0, dice: 0)
        #expect(core.next(at: 5_000) == .send(Self.batch(4, 14, "/*")))
    }
}
