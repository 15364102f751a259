import Glibc
import Reactor
import Testing

@Suite("TLS: resumption")
struct ResumptionTests {
    /// One connection after the other, each ended in peace; whether each was resumed.
    private func connect(
        _ servers: [TLSContext], _ viewer: TLSContext, host: String = "edge.test",
        or other: String? = nil
    ) throws -> [Bool] {
        try servers.map { server in
            let bench = try TLSBench(server, viewer, host: host, or: other)
            bench.shakeHands()
            // With TLS 1.3 the ticket comes behind the handshake.
            #expect(bench.transfer([1], from: bench.server, to: bench.viewer) == [1])
            let (near, far) = (try #require(bench.serverState), try #require(bench.viewerState))
            #expect(near.isEstablished && near.isResumed == far.isResumed)
            return near.isResumed
        }
    }

    private func keys() throws -> TLSTicketKeys { try TLSTicketKeys(interval: 1_000, now: 0) }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func `a ticket resumes the session`(_ version: TLSVersion) throws {
        let server = try TLSContext.server("edge", keys: keys())
        let viewer = try TLSContext.viewer { $0.rules.versionMax = version }
        #expect(try connect([server, server, server], viewer) == [false, true, true])
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func `without tickets a session is resumed by its id`(_ version: TLSVersion) throws {
        let server = try TLSContext.server("edge")
        let viewer = try TLSContext.viewer { $0.rules.versionMax = version }
        #expect(try connect([server, server], viewer) == [false, true])
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func `nothing is resumed where sessions have no time`(_ version: TLSVersion) throws {
        let server = try TLSContext.server("edge", change: { $0.rules.sessionSeconds = 0 })
        let viewer = try TLSContext.viewer { $0.rules.versionMax = version }
        #expect(try connect([server, server], viewer) == [false, false])
    }

    @Test func `each host has its own session`() throws {
        let server = try TLSContext.server("edge", keys: keys())
        let viewer = try TLSContext.viewer()
        #expect(try connect([server], viewer) == [false])
        #expect(try connect([server], viewer, host: "www.edge.test") == [false])
        #expect(try connect([server], viewer, host: "www.edge.test") == [true])
    }

    /// A resumed session is not verified anew.
    @Test func `a session made for either of two names is none for one of them`() throws {
        let server = try TLSContext.server("edge", keys: keys())
        let viewer = try TLSContext.viewer()
        #expect(try connect([server], viewer, host: "other.test", or: "edge.test") == [false])
        #expect(try connect([server], viewer, host: "other.test", or: "edge.test") == [true])
        let bench = try TLSBench(server, viewer, host: "other.test")
        #expect(bench.shakeHands().viewer == .failed(EKEYREJECTED))
        let stranger = try TLSBench(server, viewer, host: "other.test", or: "another.test")
        #expect(stranger.shakeHands().viewer == .failed(EKEYREJECTED))
    }

    @Test func `tickets outlive a reload that hands their keys on`() throws {
        let keys = try keys()
        let before = try TLSContext.server("edge", keys: keys)
        let after = try TLSContext.server("edge", keys: keys)
        let stranger = try TLSContext.server("edge", keys: self.keys())
        #expect(try connect([before, after, stranger], .viewer()) == [false, true, false])
    }

    @Test func `keys change by the owner's clock, and old ones open for a while`() throws {
        let keys = try keys()
        let server = try TLSContext.server("edge", keys: keys)
        // An offered session stays in the cache until a newer one replaces it.
        let viewer = try TLSContext.viewer()
        #expect(try connect([server], viewer) == [false])
        try keys.rotate(at: 999)
        try keys.rotate(at: 1_000)
        #expect(try connect([server], viewer) == [true])
        try keys.rotate(at: 2_000)
        try keys.rotate(at: 3_000)
        #expect(try connect([server], viewer) == [true])
        for now in 4...6 { try keys.rotate(at: Int64(now) * 1_000) }
        #expect(try connect([server], viewer) == [false])
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func `a session made without a certificate is of no use where one is required`(
        _ version: TLSVersion
    ) throws {
        let certificates = try Certificates.get()
        let keys = try keys()
        // Without the second identity a viewer who asks for edge.test is shown the first.
        let before = try TLSContext.server(
            "edge", change: { $0.identities[0].names = ["other.test"] }, keys: keys)
        let after = try TLSContext.server(
            "edge", "edge",
            change: {
                $0.identities[0].names = ["other.test"]
                $0.identities[1].clientCertificates = .require(
                    authorities: certificates.path("root.pem"), depthMax: 1)
            }, keys: keys)
        let viewer = try TLSContext.viewer { $0.rules.versionMax = version }
        #expect(try connect([before, before], viewer) == [false, true])
        let bench = try TLSBench(after, viewer)
        bench.shakeHands()
        #expect(bench.serverState?.identity == 1)
        #expect(bench.serverState?.isEstablished == false)
        #expect(bench.serverFailure == .broken("peer did not return a certificate"))
    }
}
