import Control
import Testing

@Suite("Flags: a mistake on the command line is told like one in the file")
struct FlagTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var expected: String
        var change: @Sendable (inout ConfigurationFlags) -> Void
        var testDescription: String { expected }

        init(_ expected: String, _ change: @escaping @Sendable (inout ConfigurationFlags) -> Void) {
            self.expected = expected
            self.change = change
        }
    }

    @Test("the text of each mistake", arguments: Self.mistakes)
    func mistake(_ example: Case) {
        let found = findings {
            $0.origins = ["http://127.0.0.1:1"]
            example.change(&$0)
        }
        #expect(found == [example.expected])
    }

    static let mistakes = [
        Case("there is no origin to ask; add \"origins:\" to the file or give --origin URL") {
            $0.origins = []
        },
        Case(
            "--mode is \"rfc911\", which is not known; did you mean \"rfc9111\"?"
        ) { $0.mode = "rfc911" },
        Case(
            "--cache-size is \"1XB\", which is no number of bytes; "
                + "write a whole number with KiB, MiB, GiB or TiB, such as 512MiB"
        ) { $0.cacheSize = "1XB" },
        Case(
            "--origin: the origin \"default\" is given twice; "
                + "write its members in one --origin, with commas between"
        ) { $0.origins = ["http://127.0.0.1:1", "http://127.0.0.1:2"] },
        Case(
            "--origin: no behavior matches every path, and there are several origins to choose "
                + "from; end behaviors with - { path: \"*\", origin: a }"
        ) { $0.origins = ["a=http://127.0.0.1:1", "b=http://127.0.0.1:2"] },
        Case(
            "--proxy-protocol: PROXY headers are expected, but no proxy is trusted to send one; "
                + "name the proxies in trustedProxies (--trusted-proxy)"
        ) { $0.proxyProtocol = true },
        Case(
            "--listen names \"missing.test\", which has no address: Name or service "
                + "not known; correct the name, add it to /etc/hosts, or give the address itself"
        ) { $0.listen = ["missing.test:80"] },
        Case(
            "--admin: the control API on 0.0.0.0:9 would obey everybody who reaches it; name who "
                + "may in api.credentials, turn it off with \"api: { enabled: false }\", or choose "
                + "127.0.0.1 for the admin port"
        ) { $0.admin = "0.0.0.0:9" },
        Case(
            "--access-log-format: CloudFront's format needs a directory for its files; "
                + "add directory: DIR to accessLog, or --access-log DIR"
        ) { $0.accessLogFormat = "cloudfront" },
        Case(
            "--access-log: CloudFront's format is written to files of an hour; "
                + "write directory: DIR in place of path and stdout, or format: json"
        ) {
            $0.accessLogFormat = "cloudfront"
            $0.accessLog = "-"
        },
        Case(
            "--access-log-format is \"xml\", which is not known; use one of cloudfront, json"
        ) { $0.accessLogFormat = "xml" },
        Case(
            "--invalidation-delay is \"soon\", which is no duration; write a whole number with "
                + "ms, s, m, h or d, such as 500ms or 10s"
        ) { $0.invalidationDelay = "soon" },
    ]

    @Test("an origin that the file does not have is refused, with the one that was meant")
    func unknownOrigin() {
        let text = "origins: { maps: { members: [\"http://127.0.0.1:1\"] } }"
        #expect(
            findings(text) { $0.origins = ["map=http://127.0.0.1:2"] } == [
                "--origin: the file has no origin \"map\"; did you mean \"maps\"?"
            ])
    }
}
