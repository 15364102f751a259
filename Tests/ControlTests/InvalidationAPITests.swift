import CloudFront
import HTTP
import Synchronization
import Testing

@testable import Control

@Suite("Control API: invalidations")
struct InvalidationAPITests {
    private let path = "/distribution/EDFDVBD632BHDS/invalidation"

    @Test("one is created, in effect before the answer, and found by its id")
    func creation() throws {
        let state = try ScriptedDistribution()
        let ask = Asking(state)
        let answer = try ask.invalidate(["/a%20b?x=1&amp;y=2", "/*"], reference: "r1")
        #expect(answer.line == "201 Invalidation")
        let stale = state.contents.withLock { $0.stale }
        #expect(stale == [[.exact(Array("/a%20b?x=1&y=2".utf8)), .prefix(Array("/".utf8))]])
        let id = try #require(answer.node.text("Id"))
        #expect(id.count == 14 && id.hasPrefix("I") && id.uppercased() == id)
        #expect(
            answer.response.header("Location")
                == "https://cloudfront.amazonaws.com/2020-05-31\(path)/\(id)")
        #expect(answer.node.text("Status") == "Completed")
        #expect(answer.node.text("CreateTime") == "2026-11-23T18:44:37.123Z")
        let batch = try #require(answer.node["InvalidationBatch"])
        #expect(batch["Paths"]?.items?.compactMap(\.scalar) == ["/a%20b?x=1&y=2", "/*"])
        #expect(batch.text("CallerReference") == "r1")
        let found = try ask(.get, "\(path)/\(id)")
        #expect(found.line == "200 Invalidation" && found.node == answer.node)
        #expect(found.response.header("x-amzn-RequestId")?.count == 36)
    }

    @Test("the same reference with the same paths is the earlier one, in any order")
    func repeated() throws {
        let state = try ScriptedDistribution()
        let ask = Asking(state)
        let first = try ask.invalidate(["/a", "/b"], reference: "r")
        let second = try ask.invalidate(["/b", "/a"], reference: "r")
        #expect(second.line == "201 Invalidation")
        #expect(second.node.text("Id") == first.node.text("Id"))
        #expect(state.contents.withLock { $0.stale.count } == 1)
    }

    @Test(
        "the same reference with other paths is refused with the code of choice",
        arguments: [
            (ReusedReferenceAnswer.invalidArgument, "400 InvalidArgument"),
            (.invalidationBatchAlreadyExists, "400 InvalidationBatchAlreadyExists"),
        ])
    func reused(_ choice: ReusedReferenceAnswer, _ line: String) throws {
        let ask = Asking(try ScriptedDistribution(), APISettings(reusedReference: choice))
        _ = try ask.invalidate(["/a"], reference: "r")
        let answer = try ask.invalidate(["/a", "/b"], reference: "r")
        #expect(answer.line == line)
        #expect(
            answer.message
                == "Your request contains a caller reference that was used for a previous "
                + "invalidation batch for the same distribution.")
    }

    @Test(
        "what is wrong with a batch decides the code",
        arguments: [
            ("", "400 MissingBody"),
            ("<a", "400 MalformedXML"),
            ("<!DOCTYPE a><InvalidationBatch/>", "400 MalformedXML"),
            ("<Other/>", "400 MalformedXML"),
            (
                "<InvalidationBatch><CallerReference>r</CallerReference></InvalidationBatch>",
                "400 MalformedXML"
            ),
            (Asking.batch(["/a"], "r", quantity: 2), "400 InconsistentQuantities"),
            (Asking.batch([], "r"), "400 InvalidArgument"),
            (Asking.batch(["/a"], ""), "400 InvalidArgument"),
            (Asking.batch(["a"], "r"), "400 InvalidArgument"),
            (Asking.batch((0...3_000).map { "/\($0)" }, "r"), "413 BatchTooLarge"),
        ])
    func mistakes(_ body: String, _ line: String) throws {
        let state = try ScriptedDistribution()
        #expect(try Asking(state)(.post, path, body).line == line)
        #expect(state.contents.withLock { $0.stale.isEmpty && $0.invalidations.isEmpty })
    }

    @Test("a bad path has the live service's words")
    func badPath() throws {
        let answer = try Asking(try ScriptedDistribution()).invalidate(["a"], reference: "r")
        #expect(
            answer.message == "Your request contains one or more invalid invalidation paths.")
    }

    @Test("paths and wildcards have quotas of their own, while they are in progress")
    func quotas() throws {
        let ask = Asking(try ScriptedDistribution(), APISettings(invalidationDelay: 60_000))
        let paths = (0..<2_999).map { "/\($0)" } + ["/w*"]
        #expect(try ask.invalidate(paths, reference: "1").status == 201)
        #expect(try ask.invalidate(["/a"], reference: "2").status == 201)
        let full = try ask.invalidate(["#tag"], reference: "3")
        #expect(full.line == "400 TooManyInvalidationsInProgress")
        let wild = (0..<14).map { "/\($0)*" }
        #expect(try ask.invalidate(wild, reference: "4").status == 201)
        let wildFull = try ask.invalidate(["/x*"], reference: "5")
        #expect(wildFull.line == "400 TooManyInvalidationsInProgress")
        #expect(
            wildFull.message
                == "Processing your request will cause you to exceed the maximum number of "
                + "in-progress wildcard invalidations.")
        let later = Asking.now + 60_000
        #expect(try ask.invalidate(["/x*", "/a"], reference: "5", now: later).status == 201)
    }

    @Test("with a delay it is InProgress for so long, and counted")
    func delay() throws {
        let ask = Asking(try ScriptedDistribution(), APISettings(invalidationDelay: 60_000))
        let made = try ask.invalidate(["/a"], reference: "1")
        let id = try #require(made.node.text("Id"))
        #expect(made.node.text("Status") == "InProgress")
        for (later, status, count) in [(59_999, "InProgress", "1"), (60_000, "Completed", "0")] {
            let now = Asking.now + Int64(later)
            #expect(try ask(.get, "\(path)/\(id)", now: now).node.text("Status") == status)
            let distribution = try ask(.get, "/distribution/EDFDVBD632BHDS", now: now).node
            #expect(distribution.text("InProgressInvalidationBatches") == count)
        }
    }

    @Test("the list is newest first and comes in pages")
    func pages() throws {
        let ask = Asking(try ScriptedDistribution())
        let ids = try (1...5).map { number in
            try #require(
                ask.invalidate(["/\(number)"], reference: "\(number)").node.text("Id"))
        }
        var marker = ""
        var found: [String] = []
        var truncated: [String?] = []
        repeat {
            let query = marker.isEmpty ? "" : "&Marker=\(marker)"
            let list = try ask(.get, "\(path)?MaxItems=2\(query)")
            #expect(list.line == "200 InvalidationList")
            #expect(list.node.text("Marker") == marker && list.node.text("MaxItems") == "2")
            found += (list.node.items ?? []).compactMap { $0.text("Id") }
            truncated.append(list.node.text("IsTruncated"))
            marker = list.node.text("NextMarker") ?? ""
            #expect(marker.isEmpty || marker == found.last)
        } while !marker.isEmpty
        #expect(found == ids.reversed())
        #expect(truncated == ["true", "true", "false"])
    }

    private static var lists: [String] {
        [
            "/distribution", "/distribution/EDFDVBD632BHDS/invalidation",
            "/cache-policy", "/origin-request-policy", "/response-headers-policy", "/function",
            "/key-group", "/public-key", "/origin-access-control",
        ]
    }

    /// "The maximum and default values are both 100" (API Reference, ListDistributionsByWebACLId):
    /// more mean as many.
    @Test(
        "of each list a page has 100 items at most", arguments: lists,
        [("", "100"), ("1", "1"), ("99", "99"), ("100", "100"), ("101", "100"), ("1000", "100")])
    func pageSize(_ list: String, _ row: (asked: String, told: String)) throws {
        let query = row.asked.isEmpty ? "" : "?MaxItems=\(row.asked)"
        let answer = try Asking(try ScriptedDistribution())(.get, list + query)
        #expect(answer.line.hasPrefix("200 ") && answer.node.text("MaxItems") == row.told)
    }

    @Test(
        "of each list a bad page is InvalidArgument", arguments: lists,
        [
            "MaxItems=0", "MaxItems=-1", "MaxItems=x", "MaxItems=", "MaxItems=1.5",
            "MaxItems=99999999999999999999", "Marker=I1", "Marker=%00%FF", "Marker=%2F..",
        ])
    func badPages(_ list: String, _ query: String) throws {
        #expect(
            try Asking(try ScriptedDistribution())(.get, "\(list)?\(query)").line
                == "400 InvalidArgument")
    }

    @Test("what does not exist is 404")
    func missing() throws {
        let ask = Asking(try ScriptedDistribution())
        #expect(try ask(.get, "\(path)/I1").line == "404 NoSuchInvalidation")
        for method in [HTTP.Method.get, .post] {
            #expect(
                try ask(method, "/distribution/EOTHER/invalidation").line
                    == "404 NoSuchDistribution")
        }
        #expect(
            try ask(.post, "/distribution-tenant/dt/invalidation").line == "404 EntityNotFound")
    }

    @Test("our own parameters: soft, which is another thing than hard, and a count")
    func parameters() throws {
        let state = try ScriptedDistribution()
        let ask = Asking(state)
        let batch = Asking.batch(["/a"], "r")
        #expect(try ask(.post, "\(path)?Soft=true", batch).line == "201 Invalidation")
        #expect(try ask(.post, "\(path)?Soft=true", batch).line == "201 Invalidation")
        #expect(try ask(.post, path, batch).line == "400 InvalidArgument")
        #expect(
            try ask(.post, "\(path)?Soft=false", Asking.batch(["/b"], "s")).line
                == "201 Invalidation")
        #expect(state.contents.withLock { $0.isSoft } == [true, false])
        #expect(state.invalidations.map(\.isSoft) == [false, true])
        #expect(try ask(.post, "\(path)?Soft=yes", batch).line == "400 InvalidArgument")

        for (paths, isComplete) in [(["/a"], "true"), (["/a", "/b"], "false")] {
            let answer = try ask(.post, "\(path)?DryRun=true", Asking.batch(paths, "t"))
            #expect(answer.line == "200 InvalidationEstimate")
            #expect(answer.node.text("Entries") == "\(paths.count)")
            #expect(answer.node.text("Bytes") == "2048")
            #expect(answer.node.text("IsComplete") == isComplete)
        }
        #expect(
            try ask(.post, "\(path)?DryRun=true", Asking.batch(["a"], "t")).line
                == "400 InvalidArgument")
        #expect(state.invalidations.count == 2)
    }

    @Test("who asks for advice is told which paths clear less than they say; others are not")
    func advice() throws {
        let ask = Asking(try ScriptedDistribution())
        let batch = Asking.batch(["/%7Eme", "/*", "/a"], "r")
        for (query, line) in [
            ("?Advice=true", "201 Invalidation"),
            ("?Advice=true&DryRun=true", "200 InvalidationEstimate"),
        ] {
            let answer = try ask(.post, path + query, batch)
            #expect(answer.line == line)
            #expect(
                answer.node["Advice"]?.items?.compactMap(\.scalar) == [
                    "/%7Eme: paths with ~ cannot be invalidated; use a wildcard before it",
                    "/a: query strings are in the key, and the path has none; add * to clear all",
                ])
        }
        for query in ["", "?Advice=false", "?DryRun=true"] {
            #expect(try ask(.post, path + query, batch).node["Advice"] == nil)
        }
        #expect(try ask(.post, path + "?Advice=1", batch).line == "400 InvalidArgument")
    }

    @Test("one from the future, whose clock was ahead, is over and counts for nothing")
    func future() throws {
        let ask = Asking(try ScriptedDistribution(), APISettings(invalidationDelay: 60_000))
        let later = Asking.now + 86_400_000
        let id = try #require(
            try ask.invalidate(["/a*"], reference: "f", now: later).node.text("Id"))
        for number in 1..<15 {
            let answer = try ask.invalidate(["/b\(number)*"], reference: "\(number)", now: later)
            #expect(answer.status == 201)
        }
        let told = try ask(.get, "\(path)/\(id)").node
        #expect(told.text("Status") == "Completed")
        #expect(try ask.invalidate(["/c*"], reference: "c").status == 201)
    }

    @Test("what the disk refuses is not acknowledged, and may be tried again")
    func failure() throws {
        let state = try ScriptedDistribution()
        state.contents.withLock { $0.failure = .serviceUnavailable("the disk is full") }
        let answer = try Asking(state).invalidate(["/a"], reference: "r")
        #expect(answer.line == "503 ServiceUnavailable")
        #expect(answer.node["Error"]?.text("Type") == "Receiver")
    }
}
