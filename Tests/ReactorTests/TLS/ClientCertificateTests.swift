import Glibc
import Reactor
import Testing

@Suite("TLS: certificates of viewers")
struct ClientCertificateTests {
    private func bench(
        _ policy: (String) -> TLSClientCertificates, showing name: String?,
        version: TLSVersion = .tls13
    ) throws -> TLSBench {
        let certificates = try Certificates.get()
        let server = try TLSContext.server(
            "edge",
            change: { $0.identities[0].clientCertificates = policy(certificates.path("root.pem")) })
        let viewer = try TLSContext.viewer {
            $0.keyPair = name.map { certificates.pair($0) }
            $0.rules.versionMax = version
        }
        return try TLSBench(server, viewer)
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func `whoever is vouched for is let in, and named`(_ version: TLSVersion) throws {
        let bench = try bench(
            { .require(authorities: $0, depthMax: 1) }, showing: "viewer", version: version)
        bench.shakeHands()
        let peer = try #require(bench.serverState?.peer)
        #expect(peer.objection == nil)
        #expect(peer.certificate.subject == "CN=Ada Viewer,O=Atlas")
        #expect(bench.transfer([5], from: bench.viewer, to: bench.server) == [5])
    }

    @Test(arguments: [nil, "intruder"])
    func `without a good one there is no connection where it is required`(_ name: String?) throws {
        let bench = try bench({ .require(authorities: $0, depthMax: 1) }, showing: name)
        let ends = bench.shakeHands()
        #expect(bench.serverState?.isEstablished == false)
        #expect(ends.server == .failed(name == nil ? EPROTO : EKEYREJECTED))
        guard case .failed = ends.viewer else {
            Issue.record("the viewer goes on: \(ends.viewer)")
            return
        }
    }

    @Test func `where it is asked for, whoever has none is served, and nobody with a bad one`()
        throws
    {
        let none = try bench({ .request(authorities: $0, depthMax: 1) }, showing: nil)
        none.shakeHands()
        #expect(none.serverState?.isEstablished == true && none.serverState?.peer == nil)
        let bad = try bench({ .request(authorities: $0, depthMax: 1) }, showing: "intruder")
        #expect(bad.shakeHands().server == .failed(EKEYREJECTED))
        #expect(bad.serverState?.isEstablished == false)
        let good = try bench({ .request(authorities: $0, depthMax: 1) }, showing: "viewer")
        good.shakeHands()
        #expect(good.serverState?.peer?.objection == nil)
        #expect(good.serverState?.peer?.certificate.subject == "CN=Ada Viewer,O=Atlas")
    }

    @Test func `whoever is not asked shows none`() throws {
        let bench = try bench({ _ in .none }, showing: "viewer")
        bench.shakeHands()
        #expect(bench.serverState?.isEstablished == true && bench.serverState?.peer == nil)
    }

    @Test func `a viewer with a certificate is verified anew each time`() throws {
        let certificates = try Certificates.get()
        let server = try TLSContext.server(
            "edge",
            change: {
                $0.identities[0].clientCertificates = .require(
                    authorities: certificates.path("root.pem"), depthMax: 1)
            }, keys: TLSTicketKeys(interval: 1_000, now: 0))
        for version in [TLSVersion.tls12, .tls13] {
            let viewer = try TLSContext.viewer {
                $0.keyPair = certificates.pair("viewer")
                $0.rules.versionMax = version
            }
            for _ in 0..<2 {
                let bench = try TLSBench(server, viewer)
                bench.shakeHands()
                #expect(bench.serverState?.isResumed == false)
                #expect(bench.serverState?.peer != nil)
            }
        }
    }
}
