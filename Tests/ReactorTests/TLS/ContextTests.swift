import Reactor
import Testing

@Suite("TLS: certificates, keys and settings")
struct ContextTests {
    private func problem(_ make: (Certificates) throws -> TLSContext) throws -> String {
        let certificates = try Certificates.get()
        let error = #expect(throws: TLSError.self) { _ = try make(certificates) }
        return "\(try #require(error))".replacing(certificates.directory, with: "DIR")
    }

    private func server(_ pair: TLSKeyPair) throws -> TLSContext {
        try TLSContext(
            server: TLSServerSettings(identities: [TLSIdentity(keyPair: pair)]), ticketKeys: nil)
    }

    @Test(arguments: ["wild.key", "rsa.key"])
    func `a key that belongs to another certificate is named`(_ key: String) throws {
        let text = try problem {
            try server(TLSKeyPair(chainFile: $0.path("edge.pem"), keyFile: $0.path(key)))
        }
        #expect(
            text == """
                certificate "DIR/edge.pem" does not belong to key "DIR/\(key)"; \
                name the key that the certificate was asked for with
                """)
    }

    @Test func `a file that is not there, or holds something else, is named`() throws {
        let absent = try problem {
            try server(TLSKeyPair(chainFile: $0.path("no.pem"), keyFile: $0.path("edge.key")))
        }
        #expect(
            absent == """
                certificate "DIR/no.pem" cannot be read: No such file or directory; \
                correct the path, or let this user read the file
                """)
        let text = try problem {
            try server(TLSKeyPair(chainFile: $0.path("text.pem"), keyFile: $0.path("edge.key")))
        }
        #expect(
            text == """
                certificate "DIR/text.pem" holds no certificate in PEM form (no start line); \
                give a file that begins with -----BEGIN
                """)
        let noKey = try problem {
            try server(TLSKeyPair(chainFile: $0.path("edge.pem"), keyFile: $0.path("no.key")))
        }
        #expect(noKey.hasPrefix("key \"DIR/no.key\" cannot be read: No such file"))
    }

    @Test func `a key with a pass phrase is refused, and nobody is asked for it`() throws {
        let text = try problem {
            try server(TLSKeyPair(chainFile: $0.path("edge.pem"), keyFile: $0.path("locked.key")))
        }
        #expect(text.hasPrefix("key \"DIR/locked.key\" holds no private key without a pass phrase"))
    }

    @Test func `authorities, ciphers and versions are checked`() throws {
        let roots = try problem { certificates in
            try .viewer { $0.trust = .file(certificates.path("text.pem")) }
        }
        #expect(roots.hasPrefix("authorities file \"DIR/text.pem\" holds no certificate"))
        let directory = try problem { certificates in
            try .viewer { $0.trust = .directory(certificates.path("edge.pem")) }
        }
        #expect(directory.hasPrefix("authorities directory \"DIR/edge.pem\" cannot be read"))
        let ciphers = try problem { _ in try .viewer { $0.rules.ciphers = "NOTHING" } }
        #expect(ciphers.hasPrefix("no cipher of TLS 1.2 is left of \"NOTHING\""))
        let suites = try problem { _ in try .viewer { $0.rules.cipherSuites = "NOTHING" } }
        #expect(suites.hasPrefix("no cipher suite of TLS 1.3 is left"))
        let versions = try problem { _ in
            try .viewer {
                $0.rules.versionMin = .tls13
                $0.rules.versionMax = .tls12
            }
        }
        #expect(versions.hasPrefix("TLS 1.3 is above 1.2"))
        let nobody = try problem { _ in
            try TLSContext(server: TLSServerSettings(identities: []), ticketKeys: nil)
        }
        #expect(nobody.hasPrefix("TLS has no certificate to show"))
    }

    @Test func `a certificate tells its names, its subject and its end`() throws {
        let context = try TLSContext.server("edge", "expired")
        #expect(
            context.certificates.map(\.names) == [["edge.test", "www.edge.test"], ["edge.test"]])
        #expect(context.certificates[0].subject == "CN=edge")
        #expect(context.certificates[0].expiresAt > context.certificates[1].expiresAt)
    }

    @Test(arguments: [
        ("edge.test", 0), ("a.maps.test", 1), ("A.MAPS.test.", 1), ("a.b.maps.test", 0),
        ("maps.test", 0), ("nobody.test", 0), ("given.test", 2), ("x.given.test", 2),
    ])
    func `the name asked for decides what is shown; the first is shown to others`(
        _ choice: (name: String, identity: Int)
    ) throws {
        let server = try TLSContext.server(
            "edge", "wild", "edge",
            change: { $0.identities[2].names = ["given.test", "*.given.test"] })
        let bench = try TLSBench(server, .viewer { $0.trust = .anyone }, host: choice.name)
        bench.shakeHands()
        #expect(bench.serverState?.identity == choice.identity)
        let shown = ["CN=edge", "CN=wild", "CN=edge"][choice.identity]
        #expect(bench.viewerState?.peer?.certificate.subject == shown)
    }

    @Test(arguments: ["*.test", "a.*.test", "*", ""])
    func `a name that stands for too much is refused`(_ name: String) throws {
        let text = try problem { certificates in
            try .server("edge", change: { $0.identities[0].names = [name] })
        }
        #expect(text.contains("name"))
    }

    @Test func `a certificate's own names that stand for too much are passed over`() throws {
        let bench = try TLSBench(.server("edge", "wide"), .viewer { $0.trust = .anyone })
        bench.shakeHands()
        #expect(bench.serverState?.identity == 0)
        let other = try TLSBench(
            .server("wild", "wide"), .viewer { $0.trust = .anyone }, host: "x.test")
        other.shakeHands()
        #expect(other.serverState?.identity == 0)
    }

    @Test func `a reload serves new connections, and running ones go on`() throws {
        let viewer = try TLSContext.viewer { $0.trust = .anyone }
        let before = try TLSBench(.server("edge"), viewer)
        before.shakeHands()
        // The old context is nobody's but the connection's by now.
        let after = try TLSBench(.server("wild"), viewer)
        after.shakeHands()
        #expect(after.viewerState?.peer?.certificate.subject == "CN=wild")
        #expect(before.transfer([1], from: before.viewer, to: before.server) == [1])
    }

    @Test func `ciphers are as they were set`() throws {
        let bench = try TLSBench(
            .server("edge"),
            .viewer {
                $0.rules.versionMax = .tls12
                $0.rules.ciphers = "ECDHE+CHACHA20"
            })
        bench.shakeHands()
        #expect(bench.serverState?.cipher == "ECDHE-ECDSA-CHACHA20-POLY1305")
        #expect(bench.serverState?.kernelSends == false)
    }
}
