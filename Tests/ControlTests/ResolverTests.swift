import Dispatch
import Edge
import Reactor
import Synchronization
import Testing

@testable import Control

/// Answers when it is told to, and counts who asks.
private final class HeldResolver: NameResolver {
    private let gate = DispatchSemaphore(value: 0)
    private let table = TableResolver()

    /// Lets that many questions through.
    func open(_ count: Int) { for _ in 0..<count { gate.signal() } }

    func addresses(of host: String, port: UInt16) throws(ResolutionError) -> [SocketAddress] {
        gate.wait()
        return try table.addresses(of: host, port: port)
    }
}

/// Knows nothing until it is taught.
private final class LearningResolver: NameResolver {
    private let knows = Atomic(false)

    func learn() { knows.store(true, ordering: .releasing) }

    func addresses(of host: String, port: UInt16) throws(ResolutionError) -> [SocketAddress] {
        if let numeric = SocketAddress(ip: host) { return [numeric.with(port: port)] }
        guard knows.load(ordering: .acquiring) else {
            throw ResolutionError(host: host, reason: "nobody knows", isPending: true)
        }
        return try TableResolver().addresses(of: host, port: port)
    }
}

@Suite("A slow resolver holds nobody up, and what it says later is used")
struct ResolverTests {
    private static let text = """
        listen: "127.0.0.1:0"
        admin: "127.0.0.1:0"
        loops: 1
        cache: { size: 16MiB }
        origins:
          default: { members: ["http://tiles.test", "http://both.test:81"] }
        """

    @Test("who is not found in time has no address yet, which is a warning")
    func isBounded() {
        let held = HeldResolver()
        defer { held.open(2) }
        let reading = Configuration.read(
            text: Self.text, named: "edge.yaml", flags: ConfigurationFlags(),
            resolver: BoundedResolver(held, within: 1))
        #expect(reading.isUsable)
        #expect(
            reading.findings.map(\.description).first
                == "edge.yaml:6: warning: origins.default.members[0] names \"tiles.test\", whose "
                + "address is not known: the resolver has not answered yet; look at the machine's "
                + "resolver; the member is asked when there is an address")
        let members = reading.configuration.settings.origins[0].members
        #expect(members.map(\.endpoints) == [[], []])
        #expect(
            members.map(\.unresolved) == [
                HostName("tiles.test", port: 80), HostName("both.test", port: 81),
            ])
    }

    @Test("an address to listen on must be known at once")
    func listener() {
        let held = HeldResolver()
        defer { held.open(1) }
        let reading = Configuration.read(
            text: """
                listen: "tiles.test:80"
                origins: { default: { members: ["http://192.0.2.1"] } }
                """,
            named: "edge.yaml", flags: ConfigurationFlags(),
            resolver: BoundedResolver(held, within: 1))
        #expect(!reading.isUsable)
        #expect(
            reading.findings.map(\.description).first?.contains("has not answered yet") == true)
    }

    @Test("who answers in time is believed, and a number needs no answer")
    func isPrompt() throws {
        let held = HeldResolver()
        held.open(2)
        let resolver = BoundedResolver(held, within: 60_000)
        #expect(try resolver.addresses(of: "both.test", port: 80).count == 2)
        #expect(throws: ResolutionError(host: "missing.test", reason: "Name or service not known"))
        {
            try resolver.addresses(of: "missing.test", port: 80)
        }
        #expect(try resolver.addresses(of: "192.0.2.1", port: 80).count == 1)
    }

    @Test("who is asked when the time of all is over has some of its own")
    func hasItsOwnTime() throws {
        let resolver = BoundedResolver(TableResolver(), within: 0, least: 60_000)
        #expect(try resolver.addresses(of: "both.test", port: 80).count == 2)
    }

    private func expectUnresolved(
        _ running: RunningService, _ isExpected: Bool, at place: SourceLocation = #_sourceLocation
    ) throws {
        let status = try running.ask("/status")
        #expect(status.contains("\"unresolved\"") == isExpected, sourceLocation: place)
    }

    @Test("an address that is found later is put in force, on the members that lacked it")
    func isFollowed() throws {
        let learning = LearningResolver()
        let reading = Configuration.read(
            text: Self.text, named: "edge.yaml", flags: ConfigurationFlags(), resolver: learning)
        let running = RunningService(reading, resolver: learning)
        try running.run { service in
            try expectUnresolved(running, true)
            service.lookUp()
            try expectUnresolved(running, true)
            learning.learn()
            service.lookUp()
            try expectUnresolved(running, false)
            let members = service.state.withLock { $0.configuration.settings.origins[0].members }
            #expect(members.map(\.endpoints.count) == [1, 2])
            #expect(
                members[1].endpoints[0]
                    == .ip(
                        SocketAddress(
                            high: 0x2001_0DB8_0000_0000, low: 1, port: 81)))
            #expect(running.events.contains("resolver: tiles.test has an address now"))
        }
    }

    @Test("names are asked for again when it is time, by one look-up at a time")
    func isRepeated() throws {
        let learning = LearningResolver()
        let reading = Configuration.read(
            text: Self.text, named: "edge.yaml", flags: ConfigurationFlags(), resolver: learning)
        let running = RunningService(reading, resolver: learning)
        try running.run { service in
            learning.learn()
            service.lookUpSoon(at: .now + .seconds(7_200))
            service.lookupQueue.sync {}
            try expectUnresolved(running, false)
        }
    }
}
