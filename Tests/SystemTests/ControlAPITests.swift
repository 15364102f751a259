import Glibc
import Testing
import WireTesting

@Suite("Invalidations through the control API of a running edge")
struct ControlAPITests {
    private let origin: Origin
    private let room: Room
    private let directory: TemporaryDirectory

    init() throws {
        origin = try Origin()
        room = origin.room()
        room.answers { .ok("Cache-Control: max-age=3600", body: "of \($0.target)") }
        directory = try TemporaryDirectory()
    }

    private func edge() throws -> Edge { try Edge(origin: origin.url, directory: directory) }

    private func invalidate(_ edge: Edge, _ paths: String...) throws -> (exit: Int?, output: String)
    {
        try invalidate(edge, paths)
    }

    private func invalidate(
        _ edge: Edge, _ paths: [String]
    ) throws -> (exit: Int?, output: String) {
        // Without the credentials of whoever runs the tests.
        try directory.run(
            "/usr/bin/env",
            [
                "-u", "AWS_ACCESS_KEY_ID", "-u", "AWS_SECRET_ACCESS_KEY", Edge.program,
                "invalidate", "--admin", "127.0.0.1:\(edge.adminPort)",
            ] + paths)
    }

    @Test("what is named is a Miss at once, the rest stays a Hit, and a restart changes nothing")
    func paths() throws {
        let names = ["a", "a?v=2", "a/", "b/c", "b/d"].map { room.path($0) }
        do {
            let edge = try edge()
            for name in names { _ = try edge.get(name) }
            for name in names { #expect(try edge.get(name).isHit) }
            let (exit, output) = try invalidate(edge, room.path("a"), room.path("b/*"))
            #expect(exit == 0)
            #expect(output.contains("Completed: 2 paths"), "\(output)")
            // What waits for the writer is lost with the process; that is no matter here.
            #expect(try edge.hasWrittenAll)
            edge.child.signal(SIGKILL)
            _ = edge.child.waitForExit(within: 60_000)
        }
        let edge = try edge()
        #expect(try edge.get(names[1]).isHit)
        #expect(try edge.get(names[2]).isHit)
        let asked = room.count
        for name in [names[0], names[3], names[4]] {
            let response = try edge.get(name)
            #expect(!response.isHit, "\(name)")
            #expect(response.text == "of \(name)")
        }
        #expect(room.count == asked + 3)
        #expect(try edge.get(names[3]).isHit)
    }

    @Test("everything, with variants, by one star")
    func everything() throws {
        let edge = try edge()
        room.answers { request in
            .ok(
                "Cache-Control: max-age=3600", "Vary: Accept-Language",
                body: request.head["Accept-Language"] ?? "none")
        }
        for language in ["de", "fr"] {
            _ = try edge.get(room.path("page"), "Accept-Language: \(language)")
            #expect(try edge.get(room.path("page"), "Accept-Language: \(language)").isHit)
        }
        #expect(try invalidate(edge, "/*").exit == 0)
        for language in ["de", "fr"] {
            #expect(!(try edge.get(room.path("page"), "Accept-Language: \(language)").isHit))
            #expect(try edge.get(room.path("page"), "Accept-Language: \(language)").isHit)
        }
    }

    @Test("what is soft is confirmed, or served when the origin fails; a dry run only counts")
    func soft() throws {
        let edge = try edge()
        room.answers { request in
            request.head["If-None-Match"] == nil
                ? .ok("Cache-Control: max-age=3600", "ETag: \"v1\"", body: "first")
                : .response(304, ["ETag: \"v1\"", "Cache-Control: max-age=3600"])
        }
        for name in ["a", "b"] { _ = try edge.get(room.path(name)) }
        #expect(try edge.hasWrittenAll)
        let (counted, output) = try invalidate(edge, "--dry-run", room.path("*"))
        #expect(counted == 0)
        #expect(
            output.hasPrefix("2 stored entries, bodies of 10B; nothing was invalidated"),
            "\(output)")
        #expect(try edge.get(room.path("a")).isHit)

        let (exit, told) = try invalidate(edge, "--soft", room.path("*"))
        #expect(exit == 0 && told.contains("Completed: soft, 1 path"), "\(told)")
        let asked = room.count
        let confirmed = try edge.get(room.path("a"))
        #expect(confirmed.text == "first" && room.count == asked + 1)
        #expect(confirmed["Cache-Status"]?.contains("fwd=stale") == true)
        #expect(try edge.get(room.path("a")).isHit && room.count == asked + 1)

        room.answers { _ in .response(503) }
        let stale = try edge.get(room.path("b"))
        #expect(stale.status == 200 && stale.text == "first")
        #expect(try invalidate(edge, room.path("*")).exit == 0)
        #expect(try edge.get(room.path("b")).status == 503)
    }

    @Test("it is said which paths clear less than they seem to, by the key of their behavior")
    func advice() throws {
        let file = try directory.write("distribution.json", Self.keyed)
        let edge = try Edge(
            origin: nil, mode: "cloudfront",
            arguments: ["--distribution", file, "--origin", "o=\(origin.url)"],
            directory: directory)
        let wanted = """
            /%7Eme: paths with ~ cannot be invalidated; use a wildcard before it
            /%2A: %2A is no wildcard; write * at the end
            /q: query strings are in the key, and the path has none; add * to clear all

            """
        let paths = ["/%7Eme", "/%2A", "/q", "/q?v=2", "/q*", "/plain"]
        for flags in [[], ["--soft"], ["--dry-run"]] {
            let (exit, output) = try invalidate(edge, flags + paths)
            let lines = output.split(separator: "\n", maxSplits: 1)
            #expect(exit == 0 && lines.count == 2 && lines[1] == wanted, "\(output)")
        }
    }

