import Reactor
import Testing
import Tiles
import WireTesting

@testable import Edge

/// The checks of one pool, turned by hand.
private struct Checks: ~Copyable {
    var loop: ProbeLoop<LinuxNetwork>
    private let events = UnsafeMutableBufferPointer<ReadyEvent>.allocate(capacity: 16)

    init(of pool: OriginPool) throws {
        loop = ProbeLoop(
            network: try LinuxNetwork(batchSize: 16), events: SilentObserver(), mailboxes: [])
        loop.watch([pool], atOnce: true)
    }

    deinit { events.deallocate() }

    mutating func turn() {
        let count = loop.network.wait(until: loop.nextDeadline, into: events)
        loop.tick(UnsafeBufferPointer(start: events.baseAddress, count: count))
    }
}

@Suite("Checks over real sockets: every way to answer badly")
struct ProbeLoopTests {
    /// Runs one check of one member until it has a result.
    private func word(
        of check: CheckSettings, port: UInt16, timeout: Int = 10_000, limit: Int = 64 << 20,
        while waiting: () -> Void = {}
    ) throws -> CheckStatus {
        var settings = OriginSettings()
        settings.members = [
            MemberSettings(
                name: "m", endpoints: [.ip(.loopback(port: port))], authority: "m.test")
        ]
        settings.customHeaders = [HeaderSetting(name: "X-Secret", value: "s")]
        settings.health.checks = [check]
        (settings.health.interval, settings.health.timeout) = (timeout, timeout)
        settings.health.bodyBytes = limit
        let pool = OriginPool(settings)
        var checks = try Checks(of: pool)
        for _ in 0..<1_000_000 {
            let status = pool.snapshot(at: 0, wall: 0).members[0].checks[0]
            if status.last != nil {
                checks.loop.abandonAll()
                return status
            }
            waiting()
            checks.turn()
        }
        throw WireError("the check has no result")
    }

    private func word(_ check: CheckSettings, _ reply: Reply) throws -> String? {
        let origin = try Origin()
        let room = origin.room()
        room.always(reply)
        var check = check
        check.target = "/\(room.name)\(check.target)"
        let word = try word(of: check, port: origin.port).last
        #expect(room.requests.first?["X-Secret"] == "s")
        return word
    }

    private typealias A = ProbeAnswers

    @Test(arguments: [
        ("passed", A.map, Reply([.send(A.whole("image/png", A.picture())), .close])),
        ("check-silent", A.map, Reply([.reset])),
        ("check-silent", A.text, Reply([.close])),
        ("check-cut-short", A.map, Reply([.send(A.answer("Content-Length: 90", [1])), .close])),
        ("check-cut-short", A.map, Reply([.send(A.answer("Content-Length: 90", [1])), .reset])),
        (
            "check-cut-short", A.map,
            Reply([.send(A.chunked("image/png", A.picture(), isWhole: false)), .close])
        ),
        ("check-service-exception", A.map, Reply([.send(A.whole("text/xml", A.exception))])),
        ("check-wrong-size", A.map, Reply([.send(A.whole("image/png", A.picture(8)))])),
        ("check-wrong-type", A.map, Reply([.send(A.whole("text/html", A.picture()))])),
        ("check-malformed", A.map, Reply([.send(Array("SSH-2.0-none\r\n\r\n".utf8)), .close])),
        ("check-status 503", A.map, Reply.response(503)),
        (
            "check-service-exception", A.layers,
            Reply([.send(A.whole("text/xml", A.capabilities(["a"], end: "<ServiceException>")))])
        ),
    ])
    func `an answer comes to a word`(_ expected: String, _ check: CheckSettings, _ reply: Reply)
        throws
    {
        #expect(try word(check, reply) == expected)
    }

    @Test func `nobody listens`() throws {
        let origin = try Origin()
        origin.stop()
        #expect(try word(of: A.map, port: origin.port).last == "check-not-connected")
    }

    @Test func `a connection is enough where nothing else is asked`() throws {
        let origin = try Origin()
        #expect(try word(of: CheckSettings(kind: .connect), port: origin.port).last == "passed")
    }

    @Test func `one that accepts and says nothing fails at the deadline`() throws {
        let (origin, gate) = (try Origin(), Gate())
        let room = origin.room()
        room.always(Reply([.pass(gate)]))
        let check = CheckSettings(kind: .map, target: "/\(room.name)\(A.target)")
        #expect(try word(of: check, port: origin.port, timeout: 150).last == "check-silent")
        gate.open()
    }

    @Test func `one that drips fails at the deadline, however many bytes come`() throws {
        let origin = try Origin()
        let room = origin.room()
        let gates = (0..<50).map { _ in Gate() }
        let drops: [Reply.Step] = gates.flatMap { [.pass($0), .send([65])] }
        room.always(Reply([.send(A.answer("Content-Length: 1000", []))] + drops))
        let check = CheckSettings(
            kind: .http(status: 200...200, body: []), target: room.path())
        var next = gates[...]
        let status = try word(of: check, port: origin.port, timeout: 300) {
            next.popFirst()?.open()
        }
        #expect(status.last == "check-slow")
        #expect(next.count < 50, "bytes came")
        for gate in gates { gate.open() }
    }

    @Test func `capabilities of any size are read to their end, and over the limit they fail`()
        throws
    {
        let names = ["roads"] + (0..<20_000).map { "layer-of-a-large-catalogue-\($0)" }
        let body = A.capabilities(names)
        #expect(body.count > 1 << 20)
        let origin = try Origin()
        let room = origin.room()
        room.always(Reply([.send(A.chunked("text/xml", body)), .close]))
        let check = CheckSettings(kind: A.layers.kind, target: room.path("caps"))
        let status = try word(of: check, port: origin.port, timeout: 60_000)
        #expect(status.last == "passed" && status.layers == names.count)
        let short = try word(of: check, port: origin.port, timeout: 60_000, limit: 1 << 20)
        #expect(short.last == "check-too-long")
    }

    @Test func `a member that hangs holds up no other member's check`() throws {
        let (hung, well, gate) = (try Origin(), try Origin(), Gate())
        hung.room(named: "a").always(Reply([.pass(gate)]))
        well.room(named: "a").always(.ok(body: "ready"))
        var settings = OriginSettings()
        settings.members = [hung, well].map {
            MemberSettings(
                name: "m", endpoints: [.ip(.loopback(port: $0.port))], authority: "m.test")
        }
        settings.health.checks = [
            CheckSettings(kind: .http(status: 200...200, body: []), target: "/a/")
        ]
        // Who waits for the one that hangs would wait for an hour.
        (settings.health.interval, settings.health.timeout) = (3_600_000, 3_600_000)
        let pool = OriginPool(settings)
        var checks = try Checks(of: pool)
        func words() -> [String?] {
            pool.snapshot(at: 0, wall: 0).members.map { $0.checks[0].last }
        }
        var turns = 0
        while words()[1] == nil, turns < 1_000 {
            turns += 1
            checks.turn()
        }
        #expect(words() == [nil, "passed"])
        checks.loop.abandonAll()
        gate.open()
    }
}
