import Edge
import Simulation
import Testing

@testable import Control

@Suite("Recording: answers that break off, and what stands on the tape in another order")
struct RecordedBrokenTests {
    @Test("an answer that broke off is expected to break off, by a viewer who stays")
    func cut() throws {
        let text = try RecordedAsideTests.recorded(
            """
            name: t
            config: { behaviors: [{ path: "*", class: none }] }
            steps:
              - origin: { path: /a, fault: cut, body: a part of it }
              - get: /a
                expect: { status: 200, cut: true }
            """)
        #expect(text.contains("cut: true") && !text.contains("leaves:"), "\(text)")
        try RecordedMidwayTests.expectToHold(text)
    }

    @Test("a connection from before that had been closed is no attempt; one that was made is")
    func closedBefore() throws {
        let source =
            """
            name: t
            config: { behaviors: [{ path: "*", class: none }] }
            steps:
              - origin: { path: /ok, body: one }
              - origin: { path: /a, fault: close }
              - get: /ok
                expect: { body: one }
              - get: /a
                expect: { status: 502 }
            """
        func attempts(_ text: String) -> Int { text.split(separator: "fault: close").count - 1 }
        let all = try RecordedMidwayTests.recorded(from: 0, source)
        let later = try RecordedMidwayTests.recorded(from: 1, source)
        #expect(attempts(all) == attempts(later) + 1 && attempts(later) > 0, "\(all)\(later)")
        try RecordedMidwayTests.expectToHold(all)
        try RecordedMidwayTests.expectToHold(later)
    }

    @Test("parts of a body are played, whatever stands between them")
    func parts() throws {
        let text = try RecordedAsideTests.recorded(
            """
            name: t
            config: { behaviors: [{ path: "*", class: none, maxTTL: 1h }] }
            steps:
              - origin: { path: /a, headers: { Cache-Control: max-age=60 }, body: 0123456789 }
              - get: /a
                expect: { x-cache: Miss }
              - get: /a
                headers: { Range: "bytes=0-1,4-5" }
                expect: { status: 206, x-cache: Hit }
            """)
        #expect(text.contains("status: 206") && !text.contains("boundary"), "\(text)")
        try RecordedMidwayTests.expectToHold(text)
    }

    /// What the tape has when the second viewer asks before the first one's loop has noted the end.
    private func swapped(_ entries: [Tape.Entry]) -> [Tape.Entry] {
        var entries = entries
        let asked = entries.indices.filter {
            if case .viewerSaid = entries[$0].event { true } else { false }
        }
        let heard = entries[..<asked[1]].lastIndex {
            if case .viewerHeard = $0.event { true } else { false }
        }
        guard let heard else { return entries }
        let end = entries.remove(at: heard)
        entries.insert(end, at: asked[1])
        return entries
    }

    @Test("who asks in the moment of an answer has waited for it; who asks before its end has not")
    func order() throws {
        let text = try RecordedAsideTests.recorded(
            """
            name: t
            config: { behaviors: [{ path: "*", class: none, maxTTL: 1h }] }
            steps:
              - origin: { path: /a, headers: { Cache-Control: max-age=60 }, body: one }
              - get: /a
                expect: { x-cache: Miss }
              - get: /b
                expect: { status: 404 }
            """, swapped)
        #expect(!text.contains("concurrently"), "\(text)")
        try RecordedMidwayTests.expectToHold(text)
        let together = try RecordedAsideTests.recorded(
            """
            name: t
            config: { behaviors: [{ path: "*", class: none, maxTTL: 1h }] }
            steps:
              - origin: { path: /a, delay: 100ms, headers: { Cache-Control: max-age=60 }, body: one }
              - concurrently:
                  - get: /a
                    expect: { body: one }
                  - get: /a
                    expect: { body: one }
            """)
        #expect(together.contains("concurrently"), "\(together)")
    }
}
