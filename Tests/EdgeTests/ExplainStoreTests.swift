import Caching
import CloudFront
import HTTP
import Reactor
import Testing
import Tiles

@testable import Edge

@Suite("Explain: what the store has, and why something is not there")
struct ExplainStoreTests {
    private static let now = Explaining.now
    private let bench = StoreBench()

    private func canonical(_ path: String, _ query: String = "", gzip: Bool = false) -> [UInt8] {
        let (host, path, query) = (Array("a.test".utf8), Array(path.utf8), Array(query.utf8))
        return withUnsafeTemporaryAllocation(byteCount: 8_192, alignment: 1) { memory in
            var (key, map) = (CanonicalKey(memory), MapFacts())
            TargetKey.append(
                host: host.span.bytes, path: path.span.bytes, query: query.span.bytes, maps: nil,
                keepsEmptyQuery: false, dropsCacheBusters: false, &map, to: &key)
            if gzip { TargetKey.appendGzip(to: &key) }
            return [UInt8](key.bytes)
        }
    }

    private func put(
        _ store: Store, _ canonical: [UInt8], age: Milliseconds = 0, status: UInt16 = 200,
        fields: String = "Cache-Control: max-age=60\r\n", invalidation: UInt64 = 0,
        staleFor: Milliseconds = 0
    ) {
        let storedAt = Self.now - age
        let times = EntryTimes(
            storedAt: storedAt, initialAge: 0, freshUntil: storedAt + 60_000,
            swrUntil: storedAt + 60_000 + staleFor, sieUntil: storedAt + 60_000)
        var header = EntryHeader(status: status, flags: [], times: times)
        header.invalidation = invalidation
        _ = store.enqueue(
            StorePut(
                key: CacheKey.hash(canonical.span.bytes, seed: store.seed), header: header,
                canonicalKey: canonical, headers: Array(fields.utf8),
                body: .segments([StoreSegment(copying: [1, 2, 3])])))
    }

    private func explain(
        _ store: Store, _ target: String, _ fields: String = "", method: String = "GET",
        mode: Mode = .cloudfront, tagField: String? = nil, more: String = ""
    ) throws -> Explanation {
        var settings = Explaining.settings(mode: mode)
        if tagField != nil || !more.isEmpty {
            let distribution = try self.distribution(tagField: tagField ?? "tags", more)
            settings.distribution = distribution
            if !more.isEmpty {
                settings.behaviors[0].imported = ImportedBehavior(
                    distribution.distribution.behaviors[0], secureOrigin: 0)
            }
        }
        return try Explaining.explain(
            "\(method) \(target) HTTP/1.1\r\nHost: A.test\r\n\(fields)\r\n", store, settings)
    }

