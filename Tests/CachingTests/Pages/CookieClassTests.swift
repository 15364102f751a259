import Caching
import Testing

@Suite("Cookies of pages, by their names")
struct CookieClassTests {
    private static func classes(_ change: (inout CookieClasses) -> Void = { _ in }) -> [UInt8] {
        var classes = CookieClasses()
        change(&classes)
        return classes.table(sessions: ["sessionid", "JSESSIONID"])
    }

    private func named(_ name: String, _ table: [UInt8]) -> CookieClass {
        CookieClasses.named(Array(name.utf8).span.bytes, in: table.span.bytes)
    }

    @Test(
        "the standard lists",
        arguments: [
            ("sessionid", CookieClass.session), ("JSESSIONID", .session), ("csrftoken", .csrf),
            ("messages", .messages), ("django_language", .locale), ("_ga", .analytics),
            ("sessionid2", .analytics), ("sessioni", .analytics), ("jsessionid", .analytics),
            ("", .analytics),
        ])
    func standard(_ name: String, _ expected: CookieClass) {
        #expect(named(name, Self.classes()) == expected)
    }

    @Test(
        "a star stands for any rest, and without the last list some are in none",
        arguments: [
            ("_ga", CookieClass.analytics), ("_ga_B1", .analytics), ("_g", .unlisted),
            ("cart", .unlisted), ("csrftoken", .csrf), ("sessionid", .session),
            ("_gat", .analytics),
        ])
    func prefixes(_ name: String, _ expected: CookieClass) {
        #expect(named(name, Self.classes { $0.analytics = ["_ga*"] }) == expected)
    }

    @Test("of several lists the first counts")
    func precedence() {
        let table = Self.classes { classes in
            classes.csrf = ["*"]
            classes.messages = ["messages"]
        }
        #expect(named("sessionid", table) == .session)
        #expect(named("messages", table) == .csrf)
    }

    @Test(
        "pairs are told apart, whatever blanks and signs stand about",
        arguments: [
            ("a=1", ["a": "a=1"]), ("a=1; b=2", ["a": "a=1", "b": "b=2"]),
            (" a=1 ;;b = 2;", ["a": "a=1", "b": "b = 2"]), ("a", ["a": "a"]),
            ("a==b", ["a": "a==b"]), ("; ;", [:]), ("", [:]), ("=x", ["": "=x"]),
        ])
    func pairs(_ line: String, _ expected: [String: String]) {
        let bytes = Array(line.utf8)
        var found: [String: String] = [:]
        var pairs = CookiePairs()
        while let (name, pair) = pairs.next(in: bytes.span.bytes) {
            found[String(decoding: bytes[name], as: UTF8.self)] =
                String(decoding: bytes[pair], as: UTF8.self)
        }
        #expect(found == expected)
    }
}
