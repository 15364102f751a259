import Glibc
import Reactor
import Testing

/// Kernel TLS is asked for; whether the kernel has it is not ours to decide. A Unix socket takes
/// none anywhere, so that what comes without it is seen on every machine; over TCP a kernel built
/// with `CONFIG_TLS` seals itself, and what arrives must be the same.
@Suite("TLS: where the kernel is asked to encrypt")
struct KernelTLSTests {
    private static func contexts(
        _ version: TLSVersion
    ) throws -> (server: TLSContext, viewer: TLSContext) {
        let server = try TLSContext.server("edge") { $0.rules.allowsKernel = true }
        let viewer = try TLSContext.viewer {
            $0.rules.allowsKernel = true
            $0.rules.versionMax = version
        }
        return (server, viewer)
    }

    private static let body = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

    /// Whether a TCP connection of this machine takes the "tls" upper layer protocol.
    private static func isInKernel() throws -> Bool {
        let ends = try SecuredEnds(.server("edge"), .viewer())
        defer { close(ends.server) }
        return setsockopt(ends.viewer, Int32(IPPROTO_TCP), TCP_ULP, "tls", 3) == 0
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func `where it cannot, OpenSSL does, and bodies arrive whole`(_ version: TLSVersion) throws {
        let contexts = try Self.contexts(version)
        let bench = try TLSBench(contexts.server, contexts.viewer)
        bench.shakeHands()
        for state in [bench.serverState, bench.viewerState] {
            let state = try #require(state)
            #expect(state.isEstablished && !state.kernelSends && !state.kernelReceives)
        }
        expect(bench.transfer(Self.body, from: bench.server, to: bench.viewer) == Self.body)
        expect(bench.transfer(Self.body, from: bench.viewer, to: bench.server) == Self.body)
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func `over TCP bodies arrive whole, whoever encrypts`(_ version: TLSVersion) throws {
        let contexts = try Self.contexts(version)
        let ends = try SecuredEnds(contexts.server, contexts.viewer)
        defer { close(ends.server) }
        if try !Self.isInKernel() {
            let description = ends.bench.network.describeTLS(ends.server)
            let state = try #require(description)
            #expect(!state.kernelSends && !state.kernelReceives)
        }
        for (from, to) in [(ends.server, ends.viewer), (ends.viewer, ends.server)] {
            var (received, sent) = ([UInt8](), 0)
            for _ in 0..<1_000_000 where received.count < Self.body.count {
                if sent < Self.body.count {
                    let rest = Array(Self.body[sent...])
                    if case .bytes(let count) = ends.bench.send(from, [rest]) { sent += count }
                }
                received += ends.bench.receive(to, 65_536)
            }
            expect(received == Self.body)
        }
    }
}
