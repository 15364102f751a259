import CloudFront
import HTTP
import Synchronization
import Testing

@testable import Control

@Suite("Control API: Signature Version 4")
struct SignatureTests {
    struct Signed: Sendable {
        var method: HTTP.Method
        var target: String
        var body = ""
        var region = "us-east-1"
        var more: [String] = []
        var signature: String
    }

    /// Signed by botocore 1.43.62, for 127.0.0.1:8081 at 2026-11-23T18:44:35Z.
    static let vectors = [
        Signed(
            method: .get, target: "distribution/E1/invalidation?Marker=m%2F1&MaxItems=2",
            signature: "06ad94d9aec25eb7a2ef9798b6a85d47332a68fc8f63d6d860343bb8f85b280d"),
        Signed(
            method: .post, target: "distribution/E1/invalidation", body: "<a/>",
            region: "eu-west-1",
            signature: "be1133d55ddb7e540380e2d41c8d4654f0b099861c99498558ff3f6bdfd3b53b"),
        Signed(
            method: .put, target: "distribution/E1/config", body: "<DistributionConfig/>",
            more: ["If-Match: E2QWRUHAPOMQZL"],
            signature: "68ca5ec84a35ed53b12ecd288111f44588a9581db1efdc588b4c24d51b37b216"),
        Signed(
            method: .get,
            target: "tagging?Resource=arn%3Aaws%3Acloudfront%3A%3A123456789012%3Adistribution%2FE1",
            more: ["X-Note: a   b"],
            signature: "d74dab1c969ea0b228cd723317733eec1b55e3b7eec56e84af2983451684ca9d"),
        Signed(
            method: .post, target: "tagging?Operation=Tag&Resource=a", body: "<Tags/>",
            signature: "9404f6f9b03c7052a72e74b6c1ee0ae2ed35f1f5583a2919ad1a3ef7f0ad55f3"),
        Signed(
            method: .delete, target: "distribution/a%20b~c",
            signature: "14284f061dd486a43cd09354b39951f2dc8d94d79dccbb5c99c184aba7734a26"),
    ]
    static let moment: Int64 = 1_795_459_475_000

    private let credential = APICredential(
        accessKeyID: "AKIDEXAMPLE", secret: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"))
    private var verifier: SignatureVerifier { SignatureVerifier([credential]) }

    private func request(_ signed: Signed) -> APIRequest {
        let names = signed.more.map { $0.prefix { $0 != ":" }.lowercased() }
        let list = (["host", "x-amz-date"] + names).sorted().joined(separator: ";")
        let scope = "AKIDEXAMPLE/20261123/\(signed.region)/cloudfront/aws4_request"
        let headers: [(name: String, value: String)] =
            [
                ("Host", "127.0.0.1:8081"), ("X-Amz-Date", "20261123T184435Z"),
                ("User-Agent", "Boto3/1.43"),
                (
                    "Authorization",
                    "AWS4-HMAC-SHA256 Credential=\(scope), SignedHeaders=\(list), "
                        + "Signature=\(signed.signature)"
                ),
            ]
            + signed.more.map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return (String(parts[0]), String(parts[1].drop { $0 == " " }))
            }
        let parts = signed.target.split(separator: "?")
        return APIRequest(
            id: "1", method: signed.method, path: "/2020-05-31/\(parts[0])",
            query: parts.count > 1 ? String(parts[1]) : "", headers: headers,
            body: Array(signed.body.utf8))
    }

    private func code(_ request: APIRequest, now: Int64 = SignatureTests.moment) -> String {
        do throws(APIError) {
            try verifier.verify(request, now: now)
            return "sound"
        } catch {
            return "\(error.code.status) \(error.code.rawValue)"
        }
    }

    @Test("what botocore signs is sound, in any region", arguments: vectors)
    func sound(_ signed: Signed) {
        #expect(code(request(signed)) == "sound")
    }

    @Test("whatever is changed afterwards is refused", arguments: vectors)
    func changed(_ signed: Signed) {
        var altered = request(signed)
        altered.body.append(0x20)
        #expect(code(altered) == "403 SignatureDoesNotMatch")
        altered = request(signed)
        altered.path += "/"
        #expect(code(altered) == "403 SignatureDoesNotMatch")
        altered = request(signed)
        altered.query += "&a=b"
        #expect(code(altered) == "403 SignatureDoesNotMatch")
        altered = request(signed)
        altered.method = .head
        #expect(code(altered) == "403 SignatureDoesNotMatch")
        altered = request(signed)
        altered.headers[0].value = "127.0.0.1:8082"
        #expect(code(altered) == "403 SignatureDoesNotMatch")
    }

