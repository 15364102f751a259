import Synchronization
import Testing

@testable import Control

/// Endpoints of a machine or container, by what is asked of them.
private final class ScriptedEndpoints: Sendable {
    private struct State {
        var replies: [String: HTTPReply] = [:]
        var asked: [String] = []
        var headers: [[String: String]] = []
    }
    private let state = Mutex(State())

    func set(_ method: String, _ url: String, _ body: String, status: Int = 200) {
        state.withLock {
            $0.replies["\(method) \(url)"] = HTTPReply(status: status, body: Array(body.utf8))
        }
    }

    var asked: [String] { state.withLock { $0.asked } }
    var headers: [[String: String]] { state.withLock { $0.headers } }

    func chain(_ environment: [String: String], profile: String? = nil) -> CredentialChain {
        CredentialChain(environment: environment, profile: profile) {
            (call: HTTPCall) throws(HTTPCallError) -> HTTPReply in
            let scheme = call.url.speaksTLS ? "https" : "http"
            let key = "\(call.method) \(scheme)://\(call.url.authority)\(call.url.target)"
            return try self.state.withLock { (state) throws(HTTPCallError) -> HTTPReply in
                state.asked.append(key)
                state.headers.append(
                    Dictionary(uniqueKeysWithValues: call.headers.map { ($0.name, $0.value) }))
                guard let reply = state.replies[key] else {
                    throw HTTPCallError("\(call.url.authority) does not answer: timed out")
                }
                return reply
            }
        }
    }
}

@Suite("AWS credentials: where they are found")
struct CredentialTests {
    private let nowhere = ["HOME": "/nowhere-at-all"]
    private static let json = """
        {"Code":"Success","AccessKeyId":"ASIA1","SecretAccessKey":"secret1","Token":"token1",
         "Expiration":"1970-01-01T01:00:00Z"}
        """

