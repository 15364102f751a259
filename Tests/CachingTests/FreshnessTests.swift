import Caching
import Testing

@Suite("RFC 9111 §4.2: freshness")
struct FreshnessTests {
    private func lifetime(
        _ response: ResponseFacts, _ policy: BehaviorPolicy = .letter
    ) -> Lifetime {
        freshnessLifetime(response, policy, now: epoch)
    }

    private func seconds(_ response: ResponseFacts, _ policy: BehaviorPolicy = .letter) -> Int64 {
        lifetime(response, policy).milliseconds / 1_000
    }

    @Test("§4.2.1: s-maxage wins over max-age and Expires")
    func sMaxAge() {
        let response = answer(
            200, "Cache-Control: max-age=1, s-maxage=7", "Expires: \(epochDate)")
        #expect(lifetime(response) == Lifetime(milliseconds: 7_000, source: .sMaxAge))
    }

    @Test("§4.2.1: max-age wins over Expires")
    func maxAge() {
        let response = answer(200, "Cache-Control: max-age=5", "Expires: \(epochDate)")
        #expect(lifetime(response) == Lifetime(milliseconds: 5_000, source: .maxAge))
    }

    @Test("§4.2.1: Expires counts from Date, whatever our clock says")
    func expires() {
        let response = answer(
            200, "Date: Sun, 06 Nov 1994 08:00:00 GMT", "Expires: Sun, 06 Nov 1994 08:01:00 GMT")
        #expect(lifetime(response) == Lifetime(milliseconds: 60_000, source: .expires))
    }

    @Test("§4.2.1: without Date, Expires counts from the time of receipt")
    func expiresWithoutDate() {
        let response = answer(200, "Expires: Sun, 06 Nov 1994 08:49:47 GMT")
        #expect(seconds(response) == 10)
    }

    @Test("§4.2.1: Expires before Date means stale")
    func expiresBeforeDate() {
        let response = answer(
            200, "Date: \(epochDate)", "Expires: Sat, 05 Nov 1994 08:49:37 GMT")
        #expect(lifetime(response) == Lifetime(milliseconds: 0, source: .expires))
    }