    @Test("clocks may differ by fifteen minutes, either way")
    func clocks() {
        let signed = request(Self.vectors[0])
        for minutes in [-15, 15] as [Int64] {
            #expect(code(signed, now: Self.moment + minutes * 60_000) == "sound")
            let beyond = Self.moment + minutes * 60_000 + minutes.signum()
            #expect(code(signed, now: beyond) == "400 RequestExpired")
        }
    }

    @Test("what is not signed, or not for this, is refused with AWS's codes")
    func unsigned() {
        var bare = request(Self.vectors[0])
        bare.headers.removeAll { $0.name == "Authorization" }
        #expect(code(bare) == "403 MissingAuthenticationToken")
        for (from, to, expected) in [
            ("AWS4-HMAC-SHA256", "AWS4-ECDSA", "400 IncompleteSignature"),
            ("/cloudfront/", "/s3/", "400 IncompleteSignature"),
            ("host;x-amz-date", "host", "400 IncompleteSignature"),
            ("host;x-amz-date", "host;x-amz-date;x-gone", "400 IncompleteSignature"),
            ("/20261123/", "/20261122/", "403 SignatureDoesNotMatch"),
            ("Signature=06", "Signature=0", "400 IncompleteSignature"),
            ("AKIDEXAMPLE", "AKIDOTHER", "403 InvalidClientTokenId"),
        ] {
            var altered = request(Self.vectors[0])
            let index = altered.headers.firstIndex { $0.name == "Authorization" } ?? 0
            altered.headers[index].value.replace(from, with: to)
            #expect(code(altered) == expected, "\(to)")
        }
    }

    @Test("the API answers nothing to what is not signed when it must be")
    func required() throws {
        let state = try ScriptedDistribution()
        let ask = Asking(state, APISettings(credentials: [credential]))
        let answer = try ask.invalidate(["/*"], reference: "r")
        #expect(answer.line == "403 MissingAuthenticationToken")
        #expect(state.contents.withLock { $0.stale.isEmpty })
    }

    @Test("a signature is judged by the machine's time, wherever the edge's clock stands")
    func manualClock() throws {
        let state = try ScriptedDistribution()
        let api = CloudFrontAPI(state, settings: APISettings(credentials: [credential]))
        let signed = request(Self.vectors[0])
        let day = Self.moment + 86_400_000
        let found = try Answered(api.answer(signed, now: day, machineTime: Self.moment))
        #expect(found.line == "404 NoSuchDistribution")
        let late = try Answered(api.answer(signed, now: Self.moment, machineTime: day))
        #expect(late.line == "400 RequestExpired")
    }

    @Test("what nobody known signed is refused before its body is taken")
    func early() throws {
        let api = CloudFrontAPI(
            try ScriptedDistribution(), settings: APISettings(credentials: [credential]))
        var head = request(Self.vectors[1])
        head.body = []
        #expect(api.refusal(of: head, now: Self.moment) == nil)
        let late = try #require(api.refusal(of: head, now: Self.moment + 3_600_000))
        #expect(try Answered(late).line == "400 RequestExpired")
        head.headers.removeAll { $0.name == "Authorization" }
        let bare = try #require(api.refusal(of: head, now: Self.moment))
        #expect(try Answered(bare).line == "403 MissingAuthenticationToken")
        api.adopt(APISettings())
        #expect(api.refusal(of: head, now: Self.moment) == nil)
    }

    @Test("what we sign ourselves is sound, and only there")
    func own() throws {
        let request = APIRequest(
            id: "1", method: .post, path: "/2020-05-31/distribution/E1/invalidation",
            query: "Soft=true", headers: [("Host", "localhost")], body: [1, 2])
        let signed = try request.signed(by: credential, now: Self.moment)
        #expect(code(signed) == "sound")
        let other = APICredential(accessKeyID: "AKIDEXAMPLE", secret: Secret("another"))
        #expect(
            code(try request.signed(by: other, now: Self.moment)) == "403 SignatureDoesNotMatch")
        let nowhere = APIRequest(id: "1", method: .get, path: "/")
        #expect(throws: APIError.self) { try nowhere.signed(by: credential, now: Self.moment) }
    }

    @Test("a secret is not shown, whoever prints what holds it")
    func secrecy() {
        var dumped = ""
        dump(APISettings(credentials: [credential]), to: &dumped)
        #expect(!dumped.contains("wJalr") && dumped.contains("AKIDEXAMPLE"))
        #expect("\(credential)".contains("(secret)"))
        #expect(!String(reflecting: credential).contains("wJalr"))
    }
}
