import Glibc
import Testing
import WireTesting

@Suite("The store from outside")
struct StorageTests {
    private let fresh = "Cache-Control: max-age=3600"

    @Test("far more than the cache holds is served right, and the file does not grow")
    func eviction() throws {
        let origin = try Origin()
        let directory = try TemporaryDirectory()
        let edge = try Edge(origin: origin.url, cacheSize: "16MiB", directory: directory)
        let room = origin.room()
        let fresh = fresh
        room.answers { request in
            let key = Int(request.target.split(separator: "/").last ?? "") ?? 0
            return .ok(fresh, body: "\(key):" + String(repeating: "\(key % 10)", count: 40_000))
        }
        var viewer = try edge.viewer()
        for key in 0..<1500 {
            let path = room.path("\(key)")
            let response = try viewer.exchange("GET \(path) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
            #expect(response.text.hasPrefix("\(key):\(key % 10)"))
            #expect(response.body.count == 40_001 + "\(key)".utf8.count)
        }
        var hits = 0
        for key in 1200..<1500 where try edge.get(room.path("\(key)")).isHit { hits += 1 }
        #expect(hits > 30, "\(hits) of the last 300 are still there")
        var status = stat()
        #expect(stat(directory.file("cache/store/data.mdb"), &status) == 0)
        #expect(status.st_size <= 16 << 20)
    }

    /// A file system of its own with so much room left; as ENOSPC it knows, for one process alone,
    /// a limit on files too: EFBIG.
    enum Disk: Sendable { case limited, left(KiB: Int) }

    @Test(
        "a new cache on a full disk is done without, and viewers are served",
        arguments: [
            Disk.limited, .left(KiB: 0), .left(KiB: 4), .left(KiB: 8), .left(KiB: 12),
            .left(KiB: 24), .left(KiB: 48),
        ])
    func fullDisk(_ disk: Disk) throws {
        let origin = try Origin()
        let room = origin.room()
        room.answers { _ in .ok("Cache-Control: max-age=3600", body: "here") }
        let directory = try TemporaryDirectory()
        let serve = [
            Edge.program, "serve", "--origin", origin.url, "--listen", "127.0.0.1:0", "--admin",
            "127.0.0.1:0", "--cache", directory.file("cache"), "--cache-size", "16MiB",
        ]
        let edge: Child
        switch disk {
        case .limited:
            let command = "ulimit -f 0; exec \"$0\" \"$@\""
            edge = try Child("/bin/sh", ["-c", command] + serve)
        case .left(let room):
            let path = directory.path
            let command = """
                mount -t tmpfs -o size=1m none \(path) 2>/dev/null || exit 99
                head -c \((1024 - room) << 10) /dev/zero > \(path)/fill
                exec "$0" "$@"
                """
            edge = try Child("/usr/bin/unshare", ["-rm", "/bin/sh", "-c", command] + serve)
        }
        guard let line = edge.line(with: "listening on http") else {
            // Who may not mount cannot fill a disk either.
            let isForbidden = edge.waitForExit() == 99 || edge.wholeLog.contains("unshare:")
            if case .left = disk, isForbidden { return }
            Issue.record("it does not start: \(edge.log)")
            return
        }
        if case .limited = disk {
            let told = edge.log.first { $0.contains("running without a cache") } ?? ""
            #expect(told.contains("File too large; raise"))
        }
        let digits = line.split(separator: ":").last?.prefix { $0.isNumber } ?? ""
        let port = try #require(UInt16(digits))
        for _ in 0..<2 { #expect(try Viewer.ask(room.path("x"), at: port).text == "here") }
        #expect(edge.isRunning)
    }

    @Test("a target of 8,000 bytes is stored under the whole of it")
    func longTargets() throws {
        let edge = try SharedEdge.edge()
        let room = try SharedEdge.origin().room()
        let long = room.path("x?" + String(repeating: "a", count: 7900))
        for last in ["1", "2"] {
            room.reply(.ok(fresh, body: "for \(last)"))
            #expect(try edge.get(long + last).text == "for \(last)")
        }
        for last in ["1", "2"] {
            let response = try edge.get(long + last)
            #expect(response.isHit)
            #expect(response.text == "for \(last)")
        }
    }

    @Test(
        "a response with 30 KB of fields is stored with all of them",
        arguments: [1800, 4000, 30_000])
    func longHeads(size: Int) throws {
        let edge = try SharedEdge.edge()
        let room = try SharedEdge.origin().room()
        let fields = (0..<20).map { "X-\($0): " + String(repeating: "v", count: size / 20) }
        room.reply(.response(200, [fresh] + fields, body: "body"))
        for _ in 0..<2 {
            let response = try edge.get(room.path())
            #expect(response.text == "body")
            #expect(response["X-0"]?.utf8.count == size / 20)
            #expect(response["X-19"]?.utf8.count == size / 20)
        }
        #expect(room.count == 1)
    }

    @Test(
        "bodies of every size around a page are stored whole",
        arguments: [
            0, 1, 1000, 1900, 1990, 2000, 2010, 4079, 4080, 4081, 8159, 8160, 8161, 65_279, 65_280,
            65_281, 1_000_000,
        ])
    func sizes(count: Int) throws {
        let edge = try SharedEdge.edge()
        let room = try SharedEdge.origin().room()
        room.always(.pattern(count, fresh))
        for _ in 0..<3 {
            var viewer = try edge.viewer()
            try viewer.send("GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n")
            let (head, got, isPattern) = try viewer.patternResponse()
            #expect(got == count)
            #expect(isPattern)
            #expect(head["Content-Length"] == "\(count)")
        }
        #expect(room.count == 1)
    }

    @Test("identical bodies are kept once, and one's end is not the others'")
    func identical() throws {
        let origin = try Origin()
        let edge = try Edge(origin: origin.url)
        let room = origin.room()
        let blank = String(repeating: "blank ", count: 30_000)
        room.answers { [fresh] request in
            request.method == "POST" ? .ok() : .ok(fresh, "X-Path: \(request.target)", body: blank)
        }
        func used() throws -> Double {
            try JSON(edge.admin("/status").text)["store"]?["usedBytes"]?.number ?? 0
        }
        _ = try edge.get(room.path("first"))
        let one = try #require(eventually { try used() > 180_000 ? used() : nil })
        for key in 0..<100 { #expect(try edge.get(room.path("\(key)")).text == blank) }
        for key in 0..<100 { #expect(try edge.get(room.path("\(key)")).isHit) }
        #expect(try used() - one < 5_000_000, "a hundred copies would be 18 MB")
        var writer = try edge.viewer()
        _ = try writer.exchange(
            "POST \(room.path("first")) HTTP/1.1\r\nHost: edge.test\r\nContent-Length: 0\r\n\r\n")
        for key in 0..<100 {
            let response = try edge.get(room.path("\(key)"))
            #expect(response.text == blank)
            #expect(response["X-Path"] == room.path("\(key)"))
        }
        #expect(room.count == 102)
    }

    @Test("what is replaced again and again takes no more room each time")
    func replaced() throws {
        let origin = try Origin()
        let edge = try Edge(origin: origin.url, cacheSize: "16MiB")
        let room = origin.room()
        room.answers { [fresh] _ in
            .ok(fresh, body: Reply.ok().body + String(repeating: "x", count: 200_000))
        }
        let request = "GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n"
        var viewer = try edge.viewer()
        for _ in 0..<400 {
            let response = try viewer.exchange(request + "Cache-Control: no-cache\r\n\r\n")
            let again = try viewer.exchange(request + "\r\n")
            #expect(again.body == response.body)
            #expect(again.isHit)
        }
    }
}

@Suite("Limits that a configuration sets")
struct ConfiguredLimitTests {
    @Test(
        "a request body over the limit is 413, with a length and without", arguments: [true, false])
    func body(isChunked: Bool) throws {
        let test = try Configured(sections: ["limits:", "  body: 1000"])
        let room = test.origin.room()
        room.always(.ok(body: "taken"))
        var viewer = try test.edge.viewer()
        let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 2000"
        let block = String(repeating: "a", count: 2000)
        try viewer.send(
            "POST \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\(framing)\r\n\r\n"
                + (isChunked ? "7d0\r\n\(block)\r\n0\r\n\r\n" : block))
        #expect(try viewer.response().status == 413)
        #expect(try viewer.isClosed())
        #expect(room.requests.allSatisfy { $0.isCut })
        var other = try test.edge.viewer()
        let small =
            "POST \(room.path()) HTTP/1.1\r\nHost: edge.test\r\nContent-Length: 3\r\n\r\nabc"
        #expect(try other.exchange(small).text == "taken")
    }

    @Test("limits of heads are what the configuration says")
    func heads() throws {
        let test = try Configured(
            sections: ["limits:", "  target: 100", "  head: 500", "  fields: 5"])
        #expect(try test.edge.get("/" + String(repeating: "a", count: 120)).status == 414)
        #expect(try test.edge.get("/", "X: " + String(repeating: "a", count: 500)).status == 431)
        #expect(try test.edge.get("/", "A: 1", "B: 1", "C: 1", "D: 1").status == 431)
        #expect(try test.edge.get("/", "A: 1").status == 404)
    }

    @Test("more connections from one address than allowed are not served")
    func perAddress() throws {
        let test = try Configured(sections: ["limits:", "  connectionsPerAddress: 2"])
        let room = test.origin.room()
        room.always(.ok(body: "served"))
        let request = "GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n"
        var viewers = try (0..<2).map { _ in try test.edge.viewer() }
        for index in viewers.indices {
            #expect(try viewers[index].exchange(request).text == "served")
        }
        var third = try test.edge.viewer()
        let answer = try? third.exchange(request)
        #expect(answer == nil || answer?.status == 503)
        viewers[0].close()
        let isServed = eventually { () -> Bool? in
            guard var viewer = try? test.edge.viewer() else { return nil }
            return (try? viewer.exchange(request))?.text == "served" ? true : nil
        }
        #expect(isServed == true)
    }

    @Test("a loop has so many connections that are not idle; one more is reset and counted")
    func perLoop() throws {
        let test = try Configured(sections: ["limits:", "  connectionsPerLoop: 3"])
        let room = test.origin.room()
        room.always(.ok(body: "served"))
        let request = "GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n"
        let counter = "mapedge_connections_refused_total"
        var viewers = try (0..<3).map { _ in try test.edge.viewer() }
        for index in viewers.indices {
            #expect(try viewers[index].exchange(request).text == "served")
            try viewers[index].send(String(request.dropLast()))
        }
        #expect(try test.edge.metric(counter) == 0)
        var fourth = try test.edge.viewer()
        let refusal = #expect(throws: WireError.self) { try fourth.response() }
        #expect(refusal?.description.contains("reset") == true, "\(String(describing: refusal))")
        #expect(try test.edge.metric(counter) == 1)
        // The others go on, and who comes when one has left is served.
        #expect(try viewers[2].exchange("\r\n").text == "served")
        viewers[0].close()
        let isServed = eventually { () -> Bool? in
            guard var viewer = try? test.edge.viewer() else { return nil }
            return (try? viewer.exchange(request))?.text == "served" ? true : nil
        }
        #expect(isServed == true)
    }

    @Test("a body slower than the minimum rate is given up, though it never stops")
    func minimumRate() throws {
        let test = try Configured(
            sections: ["limits:", "  minimumRate: 100000", "  rateGrace: 300ms"])
        let room = test.origin.room()
        room.always(.ok())
        var viewer = try test.edge.viewer()
        let socket = viewer.socket
        try viewer.send(
            "POST \(room.path()) HTTP/1.1\r\nHost: edge.test\r\nContent-Length: 100000000\r\n\r\n")
        // A byte whenever the edge has answered another one: never silent, never fast.
        let isEnded = eventually { () -> Bool? in
            guard (try? test.edge.admin("/healthz")) != nil else { return nil }
            return (try? socket.send([0x61])) == nil ? true : nil
        }
        #expect(isEnded == true)
        if let response = try? viewer.response() { #expect(response.status == 408) }
    }

    @Test("ten thousand idle viewers take less than 6 KiB each")
    func idle() throws {
        let test = try Configured()
        let room = test.origin.room()
        room.always(.ok("Cache-Control: max-age=60", body: "served"))
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let count = min(10_000, Int(clamping: limit.rlim_cur) / 2 - 1000)
        try #require(count > 500)
        let request = "GET \(room.path()) HTTP/1.1\r\nHost: edge.test\r\n\r\n"
        var viewers: [Viewer] = []
        func enter(_ count: Int) throws {
            for _ in 0..<count {
                var viewer = try test.edge.viewer()
                #expect(try viewer.exchange(request).status == 200)
                viewers.append(viewer)
            }
        }
        try enter(200)
        let before = try #require(test.edge.child.memory("VmRSS"))
        try enter(count - 200)
        let after = try #require(test.edge.child.memory("VmRSS"))
        #expect(after - before < 6 * (count - 200), "\(after - before) KiB for \(count - 200)")
    }
}
