import Testing

@testable import CloudFront

@Suite("Invalidations")
struct InvalidationTests {
    private func error(_ body: () throws(APIError) -> Void) -> APIError? {
        do {
            try body()
            return nil
        } catch {
            return error
        }
    }

    private func path(_ text: String) -> InvalidationPath? { try? InvalidationPath(text) }

    private func matches(_ item: String, _ stored: String) -> Bool? {
        let parts = stored.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let query = parts.count > 1 ? String(parts[1]) : ""
        guard let item = path(item) else { return nil }
        return item.reaches(String(parts[0]), query)
    }

    @Test(
        "what is no path is refused with the API's words (I1, I3, I8, I9)",
        arguments: [
            "", "a.jpg", "https://e.org/a", "/a b", "/a'b", "/~a", "/ä", "/a\u{7f}", "/<", "/a#b",
            "#", "#a,b", "#a b", "#\(String(repeating: "t", count: 257))",
            "/\(String(repeating: "a", count: 4_000))",
        ])
    func refused(_ text: String) {
        let error = error { () throws(APIError) in _ = try InvalidationPath(text) }
        #expect(error?.code == .invalidArgument)
        #expect(
            error?.message
                == "Your request contains one or more invalid invalidation paths.")
    }

    @Test(
        "what is one is accepted, needless escapes too (I8)",
        arguments: [
            "/", "/a.jpg?p=1", "/%7Ea", "/%2A", "/a*b", "/*", "#tag",
            "/\(String(repeating: "a", count: 3_999))",
        ])
    func accepted(_ text: String) { #expect(path(text) != nil) }

    @Test(
        "matching by path and the query in the key",
        arguments: [
            ("/a*b", "/a*b", true), ("/a*b", "/axb", false),  // I2
            ("/A.jpg", "/a.jpg", false),  // I3
            // I4
            ("/dir/*", "/dir/a/b", true), ("/dir/*", "/dir", false), ("/dir/*", "/dir/", true),
            ("/dir*", "/dir", true), ("/dir*", "/dir2/a?x", true), ("/images", "/images/", false),
            ("/*", "/", true), ("/*", "/a?b=1", true),  // I5
            ("/a.jpg?p=1", "/a.jpg?p=1", true), ("/a.jpg", "/a.jpg?p=1", false),  // I6
            ("/a.jpg*", "/a.jpg?p=1", true), ("/a.jpg", "/a.jpg", true),
            ("/a?p=1", "/a?p=1&q=2", false), ("/a?p=*", "/a?p=12", true), ("/a?*", "/a", false),
            ("/a?", "/a", true), ("/a?", "/a?b", false),
            // I8
            ("/%2A", "/anything", false), ("/a%20b", "/a%20b", true), ("/a%20b", "/a b", false),
            ("/abc", "/ab", false), ("/ab", "/abc", false), ("#a", "/a", false),
        ])
    func matching(_ item: String, _ stored: String, _ isMatch: Bool) {
        #expect(matches(item, stored) == isMatch)
    }

    @Test("I11: the root and its object are one")
    func rootObject() {
        #expect(path("/")?.naming(rootObject: "index.html") == path("/index.html"))
        #expect(path("/?a=1")?.naming(rootObject: "index.html") == path("/index.html?a=1"))
        #expect(path("/a")?.naming(rootObject: "index.html") == path("/a"))
        #expect(path("/")?.naming(rootObject: "") == path("/"))
    }

    @Test(
        "tags match without case, in a comma list, the first fifty",
        arguments: [
            ("#roads", "Roads, rivers", true), ("#RIVERS", "roads ,rivers", true),
            ("#road", "roads", false), ("#x", many(49) + "x", true), ("#x", many(50) + "x", false),
            ("#b", "a b,b", true), ("/roads", "roads", false), ("#a", "", false),
        ])
    func tags(_ item: String, _ field: String, _ isMatch: Bool) {
        #expect(path(item)?.reaches(tags: field) == isMatch)
    }

    private static func many(_ count: Int) -> String {
        (0..<count).map { "t\($0)," }.joined()
    }

    @Test("what an accepted path will not clear is advised of")
    func advice() {
        #expect(path("/%2A")?.advice(keysQueryStrings: false)?.contains("no wildcard") == true)
        #expect(path("/%7ea")?.advice(keysQueryStrings: false)?.contains("~") == true)
        #expect(path("/a")?.advice(keysQueryStrings: true)?.contains("add *") == true)
        #expect(path("/a")?.advice(keysQueryStrings: false) == nil)
        #expect(path("/a*")?.advice(keysQueryStrings: true) == nil)
    }

    @Test(
        "a batch is checked as the API checks it",
        arguments: [
            (#"{"Quantity": 2, "Items": ["/a"]}"#, APIError.Code.inconsistentQuantities),
            (#"{"Quantity": 0}"#, .invalidArgument), ("null", .malformedXML),
            (#"{"Quantity": 1, "Items": ["a"]}"#, .invalidArgument),
            (#"{"Quantity": 1, "Items": [["/a"]]}"#, .malformedXML),
            (#"{"Items": ["/a"]}"#, .malformedXML),
        ])
    func invalidBatches(_ paths: String, _ code: APIError.Code) {
        let text = #"{"Paths": \#(paths), "CallerReference": "r"}"#
        let error = error { () throws(APIError) in _ = try InvalidationBatch(json(text)) }
        #expect(error?.code == code)
    }

    @Test("a batch needs a caller reference, and has 3,000 items at most")
    func callerReference() {
        let document = json(#"{"Paths": {"Quantity": 1, "Items": ["/a"]}}"#)
        let missing = error { () throws(APIError) in _ = try InvalidationBatch(document) }
        #expect(missing?.code == .invalidArgument)
        let tooMany = error { () throws(APIError) in
            _ = try InvalidationBatch(
                [String](repeating: "/a", count: 3_001), callerReference: "e")
        }
        #expect(tooMany == .batchTooLarge)
        #expect(tooMany?.code.status == 413)
    }

    @Test("a batch keeps its paths as given")
    func batch() throws {
        let text = ##"""
            {"CallerReference": "r", "Paths": {"Quantity": 2, "Items": ["/a*", "#T"]}}
            """##
        let batch = try InvalidationBatch(json(text))
        #expect(batch.items == ["/a*", "#T"])
        #expect(batch.targets == [.prefix(Array("/a".utf8)), .tag(Array("t".utf8))])
        #expect(batch.isSame(as: ["#T", "/a*", "/a*"]))
        #expect(!batch.isSame(as: ["/a*"]) && !batch.isSame(as: ["/a*", "#t"]))
    }

    @Test("quotas: 3000 paths, 15 wildcards, each for itself")
    func quotas() throws {
        var quota = InvalidationQuota()
        try quota.add(InvalidationBatch((0..<15).map { "/\($0)*" }, callerReference: "a"))
        try quota.add(InvalidationBatch((0..<3_000).map { "/\($0)" }, callerReference: "b"))
        #expect(quota == InvalidationQuota(paths: 3_000, wildcards: 15))
        let star = try InvalidationBatch(["/a*"], callerReference: "c")
        // A star within a tag, or within a path, is none.
        let plain = try InvalidationBatch(["#tag*"], callerReference: "d")
        for (batch, kind) in [(star, "wildcard "), (plain, "")] {
            let error = error { () throws(APIError) in try quota.add(batch) }
            #expect(error?.code == .tooManyInvalidationsInProgress)
            #expect(
                error?.message == "Processing your request will cause you to exceed the maximum "
                    + "number of in-progress \(kind)invalidations.")
        }
        #expect(quota == InvalidationQuota(paths: 3_000, wildcards: 15))
        // One that is over already hinders only its own kind.
        quota = InvalidationQuota(paths: 1, wildcards: 20)
        try quota.add(plain)
        #expect(quota == InvalidationQuota(paths: 2, wildcards: 20))
    }

    @Test(
        "§4.4: codes and statuses",
        arguments: [
            ("NoSuchDistribution", 404), ("NoSuchInvalidation", 404), ("AccessDenied", 403),
            ("MissingBody", 400), ("InconsistentQuantities", 400), ("InvalidArgument", 400),
            ("BatchTooLarge", 413), ("TooManyInvalidationsInProgress", 400),
            ("MalformedXML", 400), ("MalformedInput", 400), ("PreconditionFailed", 412),
            ("InvalidIfMatchVersion", 400), ("IllegalUpdate", 400),
            ("DistributionNotDisabled", 409), ("DistributionAlreadyExists", 409),
            ("NoSuchCachePolicy", 404), ("NoSuchOriginRequestPolicy", 404),
            ("NoSuchResponseHeadersPolicy", 404),
        ])
    func codes(_ name: String, _ status: Int) throws {
        #expect(try #require(APIError.Code(rawValue: name)).status == status)
    }

    @Test("§4.4: the sentences of what does not exist, and of versions")
    func sentences() {
        let told = [
            APIError.noSuchDistribution, .noSuchInvalidation, .invalidIfMatchVersion,
        ].map(\.message)
        #expect(
            told == [
                "The specified distribution does not exist.",
                "The specified invalidation does not exist.",
                "The If-Match version is missing or not valid for the resource.",
            ])
    }

    @Test("what a reused reference is answered with is one's choice")
    func reuse() {
        #expect(APIError.referenceReused(.invalidArgument).code == .invalidArgument)
        let other = APIError.referenceReused(.invalidationBatchAlreadyExists)
        #expect(other.code == .invalidationBatchAlreadyExists && other.code.status == 400)
    }
}
