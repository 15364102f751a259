import Simulation
import Testing

@testable import Control

@Suite("Recording: what does not come out the same when it is played is left out")
struct HeldRecordingTests {
    private static let recorded = """
        # Written by "mapedge scenario record"; credentials are replaced.
        # Left out, other paths: 2.
        name: "Recorded"
        config: { behaviors: [{ path: "*", class: none, maxTTL: 1h }] }
        steps:
          - origin:
              path: "/a"
              headers:
                Cache-Control: "max-age=60"
              body: "one"
              once: true
          - get: "/a"
            expect:
              status: 200
              x-cache: "Miss from cloudfront"
          - at: 1000ms
          - origin:
              path: "/b"
              body: "wrong"
              once: true
          - get: "/b"
            expect:
              status: 200
              x-cache: "Hit from cloudfront"
              body: "bee"
          - get: "/a"
            expect:
              status: 200
              x-cache: "Hit from cloudfront"
              body: "one"

        """

    @Test("a step goes with the answer that was for it, and the rest holds")
    func leaves() throws {
        let held = try HeldRecording(Self.recorded, named: "r.yaml")
        #expect(held.objections == [] && held.steps == 4, "\(held)")
        #expect(held.leftOut.count == 2 && held.leftOut[1] == "other paths: 2.")
        #expect(
            held.leftOut[0]
                == "GET /b: when played, X-Cache is Miss from cloudfront, not Hit from cloudfront")
        #expect(!held.text.contains("wrong") && !held.text.contains("\"/b\""), "\(held.text)")
        #expect(held.text.contains("at: 1000ms") && held.text.hasSuffix("\n"))
        try RecordedMidwayTests.expectToHold(held.text)
    }

    @Test("what holds is as it was written")
    func holds() throws {
        let good = Self.recorded.replacing("body: \"wrong\"", with: "body: \"bee\"").replacing(
            "Hit from cloudfront\"\n      body: \"bee", with: "Miss\"\n      body: \"bee")
        let held = try HeldRecording(good, named: "r.yaml")
        #expect(held.text == good && held.objections == [] && held.leftOut.count == 1)
    }

    @Test("where it is no step's fault, that is said, and nothing goes")
    func refused() throws {
        let none = try HeldRecording("name: x\nsteps:\n  []\n", named: "r.yaml")
        #expect(none.steps == 0 && none.objections.count == 1)
        #expect(none.objections[0].hasPrefix("nothing is recorded"))
        // The configuration has lists of its own.
        let listed = try HeldRecording(
            "name: x\nconfig:\n  trustedProxies:\n  - \"192.0.2.0/24\"\nsteps:\n  []\n",
            named: "r.yaml")
        #expect(listed.objections == none.objections)
        // Steps on lines that the recorder does not write.
        let folded = """
            name: x
            config: { behaviors: [{ path: "*", class: none }] }
            steps: [{ get: /a, expect: { status: 200 } }]
            """
        let held = try HeldRecording(folded, named: "r.yaml")
        #expect(held.text == folded && !held.objections.isEmpty && held.steps == 1)
    }
}
