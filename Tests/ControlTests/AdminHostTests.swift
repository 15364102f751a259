import Reactor
import Testing
import WireTesting

@testable import Control

@Suite("Admin port: names by which it may be asked")
struct AdminHostTests {
    private static func status(
        _ hosts: [String]?, _ request: String, on endpoint: Endpoint? = nil
    ) throws -> String {
        let admin = try RunningAdmin(ScriptedSubject(adminHosts: hosts), on: endpoint)
        let answer = try #require(try admin.exchange(request))
        return String(answer.dropFirst("HTTP/1.1 ".count).prefix(3))
    }

    @Test(
        "on a loopback address it is asked by addresses, localhost and names of its own",
        arguments: [
            ("evil.test", "421"), ("evil.test:8081", "421"), ("127.0.0.1.evil.test", "421"),
            ("localhost.evil.test", "421"), ("myedge", "421"), ("127.0.0.1:8081", "200"),
            ("192.0.2.1", "200"), ("[::1]:8081", "200"), ("LocalHost:8081", "200"),
            ("edge:9", "200"), ("EDGE", "200"),
        ])
    func names(_ host: String, _ status: String) throws {
        for method in ["GET /status", "HEAD /metrics"] {
            let request = "\(method) HTTP/1.1\r\nHost: \(host)\r\n\r\n"
            #expect(try Self.status(["edge"], request) == status, "\(method)")
        }
    }

    @Test("the refusal says what to do")
    func sentence() throws {
        let admin = try RunningAdmin(ScriptedSubject(adminHosts: []))
        let answer = try admin.exchange("GET /status HTTP/1.1\r\nHost: evil.test:1\r\n\r\n")
        #expect(
            answer?.hasSuffix(
                "\r\n\r\nthis port is asked by an address or as localhost, and not as "
                    + "\"evil.test:1\"; if that is a name of this machine, add it to adminHosts\n")
                == true, "\(answer ?? "nothing")")
    }

    @Test("a page that came by such a name acts on its own site, and not on another")
    func pages() throws {
        for (origin, status) in [("http://edge:9", "200"), ("http://evil.test", "403")] {
            let request =
                "POST /reload HTTP/1.1\r\nHost: edge:9\r\nOrigin: \(origin)\r\n"
                + "Content-Length: 0\r\n\r\n"
            #expect(try Self.status(["edge"], request) == status, "\(origin)")
        }
    }

    @Test("who has no Host, comes by a socket's file, or has to sign, is asked for none")
    func others() throws {
        let directory = try TemporaryDirectory()
        let evil = "GET /status HTTP/1.1\r\nHost: evil.test\r\n\r\n"
        #expect(try Self.status([], "GET /status HTTP/1.0\r\n\r\n") == "200")
        #expect(try Self.status(nil, evil) == "200")
        let file = Endpoint.unix(path: directory.file("admin"))
        #expect(try Self.status([], evil, on: file) == "200")
    }
}

extension ServiceTests {
    @Test("the names are the configuration's, until requests have to be signed")
    func adminHosts() throws {
        let running = RunningService(configured("adminHosts: [Edge, box.example]\n"))
        try running.run { service in
            #expect(service.adminHosts == ["edge", "box.example"])
            running.willRead(
                configured(
                    "api: { credentials: [{ accessKeyId: A, secretAccessKey: 0123456789abcdef }] }")
            )
            guard case .swapped = service.reload() else {
                Issue.record("refused: \(running.events)")
                return
            }
            #expect(service.adminHosts == nil)
        }
        #expect(
            findings("adminHosts: [\"edge:80\"]\norigins: { a: { members: [\"http://[::1]\"] } }")
                == [
                    "edge.yaml:1: adminHosts[0] is \"edge:80\", which is no host's name; write it "
                        + "without scheme and port"
                ])
    }
}
