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

    private let verifier = SignatureVerifier(
        secrets: ["AKIDEXAMPLE": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"],
        hash: referenceSHA256)

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
        do throws(APIFault) {
            try verifier.verify(request, now: now)
            return "sound"
        } catch {
            return "\(error.status) \(error.code)"
        }
    }

    @Test("the reference hash is SHA-256")
    func reference() {
        for (count, expected) in [
            (0, "e3b0c442"), (55, "9f4390f8"), (200, "c2a908d9"),
        ] {
            let hash = referenceSHA256([UInt8](repeating: 0x61, count: count)).prefix(4)
            #expect(hash.reduce(0) { $0 << 8 | Int($1) } == Int(expected, radix: 16))
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
            ("/20261123/", "/20261122/", "400 IncompleteSignature"),
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
        let ask = Asking(state, APIOptions(verifier: verifier))
        let answer = try ask.invalidate(["/*"], reference: "r")
        #expect(answer.line == "403 MissingAuthenticationToken")
        #expect(state.contents.withLock { $0.stale.isEmpty })
    }
}

/// SHA-256 (FIPS 180-4) as the standard writes it, to check against.
@Sendable func referenceSHA256(_ message: [UInt8]) -> [UInt8] {
    var primes: [UInt32] = []
    var number: UInt32 = 2
    while primes.count < 64 {
        if primes.allSatisfy({ number % $0 != 0 }) { primes.append(number) }
        number += 1
    }
    // The first 32 bits of the fractional parts of roots of primes.
    func fraction(_ root: Double) -> UInt32 {
        UInt32((root - root.rounded(.down)) * 4_294_967_296)
    }
    let constants = primes.map { fraction(cubeRoot($0)) }
    var state = primes.prefix(8).map { fraction(Double($0).squareRoot()) }
    var padded = message + [0x80]
    while padded.count % 64 != 56 { padded.append(0) }
    padded += (0..<8).map { UInt8(truncatingIfNeeded: (message.count * 8) >> (56 - $0 * 8)) }
    for start in stride(from: 0, to: padded.count, by: 64) {
        compress(Array(padded[start..<(start + 64)]), constants, &state)
    }
    return state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - $0 * 8)) }
    }
}

/// By Newton's method: the standard library has no cube root.
private func cubeRoot(_ number: UInt32) -> Double {
    let target = Double(number)
    var root = target
    for _ in 0..<100 { root -= (root * root * root - target) / (3 * root * root) }
    return root
}

private func compress(_ block: [UInt8], _ constants: [UInt32], _ state: inout [UInt32]) {
    func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }
    var words = (0..<16).map { index in
        block[(index * 4)..<(index * 4 + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    }
    for index in 16..<64 {
        let (early, late) = (words[index - 15], words[index - 2])
        let first = rotated(early, 7) ^ rotated(early, 18) ^ early >> 3
        let second = rotated(late, 17) ^ rotated(late, 19) ^ late >> 10
        words.append(words[index - 16] &+ first &+ words[index - 7] &+ second)
    }
    var v = state
    for index in 0..<64 {
        let sum = rotated(v[4], 6) ^ rotated(v[4], 11) ^ rotated(v[4], 25)
        let choice = v[4] & v[5] ^ ~v[4] & v[6]
        let first = v[7] &+ sum &+ choice &+ constants[index] &+ words[index]
        let second = rotated(v[0], 2) ^ rotated(v[0], 13) ^ rotated(v[0], 22)
        let majority = v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2]
        v = [first &+ second &+ majority, v[0], v[1], v[2], v[3] &+ first, v[4], v[5], v[6]]
    }
    for index in 0..<8 { state[index] &+= v[index] }
}
