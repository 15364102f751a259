import CloudFront
import Glibc
import Testing

@testable import Control

@Suite("Configuration: the control API")
struct APISettingsTests {
    private let origin = "origins: { default: { members: [\"http://127.0.0.1:1\"] } }\n"

    @Test("where everybody can reach it somebody has to be named, or it has to be off")
    func open() {
        let credential =
            "api: { credentials: [{ accessKeyId: A, secretAccessKey: \"0123456789abcdef\" }] }\n"
        let firewall =
            "warning: the admin port on 192.0.2.1:9 can be reached from other machines; "
            + "let a firewall keep strangers out, or choose 127.0.0.1"
        for text in [credential, "api: { enabled: false }\n"] {
            let read = reading("admin: \"192.0.2.1:9\"\n" + text + origin)
            #expect(read.isUsable)
            #expect(read.findings.map(\.description) == ["edge.yaml:1: \(firewall)"])
        }
        let open = reading("admin: \"tiles.test:9\"\n" + origin)
        #expect(!open.isUsable && open.findings.count == 1)
        for address in ["127.0.0.2:9", "[::1]:9", "unix:/run/a"] {
            #expect(findings("admin: \"\(address)\"\n" + origin).isEmpty)
        }
    }

    @Test("a secret comes from the first line of a file, which others had better not read")
    func file() throws {
        let directory = try CacheDirectory(nil)
        defer { directory.removeIfTemporary() }
        let path = "\(directory.path)/secret"
        try writeTextFile(path, "0123456789abcdef/+\n# not this\n")
        let text = """
            api:
              credentials:
                - { accessKeyId: AKID, secretAccessKeyFile: "\(path)" }
              invalidationDelay: 90s
              reusedReference: InvalidationBatchAlreadyExists

            """
        chmod(path, 0o644)
        #expect(
            findings(text + origin) == [
                "edge.yaml:3: warning: everybody on this machine may read \(path), a secret; "
                    + "take the right from others: chmod o= \(path)"
            ])
        chmod(path, 0o600)
        let read = reading(text + origin)
        #expect(read.findings.isEmpty)
        let api = read.configuration.api
        #expect(api.isEnabled && api.invalidationDelay == 90_000)
        #expect(api.reusedReference == .invalidationBatchAlreadyExists)
        #expect(api.credentials.map(\.accessKeyID) == ["AKID"])
        #expect(api.credentials.map(\.secret) == [Secret("0123456789abcdef/+")])
        try writeTextFile(path, "short\n")
        #expect(
            findings(text + origin) == [
                "edge.yaml:3: the secret in \(path) is not 16 to 256 printable ASCII characters; "
                    + "make one with: openssl rand -base64 30"
            ])
    }
}
