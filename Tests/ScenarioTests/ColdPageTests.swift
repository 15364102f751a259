import Testing

@testable import Edge
@testable import Simulation

/// A stored body of a megabyte whose pages the kernel has put out of memory, and a disk that reads
/// only when it is told to.
@Suite("A body that is not in memory: the disk is waited for aside, and nobody else waits")
struct ColdPageTests {
    private static let length = 1_000_000
    private let hand: HandTurnedEdge

    init() throws {
        let body = (0..<Self.length / 10).map { "\($0 + 1_000_000_000)" }.joined()
        hand = try HandTurnedEdge(
            """
            config:
              behaviors: [{ path: "*", class: none, maxTTL: 1h }]
            steps:
              - origin: { headers: { Cache-Control: max-age=600 }, body: "\(body)" }
              - get: /a
                expect: any
              - get: /a
                headers: { Range: bytes=500000-500099 }
                expect: any
              - get: /a
                headers: { Range: "bytes=10-19,700000-700009" }
                expect: any
              - get: /b
                expect: any
              - get: /a
                headers: { Range: bytes=0-9 }
                expect: any
              - origin:
                  headers: { Cache-Control: max-age=600, ETag: '"a"' }
                  body: "\(body)"
                  ranges: true
              - get: /c
                headers: { Range: bytes=0-299999 }
                expect: any
              - get: /c
                expect: any
            """)
        try hand.script(0)
        for step in [1, 4] { #expect(try hand.ask(step).body.count == Self.length) }
        hand.write()
        // Served lately: of the beginning nobody asks whether it is there.
        #expect(try hand.ask(5).body == Array("1000000000".utf8))
    }

    /// All looks from the one behind `passes` on find the pages gone, so many times.
    private func evict(after passes: Int = 0, times: Int = 1) {
        hand.edge.faults.fail(.residency, after: passes, times: times, code: 0)
    }

    private func number(at offset: Int) -> [UInt8] { Array("\(offset / 10 + 1_000_000_000)".utf8) }

    @Test("a range far within the body waits for the disk; another viewer does not")
    func range() throws {
        // Where its first slice is, and what is sent then.
        evict(times: 2)
        let viewer = try hand.begin(2)
        hand.pass(milliseconds: 1_000)
        #expect(!viewer.isDone)
        #expect(try hand.ask(5).head.status == 206)
        hand.write()
        hand.pass(milliseconds: 50)
        let answer = try #require(viewer.isWhole ? viewer.answer : nil)
        #expect(answer.head.status == 206 && answer.body.count == 100)
        #expect(Array(answer.body[..<10]) == number(at: 500_000))
        #expect(hand.edge.total(.coldFaults) == 1 && hand.site.seen.count == 2)
        hand.close()
    }

    @Test("so does each part of several, and each window of a long body", arguments: [1, 3])
    func later(_ step: Int) throws {
        for passes in [0, 5, 12] {
            evict(after: passes)
            let (before, viewer) = (hand.edge.total(.coldFaults), try hand.begin(step))
            hand.pass(milliseconds: 1_000)
            let waits = hand.edge.total(.coldFaults) > before
            #expect(waits != viewer.isDone, "after \(passes)")
            #expect(waits || step == 3 && passes > 0)
            hand.write()
            hand.pass(milliseconds: 500)
            let answer = try #require(viewer.isWhole ? viewer.answer : nil)
            if step == 1 {
                #expect(answer.body.count == Self.length)
                #expect(Array(answer.body[999_990...]) == number(at: 999_990))
            } else {
                let text = String(decoding: answer.body, as: UTF8.self)
                #expect(text.contains("\r\n1000000001\r\n"))
                #expect(text.contains("\r\n1000070000\r\n"))
            }
            evict(after: 1_000_000, times: 0)
        }
        hand.close()
    }

    @Test("a viewer who leaves meanwhile leaves nothing behind")
    func leaves() throws {
        evict(times: 2)
        let viewer = try hand.begin(2)
        hand.pass(milliseconds: 70_000)
        #expect(viewer.isDone && !viewer.isWhole, "the disk is waited for no longer than a viewer")
        hand.write()
        hand.pass(milliseconds: 50)
        #expect(try hand.ask(2).body.count == 100)
        hand.close()
    }

    @Test("of a part that is not in memory the whole is asked for", arguments: [false, true])
    func part(_ isCold: Bool) throws {
        try hand.script(6)
        #expect(try hand.ask(7).body.count == 300_000)
        hand.write()
        if isCold { evict() }
        let answer = try hand.ask(8)
        #expect(answer.head.status == 200 && answer.body.count == Self.length)
        #expect(Array(answer.body[999_990...]) == number(at: 999_990))
        let range = hand.site.seen.last?.request.head["range"]
        #expect(range == (isCold ? nil : "bytes=300000-999999"))
        hand.close()
    }
}

@Suite("Parts that are put together, at both sides of 4 MiB")
struct JoinedPartTests {
    @Test(
        "the rest is asked for behind a part of 4 MiB, and the whole behind a longer one",
        arguments: [0, 1])
    func completed(_ more: Int) throws {
        let held = (4 << 20) + more
        let length = (4 << 20) + 100
        let hand = try HandTurnedEdge(
            """
            config:
              behaviors: [{ path: "*", class: none, maxTTL: 1h }]
            steps:
              - origin:
                  headers: { Cache-Control: max-age=600, ETag: '"a"' }
                  body: "\(String(repeating: "x", count: length))"
                  ranges: true
              - get: /a
                headers: { Range: bytes=0-\(held - 1) }
                expect: any
              - get: /a
                expect: any
            """)
        try hand.script(0)
        let first = try hand.begin(1)
        hand.pass(milliseconds: 2_000)
        #expect(first.answer?.head.status == 206 && first.answer?.body.count == held)
        hand.write()
        let viewer = try hand.begin(2)
        hand.pass(milliseconds: 2_000)
        #expect(viewer.answer?.head.status == 200 && viewer.answer?.body.count == length)
        let range = hand.site.seen.last?.request.head["range"]
        #expect(range == (more == 0 ? "bytes=\(held)-\(length - 1)" : nil))
        #expect(hand.site.seen.count == 2)
        hand.close()
    }
}
