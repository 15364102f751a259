import Glibc
import Testing
import WireTesting

@testable import mapedge

private let servers = ["/usr/sbin/lighttpd", "/usr/bin/mapserv", "/usr/bin/ogr2ogr"]

@Suite(
    "Real map servers that hang, die, come back and flap, under load", .waits,
    .enabled(if: servers.allSatisfy(isExecutable), "no lighttpd, MapServer or GDAL"))
struct MapServerHealthTests {
    @Test("SIGSTOP costs no request, and the server is out; SIGCONT brings it back by slow start")
    func stopped() throws {
        let load = try MapLoad()
        load.earnRetries()
        load.signal(SIGSTOP)
        try load.during {
            try load.reaches("down")
            let liveness = try load.member()["liveness"]?.text
            #expect(liveness == "dead")
            load.signal(SIGCONT)
            try load.reaches("slow-start")
        }
        try load.finish()
    }

    @Test("SIGKILL costs no request; started again, the server comes back by slow start")
    func killed() throws {
        let load = try MapLoad()
        load.earnRetries()
        try load.during {
            load.signal(SIGKILL)
            try load.reaches("down", "ejected")
        }
        // Away for so long that nothing is won by asking all the time.
        let isBack = load.demo.child.line(
            with: "tile server 1 is back", within: DemoTileServer.absence * 1_000 + patience)
        #expect(isBack != nil)
        try load.during {
            try load.reaches("slow-start")
        }
        #expect(load.demo.child.log.count { $0.contains("tile server 1 has ended") } == 1)
        try load.finish()
    }

    @Test("a server that hangs for moments costs no request, and the pool does not flap with it")
    func flickering() throws {
        let load = try MapLoad()
        load.earnRetries()
        try load.during {
            for _ in 0..<25 {
                load.signal(SIGSTOP)
                // As long as an answer of the edge's own takes: far less than a check may.
                let second = try load.states()[1]
                #expect(second == "up")
                load.signal(SIGCONT)
                load.ask()
            }
        }
        try load.reaches("up")
        try load.finish()
    }

    @Test("a server that hangs again and again costs no request, and the pool stays")
    func flapping() throws {
        let load = try MapLoad()
        try load.during {
            for _ in 0..<3 {
                load.earnRetries()
                load.signal(SIGSTOP)
                try load.reaches("down")
                let second = try load.states()[1]
                #expect(second == "up")
                load.signal(SIGCONT)
                try load.reaches("slow-start")
            }
        }
        try load.finish()
    }
}

/// The demo's map servers, asked by several viewers at once for tiles that no cache has.
private final class MapLoad: Sendable {
    let demo: RunningDemo
    /// The process group of the first map server as it was at the start.
    private let group: pid_t
    private let (asked, failed, idle) = (Monitor(0), Monitor(0), Monitor(0))
    private let isOn = Monitor(false)

    private static let viewers = 4

    /// Returns when both servers have passed their checks.
    init() throws {
        demo = try RunningDemo()
        group = demo.groups[0]
        let demo = demo
        let isReady = try eventually {
            try demo.members().allSatisfy { $0["readiness"]?.text == "ready" } ? true : nil
        }
        try #require(isReady == true)
    }

    func signal(_ number: Int32) { kill(-group, number) }

    func member() throws -> JSON { try demo.members()[0] }

    func states() throws -> [String?] { try demo.members().map { $0["state"]?.text } }

    /// The first server comes to one of these states.
    func reaches(_ expected: String...) throws {
        var state: String?
        // The check of capabilities, every ten seconds, has to pass twice where flaps made it fail.
        var isReached: Bool?
        for _ in 0..<3 where isReached == nil {
            isReached = try eventually {
                state = try states()[0]
                return state.map(expected.contains) == true ? true : nil
            }
        }
        #expect(isReached == true, "\(state ?? "no state"), not \(expected)")
    }

    /// One tile that nobody has asked for.
    func ask() {
        let number = asked.with { asked -> Int in
            asked += 1
            return asked
        }
        let other = "&SLD_VERSION=1.1.0&N=\(number)"
        let answer = try? demo.get(RunningDemo.tile(column: number % 16) + other)
        let isGood = answer?.status == 200 && answer?.head["Content-Type"] == "image/png"
        if !isGood { failed.with { $0 += 1 } }
    }

    /// So that the budget has a retry for each request that may be under way when a server hangs.
    func earnRetries() {
        for _ in 0..<40 { ask() }
    }

    /// Does something while all viewers ask without a pause, and returns when they have ended.
    func during(_ body: () throws -> Void) throws {
        isOn.with { $0 = true }
        idle.with { $0 = 0 }
        for _ in 0..<Self.viewers {
            background {
                while self.isOn.with({ $0 }) { self.ask() }
                self.idle.with { $0 += 1 }
            }
        }
        defer {
            isOn.with { $0 = false }
            #expect(idle.wait { $0 == Self.viewers ? true : nil } == true)
        }
        try body()
    }

    /// Every tile was answered well, there were many, and the demo ends in order.
    func finish() throws {
        #expect(failed.with { $0 } == 0)
        #expect(asked.with { $0 } > 40)
        demo.child.signal(SIGINT)
        #expect(demo.child.waitForExit() == 0)
    }
}
