import Edge
import Reactor
import Testing

@testable import Control

@Suite("Configuration: TLS")
struct TLSSettingsTests {
    @Test("a member with an https address is asked for by its host, on port 443")
    func members() throws {
        let settings = reading("behaviors: [{ path: \"*\" }]\n") {
            $0.origins = ["https://tiles.test,https://both.test:8443,http://127.0.0.1:1"]
        }.configuration.settings
        let members = try #require(settings.origins.first?.members)
        #expect(members.map(\.tlsHost) == ["tiles.test", "both.test", nil])
        #expect(members.map(\.authority) == ["tiles.test", "both.test:8443", "127.0.0.1:1"])
        #expect(members[0].endpoints == [.ip(SocketAddress(ipv4: 0xC000_0201, port: 443))])
    }

    @Test("an origin's section says whom its members have to be")
    func origins() throws {
        let read = reading(
            """
            origins:
              default:
                members: ["https://127.0.0.1:8443"]
                tls: { name: maps.internal, verify: false, minimum: "1.3" }
            """)
        let origin = try #require(read.configuration.settings.origins.first)
        #expect(origin.members[0].tlsHost == "maps.internal")
        #expect(origin.tls.trust == .anyone && origin.tls.rules.versionMin == .tls13)
        // It runs, but it is said how far that can be trusted.
        #expect(read.isUsable && read.findings.count == 1)
    }

    @Test("a listener that speaks TLS needs a certificate, and one that does not needs none")
    func noCertificate() {
        let text = "listen: [{ address: \"127.0.0.1:8443\", tls: true }]\n"
        let found = findings(text) { $0.origins = ["http://127.0.0.1:1"] }
        #expect(
            found == [
                "edge.yaml:1: 127.0.0.1:8443 speaks TLS, but there is no certificate to show; "
                    + "add \"tls: { certificates: [{ chain: FILE, key: FILE }] }\""
            ])
        #expect(findings("tls: { certificates: [] }\n") { $0.origins = ["http://a:1"] }.count == 1)
    }

    @Test("keys of the section tls come to rules")
    func rules() throws {
        var reader = ConfigurationReader(file: "edge.yaml", resolver: TableResolver())
        let text = """
            tls:
              certificates: [{ chain: /a, key: /b, names: ["*.maps.test"] }]
              sessionTime: 10m
              ticketKeyTime: 1h
              kernel: true
              clientCertificates: request
              clientAuthorities: /c
              clientDepth: 3
            origins: { default: { members: ["http://127.0.0.1:1"] } }
            """
        let settings = reader.read(text, ConfigurationFlags()).configuration.settings
        let tls = try #require(settings.viewerTLS)
        #expect(tls.rules.sessionSeconds == 600 && tls.rules.allowsKernel)
        #expect(settings.ticketKeyInterval == 3_600_000)
        #expect(
            tls.identities == [
                TLSIdentity(
                    names: ["*.maps.test"], keyPair: TLSKeyPair(chainFile: "/a", keyFile: "/b"),
                    clientCertificates: .request(authorities: "/c", depthMax: 3))
            ])
    }
}