    @Test("the environment comes first, unless a profile is asked for")
    func environment() throws {
        var variables = nowhere
        variables["AWS_ACCESS_KEY_ID"] = "AKIA1"
        #expect(AWSCredentials(environment: variables) == nil)
        variables["AWS_SECRET_ACCESS_KEY"] = "s1"
        let endpoints = ScriptedEndpoints()
        let found = try endpoints.chain(variables).credentials(at: 0)
        #expect(found.accessKeyID == "AKIA1")
        #expect(found.sessionToken == nil && found.expires == nil)
        #expect(endpoints.asked.isEmpty)
        #expect(throws: AWSError.self) {
            try endpoints.chain(variables, profile: "other").credentials(at: 0)
        }
    }

    @Test("a shared file has profiles, in AWS's dialect")
    func file() throws {
        let text = """
            # comment
            [default]
            aws_access_key_id = AKIA1
            aws_secret_access_key=s=1
            [profile edge]
              AWS_ACCESS_KEY_ID = AKIA2
            aws_secret_access_key = s2
            aws_session_token = t2
            [ broken ]
            aws_access_key_id = AKIA3
            """
        let standard = try #require(AWSCredentials(file: text, profile: "default"))
        #expect(standard.accessKeyID == "AKIA1" && standard.secret == Secret("s=1"))
        let edge = try #require(AWSCredentials(file: text, profile: "edge"))
        #expect(edge.accessKeyID == "AKIA2" && edge.sessionToken == Secret("t2"))
        #expect(AWSCredentials(file: text, profile: "broken") == nil)
        #expect(AWSCredentials(file: text, profile: "absent") == nil)
        let path = "/tmp/mapedge-credentials-\(UInt64.random(in: 0...UInt64.max))"
        try writeTextFile(path, text)
        defer { removeFile(path) }
        let variables = ["AWS_SHARED_CREDENTIALS_FILE": path, "AWS_PROFILE": "edge"]
        let chain = ScriptedEndpoints().chain(variables)
        #expect(try chain.credentials(at: 0).accessKeyID == "AKIA2")
        let named = ScriptedEndpoints().chain(variables, profile: "default")
        #expect(try named.credentials(at: 0).accessKeyID == "AKIA1")
    }

    @Test("a container's endpoint is asked with its token")
    func container() throws {
        var variables = nowhere
        variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/credentials/1"
        variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "Bearer x"
        let endpoints = ScriptedEndpoints()
        endpoints.set("GET", "http://169.254.170.2/v2/credentials/1", Self.json)
        let found = try endpoints.chain(variables).credentials(at: 0)
        #expect(found.accessKeyID == "ASIA1" && found.sessionToken == Secret("token1"))
        #expect(found.expires == 3_600_000)
        #expect(endpoints.headers == [["Authorization": "Bearer x"]])
        variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = ""
        variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://evil.example/credentials"
        #expect(throws: AWSError.self) { try endpoints.chain(variables).credentials(at: 0) }
        #expect(endpoints.asked.count == 1, "a stranger is not asked")
        variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://localhost:9/c"
        endpoints.set("GET", "http://localhost:9/c", "no", status: 500)
        #expect(throws: AWSError.self) { try endpoints.chain(variables).credentials(at: 0) }
    }

    private let imds = "http://169.254.169.254/latest"

    @Test("IMDSv2: a token first, then the role, then its credentials, five minutes ahead")
    func instance() throws {
        let endpoints = ScriptedEndpoints()
        endpoints.set("PUT", "\(imds)/api/token", "TOKEN")
        let role = "\(imds)/meta-data/iam/security-credentials/"
        endpoints.set("GET", role, "edge\n")
        endpoints.set("GET", role + "edge", Self.json)
        let chain = endpoints.chain(nowhere)
        #expect(try chain.credentials(at: 0).accessKeyID == "ASIA1")
        #expect(endpoints.asked.count == 3)
        #expect(endpoints.headers[0] == ["X-aws-ec2-metadata-token-ttl-seconds": "21600"])
        #expect(endpoints.headers[2] == ["X-aws-ec2-metadata-token": "TOKEN"])
        // An hour: until five minutes before its end they are kept.
        _ = try chain.credentials(at: 3_299_999)
        #expect(endpoints.asked.count == 3)
        _ = try chain.credentials(at: 3_300_000)
        #expect(endpoints.asked.count == 5, "the token is kept")
        chain.forget()
        _ = try chain.credentials(at: 0)
        #expect(endpoints.asked.count == 7)
    }

    @Test("an instance that does not answer is told of with its hop limit")
    func hopLimit() {
        let endpoints = ScriptedEndpoints()
        let error = #expect(throws: AWSError.self) {
            try endpoints.chain(nowhere).credentials(at: 0)
        }
        #expect(error?.description.contains("hop limit") == true)
        #expect(error?.kind == .unavailable)
        endpoints.set("PUT", "\(imds)/api/token", "", status: 403)
        let refused = #expect(throws: AWSError.self) {
            try endpoints.chain(nowhere).credentials(at: 0)
        }
        #expect(refused?.description.contains("gave no token (403)") == true)
        var off = nowhere
        off["AWS_EC2_METADATA_DISABLED"] = "true"
        let none = #expect(throws: AWSError.self) {
            try endpoints.chain(off).credentials(at: 0)
        }
        #expect(none?.description.hasPrefix("there are no credentials") == true)
    }

    @Test("a token that has ended is asked for anew, once")
    func endedToken() throws {
        let endpoints = ScriptedEndpoints()
        endpoints.set("PUT", "\(imds)/api/token", "TOKEN")
        endpoints.set("GET", "\(imds)/meta-data/placement/availability-zone", "", status: 401)
        #expect(throws: AWSError.self) { try endpoints.chain(nowhere).zone() }
        #expect(endpoints.asked.count { $0.hasPrefix("PUT") } == 2)
        endpoints.set("GET", "\(imds)/meta-data/placement/availability-zone", "us-east-1a")
        #expect(try endpoints.chain(nowhere).zone() == "us-east-1a")
        endpoints.set("GET", "\(imds)/meta-data/placement/region", "", status: 404)
        #expect(throws: AWSError.self) { try endpoints.chain(nowhere).region() }
    }

    @Test("another endpoint of IMDS is taken from the environment")
    func otherEndpoint() throws {
        let endpoints = ScriptedEndpoints()
        endpoints.set("PUT", "http://127.0.0.1:1338/latest/api/token", "T")
        endpoints.set("GET", "http://127.0.0.1:1338/latest/meta-data/placement/region", "eu-west-1")
        let chain = endpoints.chain([
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1338/"
        ])
        #expect(try chain.region() == "eu-west-1")
    }

    @Test("what is no credential is none")
    func malformed() {
        for text in ["", "{}", "<html>", "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\"}"] {
            #expect(AWSCredentials(json: Array(text.utf8)) == nil, "\(text)")
        }
    }
}
