import Testing
import WireTesting

@testable import Control

@Suite("Replay: in what order a log is asked")
struct ReplayOrderTests {
    private static func line(_ time: String, _ path: String, _ query: String, _ result: String)
        -> String
    {
        [
            "2019-12-04", time, "LAX1", "392", "192.0.2.100", "GET", "d1.cloudfront.net", path,
            "200", "-", "agent", query, "-", result, "ID==", "\(query.last ?? "a").maps.test",
            "https", "23", "0.001", "-", "TLSv1.2", "C", result, "HTTP/2.0", "-", "-", "11040",
            "0.001", result, "text/html", "78", "-", "-",
        ].joined(separator: "\t") + "\n"
    }

    private static func plan(_ lines: [String], rootObject: String = "") throws -> ReplayPlan {
        let directory = try TemporaryDirectory()
        return try ReplayPlan(
            [directory.write("log", "#Version: 1.0\n" + lines.joined())], rootObject: rootObject)
    }

    @Test("what has one path stays on one connection, whatever its host and query are")
    func shares() throws {
        var lines: [String] = []
        for path in 0..<60 {
            for query in 0..<4 {
                lines.append(
                    Self.line(
                        "10:\(path < 10 ? "0" : "")\(path):\(query)0", "/p\(path)", "utm=\(query)",
                        query == 0 ? "Miss" : "Hit"))
            }
        }
        let plan = try Self.plan(lines)
        let shares = Replay.shares(plan.requests, 8)
        #expect(shares.allSatisfy { $0 == $0.sorted() })
        #expect(shares.map(\.count).min() == 28 && shares.map(\.count).reduce(0, +) == 240)
        let paths = shares.map { share in Set(share.map { plan.requests[$0].path }) }
        #expect(paths.map(\.count).reduce(0, +) == 60)
        let firsts = plan.requests.filter(\.isFirstOfPath)
        #expect(firsts.count == 60 && firsts.allSatisfy { $0.target.hasSuffix("utm=0") })
    }

    @Test("the root and the root object are on one connection, and the later is not the first")
    func root() throws {
        let lines = ["/", "/x", "/index.html", "/sub/index.html"].enumerated().map { at, path in
            Self.line("10:00:0\(at)", path, "-", at == 2 ? "Hit" : "Miss")
        }
        let plan = try Self.plan(lines, rootObject: "index.html")
        let shares = Replay.shares(plan.requests, 8).filter { !$0.isEmpty }
        #expect(shares == [[0, 2], [1], [3]])
        #expect(plan.requests.map(\.isFirstOfPath) == [true, true, false, true])
        #expect(try Replay.shares(Self.plan(lines).requests, 8).count { !$0.isEmpty } == 4)
    }

    @Test("of one second and path a fetch comes before the hits under other queries")
    func seconds() throws {
        let plan = try Self.plan([
            Self.line("10:00:00", "/a", "utm=1", "Hit"),
            Self.line("10:00:00", "/b", "utm=2", "Hit"),
            Self.line("10:00:00", "/a", "utm=3", "Miss"),
        ])
        #expect(plan.requests.map(\.target) == ["/a?utm=3", "/b?utm=2", "/a?utm=1"])
    }

    @Test("what came in the replay is no older than it, however ages are rounded")
    func ages() {
        let start = ContinuousClock.now
        for (age, elapsed, isOlder) in [
            (0, 0, false), (2, 0, false), (3, 0, true), (60, 58, false), (60, 57, true),
        ] as [(Int64, Int, Bool)] {
            var answer = ReplayClient.Answer()
            answer.age = age
            answer.noteStart(start, at: start + .seconds(elapsed))
            #expect(answer.isOlder == isOlder, "\(age) after \(elapsed) s")
        }
    }

    @Test(
        "a lifetime that has more left than passed between two fetches did not end between them",
        arguments: [("60", true), ("61", false), ("\(Int64.max)", false)])
    func lifetimes(_ left: String, _ mayHaveEnded: Bool) throws {
        let plan = try Self.plan([
            Self.line("10:00:00", "/a", "utm=1", "Miss"),
            Self.line("10:01:00", "/a", "utm=1", "Miss"),
        ])
        let answers = ["Miss", "Hit"].map { word in
            ReplayClient.Answer(
                HTTPReply(
                    status: 200,
                    fields: [("x-cache", word), ("cache-status", "MapEdge; hit; ttl=\(left)")]))
        }
        let report = ReplayReport(plan, answers, pace: .most, shown: 2)
        let text = report.lines.joined(separator: "\n")
        #expect(report.disagreements == 1)
        #expect(text.contains("did not at this pace") == mayHaveEnded, "\(text)")
    }
}
