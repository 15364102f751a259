import Testing
import WireTesting

/// What an origin with versions would answer: each write to a key makes a new one.
private final class Versions: Sendable {
    private let now = Monitor<[Int: Int]>([:])

    func current(_ key: Int) -> Int { now.with { $0[key, default: 0] } }

    func write(_ key: Int) -> Int {
        now.with { versions in
            versions[key, default: 0] += 1
            return versions[key, default: 0]
        }
    }

    static func body(_ key: Int, _ version: Int) -> String {
        let line = "key \(key) version \(version).\n"
        return line + String(repeating: line, count: key * key % 700)
    }

    func reply(_ request: Request) -> Reply {
        let key = Int(request.target.split(separator: "/").last ?? "") ?? 0
        if request.method == "POST" { return .ok("X-Version: \(write(key))") }
        let version = current(key)
        let tag = "ETag: \"\(key)-\(version)\""
        if request["If-None-Match"] == "\"\(key)-\(version)\"" { return .response(304, [tag]) }
        return .ok("Cache-Control: max-age=3600", tag, body: Self.body(key, version))
    }
}

@Suite("Many viewers, many keys, writes in between")
struct ConsistencyTests {
    private static let keys = 40

    /// What one viewer checks: never another key's bytes, never a version older than a write
    /// that was acknowledged before the request began.
    private struct Lane {
        let edge: Edge
        let room: Room
        let acknowledged: Monitor<[Int: Int]>
        var random: SeededRandom
        var problems: [String] = []
        var viewer: Viewer

        init(_ edge: Edge, _ room: Room, _ acknowledged: Monitor<[Int: Int]>, seed: Int) throws {
            self.edge = edge
            self.room = room
            self.acknowledged = acknowledged
            random = SeededRandom(seed: UInt64(seed))
            viewer = try edge.viewer()
        }

        mutating func run() {
            for _ in 0..<250 {
                do {
                    try step(key: random.below(ConsistencyTests.keys))
                } catch {
                    problems.append("\(error)")
                    return
                }
            }
        }

        private func request(_ method: String, _ key: Int, _ fields: String...) -> String {
            (["\(method) \(room.path("\(key)")) HTTP/1.1", "Host: edge.test"] + fields)
                .joined(separator: "\r\n") + "\r\n\r\n"
        }

        private mutating func step(key: Int) throws {
            let oldest = acknowledged.with { $0[key, default: 0] }
            switch random.below(20) {
            case 0:
                let response = try viewer.exchange(request("POST", key, "Content-Length: 0"))
                let version = response["X-Version"].flatMap { Int($0) } ?? 0
                acknowledged.with { $0[key] = max($0[key, default: 0], version) }
            case 1:
                // Leaves in the middle and comes back on a new connection.
                try viewer.send(request("GET", key))
                viewer.close()
                viewer = try edge.viewer()
            case 2...5:
                let start = random.below(20)
                let range = "Range: bytes=\(start)-\(start + 500)"
                let response = try viewer.exchange(request("GET", key, range))
                check(response, key, oldest, from: response.status == 206 ? start : 0)
            case 6...7:
                let tag = "If-None-Match: \"\(key)-\(oldest)\""
                let response = try viewer.exchange(request("GET", key, tag))
                if response.status != 304 { check(response, key, oldest, from: 0) }
            case 8:
                let response = try viewer.exchange(request("HEAD", key))
                if version(response, key) ?? -1 < oldest {
                    problems.append("an old HEAD of \(key)")
                }
            default:
                check(try viewer.exchange(request("GET", key)), key, oldest, from: 0)
            }
        }

        private func version(_ response: Response, _ key: Int) -> Int? {
            let tag = response["ETag"]?.filter { $0 != "\"" }.split(separator: "-") ?? []
            return tag.count == 2 && tag[0] == "\(key)" ? Int(tag[1]) : nil
        }

        private mutating func check(_ response: Response, _ key: Int, _ oldest: Int, from: Int) {
            guard let version = version(response, key), !response.isCut else {
                return problems.append(
                    "\(response.head.startLine) for key \(key), \(response.isCut)")
            }
            if version < oldest {
                problems.append("key \(key): version \(version) after \(oldest) was acknowledged")
            }
            let body = Array(Versions.body(key, version).utf8.dropFirst(from))
            let isPart = response.status == 206
            let expected = isPart ? Array(body.prefix(501)) : body
            if response.body != expected {
                problems.append("key \(key) version \(version): other bytes, from \(from)")
            }
        }
    }

    @Test(
        "nobody gets another key's bytes, nor what was before an acknowledged write",
        arguments: [1, 3])
    func versions(loops: Int) throws {
        let origin = try Origin()
        let edge = try Edge(origin: origin.url, loops: loops)
        let room = origin.room()
        let versions = Versions()
        room.answers { versions.reply($0) }
        let acknowledged = Monitor<[Int: Int]>([:])
        let reports = Monitor<[[String]]>([])
        for seed in 0..<8 {
            let start = try Lane(edge, room, acknowledged, seed: seed)
            background {
                var lane = start
                lane.run()
                reports.with { $0.append(lane.problems) }
            }
        }
        let all = reports.wait(within: 60_000) { $0.count == 8 ? $0 : nil }
        #expect(all?.flatMap { $0 } == [])
        #expect(edge.child.isRunning)
    }

    @Test("reloads under load fail nobody")
    func reloads() throws {
        let test = try Configured()
        let room = test.origin.room()
        room.answers { request in
            .ok(
                "Cache-Control: max-age=\(request.target.utf8.count % 2 * 60)", body: request.target
            )
        }
        let isOver = Monitor(false)
        let reports = Monitor<[String]>([])
        let edge = test.edge
        for lane in 0..<3 {
            background {
                var report = ""
                do {
                    var viewer = try edge.viewer()
                    var number = 0
                    while !isOver.with({ $0 }) {
                        let path = room.path("\(lane)-\(number % 50)")
                        let text = try viewer.exchange(
                            "GET \(path) HTTP/1.1\r\nHost: edge.test\r\n\r\n"
                        ).text
                        if text != path { report += "\(path) got \(text) " }
                        number += 1
                    }
                } catch {
                    report += "\(error)"
                }
                reports.with { $0.append(report) }
            }
        }
        let good = Configured.text(members: [test.origin.url])
        for round in 0..<30 {
            let isGood = round % 3 != 2
            _ = try test.directory.write("mapedge.yaml", isGood ? good : "origins: none\n")
            #expect(try edge.admin("/reload", method: "POST").status == (isGood ? 200 : 422))
        }
        isOver.with { $0 = true }
        #expect(reports.wait { $0.count == 3 ? $0 : nil } == ["", "", ""])
    }
}
