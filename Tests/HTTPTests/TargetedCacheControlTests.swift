import HTTP
import Testing

@Suite("RFC 9213: CDN-Cache-Control")
struct TargetedCacheControlTests {
    private func parse(_ lines: String...) -> CacheControl? {
        let fields = lines.map { "CDN-Cache-Control: \($0)\r\n" }.joined()
        let response = parseAnswer("HTTP/1.1 200 OK\r\n\(fields)\r\n")
        return response.bytes.withUnsafeBytes {
            parseCDNCacheControl(response.head.fields, $0.bytes)
        }
    }

    @Test("a valid dictionary is read")
    func valid() {
        let control = parse("max-age=60, no-cache, stale-if-error=5;x=1,s-maxage=7")
        #expect(control?.maxAge == 60 && control?.staleIfError == 5 && control?.sMaxAge == 7)
        #expect(control?.contains(.noCache) == true && control?.contains(.noStore) == false)
    }

    @Test("members on several lines add up, and the last of a name counts")
    func lines() {
        #expect(parse("max-age=60", "no-store")?.flags == [.hasMaxAge, .noStore])
        #expect(parse("max-age=60, max-age=5")?.maxAge == 5)
        #expect(parse("no-store, no-store=?0")?.flags == [])
    }

    @Test(
        "one error anywhere and all of it is ignored",
        arguments: [
            "max-age=60,", "max-age=60 no-store", "max-age=60;", "max-age =60", "max-age= 60",
            "Max-Age=60",
            ",no-store", "no-store,,max-age=1", "max-age=\"60", "max-age=60, x=\"a\\b\"", "x=(1 2",
            "x=(1,2)",
            "max-age=1234567890123456", "x=1.2345", "x=1.", "x=?2", "x=:a b:", "=5", "x=", "x=-",
            "no-store\u{a0}",
            "x=1234567890123.1", "x=(1)2", "x=\u{7f}a", "x=?", "x=:ab", "x=(1)(2)", "x;1", "x;a=",
            "x=&",
        ])
    func malformed(_ value: String) {
        #expect(parse("max-age=10", value) == nil)
        #expect(parse(value, "max-age=10") == nil)
    }

    @Test(
        "every type of value is understood, and skipped where it does not fit",
        arguments: [
            "x=1.5", "x=-3", "x=\"a\\\"\\\\b\"", "x=token/*:a", "x=*a", "x=:YWJj:", "x=?1",
            "x=(1 \"a\" b)",
            "x=()", "x=( 1 )", "x=(1;a=2 3);b", "x;a;b=\"c\"; c=1", "x=-1.25", "*x=1", "x._-*1=1",
        ])
    func types(_ value: String) {
        #expect(parse("\(value) \t,\t max-age=10")?.flags == .hasMaxAge)
    }

    @Test(
        "a known name with a value of another type is skipped, and nothing frees by what is left",
        arguments: [
            "max-age=1.5", "max-age", "max-age=\"5\"", "max-age=(5)", "no-store=1", "no-store=yes",
            "no-store=()", "public=1", "stale-if-error=x", "no-cache=1", "private=(\"X\")",
            "no-store=\"X\"",
        ])
    func otherTypes(_ value: String) {
        #expect(parse(value) == nil)
        #expect(parse("must-revalidate", value) == nil)
        #expect(parse(value, "s-maxage=1")?.flags == .hasSMaxAge)
        #expect(parse("private", value)?.flags == .private)
    }

    @Test("an unknown name is skipped", arguments: ["min-fresh=1", "unknown", "unknown=x"])
    func unknown(_ value: String) {
        #expect(parse(value)?.flags == [])
    }

    @Test("a negative lifetime is over, a huge one is 2^31 seconds")
    func bounds() {
        #expect(parse("max-age=-5")?.maxAge == 0)
        #expect(parse("max-age=999999999999999")?.maxAge == 1 << 31)
    }

    @Test(
        "each flag has its key",
        arguments: [
            ("no-store", .noStore), ("no-cache", .noCache), ("private", .private),
            ("public", .public),
            ("must-revalidate", .mustRevalidate), ("proxy-revalidate", .proxyRevalidate),
            ("no-transform", .noTransform), ("must-understand", .mustUnderstand),
            ("immutable", .immutable), ("stale-while-revalidate=1", .hasStaleWhileRevalidate),
        ] as [(String, CacheControl.Flags)])
    func flags(_ text: String, _ flag: CacheControl.Flags) { #expect(parse(text)?.flags == flag) }

    @Test(
        "no-cache and private with names are about those fields only (§2.1)",
        arguments: [
            ("no-cache=\"Set-Cookie\"", .noCacheFields), ("private=\"X-A, X-B\"", .privateFields),
            ("no-cache=Set-Cookie", .noCacheFields), ("no-cache=\"\"", .noCache),
            ("private=\"\"", .private), ("no-cache, no-cache=\"X\"", .noCacheFields),
            ("no-cache=\"X\", no-cache", .noCache), ("private=\"X\", private=?0", []),
            ("no-cache=\"X\", private", [.noCacheFields, .private]),
            ("private=\"a\", private=\"\"", .private),
            ("private=\"\", private=\"a\"", .privateFields),
            ("private=\"Set-Cookie, X Y\"", .private),
            ("private=\" , \"", .private), ("private=\"X\";a=1", .private),
        ] as [(String, CacheControl.Flags)])
    func qualified(_ text: String, _ flags: CacheControl.Flags) {
        #expect(parse(text)?.flags == flags)
    }

    @Test("no line, or empty lines only, say nothing")
    func empty() {
        #expect(parse() == nil && parse("") == nil && parse("", " ") == nil)
        #expect(parse("", "max-age=1")?.maxAge == 1)
    }
}