    @Test(
        "§5.3: an Expires that is no date means stale",
        arguments: ["0", "-1", "", "never", "Sun, 06 Nov 1994 08:49:37 EST", "1994-11-06"])
    func expiresInvalid(_ value: String) {
        #expect(
            lifetime(answer(200, "Expires: \(value)"))
                == Lifetime(milliseconds: 0, source: .expires))
    }

    @Test("§4.2.1: of several Expires the earliest counts")
    func expiresTwice() {
        let response = answer(
            200, "Expires: Sun, 06 Nov 1994 08:50:37 GMT", "Expires: Sun, 06 Nov 1994 08:49:57 GMT")
        #expect(seconds(response) == 20)
        #expect(seconds(answer(200, "Expires: 0", "Expires: Sun, 06 Nov 1994 08:49:57 GMT")) == 0)
    }

    @Test(
        "§5.3: Expires may come in all three forms of date",
        arguments: [
            "Sun, 06 Nov 1994 08:49:47 GMT", "Sunday, 06-Nov-94 08:49:47 GMT",
            "Sun Nov  6 08:49:47 1994",
        ])
    func expiresForms(_ value: String) {
        #expect(seconds(answer(200, "Expires: \(value)")) == 10)
    }

    @Test(
        "§4.2.1: a lifetime that is no number means stale",
        arguments: [
            "max-age=abc", "max-age=", "max-age", "max-age=-1", "max-age=1.5", "max-age=1s",
        ])
    func invalidAge(_ directive: String) {
        #expect(seconds(answer(200, "Cache-Control: \(directive)")) == 0)
    }

    @Test("§4.2.1: of duplicate directives the first counts, also over several lines")
    func duplicates() {
        #expect(seconds(answer(200, "Cache-Control: max-age=3, max-age=9")) == 3)
        #expect(seconds(answer(200, "Cache-Control: max-age=3", "Cache-Control: max-age=9")) == 3)
    }

    @Test(
        "§5.2: arguments may be quoted, names have any case",
        arguments: ["max-age=\"10\"", "MAX-AGE=10", "Max-Age=\"10\"", ", max-age=10 ,"])
    func forms(_ directive: String) {
        #expect(seconds(answer(200, "Cache-Control: \(directive)")) == 10)
    }

    @Test(
        "§1.2.2: a lifetime that overflows is very long, not negative",
        arguments: [
            "max-age=99999999999999999999999999", "max-age=2147483648",
            "s-maxage=18446744073709551616",
        ])
    func overflow(_ directive: String) {
        let policy = BehaviorPolicy.letter.with { $0.maxTTL = .max }
        #expect(seconds(answer(200, "Cache-Control: \(directive)"), policy) == 1 << 31)
    }

    @Test("max-age with a colon is an unknown directive")
    func colon() {
        #expect(lifetime(answer(200, "Cache-Control: max-age: 9")).source == .defaultTTL)
    }

    // MARK: heuristics

    private let old = "Last-Modified: Sun, 06 Nov 1994 07:09:37 GMT"  // 6,000 s before

    @Test(
        "§4.2.2: a tenth of the time since the last change, for statuses that allow it",
        arguments: [200, 203, 204, 206, 300, 301, 308, 404, 410])
    func heuristic(_ status: Int) {
        #expect(
            lifetime(answer(status, old, "Date: \(epochDate)"))
                == Lifetime(milliseconds: 600_000, source: .heuristic))
    }

    @Test(
        "§4.2.2: no guess for other statuses, nor for what one odd request brings about (CPDoS)",
        arguments: [201, 302, 307, 400, 403, 405, 413, 414, 431, 500, 501, 503, 599])
    func noHeuristic(_ status: Int) {
        #expect(lifetime(answer(status, old, "Date: \(epochDate)")).source == .defaultTTL)
    }

    @Test("§4.2.2: `public` allows a guess for any status")
    func publicHeuristic() {
        #expect(
            lifetime(answer(599, old, "Date: \(epochDate)", "Cache-Control: public")).source
                == .heuristic)
    }

    @Test(
        "§4.2.2: no guess where the origin says how long",
        arguments: [
            "Cache-Control: max-age=1", "Cache-Control: s-maxage=1", "Expires: \(epochDate)",
        ])
    func explicitWins(_ field: String) {
        #expect(lifetime(answer(200, old, field)).source != .heuristic)
    }

    @Test("§4.2.2: a guess is a day at most, and never negative")
    func heuristicBounds() {
        let ancient = answer(
            200, "Last-Modified: Sun, 06 Nov 1904 08:49:37 GMT", "Date: \(epochDate)")
        #expect(seconds(ancient) == 86_400)
        let future = answer(200, "Last-Modified: Sun, 06 Nov 2094 08:49:37 GMT")
        #expect(seconds(future) == 0)
    }

    // MARK: bounds and targeted directives

    @Test("the behavior's bounds hold every lifetime")
    func bounds() {
        let policy = BehaviorPolicy.letter.with { ($0.minTTL, $0.maxTTL) = (10_000, 20_000) }
        #expect(lifetime(answer(200, "Cache-Control: max-age=1"), policy).bound == .minTTL)
        #expect(seconds(answer(200, "Cache-Control: max-age=1"), policy) == 10)
        #expect(seconds(answer(200, "Cache-Control: max-age=15"), policy) == 15)
        #expect(seconds(answer(200, "Cache-Control: max-age=99"), policy) == 20)
        #expect(lifetime(answer(200, "Cache-Control: max-age=99"), policy).bound == .maxTTL)
    }

    @Test("RFC 9213 §2.2: a valid CDN-Cache-Control replaces Cache-Control and Expires")
    func targeted() {
        let response = answer(
            200, "CDN-Cache-Control: max-age=100", "Cache-Control: no-store, max-age=1")
        #expect(lifetime(response) == Lifetime(milliseconds: 100_000, source: .targeted))
        let silent = answer(
            200, "CDN-Cache-Control: must-revalidate", "Expires: Sun, 06 Nov 2094 08:49:37 GMT")
        #expect(lifetime(silent).source == .defaultTTL)
    }

    @Test(
        "RFC 9213 §2.1: an invalid one is ignored", arguments: ["max-age=", "Max-Age=1", "a b", ""])
    func targetedInvalid(_ value: String) {
        let response = answer(200, "CDN-Cache-Control: \(value)", "Cache-Control: max-age=7")
        #expect(seconds(response) == 7)
    }

    @Test("cloudfront mode does not know CDN-Cache-Control")
    func targetedElsewhere() {
        let response = answer(200, "CDN-Cache-Control: max-age=100", "Cache-Control: max-age=7")
        #expect(seconds(response, .cloudFront) == 7)
    }
}

