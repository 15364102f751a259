import HTTP
import Testing

extension CacheControl.Flags {
    fileprivate static let stale: Self = [.hasMaxAge, .invalidMaxAge]
}

@Suite("RFC 9111 §5.2: Cache-Control")
struct CacheControlTests {
    private func parse(_ lines: String...) -> CacheControl {
        var control = CacheControl()
        for line in lines { withSpan(line) { control.add($0) } }
        return control
    }

    @Test(
        "each directive is known by its name, in any case",
        arguments: [
            ("no-store", .noStore), ("no-cache", .noCache), ("private", .private),
            ("public", .public),
            ("must-revalidate", .mustRevalidate), ("proxy-revalidate", .proxyRevalidate),
            ("no-transform", .noTransform), ("must-understand", .mustUnderstand),
            ("immutable", .immutable), ("only-if-cached", .onlyIfCached),
            ("max-stale", .maxStaleAny),
            ("max-age=1", .hasMaxAge), ("s-maxage=1", .hasSMaxAge), ("min-fresh=1", .hasMinFresh),
            ("max-stale=1", .hasMaxStale), ("stale-if-error=1", .hasStaleIfError),
            ("stale-while-revalidate=1", .hasStaleWhileRevalidate),
        ] as [(String, CacheControl.Flags)])
    func names(_ text: String, _ flag: CacheControl.Flags) {
        #expect(parse(text).flags == flag)
        #expect(parse(text.uppercased()).contains(flag))
        #expect(parse("x\(text)").flags.isEmpty)
    }

    @Test(
        "§5.2.3: what is no directive is told apart from unknown ones",
        arguments: [
            ("max-age: 0", ["max-age: 0"]), ("public, max-age =5", ["max-age =5"]),
            ("x, y=\"z\"", []), ("a=b c, =1", ["a=b c", "=1"]), ("", []),
        ])
    func malformed(_ text: String, _ expected: [String]) {
        var found: [String] = []
        withSpan(text) { span in
            CacheControl.forEachMalformed(in: span) { member in
                found.append(member.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
            }
        }
        #expect(found == expected)
    }

    @Test("directives on several lines and in one list add up")
    func lines() {
        let control = parse(
            "max-age=5, public", "s-maxage=7,stale-while-revalidate=8", "stale-if-error=9")
        #expect(control.maxAge == 5 && control.sMaxAge == 7)
        #expect(control.staleWhileRevalidate == 8 && control.staleIfError == 9)
        #expect(control.contains(.public))
        let request = parse("max-stale=3, min-fresh=4, max-age=0")
        #expect(request.maxStale == 3 && request.minFresh == 4 && request.contains(.hasMaxAge))
    }

    @Test("§4.2.1: of a directive given twice, the first counts")
    func duplicates() {
        #expect(parse("max-age=5, max-age=60").maxAge == 5)
        #expect(parse("s-maxage=60", "s-maxage=5").sMaxAge == 60)
        #expect(parse("max-stale, max-stale=5").flags == .maxStaleAny)
        #expect(parse("max-stale=5, max-stale").flags == .hasMaxStale)
        #expect(parse("min-fresh=1, min-fresh=2").minFresh == 1)
        #expect(parse("stale-if-error=1, stale-if-error=2").staleIfError == 1)
        #expect(
            parse("stale-while-revalidate=1, stale-while-revalidate=2").staleWhileRevalidate == 1)
    }

    @Test("§5.2: an argument may be a token or a quoted string")
    func quoted() {
        #expect(parse("max-age=\"10\"").maxAge == 10)
        #expect(parse("s-maxage=\"10\", public").sMaxAge == 10)
        #expect(parse("max-age=\"10\", public").contains(.public))
    }

    @Test(
        "§4.2.1: a lifetime that is no number is already over",
        arguments: [
            "max-age", "max-age=", "max-age=x", "max-age=1.5", "max-age=-1", "max-age=+1",
            "max-age=\"\"",
            "max-age=1s", "max-age=0x10", "max-age=\" 1\"",
        ])
    func invalid(_ text: String) {
        let control = parse(text + ", max-age=60")
        #expect(control.contains(.hasMaxAge) && control.contains(.invalidMaxAge))
        #expect(control.maxAge == 0)
    }

    @Test("an invalid s-maxage is 0; other invalid numbers are no directives")
    func invalidOthers() {
        #expect(parse("s-maxage=x").flags == [.hasSMaxAge, .invalidSMaxAge])
        for name in ["stale-if-error", "stale-while-revalidate", "min-fresh", "max-stale"] {
            #expect(parse("\(name)=x").flags.isEmpty)
        }
        #expect(parse("min-fresh").flags.isEmpty)
    }

