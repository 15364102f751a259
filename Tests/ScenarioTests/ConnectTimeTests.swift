import Testing

@testable import Simulation

/// Source: CloudFront, "Server-Timing header": `cdn-upstream-connect`.
@Suite("Server-Timing tells how long the connection took that a response came over")
struct ConnectTimeTests {
    private static let latency = 7

    private func connect(_ message: MessageReader.Message?) -> Int? {
        let metrics = message?.head["server-timing"]?.split(separator: ",") ?? []
        let mark = "cdn-upstream-connect;dur="
        return metrics.first { $0.hasPrefix(mark) }.flatMap { Int($0.dropFirst(mark.count)) }
    }

    @Test("milliseconds where one was opened, none where one was kept, and no one else's")
    func times() throws {
        let hand = try HandTurnedEdge(
            """
            distribution:
              DefaultCacheBehavior: { CachePolicyId: Bare, ResponseHeadersPolicyId: Timed }
            policies:
              - CachePolicyConfig: { Name: Bare, MinTTL: 0, DefaultTTL: 60, MaxTTL: 3600 }
              - ResponseHeadersPolicyConfig:
                  Name: Timed
                  ServerTimingHeadersConfig: { Enabled: true, SamplingRate: 100 }
            steps:
              - origin: { body: one, framing: close }
              - origin: { path: /kept*, body: two }
            \((0..<8).map { "  - get: /\($0)\n    expect: any" }.joined(separator: "\n"))
              - get: /kept1
                expect: any
              - get: /kept2
                expect: any
              - get: /shared
                expect: any
            """)
        for step in 0..<2 { try hand.script(step) }
        var style = LinkStyle.scripted
        style.latency = Self.latency * 1_000...Self.latency * 1_000
        hand.serve(style) { ScenarioOrigin(hand.site, "default") }
        // Some connections stand at once: the kernel of the simulation has it so, now and then.
        let opened = try (2..<10).map { connect(try hand.ask($0)) ?? -1 }
        let isTold = Self.latency...Self.latency + 1
        #expect(opened.allSatisfy { $0 == 0 || isTold ~= $0 }, "\(opened)")
        #expect(opened.count { isTold ~= $0 } > 3, "\(opened)")
        _ = try hand.ask(10)
        #expect(connect(try hand.ask(11)) == 0)
        // Who waits for another's fetch has opened nothing.
        let leader = try hand.begin(12)
        hand.pass(milliseconds: 2)
        let waiter = try hand.begin(12)
        hand.pass(milliseconds: 100)
        #expect(leader.isWhole && waiter.isWhole)
        #expect((connect(waiter.answer) ?? 0) == 0)
        #expect(waiter.answer?.head["server-timing"]?.contains("cdn-cache-hit") == true)
        hand.close()
    }
}