@Suite("Class tiles")
struct ClassLifetimeTests {
    private func tile(_ fields: String...) -> ResponseFacts {
        let (bytes, head) = Heads.response(200, fields)
        var facts = ResponseFacts(head, bytes: bytes.span.bytes, now: epoch)
        facts.lifetimeClass = .tiles
        return facts
    }

    @Test(
        "a map image about which the origin says nothing is fresh for 24 h",
        arguments: Mode.allCases)
    func silent(_ mode: Mode) {
        let lifetime = freshnessLifetime(tile(), .standard(mode: mode), now: epoch)
        #expect(lifetime == Lifetime(milliseconds: 86_400_000, source: .mapClass))
        #expect(entry(tile(), .standard(mode: mode))?.flags.contains(.classLifetime) == true)
    }

    @Test("also when it speaks of other things", arguments: Mode.allCases)
    func chatty(_ mode: Mode) {
        let response = tile("Cache-Control: public, no-transform", "ETag: \"a\"")
        #expect(
            freshnessLifetime(response, .standard(mode: mode), now: epoch).source == .mapClass)
    }

    @Test(
        "the origin's word wins",
        arguments: ["Cache-Control: max-age=1", "Cache-Control: no-cache", "Expires: 0"])
    func spoken(_ field: String) {
        for mode in Mode.allCases {
            let lifetime = freshnessLifetime(tile(field), .standard(mode: mode), now: epoch)
            #expect(lifetime.source != .mapClass)
        }
    }

    @Test("what is of no class, or in a behavior without one, gets the default")
    func others() {
        #expect(freshnessLifetime(tile(), .cloudFrontPure, now: epoch).source == .defaultTTL)
        #expect(freshnessLifetime(answer(200), .cloudFront, now: epoch).source == .defaultTTL)
    }
}

@Suite("Lifetimes of classes")
struct OtherClassTests {
    private func response(
        _ mapClass: MapClass, _ status: Int = 200, _ fields: [String] = []
    ) -> ResponseFacts {
        let (bytes, head) = Heads.response(status, fields)
        var facts = ResponseFacts(head, bytes: bytes.span.bytes, now: epoch)
        facts.lifetimeClass = mapClass
        return facts
    }

    @Test(
        "what the origin is silent about has its class's lifetime",
        arguments: [
            (.tiles, 86_400), (.capabilities, 300), (.features, 60), (.pages, 60),
        ] as [(MapClass, Int64)])
    func silent(_ mapClass: MapClass, _ seconds: Int64) {
        for mode in Mode.allCases {
            let policy = BehaviorPolicy.standard(mode: mode, mapClass)
            let lifetime = freshnessLifetime(response(mapClass), policy, now: epoch)
            #expect(lifetime == Lifetime(milliseconds: seconds * 1_000, source: .mapClass))
            #expect(entry(response(mapClass), policy)?.flags.contains(.classLifetime) == true)
            // It is surer than a guess, and than what holds for all the behavior's answers.
            let dated = response(mapClass, 200, ["Last-Modified: \(epochDate)"])
            let other = policy.with { $0.defaultTTL = 7_000 }
            #expect(freshnessLifetime(dated, other, now: epoch).source == .mapClass)
        }
    }

    @Test("what is of another class than its behavior has its own, never longer")
    func mixed() {
        for (behavior, asked, edgeTTL, wanted) in [
            (.tiles, .features, 86_400, 60), (.tiles, .capabilities, 86_400, 300),
            (.tiles, .features, 7, 7), (.capabilities, .features, 900, 60),
            (.capabilities, .tiles, 900, 900), (.features, .features, 900, 900),
        ] as [(MapClass, MapClass, Int64, Int64)] {
            let policy = BehaviorPolicy.standard(mode: .cloudfront, behavior).with {
                $0.edgeTTL = edgeTTL * 1_000
            }
            let lifetime = freshnessLifetime(response(asked), policy, now: epoch)
            #expect(lifetime == Lifetime(milliseconds: wanted * 1_000, source: .mapClass))
        }
    }

    @Test("the behavior's bounds hold at both ends", arguments: Mode.allCases)
    func bounds(_ mode: Mode) {
        for (least, most, wanted) in [
            (0, 5_000, Lifetime(milliseconds: 5_000, source: .mapClass, bound: .maxTTL)),
            (90_000, 95_000, Lifetime(milliseconds: 90_000, source: .mapClass, bound: .minTTL)),
            (60_000, 60_000, Lifetime(milliseconds: 60_000, source: .mapClass)),
        ] as [(Milliseconds, Milliseconds, Lifetime)] {
            let policy = BehaviorPolicy.standard(mode: mode, .pages).with {
                ($0.minTTL, $0.maxTTL) = (least, most)
            }
            #expect(freshnessLifetime(response(.pages), policy, now: epoch) == wanted)
        }
    }

