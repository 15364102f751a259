import CloudFront
import Testing

@Suite("Policies")
struct PolicyTests {
    @Test("a cache policy is read from what get-cache-policy prints")
    func cachePolicy() {
        let text = Documents.cachePolicy(
            gzip: true,
            headers: #"{"HeaderBehavior": "whitelist", "Headers": \#(Documents.list("Origin"))}"#,
            cookies: #"{"CookieBehavior": "allExcept", "Cookies": \#(Documents.list("_ga"))}"#,
            query: #"{"QueryStringBehavior": "all"}"#)
        let reading = CachePolicy.read(json(text))
        #expect(reading.findings == [])
        #expect(reading.value?.id == "p1")
        #expect(reading.value?.ttl == TTLBounds(minTTL: 0, defaultTTL: 60, maxTTL: 600))
        #expect(reading.value?.headers == ["Origin"])
        #expect(reading.value?.cookies == NameSelection(.allExcept, ["_ga"]))
        #expect(reading.value?.queryStrings == .all)
        #expect(reading.value?.acceptsGzip == true)
        #expect(reading.value?.acceptsBrotli == false)
    }

    @Test(
        "absent lifetimes get the documented defaults",
        arguments: [
            (TTLBounds(minTTL: 0), [0, 86_400, 31_536_000]),
            (TTLBounds(minTTL: 100_000), [100_000, 100_000, 31_536_000]),
            (TTLBounds(minTTL: 40_000_000), [40_000_000, 40_000_000, 40_000_000]),
            (TTLBounds(minTTL: 0, defaultTTL: 40_000_000), [0, 40_000_000, 40_000_000]),
            (TTLBounds(minTTL: 0, defaultTTL: 5, maxTTL: 7), [0, 5, 7]),
        ])
    func defaults(_ bounds: TTLBounds, _ expected: [Int64]) {
        #expect([bounds.minTTL, bounds.defaultTTL, bounds.maxTTL] == expected)
    }

    @Test("lifetimes out of order are InvalidTTLOrder")
    func order() {
        let text = Documents.cachePolicy(ttl: #""MinTTL": 9, "DefaultTTL": 5, "MaxTTL": 7"#)
        let errors = CachePolicy.read(json(text)).errors
        #expect(errors.map { $0.code } == [.invalidTTLOrder])
        #expect(errors.first?.path == "CachePolicy.CachePolicyConfig.MaxTTL")
    }

    @Test("MinTTL has to be there, and may be 0")
    func leastTTL() {
        let rest = Documents.cachePolicy(ttl: #""DefaultTTL": 60, "MaxTTL": 600"#)
        let missing = CachePolicy.read(json(rest))
        #expect(missing.errors.map(\.path) == ["CachePolicy.CachePolicyConfig.MinTTL"])
        let zero = CachePolicy.read(json(Documents.cachePolicy(ttl: #""MinTTL": 0"#)))
        #expect(zero.findings == [] && zero.value?.ttl.minTTL == 0)
    }

    @Test(
        "more than 10 names or 1,024 characters are told, and not refused",
        arguments: [(10, 10, false), (11, 1, true), (8, 128, false), (9, 128, true)])
    func quota(_ count: Int, _ length: Int, _ isTold: Bool) {
        let names = (0..<count).map {
            "\"\(String(repeating: "x", count: length - 1))\(Character(Unicode.Scalar(97 + $0)!))\""
        }.joined(separator: ", ")
        let list = "{\"Quantity\": \(count), \"Items\": [\(names)]}"
        for text in [
            Documents.cachePolicy(
                headers: "{\"HeaderBehavior\": \"whitelist\", \"Headers\": \(list)}"),
            Documents.cachePolicy(
                cookies: "{\"CookieBehavior\": \"whitelist\", \"Cookies\": \(list)}"),
            Documents.cachePolicy(
                query: "{\"QueryStringBehavior\": \"whitelist\", \"QueryStrings\": \(list)}"),
        ] {
            let reading = CachePolicy.read(json(text))
            #expect(reading.value != nil)
            #expect(reading.findings.map(\.kind) == (isTold ? [.warning] : []), "\(text)")
        }
    }

    @Test(
        "with caching disabled the policy may say nothing of a key",
        arguments: [
            (Documents.cachePolicy(ttl: zero, gzip: true), "EnableAcceptEncodingGzip"),
            (
                Documents.cachePolicy(ttl: zero).replacing(
                    #"Gzip": false"#, with: #"Gzip": false, "EnableAcceptEncodingBrotli": true"#),
                "EnableAcceptEncodingBrotli"
            ),
            (
                Documents.cachePolicy(
                    ttl: zero,
                    headers:
                        #"{"HeaderBehavior": "whitelist", "Headers": \#(Documents.list("Authorization"))}"#
                ), "HeaderBehavior"
            ),
            (
                Documents.cachePolicy(ttl: zero, cookies: #"{"CookieBehavior": "all"}"#),
                "CookieBehavior"
            ),
            (
                Documents.cachePolicy(ttl: zero, query: #"{"QueryStringBehavior": "all"}"#),
                "QueryStringBehavior"
            ),
        ])
    func disabled(_ text: String, _ parameter: String) {
        let errors = CachePolicy.read(json(text)).errors
        #expect(
            errors.map { $0.problem } == [
                "The parameter \(parameter) is invalid for policy with caching disabled."
            ])
    }

    static let zero = #""MinTTL": 0, "DefaultTTL": 0, "MaxTTL": 0"#

    @Test(
        "some headers cannot be in a key",
        arguments: [
            "Cookie", "connection", "TE", "CloudFront-Viewer-ASN", "CloudFront-Viewer-Address",
            "CloudFront-Viewer-TLS", "CloudFront-Viewer-JA3-Fingerprint",
            "cloudfront-viewer-ja4-fingerprint", "*", "a b", "Proxy-Authorization", "upgrade",
        ])
    func keyHeaders(_ name: String) {
        let text = Documents.cachePolicy(
            headers: #"{"HeaderBehavior": "whitelist", "Headers": \#(Documents.list(name))}"#)
        #expect(!CachePolicy.read(json(text)).errors.isEmpty)
    }

    @Test(
        "CloudFront's own fields that the edge cannot make are said to be missing",
        arguments: [
            ("CloudFront-Viewer-JA3-Fingerprint", true),
            ("cloudfront-viewer-ja4-fingerprint", true),
            ("CloudFront-Viewer-Nobody", true), ("CloudFront-Viewer-TLS", false),
            ("cloudfront-viewer-asn", false), ("CloudFront-Viewer-Metro-Code", false),
            ("CloudFront-Is-SmartTV-Viewer", false), ("X-Own", false),
        ])
    func ownHeaders(_ name: String, isMissing: Bool) {
        let sends = OriginRequestPolicy.read(
            json(
                """
                {"Name": "n", "HeadersConfig": {"HeaderBehavior": "whitelist",
                 "Headers": \(Documents.list(name))},
                 "CookiesConfig": {"CookieBehavior": "none"},
                 "QueryStringsConfig": {"QueryStringBehavior": "none"}}
                """))
        let wanted = isMissing ? ["\(name) is not emulated"] : []
        #expect(sends.findings.filter { $0.kind == .notEmulated }.map(\.problem) == wanted)
        #expect(sends.errors == [])
    }

    @Test("an origin request policy cannot list Authorization alone")
    func authorization() {
        func policy(_ behavior: String) -> String {
            """
            {"Name": "n", "HeadersConfig": {"HeaderBehavior": "\(behavior)",
             "Headers": \(Documents.list("Authorization"))},
             "CookiesConfig": {"CookieBehavior": "none"},
             "QueryStringsConfig": {"QueryStringBehavior": "none"}}
            """
        }
        let errors = OriginRequestPolicy.read(json(policy("whitelist"))).errors
        #expect(errors.first?.remedy == "list it in the cache policy, or use allViewer")
        #expect(OriginRequestPolicy.read(json(policy("allExcept"))).findings == [])
    }

    @Test("every managed policy is known by its id")
    func managed() {
        let catalog = PolicyCatalog()
        #expect(catalog.cache.count == 7)
        #expect(catalog.originRequest.count == 8)
        #expect(catalog.responseHeaders.count == 5)
        let optimized = catalog.cache["658327ea-f89d-4fab-a63d-7e88639e58f6"]
        #expect(optimized?.name == "Managed-CachingOptimized")
        #expect(optimized?.ttl.minTTL == 1)
        let disabled = catalog.cache["4135ea2d-6df8-44a3-9df3-4b5a84be39ad"]
        #expect(disabled?.ttl.disablesCaching == true)
        let everything = catalog.originRequest["33f36d7e-f396-46d9-90e0-52428a34d9dc"]
        #expect(everything?.headers.count == 21)
    }

    @Test("a catalog takes policies of all kinds and asks for an id")
    func catalog() {
        var catalog = PolicyCatalog()
        #expect(catalog.add(json(Documents.cachePolicy())) == [])
        #expect(catalog.cache["p1"]?.name == "n")
        let bare = json(#"{"Name": "r", "RemoveHeadersConfig": {"Quantity": 0}}"#)
        #expect(catalog.add(bare).map { $0.problem } == ["the policy has no id"])
        #expect(catalog.add(bare, id: "r1") == [])
        #expect(catalog.responseHeaders["r1"]?.name == "r")
    }

    @Test(
        "key and origin request selections are united as the table says",
        arguments: [
            (NameSelection.none, NameSelection.none, NameSelection.none),
            (.none, .all, .all), (.none, .init(.list, ["b"]), .init(.list, ["b"])),
            (.none, .init(.allExcept, ["b"]), .init(.allExcept, ["b"])),
            (.all, .none, .all), (.all, .init(.list, ["b"]), .all),
            (.all, .init(.allExcept, ["b"]), .all),
            (.init(.list, ["a"]), .none, .init(.list, ["a"])), (.init(.list, ["a"]), .all, .all),
            (.init(.list, ["a"]), .init(.list, ["b", "a"]), .init(.list, ["a", "b"])),
            (.init(.list, ["a"]), .init(.allExcept, ["a", "b"]), .init(.allExcept, ["b"])),
            (.init(.allExcept, ["a", "b"]), .none, .init(.allExcept, ["a", "b"])),
            (.init(.allExcept, ["a"]), .all, .all),
            (.init(.allExcept, ["a", "b"]), .init(.list, ["b"]), .init(.allExcept, ["a"])),
            (
                .init(.allExcept, ["a", "b"]), .init(.allExcept, ["b", "c"]),
                .init(.allExcept, ["a", "b", "c"])
            ),
        ])
    func merge(_ key: NameSelection, _ added: NameSelection, _ both: NameSelection) {
        #expect(key.united(with: added) == both)
    }
}
