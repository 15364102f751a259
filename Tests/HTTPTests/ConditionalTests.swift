import HTTP
import Testing

@Suite("RFC 9110 §8.8.3 and §13: entity tags and preconditions")
struct ConditionalTests {
    @Test(
        "§8.8.3.2: the comparison table",
        arguments: [
            ("W/\"1\"", "W/\"1\"", false, true), ("W/\"1\"", "W/\"2\"", false, false),
            ("W/\"1\"", "\"1\"", false, true), ("\"1\"", "\"1\"", true, true),
            ("\"1\"", "\"2\"", false, false), ("\"\"", "\"\"", true, true), ("", "", false, false),
            ("w/\"1\"", "W/\"1\"", false, false), ("abc", "abc", false, true),
            ("\"1\"", "1", false, false),
            ("\"a\" b\"", "\"a\" b\"", false, true), ("\"a", "\"a", false, true),
        ])
    func comparison(_ left: String, _ right: String, _ strong: Bool, _ weak: Bool) {
        withSpan(left) { left in
            withSpan(right) { right in
                #expect(EntityTag.stronglyEqual(left, right) == strong)
                #expect(EntityTag.weaklyEqual(left, right) == weak)
            }
        }
    }

    @Test(
        "a tag is quoted and holds visible bytes without quotes",
        arguments: [
            ("\"a\"", true), ("W/\"a\"", true), ("\"\"", true), ("W/\"\"", true), ("\"a,b\"", true),
            ("a", false), ("\"", false), ("W/\"", false), ("W/", false), ("", false),
            ("\"a", false),
            ("\"a b\"", false), ("\"a\"b\"", false), ("w/\"a\"", false), ("\"\u{e9}\"", true),
            ("*", false),
        ])
    func valid(_ tag: String, _ isValid: Bool) {
        #expect(withSpan(tag) { EntityTag.isValid($0) } == isValid)
    }

    @Test(
        "lists are walked with commas inside quotes",
        arguments: [
            ("\"a\", \"b\"", "\"b\"", true), ("\"a,b\"", "\"a,b\"", true),
            ("\"a,b\"", "\"a\"", false),
            ("W/\"x\" , ,W/\"b\"", "\"b\"", true), ("*", "\"b\"", true), ("*", "", true),
            ("a, b", "b", true),
            ("\"a\"", "", false), ("", "\"a\"", false), ("\"*\"", "\"b\"", false),
            ("*, \"b\"", "\"c\"", false),
        ])
    func weakList(_ list: String, _ tag: String, _ matches: Bool) {
        let found = withSpan(list) { list in
            withSpan(tag) { EntityTag.weakMatch(list: list, $0) }
        }
        #expect(found == matches)
    }

    static let modified: Int64 = 784_111_777
    static let asked = "Sun, 06 Nov 1994 08:49:37 GMT"

    private func evaluate(
        _ lines: [String], etag: String = "\"a\"", lastModified: Int64? = modified,
        date: Int64 = modified + 100
    ) -> PreconditionOutcome {
        let request = "GET / HTTP/1.1\r\nHost: a\r\n" + lines.map { $0 + "\r\n" }.joined() + "\r\n"
        let parsed = parse(request)
        return parsed.bytes.withUnsafeBytes { buffer in
            withSpan(etag) {
                evaluatePreconditions(
                    parsed.head.fields, buffer.bytes, etag: $0, lastModified: lastModified,
                    date: date, now: Self.modified + 1_000)
            }
        }
    }

    @Test("§13.1.2: If-None-Match that matches is 304, on any of its lines")
    func ifNoneMatch() {
        #expect(evaluate(["If-None-Match: \"a\""]) == .notModified)
        #expect(evaluate(["If-None-Match: W/\"a\""]) == .notModified)
        #expect(evaluate(["If-None-Match: \"b\"", "If-None-Match: \"a\""]) == .notModified)
        #expect(evaluate(["If-None-Match: *"], etag: "") == .notModified)
        #expect(evaluate(["If-None-Match: \"b\""]) == .proceed)
        #expect(evaluate(["If-None-Match: \"a\""], etag: "") == .proceed)
        #expect(evaluate(["If-None-Match:"]) == .proceed)
    }

    @Test("§13.1.3: If-Modified-Since does not count beside If-None-Match")
    func precedence() {
        let lines = ["If-None-Match: \"b\"", "If-Modified-Since: \(Self.asked)"]
        #expect(evaluate(lines) == .proceed)
        #expect(evaluate([]) == .proceed)
    }

    @Test("§13.1.3: If-Modified-Since at or after Last-Modified is 304")
    func ifModifiedSince() {
        let line = "If-Modified-Since: \(Self.asked)"
        #expect(evaluate([line]) == .notModified)
        #expect(evaluate([line], lastModified: Self.modified - 1) == .notModified)
        #expect(evaluate([line], lastModified: Self.modified + 1) == .proceed)
    }

    @Test("§13.1.3: an invalid or repeated If-Modified-Since is ignored")
    func ifModifiedSinceInvalid() {
        #expect(evaluate(["If-Modified-Since: 0"]) == .proceed)
        let line = "If-Modified-Since: \(Self.asked)"
        #expect(evaluate([line, line]) == .proceed)
        #expect(evaluate(["\(line), \(Self.asked)"]) == .proceed)
    }

    @Test("RFC 9111 §4.3.2: without Last-Modified, Date is compared")
    func withoutLastModified() {
        let line = "If-Modified-Since: \(Self.asked)"
        #expect(evaluate([line], lastModified: nil) == .proceed)
        #expect(evaluate([line], lastModified: nil, date: Self.modified - 1) == .notModified)
        // Of two answers in one second nobody can say which it was.
        #expect(evaluate([line], lastModified: nil, date: Self.modified) == .proceed)
    }

    @Test(
        "§13.1.5: If-Range holds for the same strong tag or the exact, strong date",
        arguments: [
            ("\"a\"", "\"a\"", modified, true), ("W/\"a\"", "W/\"a\"", modified, false),
            ("\"a\"", "W/\"a\"", modified, false), ("\"b\"", "\"a\"", modified, false),
            (asked, "\"a\"", modified, true), (asked, "\"a\"", modified + 1, false),
            (asked, "\"a\"", modified - 1, false), ("a", "a", modified, false),
            ("", "\"a\"", modified, false),
            ("\"a\", \"b\"", "\"a\"", modified, false), ("*", "\"a\"", modified, false),
        ] as [(String, String, Int64, Bool)])
    func ifRange(_ value: String, _ etag: String, _ lastModified: Int64, _ holds: Bool) {
        let found = withSpan(value) { value in
            withSpan(etag) {
                ifRangeHolds(
                    value, etag: $0, lastModified: lastModified, date: Self.modified + 100,
                    now: Self.modified + 1_000)
            }
        }
        #expect(found == holds)
    }

    @Test("§8.8.2.2: a date is a weak validator when the response was made in the same second")
    func weakDate() {
        let holds = { (date: Int64, lastModified: Int64?) in
            withSpan(Self.asked) { value in
                withSpan("") {
                    ifRangeHolds(
                        value, etag: $0, lastModified: lastModified, date: date, now: Self.modified)
                }
            }
        }
        #expect(!holds(Self.modified, Self.modified) && holds(Self.modified + 1, Self.modified))
        #expect(!holds(Self.modified + 1, nil))
    }
}