    @Test("an entry is found while it waits for the writer, and on disk", arguments: [false, true])
    func found(isSettled: Bool) throws {
        let store = try bench.open()
        put(store, canonical("/a", "v=1"), age: 10_000)
        put(store, canonical("/a", "v=2"), age: 90_000)
        put(store, canonical("/b", "v=1"))
        if isSettled { store.settle() }
        let told = try explain(store, "/a?v=1")
        let entry = try #require(told.entry)
        #expect(told.decision.action == "serve" && told.decision.reason == "fresh")
        #expect(entry.isPending == !isSettled && entry.bodyLength == 3)
        #expect(entry.age == 10_000 && entry.lifetime == 60_000 && entry.remaining == 50_000)
        #expect(entry.source == "max-age" && entry.bound == "" && !entry.hasOldLifetime)
        #expect(told.origin?.isAsked == false && told.warnings.isEmpty)
        let miss = try #require(told.nearMisses.first)
        #expect(told.nearMisses.count == 1 && !miss.isFresh && miss.age == 90_000)
        #expect(
            miss.differences == [
                Explanation.KeyDifference("query", wanted: "v=1", found: "v=2", note: "v")
            ])
        #expect(told.scanned == (isSettled ? 3 : 0) && told.isScanComplete)
    }

    @Test("that viewers wait for a failing origin is told, unless something stale answers at once")
    func waiting() throws {
        let store = try bench.open()
        for (path, control, isTold) in [
            ("/a", "max-age=60, stale-if-error=600", true), ("/b", "max-age=60", false),
            ("/c", "max-age=60, stale-if-error=600, stale-while-revalidate=9", false),
        ] {
            put(store, canonical(path), fields: "Cache-Control: \(control)\r\n")
            let words = try explain(store, path).warnings.map(\.word)
            #expect(words == (isTold ? ["stale-if-error"] : []), "\(path)")
        }
    }

    @Test("near misses: the nearest first, five at most, the digests of long keys left out")
    func nearMisses() throws {
        let store = try bench.open()
        for version in 1...7 { put(store, canonical("/a", "v=\(version)"), age: 1_000) }
        put(store, canonical("/a", "", gzip: true))
        put(store, canonical("/a", "v=9", gzip: true))
        put(store, canonical("/a", String(repeating: "x", count: 2_000)))
        store.settle()
        let told = try explain(store, "/a?v=0")
        #expect(told.entry == nil && told.nearMisses.count == 5)
        #expect(told.nearMisses.allSatisfy { $0.differences.count == 1 })
        let coded = try explain(store, "/a?v=9")
        #expect(
            coded.nearMisses.first?.differences == [
                Explanation.KeyDifference("coding", wanted: nil, found: "gzip")
            ])
    }

    @Test("the invalidation that killed an entry is named; one from before it is not to blame")
    func killed() throws {
        let store = try bench.open()
        put(store, canonical("/a/1"))
        put(store, canonical("/b"))
        put(store, canonical("/b", "q"))
        store.settle()
        store.invalidate([InvalidationRule(.prefix, Array("/a/".utf8))])
        let (number, _) = store.invalidate([
            InvalidationRule(.target, host: Array("a.test".utf8), Array("/b".utf8))
        ])
        let prefix = try explain(store, "/a/1")
        #expect(prefix.entry == nil && prefix.decision.reason == "absent")
        #expect(
            prefix.invalidation
                == Explanation.Invalidation(
                    number: number - 1, rule: "/a/*", kills: true, mayBeOfAPI: true))
        let target = try explain(store, "/b?q")
        #expect(target.invalidation == nil && target.entry != nil)
        #expect(target.nearMisses.first?.isDead == true)
        put(store, canonical("/b"), invalidation: number)
        let renewed = try explain(store, "/b")
        #expect(renewed.entry?.invalidation == number)
        #expect(
            renewed.invalidation
                == Explanation.Invalidation(
                    number: number, rule: "/b on a.test", kills: false, mayBeOfAPI: false))
        store.invalidate([.everything])
        #expect(try explain(store, "/b").invalidation?.rule == "everything")
    }

    @Test("one that is soft is named where it ended a lifetime, and no killer where one killed")
    func softened() throws {
        let store = try bench.open()
        put(store, canonical("/a"))
        store.settle()
        var soft = InvalidationRule(.target, Array("/a".utf8))
        soft.isSoft = true
        let (number, _) = store.invalidate([soft])
        let stale = try explain(store, "/a")
        #expect(stale.entry?.remaining == 0 && stale.entry?.bound == "invalidation")
        #expect(stale.entry?.hasOldLifetime == false)
        #expect(stale.invalidation?.number == number && stale.invalidation?.endsLifetime == true)
        #expect(stale.invalidation?.kills == false)
        let (hard, _) = store.invalidate([InvalidationRule(.target, Array("/a".utf8))])
        store.invalidate([soft])
        let dead = try explain(store, "/a")
        #expect(dead.entry == nil && dead.invalidation?.number == hard)
        #expect(dead.invalidation?.kills == true && dead.invalidation?.endsLifetime == false)
        put(store, canonical("/a"), invalidation: hard + 1)
        let fresh = try explain(store, "/a")
        #expect(fresh.entry?.bound == "" && fresh.invalidation?.endsLifetime == false)
    }

    /// One that says in which field origins tag, and no more than it has to.
    private func distribution(
        tagField: String, _ more: String = ""
    ) throws -> DistributionSettings {
        let xml = """
            <DistributionConfig><CallerReference>t</CallerReference><Comment></Comment>\
            <Enabled>true</Enabled><Origins><Quantity>1</Quantity><Items><Origin><Id>o</Id>\
            <DomainName>o.test</DomainName><CustomOriginConfig><HTTPPort>80</HTTPPort>\
            <HTTPSPort>443</HTTPSPort><OriginProtocolPolicy>http-only</OriginProtocolPolicy>\
            </CustomOriginConfig></Origin></Items></Origins><DefaultCacheBehavior>\
            <TargetOriginId>o</TargetOriginId>\
            <ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy>\
            <CachePolicyId>658327ea-f89d-4fab-a63d-7e88639e58f6</CachePolicyId>\
            </DefaultCacheBehavior><CacheTagConfig><HeaderName>\(tagField)</HeaderName>\
            </CacheTagConfig>\(more)</DistributionConfig>
            """
        let document = try APIDocument(
            parsing: Array(xml.utf8).span.bytes, limits: APIDocument.limits)
        let config = try #require(DistributionConfig.read(document.node).value)
        let resolved = Distribution.resolve(config, PolicyCatalog())
        return DistributionSettings(
            try #require(resolved.value), id: "E", domainName: "d.cloudfront.net")
    }

    @Test("the pages that take an error's place are told, and none that does not apply")
    func errorPages() throws {
        let store = try bench.open()
        let pages = """
            <CustomErrorResponses><Quantity>2</Quantity><Items><CustomErrorResponse>\
            <ErrorCode>404</ErrorCode><ResponsePagePath>/err.html</ResponsePagePath>\
            <ResponseCode>200</ResponseCode><ErrorCachingMinTTL>30</ErrorCachingMinTTL>\
            </CustomErrorResponse><CustomErrorResponse><ErrorCode>503</ErrorCode>\
            <ErrorCachingMinTTL>5</ErrorCachingMinTTL></CustomErrorResponse></Items>\
            </CustomErrorResponses>
            """
        let told = try explain(store, "/a", more: pages)
        #expect(told.errorPages.map(\.text) == ["404 -> /err.html as 200 (ErrorCachingMinTTL 30)"])
        #expect(told.errorPages.map(\.isShown) == [false])
        let steps = String(decoding: ExplainedSteps(told).bytes, as: UTF8.self)
        #expect(steps.contains("error page: 404 -> /err.html as 200 (ErrorCachingMinTTL 30)\r\n"))
        let refused = try explain(
            store, "/a", "Content-Length: 1\r\n", more: pages)
        #expect(refused.refusal != nil && refused.errorPages.isEmpty)
        #expect(!refused.assumptions.contains { $0.word == "pagesForRefusals" })
        #expect(try explain(store, "/a", tagField: "Tags").errorPages.isEmpty)
    }

    @Test("the tag that killed an entry is named, unless a later rule names its path")
    func tagged() throws {
        let store = try bench.open { $0.invalidationRetention = 600_000 }
        put(store, canonical("/a"), fields: "Tags: roads, Rivers\r\n")
        store.settle()
        let (number, _) = store.invalidate([InvalidationRule(tag: "rivers".utf8, in: "tags".utf8)])
        store.invalidate([InvalidationRule(tag: "lakes".utf8, in: "tags".utf8)])
        let told = try explain(store, "/a", tagField: "Tags")
        #expect(told.entry == nil)
        var rivers = Explanation.Invalidation(
            number: number, rule: "tag rivers", kills: true, mayBeOfAPI: true)
        rivers.isOfTag = true
        #expect(told.invalidation == rivers)
        // When the sweeper has taken it, nobody knows what tags it had.
        store.settle()
        let swept = try #require(try explain(store, "/a", tagField: "Tags").invalidation)
        #expect(swept.rule == "tag lakes" && !swept.kills)
        #expect(swept.effect(onStored: false) == "in force, for what had that tag")
        store.invalidate([InvalidationRule(.target, Array("/a".utf8))])
        #expect(try explain(store, "/a", tagField: "Tags").invalidation?.rule == "/a")
    }

    @Test("a page is judged by what it tells that it shows, asked for or a near miss")
    func shown() throws {
        let store = try bench.open()
        put(
            store, canonical("/story/x", "v=2"),
            fields: "Cache-Control: max-age=60\r\nSurrogate-Key: layer:w:a\r\n")
        store.settle()
        func write(_ layer: String) -> UInt64 {
            var scope = WriteScope(.layer(LayerName(layer)), .all)
            scope.isHard = true
            return store.invalidate([InvalidationRule(scope: scope)]).0
        }
        func miss() throws -> Explanation.NearMiss {
            try #require(try explain(store, "/story/x?v=1").nearMisses.first)
        }
        _ = write("w:b")
        #expect(try !miss().isDead)
        let told = try explain(store, "/story/x?v=2")
        #expect(told.entry != nil && told.invalidation == nil)
        let number = write("w:a")
        #expect(try miss().isDead)
        let dead = try explain(store, "/story/x?v=2")
        #expect(dead.entry == nil)
        #expect(dead.invalidation?.number == number && dead.invalidation?.kills == true)
    }

    @Test("an entry that was deleted, or is another key's, is absent")
    func absent() throws {
        let store = try bench.open()
        put(store, canonical("/a"))
        store.settle()
        store.delete(CacheKey.hash(canonical("/a").span.bytes, seed: store.seed))
        let told = try explain(store, "/a")
        #expect(told.entry == nil && told.invalidation == nil)
        #expect(told.decision.sentence == "nothing is stored under this key")
    }

    @Test("behind a stale answer the whole is asked for, by GET")
    func refreshes() throws {
        let store = try bench.open()
        put(store, canonical("/a"), age: 90_000, staleFor: 60_000)
        for (method, field) in [("HEAD", ""), ("GET", "Range: bytes=0-1\r\n")] {
            let told = try explain(store, "/a", field, method: method)
            #expect(told.decision.action == "serve-stale-and-refresh")
            let origin = try #require(told.origin)
            #expect(origin.isAsked && origin.requestLine == "GET /a HTTP/1.1")
            #expect(!origin.fields.contains { $0.name == "Range" })
        }
    }

    @Test("a range that CloudFront takes for none is not said to be sent")
    func ignoredRange() throws {
        let store = try bench.open()
        for (range, isSent) in [("5-2", false), ("0-4,2-9", false), ("2-5", true)] {
            let told = try explain(store, "/none", "Range: bytes=\(range)\r\n")
            let fields = try #require(told.origin).fields
            #expect(fields.contains { $0.name == "Range" } == isSent, "\(range)")
        }
    }

    @Test("a lifetime from before a change of settings is told, and each source has its field")
    func lifetimes() throws {
        let store = try bench.open()
        for (path, fields) in [
            ("/old", "Cache-Control: max-age=5\r\n"), ("/none", "X: y\r\n"),
            ("/expires", "Expires: Fri, 15 Jan 2027 08:01:00 GMT\r\n"),
            ("/shared", "Cache-Control: s-maxage=60\r\nCache-Control: max-age=1\r\n"),
        ] { put(store, canonical(path), fields: fields) }
        func entry(_ path: String) throws -> Explanation.Entry {
            try #require(try explain(store, path).entry)
        }
        #expect(try entry("/old").hasOldLifetime)
        #expect(try entry("/none").source == "default-ttl" && entry("/none").field == "")
        let expires = try entry("/expires")
        #expect(expires.source == "expires" && !expires.hasOldLifetime)
        #expect(expires.field == "Expires: Fri, 15 Jan 2027 08:01:00 GMT")
        #expect(try entry("/shared").field == "Cache-Control: s-maxage=60, max-age=1")
    }

    @Test(
        "a class's lifetime is told to be one, and of which class",
        arguments: [
            ("REQUEST=GetFeature&TYPENAME=w:x", "features"),
            ("REQUEST=GetFeatureInfo&LAYERS=w:x", "features"),
            ("REQUEST=GetCapabilities", "capabilities"), ("REQUEST=GetLegendGraphic", "tiles"),
            ("REQUEST=GetExecutionStatus", nil), ("REQUEST=GetFeatureWithLock", nil), ("a=b", nil),
        ])
    func classes(_ query: String, _ mapClass: String?) throws {
        let store = try bench.open()
        put(store, canonical("/geoserver/ows", query), fields: "X: y\r\n")
        let entry = try #require(try explain(store, "/geoserver/ows?\(query)").entry)
        #expect(entry.source == (mapClass == nil ? "default-ttl" : "class"))
        #expect(entry.field == (mapClass.map { "edgeTTL of class \($0)" } ?? ""))
    }
}