    @Test(
        "§1.2.2: numbers too large count as 2^31",
        arguments: [
            "2147483648", "2147483649", "99999999999999999999999999", "4294967296",
        ])
    func overflow(_ number: String) {
        #expect(parse("max-age=\(number)").maxAge == 2_147_483_648)
        #expect(parse("max-age=2147483647").maxAge == 2_147_483_647)
        #expect(parse("max-age=000000000000000000000005").maxAge == 5)
    }

    @Test(
        "white space around = or a colon in its place makes an unknown directive",
        arguments: [
            "max-age =5", "max-age: 5", "=5", "no store", "\"max-age=", "public x", "\"public\"",
            "immutable;", "max-stale=\"5", "stale-if-error=\"5", "@", "\"",
        ])
    func unknown(_ text: String) { #expect(parse(text).flags.subtracting(.stale).isEmpty) }

    @Test(
        "what is no directive forbids by the words in it",
        arguments: [
            ("no-store x", .noStore), ("\"no-store\"", .noStore), ("no-store;", .noStore),
            ("@no-store", .noStore), ("x; NO-STORE", .noStore), ("x=\"a, no-store", .noStore),
            ("no-cache=\"x-p", .noCache), ("no-cache=\"x-p, max-age=60", .noCache),
            ("no-cache = \"x\"", .noCache), ("no-cache: x", .noCache),
            ("private=\"a\" b", .private), ("private=\"a", .private), ("private=(a)", .private),
            ("private=\"a b\"", .private), ("no-cache=\", ,\"", .noCache),
            ("no-cache=\"a, \\b\"", .noCache), ("private=\"a\";x=1", .private),
            ("must-revalidate;", .mustRevalidate), ("(proxy-revalidate)", .proxyRevalidate),
            ("max-age=60;no-store", [.stale, .noStore]),
        ] as [(String, CacheControl.Flags)])
    func forbidding(_ text: String, _ flags: CacheControl.Flags) {
        #expect(parse(text).flags.subtracting(.stale) == flags.subtracting(.stale))
    }

    @Test(
        "a lifetime that cannot be read is over",
        arguments: ["max-age= 5", "max-age=\"5", "max-age=\"5\"x", "max-age=5;x", "max-age=5 6"])
    func unreadable(_ text: String) {
        #expect(parse(text).flags == .stale)
        #expect(parse("s-" + text.filter { $0 != "-" }).flags == [.hasSMaxAge, .invalidSMaxAge])
        #expect(parse("max-age=7, \(text)").maxAge == 7)
    }

    @Test("odd commas and white space between directives do not matter")
    func commas() {
        #expect(parse(",, no-store ,,\t,public,").flags == [.noStore, .public])
        #expect(parse("").flags.isEmpty && parse(" , ").flags.isEmpty)
    }

    @Test("a comma inside quotes ends no directive, and what is in quotes is none")
    func quotedComma() {
        #expect(parse("foo=\"a, no-store, b\", public").flags == .public)
        #expect(parse("foo=\"a\\\", no-store\", public").flags == .public)
    }

    @Test("an argument does not unmake a directive that has none")
    func surplusArgument() {
        #expect(parse("no-store=1").contains(.noStore))
        #expect(parse("public=\"x\"").contains(.public))
        #expect(parse("must-revalidate=0").contains(.mustRevalidate))
    }

    @Test("qualified no-cache and private are about the named fields only")
    func qualified() {
        #expect(parse("no-cache=\"Set-Cookie\"").flags == .noCacheFields)
        #expect(parse("private=\"a, b\"").flags == .privateFields)
        #expect(parse("private=x").flags == .privateFields)
        #expect(parse("no-cache=\"a\", no-cache").flags == [.noCacheFields, .noCache])
        #expect(parse("private=\"\"").flags == .private)
        #expect(parse("no-cache=").flags == .noCache)
    }

    @Test("the names that a qualified directive lists are told one by one")
    func names() {
        #expect(names(.noCache, "no-cache=\"Set-Cookie, X-A\"") == ["Set-Cookie", "X-A"])
        #expect(
            names(.private, "no-cache=\"a\", PRIVATE=\" b ,,c\", private=d") == ["b", "c", "d"])
        #expect(names(.noCache, "no-cache, private=\"a\"").isEmpty)
        #expect(names(.noCache, "no-cache=\"a b, c\"") == ["c"])
    }

    private func names(_ directive: CacheControl.Qualified, _ line: String) -> [String] {
        var names: [String] = []
        withSpan(line) { span in
            CacheControl.forEachQualifiedName(of: directive, in: span) { name in
                names.append(name.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
            }
        }
        return names
    }
}
