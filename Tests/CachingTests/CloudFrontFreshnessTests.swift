import Caching
import Testing

@Suite("CloudFront: expiration")
struct CloudFrontFreshnessTests {
    /// A row of the table: origin headers, and the seconds for a minimum of 0 and of 60, with a
    /// default of 3,600 and a maximum of 86,400.
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var fields: [String]
        var unbounded: Int64
        var bounded: Int64

        init(_ name: String, _ fields: [String], _ unbounded: Int64, _ bounded: Int64) {
            self.name = name
            self.fields = fields
            self.unbounded = unbounded
            self.bounded = bounded
        }

        var testDescription: String { name }
    }

    private static let later = "Expires: Sun, 06 Nov 1994 08:51:17 GMT"  // 100 s

    static let rows = [
        Row("T1 max-age", ["Cache-Control: max-age=100"], 100, 100),
        Row("T1 max-age below the minimum", ["Cache-Control: max-age=10"], 10, 60),
        Row("T1 max-age above the maximum", ["Cache-Control: max-age=999999"], 86_400, 86_400),
        Row("T2 s-maxage wins", ["Cache-Control: max-age=7, s-maxage=100"], 100, 100),
        Row("T3 Expires", [later], 100, 100),
        Row("T4 max-age over Expires", ["Cache-Control: max-age=70", later], 70, 70),
        Row("T5 nothing", [], 3_600, 3_600),
        Row("T6 no-cache", ["Cache-Control: no-cache, max-age=100"], 0, 60),
        Row("T6 no-store", ["Cache-Control: no-store, max-age=100"], 0, 60),
        Row("T6 private", ["Cache-Control: private, max-age=100"], 0, 60),
        Row("T7 public only", ["Cache-Control: public"], 3_600, 3_600),
        Row("T7 must-revalidate only", ["Cache-Control: must-revalidate"], 3_600, 3_600),
        Row("T7 max-age with a colon", ["Cache-Control: max-age: 0"], 3_600, 3_600),
        Row("T8 Expires in the past", ["Expires: Sat, 05 Nov 1994 08:49:37 GMT"], 0, 60),
        Row("T9 Expires is no date", ["Expires: 0"], 0, 60),
        Row("T10 max-age=0", ["Cache-Control: max-age=0"], 0, 60),
        Row("T10 s-maxage=0", ["Cache-Control: max-age=100, s-maxage=0"], 0, 60),
        Row("T11 max-age is no number", ["Cache-Control: max-age=abc"], 0, 60),
        Row("T12 the first of two max-age", ["Cache-Control: max-age=70, max-age=90"], 70, 70),
        Row("T13 Pragma", ["Pragma: no-cache"], 3_600, 3_600),
        Row("no heuristic", ["Last-Modified: Sun, 06 Nov 1904 08:49:37 GMT"], 3_600, 3_600),
        Row("qualified no-cache", ["Cache-Control: no-cache=\"Set-Cookie\""], 3_600, 3_600),
        Row("qualified private", ["Cache-Control: private=\"X\", max-age=70"], 70, 70),
    ]

    @Test("the table of MinTTL, DefaultTTL and MaxTTL", arguments: rows)
    func table(_ row: Row) {
        let (bytes, head) = Heads.response(200, row.fields)
        let response = ResponseFacts(head, bytes: bytes.span.bytes, now: epoch)
        var policy = BehaviorPolicy.cloudFrontPure
        policy.defaultTTL = 3_600_000
        policy.maxTTL = 86_400_000
        #expect(
            freshnessLifetime(response, policy, now: epoch).milliseconds == row.unbounded * 1_000)
        policy.minTTL = 60_000
        #expect(
            freshnessLifetime(response, policy, now: epoch).milliseconds == row.bounded * 1_000)
    }

    @Test("a minimum above the default raises it, a maximum does not bind the default")
    func defaultBounds() {
        var policy = BehaviorPolicy.cloudFrontPure
        (policy.minTTL, policy.defaultTTL) = (60_000, 10_000)
        let raised = freshnessLifetime(answer(200), policy, now: epoch)
        #expect(raised == Lifetime(milliseconds: 60_000, source: .defaultTTL, bound: .minTTL))
    }

    @Test("Expires counts from our clock, and Date does not matter")
    func expiresFromNow() {
        let response = answer(200, Self.later, "Date: Sun, 06 Nov 1994 08:51:00 GMT")
        let policy = BehaviorPolicy.cloudFrontPure
        #expect(freshnessLifetime(response, policy, now: epoch).milliseconds == 100_000)
    }

    @Test(
        "an error lives its own lifetime, or what the origin says if that is longer",
        arguments: [
            ([], 10), (["Cache-Control: max-age=5"], 10), (["Cache-Control: max-age=50"], 50),
            (["Cache-Control: s-maxage=50, max-age=99"], 50),
            (["Cache-Control: max-age=999999999"], 31_536_000), ([later], 100),
        ] as [([String], Int64)])
    func errors(_ fields: [String], _ seconds: Int64) {
        let (bytes, head) = Heads.response(503, fields)
        let response = ResponseFacts(head, bytes: bytes.span.bytes, now: epoch)
        let lifetime = freshnessLifetime(response, .cloudFrontPure, now: epoch)
        #expect(lifetime.milliseconds == seconds * 1_000)
    }
}
