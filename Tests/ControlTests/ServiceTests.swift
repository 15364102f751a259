import Dispatch
import Edge
import Glibc
import Reactor
import Synchronization
import Testing
import WireTesting

@testable import Control

/// A service on free ports, on a thread of its own, and what it says.
final class RunningService: EventObserver {
    private struct State {
        var announced: [String] = []
        var events: [String] = []
        /// What a reload reads.
        var next: ConfigurationReading
    }

    private let state: Mutex<State>
    private let listens = DispatchSemaphore(value: 0)
    private let ended = DispatchGroup()

    private let resolver: any NameResolver
    private let noting: @Sendable (EdgeEvent) -> Void

    init(
        _ reading: ConfigurationReading, resolver: any NameResolver = SystemNameResolver(),
        noting: @escaping @Sendable (EdgeEvent) -> Void = { _ in }
    ) {
        self.resolver = resolver
        self.noting = noting
        state = Mutex(State(next: reading))
    }

    func note(_ event: EdgeEvent) {
        state.withLock { $0.events.append("\(event.area): \(event.text)") }
        noting(event)
    }

    /// Runs it until the body is through, then stops it and waits for its end.
    func run(_ body: (Service) throws -> Void) throws {
        let configuration = state.withLock { $0.next }.configuration
        let service = Service(
            configuration, clock: configuration.clock.makeClock(at: 0), events: self,
            resolver: resolver
        ) {
            self.state.withLock { $0.next }
        }
        DispatchQueue(label: "test.service").async(group: ended) {
            do {
                try service.run { line in
                    self.state.withLock { $0.announced.append(line) }
                    if line.hasPrefix("listening on ") { self.listens.signal() }
                }
            } catch {
                self.note(EdgeEvent(.error, "run", "\(error)"))
            }
            self.listens.signal()
        }
        listens.wait()
        defer {
            service.stop()
            ended.wait()
        }
        try body(service)
    }

    var events: [String] { state.withLock { $0.events } }

    func willRead(_ reading: ConfigurationReading) { state.withLock { $0.next = reading } }

    /// The address behind a word such as `admin`.
    func address(_ word: String) throws -> String {
        let line = state.withLock { $0.announced.first { $0.hasPrefix("\(word) on ") } }
        return String(try #require(line).dropFirst("\(word) on http://".count))
    }

    /// The body of an answer of the admin port.
    func ask(_ path: String) throws -> String {
        let endpoint = try #require(Endpoint(try address("admin")))
        let socket = try TimedSocket.connect(to: endpoint, within: .seconds(20))
        #expect(socket.write(Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)))
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while let count = part.withUnsafeMutableBytes({ socket.read(into: $0) }), count > 0 {
            bytes += part[..<count]
        }
        let text = String(decoding: bytes, as: UTF8.self)
        let end = try #require(text.firstRange(of: "\r\n\r\n"))
        return String(text[end.upperBound...])
    }
}

// Signals are the process's: one service at a time.
@Suite("Service: from start to stop", .serialized)
struct ServiceTests {
    func configured(
        _ text: String = "", _ change: (inout ConfigurationFlags) -> Void = { _ in }
    ) -> ConfigurationReading {
        reading(text) {
            $0.origins = ["http://127.0.0.1:1"]
            $0.listen = ["127.0.0.1:0"]
            $0.admin = "127.0.0.1:0"
            $0.cacheSize = "16MiB"
            $0.loops = "1"
            change(&$0)
        }
    }

    @Test("it serves, tells its state, and stops")
    func life() throws {
        let running = RunningService(configured())
        try running.run { service in
            #expect(try running.ask("/readyz") == "ready\n")
            #expect(try running.ask("/healthz") == "ok\n")
            let status = try running.ask("/status")
            #expect(status.contains("\"degraded\":null,\"loops\":1,"))
            #expect(status.contains("\"name\":\"http://127.0.0.1:1\",\"state\":\"up\""))
            let metrics = try running.ask("/metrics")
            #expect(metrics.contains("\nmapedge_requests_total "))
            #expect(metrics.contains("\nmapedge_store_entries 0\n"))
            #expect(metrics.contains("\nmapedge_request_seconds_bucket{le=\"+Inf\"} "))
            #expect(metrics.contains("\nprocess_resident_memory_bytes "))
            #expect(try statusTable(Array(status.utf8)).contains("store normal: 0 entries"))
        }
        #expect(running.events.last == "service: stopping: running exchanges have 30s")
        #expect(running.events.count == 2 && running.events[0].hasPrefix("api: serving as"))
    }

    @Test("while it starts it is alive and not ready, and refuses to reload")
    func starting() {
        let reading = configured()
        let service = Service(
            reading.configuration, clock: .system, events: SilentObserver()
        ) { reading }
        #expect(service.isTurning)
        #expect(service.fitness == .unfit("starting"))
        #expect(String(decoding: service.statusJSON(), as: UTF8.self) == "{}")
        guard case .refused(let reasons) = service.reload() else {
            Issue.record("the reload was not refused")
            return
        }
        #expect(reasons == ["the edge is still starting; try again"])
    }

