import Caching
import Testing

@testable import Edge
@testable import Tiles

@Suite("A new member has to know the layers that traffic asks for")
struct WantedLayersTests {
    @Test("what members in service list and traffic was served is missed in a newcomer")
    func missing() {
        var wanted = WantedLayers()
        wanted.served("roads,rivers", at: 1)
        wanted.served("other:hills", at: 2)
        #expect(wanted.missing(in: [], by: 0) == nil, "nobody is known to list them")
        wanted.listed(["roads", "rivers", "towns"], by: 0)
        #expect(wanted.missing(in: ["roads", "towns"], by: 0) == "rivers")
        #expect(wanted.missing(in: ["roads", "rivers"], by: 0) == nil)
        #expect(wanted.missing(in: [], by: 1) == nil, "another check asks another service")
        // It was taken away from all of them.
        wanted.listed(["roads"], by: 0)
        #expect(wanted.missing(in: ["roads"], by: 0) == nil)
    }

    @Test("of more names than are kept those asked for lately are")
    func bound() {
        var wanted = WantedLayers()
        for number in 0...WantedLayers.limit { wanted.served("l\(number)", at: Int64(number)) }
        wanted.listed(["l0", "l1", "l64"], by: 0)
        #expect(wanted.missing(in: ["l1", "l64"], by: 0) == nil, "l0 made room")
        #expect(wanted.missing(in: ["l64"], by: 0) == "l1")
    }

    @Test("a newcomer that lists too little is not proved, until it lists all")
    func newcomer() {
        var settings = OriginSettings()
        settings.members = ["a", "b"].map {
            MemberSettings(name: $0, endpoints: [], authority: $0)
        }
        settings.health.checks = [
            CheckSettings(kind: .capabilities(minimum: 1, layers: []), target: "/caps")
        ]
        settings.health.rise = 1
        var roster = PoolRoster(settings)
        func told(_ layers: Set<String>) -> ProbeResult {
            ProbeResult(
                .passed,
                Capabilities(
                    root: "WMS_Capabilities", version: nil, updateSequence: nil, layers: layers,
                    fingerprint: 1))
        }
        roster.served("roads", by: 0, at: 0)
        _ = roster.checked(0, 0, told(["roads", "rivers"]), at: 1)
        roster.members[1].health = .newcomer(settings.health, at: 2)
        _ = roster.checked(1, 0, told(["rivers"]), at: 3)
        #expect(!roster.members[1].health.isProved)
        #expect(roster.members[1].lastFailure == .check(.layerMissing("roads")))
        _ = roster.checked(1, 0, told(["roads"]), at: 4)
        #expect(roster.members[1].health.isProved)
    }
}
