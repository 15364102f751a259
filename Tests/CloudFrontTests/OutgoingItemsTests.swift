import Caching
import Testing

@testable import CloudFront

@Suite("Outgoing invalidations: in CloudFront's words")
struct OutgoingItemsTests {
    private static func rule(_ target: WriteScope.Target, _ kinds: EntryKinds) -> InvalidationRule {
        InvalidationRule(scope: WriteScope(target, kinds))
    }

    private static func path(
        _ reach: InvalidationRule.Reach, _ text: String, host: String? = nil
    ) -> InvalidationRule {
        InvalidationRule(reach, host: host.map { Array($0.utf8) }, Array(text.utf8))
    }

    private static let roads = WriteScope.Target.layer(LayerName("geonode:roads"))

    @Test(
        "by tags",
        arguments: [
            (.everything, ["/*"]),
            (rule(.everything, .all), ["/*"]),
            (
                rule(roads, .tiles),
                ["#layer:geonode:roads", "#layer:roads", "#nameless:maps"]
            ),
            (
                rule(.style(LayerName("Line")), [.tiles, .legends]),
                ["#style:*:line", "#style:line", "#unstyled:maps"]
            ),
            (rule(.page("/story/x"), .pages), ["#page:/story/x", "#unread"]),
            (rule(.everything, [.pages, .lists]), ["#kind:lists", "#kind:pages"]),
            (InvalidationRule(tag: "roads".utf8, in: "tags".utf8), ["#roads"]),
            (path(.prefix, "/geoserver/"), ["/geoserver/*"]),
            (path(.prefix, "/a?b="), ["/a", "/a?b=*"]),
            (path(.target, "/a?b=1"), ["/a", "/a?b=1"]),
            (path(.target, "/a", host: "maps.example.org"), []),
        ] as [(InvalidationRule, [String])])
    func tags(_ rule: InvalidationRule, _ expected: [String]) {
        var words = OutgoingItems()
        words.hasTags = true
        #expect(words.items(for: rule).map(\.text).sorted() == expected)
    }