    /// Queries are in the key below /q, and nowhere else.
    private static let keyed = """
        { "CallerReference": "keyed", "Comment": "", "Enabled": true,
          "Origins": { "Quantity": 1, "Items": [
            { "Id": "o", "DomainName": "o.invalid",
              "CustomOriginConfig": { "HTTPPort": 80, "HTTPSPort": 443,
                "OriginProtocolPolicy": "http-only" } } ] },
          "CacheBehaviors": { "Quantity": 1, "Items": [
            { "PathPattern": "/q*", "TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all",
              "MinTTL": 0,
              "ForwardedValues": { "QueryString": true, "Cookies": { "Forward": "none" } } } ] },
          "DefaultCacheBehavior": {
            "TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6" } }
        """

    @Test("with credentials only who knows one is heard")
    func credentials() throws {
        let secret = "0123456789abcdef/+0123456789abcdef"
        let file = try directory.write("secret", secret + "\n")
        let text = Configured.text(
            members: [origin.url],
            sections: [
                "api:", "  credentials: [{ accessKeyId: AKID, secretAccessKeyFile: \"\(file)\" }]",
                "  invalidationDelay: 1h",
            ])
        let edge = try Edge(origin: nil, configuration: text, directory: directory)
        _ = try edge.get(room.path("a"))
        let (bare, refusal) = try invalidate(edge, "/*")
        #expect(bare == 1 && refusal.contains("MissingAuthenticationToken"), "\(refusal)")
        #expect(try edge.get(room.path("a")).isHit)
        for (given, exit) in [(secret, 0), ("another-one-0123456789", 1)] {
            let (found, output) = try directory.run(
                "/usr/bin/env",
                [
                    "AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=\(given)", Edge.program,
                    "invalidate", "--admin", "127.0.0.1:\(edge.adminPort)", "/*",
                ])
            #expect(found == exit, "\(output)")
            let word = exit == 0 ? " InProgress: 1 path" : "SignatureDoesNotMatch"
            #expect(output.contains(word), "\(output)")
        }
        #expect(!(try edge.get(room.path("a")).isHit))
        #expect(!edge.child.log.contains { $0.contains(secret) })
    }

    @Test("a path that names nothing is refused in CloudFront's words")
    func refused() throws {
        let edge = try edge()
        let (exit, output) = try invalidate(edge, "no-slash")
        #expect(exit == 2)
        #expect(output.contains("InvalidArgument"), "\(output)")
        #expect(output.contains("one or more invalid invalidation paths"), "\(output)")
    }

    @Test(
        "the aws command invalidates, waits and lists, unmodified",
        .enabled(if: awsCommand != nil, "make test installs awscli into .build/python"))
    func command() throws {
        let edge = try edge()
        _ = try edge.get(room.path("x"))
        func aws(_ words: String) throws -> String {
            let (exit, output) = try awsCloudFront(
                edge, ["--output", "text"] + words.split(separator: " ").map(String.init),
                directory)
            #expect(exit == 0, "\(output)")
            return output
        }
        let id = try aws("list-distributions --query DistributionList.Items[0].Id")
        #expect(id.hasPrefix("E"), "\(id)")
        let made = try aws(
            "create-invalidation --distribution-id \(id) --paths \(room.path("*")) "
                + "--query Invalidation.Id")
        _ = try aws("wait invalidation-completed --distribution-id \(id) --id \(made)")
        let listed = try aws(
            "list-invalidations --distribution-id \(id) --query InvalidationList.Items[0].Id")
        #expect(listed == made)
        #expect(!(try edge.get(room.path("x")).isHit))
    }

    @Test(
        "AWS_ENDPOINT_URL_CLOUDFRONT alone leads the aws command here",
        .enabled(if: awsCommand != nil, "make test installs awscli into .build/python"))
    func variable() throws {
        let edge = try edge()
        _ = try edge.get(room.path("x"))
        func aws(_ words: String) throws -> String {
            let (exit, output) = try awsCloudFront(
                edge, ["--output", "text"] + words.split(separator: " ").map(String.init),
                directory, byVariable: true)
            #expect(exit == 0, "\(output)")
            return output
        }
        let distribution = try aws("list-distributions --query DistributionList.Items[0].Id")
        let made = try aws(
            "create-invalidation --distribution-id \(distribution) --paths \(room.path("*")) "
                + "--query Invalidation.Id")
        #expect(made.hasPrefix("I"), "\(made)")
        #expect(!(try edge.get(room.path("x")).isHit))
        let which = "--distribution-id \(distribution) --id \(made)"
        let path = try aws(
            "get-invalidation \(which) --query Invalidation.InvalidationBatch.Paths.Items[0]")
        #expect(path == room.path("*"))
        _ = try aws("wait invalidation-completed \(which)")
        #expect(
            try aws("get-invalidation \(which) --query Invalidation.Status") == "Completed")
    }
}