    @Test("a manual clock is told at the start, and moved for all loops, once there are any")
    func clock() throws {
        let running = RunningService(
            configured {
                $0.clock = "manual=2026-01-01T00:00:00Z"
                $0.loops = "3"
            })
        try running.run { service in
            let client = try AdminClient(try running.address("admin"))
            #expect(try client.showClock() == "2026-01-01T00:00:00.000Z (manual)")
            #expect(
                try client.moveClock(.advance(by: 1_000)) == "2026-01-01T00:00:01.000Z (manual)")
        }
        #expect(running.events.contains("clock: the clock stands at 2026-01-01T00:00:01.000Z now"))
        #expect(
            running.events.contains {
                $0.hasPrefix("clock: the clock is manual and stands at 2026-01-01T00:00:00.000Z")
            })
    }

    @Test("before there are loops a moved clock is not yet everybody's")
    func clockWhileStarting() {
        let clock = WallClock(manual: 0)
        let reading = configured()
        let service = Service(
            reading.configuration, clock: clock, events: SilentObserver()
        ) { reading }
        #expect(service.clockControl.spread() == false)
    }

    @Test("a reload swaps what can change, and refuses mistakes and what cannot")
    func reload() throws {
        let running = RunningService(configured())
        try running.run { service in
            let client = try AdminClient(try running.address("admin"))
            running.willRead(configured { $0.mode = "rfc9111" })
            #expect(try client.reload() == (true, ["reloaded"]))
            #expect(try running.ask("/status").contains("\"mode\":\"rfc9111\""))

            running.willRead(configured { $0.mode = "rfc" })
            let mistaken = try client.reload()
            #expect(!mistaken.isSwapped)
            #expect(mistaken.lines.allSatisfy { $0.hasPrefix("--mode is \"rfc\"") })

            running.willRead(configured { $0.loops = "2" })
            let fixed = try client.reload()
            #expect(!fixed.isSwapped)
            #expect(fixed.lines.allSatisfy { $0.contains(": loops cannot change") })

            let taken = try running.address("admin")
            running.willRead(configured { $0.listen = [taken] })
            let refused = try client.reload()
            #expect(!refused.isSwapped)
            #expect(refused.lines.allSatisfy { $0.contains("another process listens") })
            #expect(try running.ask("/status").contains("\"mode\":\"rfc9111\""))
        }
        let refusals = running.events.filter { $0.contains("the old one stays in force") }
        #expect(refusals.count == 3)
    }

    @Test("after a reload the API tells the configuration in force, and obeys its keys")
    func reloadedAPI() throws {
        let text = "origins: { maps: { members: [\"http://127.0.0.1:1\"] } }\n"
        func change(_ flags: inout ConfigurationFlags) { flags.origins = [] }
        let running = RunningService(configured(text, change))
        try running.run { service in
            let client = try AdminClient(try running.address("admin"))
            let list = CloudFrontAPI.pathPrefix + "/distribution"
            let first = try running.ask(list)
            #expect(first.contains("<Id>maps</Id>"))
            #expect(!first.contains("<LastModifiedTime>1970-"))
            running.willRead(configured(text.replacing("maps", with: "tiles"), change))
            #expect(try client.reload().isSwapped)
            let renamed = try running.ask(list)
            #expect(renamed.contains("<Id>tiles</Id>") && !renamed.contains("<Id>maps</Id>"))
            #expect(!renamed.contains("<LastModifiedTime>1970-"))

            let keys =
                "api: { credentials: [{ accessKeyId: A, secretAccessKey: \"0123456789abcdef\" }] }"
            running.willRead(configured(text + keys, change))
            #expect(try client.reload().isSwapped)
            #expect(try running.ask(list).contains("<Code>MissingAuthenticationToken</Code>"))
            let refused = #expect(throws: AdminClientError.self) { try client.invalidate(["/*"]) }
            #expect("\(try #require(refused))".hasPrefix("MissingAuthenticationToken: "))
            let signing = try AdminClient(
                try running.address("admin"),
                credential: APICredential(
                    accessKeyID: "A", secret: Secret("0123456789abcdef")))
            #expect(try signing.invalidate(["/*"]).hasSuffix(" Completed: 1 path"))

            running.willRead(configured(text + "api: { enabled: false }", change))
            #expect(try client.reload().isSwapped)
            #expect(try running.ask(list).hasPrefix("nothing is here"))
        }
    }

    @Test("who reaches the admin port from elsewhere may neither seed nor end seeds")
    func seedsFromElsewhere() throws {
        let running = RunningService(configured { $0.admin = "0.0.0.0:0" })
        try running.run { service in
            let ends = #expect(throws: TruncationRefusal.self) {
                try service.endSeeds(.all, of: nil, bySite: false)
            }
            let begins = #expect(throws: TruncationRefusal.self) {
                try service.seed(SeedOptions(layer: "a:b"), threads: nil, bySite: false)
            }
            #expect(ends?.status == 403 && begins == ends)
            try service.endSeeds(.all, of: nil, bySite: true)
        }
        let local = RunningService(configured())
        try local.run { service in try service.endSeeds(.all, of: nil, bySite: false) }
    }

    @Test("a seed that finds no place after a restart is told of, and kept for the next")
    func crowdedRestart() throws {
        let cache = try TemporaryDirectory()
        let journal = SeedJournal(directory: cache.path)
        var options = SeedOptions(layer: "a:b")
        options.zoom = "0-1"
        let first = journal.newPath()
        try journal.keep(SeedJournal.Entry(path: first, options: options, threads: nil))
        let text = try ProjectFiles.text(first + ".task")
        // More than wait and run, and than may have come to their end meanwhile.
        let paths = (0..<SeedTasks.waitingMax + 40).map { _ in journal.newPath() }
        for path in paths { try writeTextFile(path + ".task", text) }
        let last = try #require(paths.last)
        let running = RunningService(
            configured("seeding: { host: edge.test }") { $0.cache = cache.path })
        try running.run { _ in
            let warnings = running.events.filter { $0.contains("waits for the next start") }
            #expect(warnings.first?.hasPrefix("seed: seeding a:b, which the end of") == true)
            #expect(running.events.contains { $0.hasPrefix("seed: seeding a:b goes on") })
        }
        #expect(access(last + ".task", F_OK) == 0)
    }
}
