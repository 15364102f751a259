import Caching
import Testing

@Suite("Behavior policy")
struct PolicyTests {
    @Test("one behavior without configuration lets the origin's headers rule")
    func standard() {
        for mode in Mode.allCases {
            let policy = BehaviorPolicy.standard(mode: mode)
            #expect(policy.mapClass == .tiles)
            #expect((policy.minTTL, policy.defaultTTL) == (0, 0))
            #expect(policy.maxTTL == 31_536_000_000)
            #expect((policy.edgeTTL, policy.sMaxage) == (86_400_000, 60_000))
            #expect(policy.sessionsBypass && policy.judgesCookies && policy.judgesAuthorization)
            #expect(!policy.disablesCaching)
        }
        #expect(BehaviorPolicy.cloudFront.errorTTL == 10_000)
        #expect(BehaviorPolicy.letter.errorTTL == 0)
    }

    @Test("the policy is plain memory, so that copying it costs no reference count")
    func plain() {
        #expect(_isPOD(BehaviorPolicy.self))
        #expect(_isPOD(RequestFacts.self))
        #expect(_isPOD(ResponseFacts.self))
        #expect(_isPOD(EntryHeader.self))
        #expect(_isPOD(Lookup.self))
        #expect(_isPOD(Decision.self))
    }

    @Test("all TTLs 0 disable caching in cloudfront mode only")
    func disabled() {
        for (mode, wanted) in [(Mode.cloudfront, true), (.rfc9111, false)] {
            let policy = BehaviorPolicy.standard(mode: mode).with { $0.maxTTL = 0 }
            #expect(policy.disablesCaching == wanted)
        }
    }

    @Test("what is stale is worth something for a time that its class decides")
    func staleByClass() {
        for (mapClass, days, letter) in [
            (MapClass.none, nil, 24), (.tiles, nil, 24), (.capabilities, 7, 24), (.pages, 3, 24),
            (.features, nil, 1),
        ] as [(MapClass, Int64?, Int64)] {
            let policy = BehaviorPolicy.standard(mode: .cloudfront, mapClass)
            let hour = BehaviorPolicy.day / 24
            let wanted =
                mapClass == .features ? hour : days.map { $0 * BehaviorPolicy.day } ?? .max
            #expect(policy.staleIfError == wanted, "\(mapClass)")
            let other = BehaviorPolicy.standard(mode: .rfc9111, mapClass)
            #expect(other.staleIfError == letter * hour, "\(mapClass)")
        }
    }

    @Test("what the origin is silent about is kept for a time that its class decides")
    func silentByClass() {
        for (mapClass, seconds) in [
            (.none, 86_400), (.tiles, 86_400), (.capabilities, 300), (.features, 60), (.pages, 60),
        ] as [(MapClass, Int64)] {
            for mode in Mode.allCases {
                let policy = BehaviorPolicy.standard(mode: mode, mapClass)
                #expect((policy.edgeTTL, policy.sMaxage) == (seconds * 1_000, 60_000))
            }
        }
    }

    @Test("milliseconds neither overflow nor wrap")
    func saturation() {
        #expect(Milliseconds.seconds(.max) == .max)
        #expect(Milliseconds.seconds(.min) == .min)
        #expect(Milliseconds.max.adding(1) == .max)
        #expect(Milliseconds.min.adding(-1) == .min)
        #expect(Milliseconds.min.subtracting(1) == .min)
        #expect(Milliseconds.max.subtracting(-1) == .max)
        #expect(Milliseconds.seconds(3).adding(4).subtracting(1) == 3_003)
    }

    @Test("classes and result types have the words of log and configuration")
    func words() {
        #expect(
            MapClass.allCases.map { "\($0.word)" } == [
                "none", "tiles", "capabilities", "features", "pages",
            ])
        #expect(
            ResultType.allCases.map { "\($0.word)" } == [
                "Hit", "RefreshHit", "Miss", "Error", "CapacityExceeded", "Redirect",
            ])
        #expect(Set(Lifetime.Source.allCases.map { "\($0.word)" }).count == 9)
    }
}