@Suite("Explain: in what two keys differ")
struct KeyComparisonTests {
    @Test(
        "what is peculiar about two values",
        arguments: [
            ("query", "a=1&b=2", "b=2&a=1", "the same parameters in another order"),
            ("query", "a=1&b=2", "a=1&b=3&c=4", "b, c"),
            ("query", "a=1", "a=1&a=1", "a parameter is repeated"),
            ("path", "/A", "/a", "letters differ in case"),
            ("path", "/a", "/a/", "a slash at the end"),
            ("path", "/a", "/b", ""),
            ("field", "DE", "de", "letters differ in case"),
            ("field", "de", "en", ""),
        ])
    func notes(_ kind: String, _ left: String, _ right: String, _ note: String) {
        let parts = [Explanation.KeyPart(kind, left)]
        let differences = parts.differences(from: [Explanation.KeyPart(kind, right)])
        #expect(differences.map(\.note) == [note])
    }

    @Test("parts that one key has alone")
    func alone() {
        let left = [Explanation.KeyPart("path", "/"), Explanation.KeyPart("query", "a")]
        let right = [
            Explanation.KeyPart("path", "/"), Explanation.KeyPart("field", name: "x", nil),
        ]
        #expect(left.differences(from: left).isEmpty)
        #expect(
            left.differences(from: right) == [
                Explanation.KeyDifference("query", wanted: "a", found: nil),
                Explanation.KeyDifference("field x", wanted: nil, found: "(absent)"),
            ])
    }
}
