import Dispatch
import Edge
import Reactor
import Synchronization
import Testing
import WireTesting

@testable import Control

/// One name hangs until it is let go, or was never; the others are known at once.
private final class HangingResolver: NameResolver {
    private struct State {
        var isHanging = false
        var isPending = false
    }

    let gate = DispatchSemaphore(value: 0)
    private let state = Mutex(State())

    /// Names are not known yet, all of them.
    func forget(_ isForgotten: Bool) { state.withLock { $0.isPending = isForgotten } }
    func hang() { state.withLock { $0.isHanging = true } }

    func addresses(of host: String, port: UInt16) throws(ResolutionError) -> [SocketAddress] {
        if let numeric = SocketAddress(ip: host) { return [numeric.with(port: port)] }
        let state = state.withLock { $0 }
        if state.isPending {
            throw ResolutionError(host: host, reason: "later", isPending: true)
        }
        if state.isHanging, host == "tiles.test" {
            // Only as long as a test that fails may take.
            guard gate.wait(timeout: .now() + .seconds(60)) == .success else {
                throw ResolutionError(host: host, reason: "nobody let it go", isPending: true)
            }
        }
        return try TableResolver().addresses(of: host, port: port)
    }
}

// Signals are the process's: one service at a time.
extension ServiceTests {
    private static let text = """
        listen: "127.0.0.1:0"
        admin: "127.0.0.1:0"
        loops: 1
        cache: { size: 16MiB }
        origins:
          default: { members: ["http://tiles.test", "http://both.test:81"] }
        """

    private func read(_ resolver: HangingResolver, _ text: String = text) -> ConfigurationReading {
        Configuration.read(
            text: text, named: "edge.yaml", flags: ConfigurationFlags(), resolver: resolver)
    }

    private func members(_ service: Service) -> [MemberSettings] {
        service.state.withLock { $0.configuration.settings.origins[0].members }
    }

    @Test("a name that hangs keeps no other from its address")
    func sideBySide() throws {
        let resolver = HangingResolver()
        resolver.forget(true)
        let reading = read(resolver)
        resolver.forget(false)
        resolver.hang()
        let bothAreThere = DispatchSemaphore(value: 0)
        let running = RunningService(reading, resolver: resolver) { event in
            if event.text == "tiles.test has an address now" { bothAreThere.signal() }
            // The one that hangs is let go by what the other one brings about.
            if event.text == "both.test has an address now" { resolver.gate.signal() }
        }
        try running.run { service in
            service.lookUp()
            // The edge's own timer may have been the first to ask.
            bothAreThere.wait()
            let told = running.events.filter { $0.hasSuffix("has an address now") }
            #expect(
                told == [
                    "resolver: both.test has an address now",
                    "resolver: tiles.test has an address now",
                ])
            #expect(members(service).map(\.endpoints.count) == [1, 2])
        }
    }

    @Test("a reload keeps the addresses of names that are not known just then, and asks on")
    func keepsAddresses() throws {
        let resolver = HangingResolver()
        let running = RunningService(read(resolver), resolver: resolver)
        try running.run { service in
            let old = members(service).map(\.endpoints)
            resolver.forget(true)
            running.willRead(read(resolver))
            guard case .swapped = service.reload() else {
                Issue.record("the reload was refused")
                return
            }
            #expect(members(service).map(\.endpoints) == old && old[1].count == 2)
            #expect(members(service).allSatisfy { $0.unresolved != nil })
            let status = try running.ask("/status")
            #expect(!status.contains("\"unresolved\""))
            running.willRead(
                read(resolver, Self.text.replacing("tiles.test", with: "tiles.test:8080")))
            _ = service.reload()
            #expect(
                members(service)[0].endpoints
                    == [.ip(SocketAddress(ipv4: 0xC000_0201, port: 8_080))])
            resolver.forget(false)
            service.lookUp()
            #expect(members(service).allSatisfy { $0.unresolved == nil })
        }
    }

    @Test("a recording is there until it was sent, over the wire until it was read")
    func recordingIsKept() throws {
        let running = RunningService(configured())
        try running.run { service in
            let client = try AdminClient(try running.address("admin"))
            try client.beginRecording()
            let first = try service.endRecording(named: "n", pattern: nil, showsSecrets: false)
            let second = try client.endRecording(named: "n", pattern: nil, showsSecrets: false)
            #expect(first == second && first.contains("steps:"))
            // It is forgotten behind the last byte, which the client has by then.
            let isGone = eventually {
                let third = try? client.endRecording(
                    named: "n", pattern: nil, showsSecrets: false)
                return third == nil ? true : nil
            }
            #expect(isGone == true)
        }
    }
}