    @Test(
        "no lifetime of a class",
        arguments: [
            (200, ["Cache-Control: max-age=5"]), (200, ["Cache-Control: s-maxage=0"]),
            (200, ["Cache-Control: no-store"]), (200, ["Cache-Control: private"]),
            (200, ["Cache-Control: no-cache"]), (200, ["Expires: 0"]), (200, ["Pragma: no-cache"]),
            (200, ["CDN-Cache-Control: max-age=5"]), (200, ["Set-Cookie: a=b"]),
            (200, ["Set-Cookie: a=b", "Cache-Control: public"]), (200, ["Vary: *"]),
            (200, ["Vary: Authorization"]), (404, []), (301, []), (302, []), (206, []), (503, []),
        ] as [(Int, [String])])
    func spoken(_ status: Int, _ fields: [String]) {
        for mode in Mode.allCases {
            for mapClass in [MapClass.capabilities, .features, .pages] {
                let policy = BehaviorPolicy.standard(mode: mode, mapClass)
                let facts = response(mapClass, status, fields)
                let source = freshnessLifetime(facts, policy, now: epoch).source
                #expect(source != .mapClass, "\(status) \(fields) \(mapClass) \(mode)")
            }
        }
    }

    @Test("by cookies only pages may vary, whose origin saw none, or csrf cookies alone")
    func cookies() {
        for (mapClass, wanted) in [(MapClass.pages, true), (.features, false)] {
            let policy = BehaviorPolicy.standard(mode: .cloudfront, mapClass)
            let varied = response(mapClass, 200, ["Vary: Cookie"])
            let source = freshnessLifetime(varied, policy, now: epoch).source
            #expect((source == .mapClass) == wanted)
            var form = response(mapClass, 200, ["Set-Cookie: csrftoken=a"])
            form.setsCSRFOnly = true
            #expect(freshnessLifetime(form, policy, now: epoch).source == .mapClass)
        }
    }

    @Test(
        "a shorter lifetime of the origin's gives way where the behavior says so",
        arguments: [
            (200, ["Cache-Control: max-age=60, must-revalidate"], true),
            (200, ["Expires: Sun, 06 Nov 1994 08:50:37 GMT"], true),
            (304, ["Cache-Control: max-age=60"], true), (200, [], false),
            (200, ["Cache-Control: max-age=86399"], true),
            (200, ["Cache-Control: max-age=86400"], false),
            (200, ["Cache-Control: max-age=0"], false), (200, ["Expires: 0"], false),
            (200, ["Cache-Control: max-age=60, no-store"], false),
            (200, ["Cache-Control: max-age=60, private"], false),
            (200, ["Cache-Control: max-age=60, no-cache"], false),
            (404, ["Cache-Control: max-age=60"], false),
            // The class has no lifetime to put in its place.
            (200, ["Cache-Control: public, max-age=60", "Set-Cookie: a=b"], false),
            (200, ["Cache-Control: max-age=60", "Vary: *"], false),
        ] as [(Int, [String], Bool)])
    func outlived(_ status: Int, _ fields: [String], _ wanted: Bool) {
        var policy = BehaviorPolicy.standard(mode: .cloudfront)
        #expect(!isOutlived(response(.tiles, status, fields), policy, now: epoch))
        policy.outlivesOrigin = true
        #expect(isOutlived(response(.tiles, status, fields), policy, now: epoch) == wanted)
        #expect(!isOutlived(response(.features, status, fields), policy, now: epoch))
        policy.mapClass = .none
        #expect(!isOutlived(response(.tiles, status, fields), policy, now: epoch))
    }

    @Test("edgeTTL 0 leaves it to the default")
    func off() {
        for mapClass in MapClass.allCases {
            let policy = BehaviorPolicy.standard(mode: .cloudfront, mapClass).with {
                ($0.edgeTTL, $0.defaultTTL) = (0, 7_000)
            }
            let wanted = Lifetime(milliseconds: 7_000, source: .defaultTTL)
            #expect(freshnessLifetime(response(mapClass), policy, now: epoch) == wanted)
        }
    }
}