    @Test(
        "by paths",
        arguments: [
            (rule(roads, .tiles), ["/geoserver/*", "/gs/*"]),
            (rule(roads, .layer), ["/geoserver/*", "/gs/*", "/layers/*"]),
            (rule(roads, .lists), ["/layers/*"]),
            (rule(.page("/story/x y"), .pages), ["/story/x*"]),
            (rule(.everything, .all), ["/*"]),
            (InvalidationRule(tag: "roads".utf8, in: "tags".utf8), ["/*"]),
            (path(.target, "/a?b=1", host: "maps.example.org"), ["/a", "/a?b=1"]),
            // What CloudFront would refuse ends before that, and reaches further.
            (path(.target, "/~user/a"), ["/*"]), (path(.target, "/a~b"), ["/a*"]),
            (path(.target, "/caf\u{e9}"), ["/caf*"]), (path(.prefix, "/a b"), ["/a*"]),
            (path(.target, "/a*"), ["/a*"]), (path(.prefix, ""), ["/*"]),
            (
                path(.target, "/" + String(repeating: "a", count: 5_000)),
                ["/" + String(repeating: "a", count: 3_998) + "*"]
            ),
        ] as [(InvalidationRule, [String])])
    func paths(_ rule: InvalidationRule, _ expected: [String]) throws {
        var words = OutgoingItems()
        words.maps = [try InvalidationPath("/geoserver/*"), try InvalidationPath("/gs/*")]
        words.pages = [try InvalidationPath("/layers/*")]
        words.includesTargets = true
        let items = words.items(for: rule).map(\.text).sorted()
        #expect(items == expected)
        for item in items { #expect(throws: Never.self) { _ = try InvalidationPath(item) } }
    }

    @Test("of a write that was none, as far as is known, CloudFront is not told")
    func quiet() {
        var words = OutgoingItems()
        var rule = Self.path(.target, "/geoserver/wfs", host: "h")
        for includesTargets in [false, true] {
            words.includesTargets = includesTargets
            rule.isQuiet = false
            #expect(words.items(for: rule).isEmpty != includesTargets)
            rule.isQuiet = true
            #expect(words.items(for: rule).isEmpty)
        }
    }

    private static func set(_ items: [String]) throws -> OutgoingSet {
        OutgoingSet(try items.map { try InvalidationPath($0) })
    }

    @Test(
        "what another item means goes",
        arguments: [
            (["/a", "/a", "/b"], ["/a", "/b"]),
            (["/a", "#t", "/*", "/b*"], ["/*"]), (["/*", "#t"], ["/*"]),
            (
                ["/geoserver/x1", "/geoserver/x*", "/geoserver/y"],
                ["/geoserver/x*", "/geoserver/y"]
            ),
            (["/geoserver/x*", "/geoserver/x1*", "/geoserver/x"], ["/geoserver/x*"]),
            (["/geo/*", "/geo", "#geo"], ["#geo", "/geo", "/geo/*"]),
        ])
    func subsumes(_ items: [String], _ expected: [String]) throws {
        #expect(try Self.set(items).texts == expected)
        #expect(try Self.set(items.reversed()).texts == expected)
    }

    @Test(
        "too many are widened, no further than needed, until they fit",
        arguments: [
            (["/a", "/b"], 2, 1, ["/a", "/b"]),
            (["/m?a", "/m?b", "/x"], 2, 1, ["/m*", "/x"]),
            (["/a/b/1", "/a/b/2", "/c"], 2, 1, ["/a/b/*", "/c"]),
            (["/a/b/1", "/a/c/2", "/d"], 2, 1, ["/a/*", "/d"]),
            (["/a/1", "/b/2", "/c/3"], 2, 1, ["/*"]),
            (["/a/1*", "/a/2*", "#t"], 5, 1, ["#t", "/a/*"]),
            (["#1", "#2", "#3"], 2, 1, ["/*"]),
        ])
    func coarsens(
        _ items: [String], _ limit: Int, _ wildcards: Int, _ expected: [String]
    ) throws {
        let next = try Self.set(items).coarsened(
            paths: limit, wildcards: wildcards, items: limit)
        #expect(next?.texts == expected)
    }

    @Test("without a wildcard left nothing can be widened")
    func noRoom() throws {
        #expect(try Self.set(["/a", "/b"]).coarsened(paths: 1, wildcards: 0, items: 9) == nil)
        #expect(try Self.set(["/a"]).coarsened(paths: 1, wildcards: 0, items: 9)?.texts == ["/a"])
        #expect(try Self.set(["/a*"]).coarsened(paths: 1, wildcards: 0, items: 9) == nil)
    }

    @Test("however it is widened, it means all that it meant")
    func covers() throws {
        var seed: UInt64 = 7
        func below(_ count: Int) -> Int {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((seed >> 33) % UInt64(count))
        }
        for _ in 0..<200 {
            let items = (0..<(1 + below(12))).map { _ in
                let path = (0..<(1 + below(3))).map { _ in "/" + "ab".map { "\($0)" }[below(2)] }
                    .joined()
                return path + ["", "", "?q", "*", "/*"][below(5)]
            }
            let (limit, stars) = (1 + below(4), 1 + below(2))
            let whole = try Self.set(items)
            let next = try #require(
                whole.coarsened(paths: limit, wildcards: stars, items: limit))
            #expect(next.fits(paths: limit, wildcards: stars, items: limit))
            for item in items {
                let stored = item.hasSuffix("*") ? item.dropLast() + "zz" : item[...]
                let parts = stored.split(separator: "?")
                let isReached = next.items.contains { wide in
                    wide.reaches(String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
                }
                #expect(isReached, "\(item) by \(next.texts)")
            }
        }
    }
}
