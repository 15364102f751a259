import Edge
import Testing

@testable import Control

@Suite("Configuration: the access log")
struct AccessLogSettingsTests {
    private static let origin = "origins: { o: { members: [\"http://127.0.0.1:1\"] } }\n"

    @Test("without a word there is none; a path alone is one of JSON lines")
    func lines() {
        #expect(reading(Self.origin).configuration.settings.accessLog == nil)
        let path = reading(Self.origin + "accessLog: { path: /a }").configuration.settings
        #expect(path.accessLog == AccessLogSettings(path: "/a"))
    }

    @Test("CloudFront's files are called as the edge's API calls it, or as the file says")
    func archive() throws {
        let own = reading(
            Self.origin + "accessLog: { format: cloudfront, directory: /d, prefix: a/b }")
        #expect(own.findings.isEmpty)
        let settings = own.configuration.settings
        let archive = try #require(settings.accessLog?.archive)
        let record = OwnDistribution(settings: settings).record
        #expect(archive.directory == "/d" && archive.prefix == "a/b")
        #expect(archive.distribution == record.id && archive.domainName == record.domainName)
        let named = reading(
            Self.origin + "accessLog: { format: cloudfront, directory: /d, distribution: E2AB }")
        let other = try #require(named.configuration.settings.accessLog?.archive)
        #expect(other.distribution == "E2AB" && other.domainName == "d2ab.cloudfront.net")
    }

    @Test("secrets stand in CloudFront's files by a key of their own")
    func secrets() throws {
        let log = "accessLog: { format: cloudfront, directory: /d"
        func secrets(_ more: String) throws -> LoggedSecrets {
            let found = reading(Self.origin + log + more + " }")
            #expect(found.findings.isEmpty)
            return try #require(found.configuration.settings.accessLog?.archive).secrets
        }
        #expect(try secrets("") == LoggedSecrets())
        let none = ", cookies: names, referers: path, credentials: hidden"
        #expect(try secrets(none) == LoggedSecrets())
        let all = try secrets(", cookies: values, referers: whole, credentials: shown")
        #expect(all.showsCookies && all.showsReferers && all.showsCredentials)
        #expect(try secrets(", cookies: values").showsReferers == false)
    }

    @Test("the flags choose the format, and then what the place means")
    func flags() throws {
        let found = reading(Self.origin + "accessLog: { path: /a }") {
            $0.accessLogFormat = "cloudfront"
            $0.accessLog = "/d"
        }
        #expect(found.findings.isEmpty)
        #expect(found.configuration.settings.accessLog?.archive?.directory == "/d")
    }

    @Test(
        "what contradicts itself is told with its line",
        arguments: [
            (
                "{ format: cloudfront, directory: /d, path: /a }",
                "edge.yaml:2: CloudFront's format is written to files of an hour; "
                    + "write directory: DIR in place of path and stdout, or format: json"
            ),
            (
                "{ directory: /d }",
                "edge.yaml:2: \"/d\" is a directory, and JSON lines go to one file; "
                    + "write path, or format: cloudfront"
            ),
            (
                "{ path: /a, referers: whole }",
                "edge.yaml:2: JSON lines never hold that; "
                    + "remove it, or write format: cloudfront"
            ),
            (
                "{ format: cloudfront, directory: /d, prefix: a/../b }",
                "edge.yaml:2: accessLog.prefix is \"a/../b\", which leads out of the directory; "
                    + "write names with \"/\" between them, such as maps/edge"
            ),
            (
                "{ format: cloudfront, directory: /d, distribution: E-1 }",
                "edge.yaml:2: accessLog.distribution is \"E-1\", which is no distribution's id; "
                    + "write E and capital letters or digits after it"
            ),
        ])
    func contradictions(_ section: String, _ expected: String) {
        #expect(findings(Self.origin + "accessLog: \(section)") == [expected])
    }
}
