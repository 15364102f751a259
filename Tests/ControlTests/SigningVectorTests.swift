import Reactor
import Testing

@testable import Control

/// Signatures that AWS has published (aws-sig-v4-test-suite), of all services but S3.
@Suite("AWS Signature Version 4: what Amazon says it comes to")
struct SigningVectorTests {
    struct Vector: Sendable, CustomStringConvertible {
        var name: String
        var method = "GET"
        var path = "/"
        var parameters: [(name: String, value: String)] = []
        var headers: [(name: String, value: String)] = []
        var body = ""
        var signature: String
        var description: String { name }
    }

    static let unreserved =
        "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

    static let vectors = [
        Vector(
            name: "get-vanilla",
            signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        Vector(
            name: "get-relative", path: "/example/..",
            signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        Vector(
            name: "get-relative-relative", path: "/example1/example2/../..",
            signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        Vector(
            name: "get-slashes", path: "//example//",
            signature: "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
        Vector(
            name: "get-slash-pointless-dot", path: "/./example",
            signature: "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"),
        Vector(
            name: "get-vanilla-empty-query-key", parameters: [("Param1", "value1")],
            signature: "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
        Vector(
            name: "get-vanilla-query-order-key-case",
            parameters: [("Param2", "value2"), ("Param1", "value1")],
            signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        Vector(
            name: "get-vanilla-query-order-value",
            parameters: [("Param1", "value2"), ("Param1", "value1")],
            signature: "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"),
        Vector(
            name: "get-unreserved", path: "/" + unreserved,
            signature: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
        Vector(
            name: "get-utf8", path: "/\u{1234}",
            signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
        Vector(
            name: "get-header-key-duplicate",
            headers: [
                ("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1"),
            ],
            signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"),
        Vector(
            name: "get-header-value-order",
            headers: [
                ("My-Header1", "value4"), ("My-Header1", "value1"), ("My-Header1", "value3"),
                ("My-Header1", "value2"),
            ],
            signature: "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"),
        Vector(
            name: "get-header-value-trim",
            headers: [("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
            signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
        Vector(
            name: "post-vanilla", method: "POST",
            signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        Vector(
            name: "post-x-www-form-urlencoded", method: "POST",
            headers: [("Content-Type", "application/x-www-form-urlencoded")],
            body: "Param1=value1",
            signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
    ]
    static let moment: Int64 = 1_440_938_160_000
    static let secret = Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")

    @Test("each published request gets its signature", arguments: vectors)
    func published(_ vector: Vector) throws {
        let headers =
            [("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z")]
            + vector.headers.map { ($0.name, $0.value) }
        let names = Set(headers.map { $0.0.lowercased() }).sorted()
        let signing = RequestSigning(
            "service", region: "us-east-1", headers: names, at: Self.moment)
        let request = CanonicalRequest(
            method: vector.method, path: vector.path, parameters: vector.parameters,
            headers: headers.map { (name: $0.0, value: $0.1) },
            bodyDigest: hexadecimal(SHA256.digest(of: Array(vector.body.utf8))))
        let value = try signing.authorization(
            of: request, accessKeyID: "AKIDEXAMPLE", with: Self.secret)
        #expect(
            value == "AWS4-HMAC-SHA256 "
                + "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                + "SignedHeaders=\(names.joined(separator: ";")), Signature=\(vector.signature)")
    }

    @Test("a header that is to be signed and is not there is named")
    func missing() {
        let signing = RequestSigning("s", region: "r", headers: ["host"], at: 0)
        let request = CanonicalRequest(method: "GET", path: "/", headers: [], bodyDigest: "")
        #expect(throws: CanonicalRequest.MissingHeader.self) {
            try signing.signature(of: request, with: Self.secret)
        }
    }

    @Test("a call of a query service is a signed form, with the token of temporary credentials")
    func query() throws {
        var credentials = try #require(
            AWSCredentials(environment: [
                "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s",
                "AWS_SESSION_TOKEN": "t/1",
            ]))
        let request = QueryRequest(
            service: .autoScaling, action: "DescribeAutoScalingGroups",
            parameters: [("AutoScalingGroupNames.member.1", "maps & more")])
        let url = try #require(ServiceURL("http://127.0.0.1:5055"))
        let call = try request.signed(for: url, by: credentials, region: "us-east-1", at: 0)
        #expect(
            String(decoding: call.body, as: UTF8.self)
                == "Action=DescribeAutoScalingGroups&Version=2011-01-01"
                + "&AutoScalingGroupNames.member.1=maps%20%26%20more")
        let names = call.headers.map(\.name)
        #expect(
            names == [
                "Host", "Content-Type", "X-Amz-Security-Token", "X-Amz-Date", "Authorization",
            ])
        let authorization = call.headers.last?.value ?? ""
        #expect(authorization.contains("/19700101/us-east-1/autoscaling/aws4_request"))
        #expect(
            authorization.contains(
                "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token"))
        credentials.sessionToken = nil
        let lasting = try request.signed(for: url, by: credentials, region: "us-east-1", at: 0)
        #expect(!lasting.headers.contains { $0.name == "X-Amz-Security-Token" })
    }
}
