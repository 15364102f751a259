import Testing

@testable import CloudFront

@Suite("Signed URLs and cookies")
struct SigningTests {
    private static let now: Int64 = 1_000_000
    private static let access = SignedAccess(keyIDs: ["K1"])

    /// A signature that any test can make: what was signed, read backwards.
    private static func sign(_ text: String) -> String {
        CloudFrontBase64.encode(Array(text.utf8).reversed())
    }

    private func denial(
        _ ask: Ask, scheme: String = "https", viewer: String = "192.0.2.9", now: Int64 = now
    ) -> AccessDenial? {
        do throws(AccessDenial) {
            try Self.access.judge(
                ask.head, bytes: ask.bytes.span.bytes, scheme: scheme, viewer: viewer, now: now
            ) { keyID, _, signed, signature in
                keyID == "K1" && signature == Array(signed.reversed())
            }
            return nil
        } catch {
            return error
        }
    }

    private static func canned(_ path: String, expires: Int64, key: String = "K1") -> String {
        let policy =
            #"{"Statement":[{"Resource":"https://example.org\#(path)","Condition":{"DateLessThan":{"AWS:EpochTime":\#(expires)}}}]}"#
        let mark = path.contains("?") ? "&" : "?"
        return "\(path)\(mark)Expires=\(expires)&Signature=\(sign(policy))&Key-Pair-Id=\(key)"
    }

    private static func custom(_ path: String, _ policy: String) -> String {
        let text = CloudFrontBase64.encode(Array(policy.utf8))
        let mark = path.contains("?") ? "&" : "?"
        return "\(path)\(mark)Policy=\(text)&Signature=\(sign(policy))&Key-Pair-Id=K1"
    }

    private static func policy(_ resource: String, _ more: String = "") -> String {
        """
        {"Statement": [{"Resource": "\(resource)",
          "Condition": {"DateLessThan": {"AWS:EpochTime": 2000000}\(more)}}]}
        """
    }

    @Test("base64 has CloudFront's letters, and no two texts mean the same")
    func base64() {
        let bytes: [UInt8] = [0xfb, 0xff, 0xfe, 0x00]
        #expect(CloudFrontBase64.encode(bytes) == "-~~-AA__")
        for length in 0...9 {
            let bytes = (0..<length).map { UInt8($0 * 29) }
            let text = CloudFrontBase64.encode(bytes)
            #expect(text.withBytes { CloudFrontBase64.decode($0) } == (length == 0 ? nil : bytes))
        }
        for text in ["", "A", "AA", "AAA", "AA==", "AA+_", "A___", "AB__", "AAB_", "_AAA", "AA_A"] {
            #expect(text.withBytes { CloudFrontBase64.decode($0) } == nil, "\(text)")
        }
    }

    @Test("a canned policy is made again from the URL as it was asked for")
    func cannedPolicy() {
        #expect(denial(Ask(Self.canned("/a.jpg", expires: Self.now + 1))) == nil)
        #expect(denial(Ask(Self.canned("/a.jpg?x=1&y", expires: Self.now + 1))) == nil)
        let later = Self.canned("/a.jpg", expires: Self.now + 1)
        #expect(denial(Ask(later), now: Self.now + 1) == .expired)
        #expect(denial(Ask(later), scheme: "http") == .wrongSignature)
        #expect(denial(Ask(later + "&added=1")) == .wrongSignature)
        #expect(denial(Ask("/b" + later.dropFirst(2))) == .wrongSignature)
    }

    @Test("§6.1: Expires has up to 64 bits")
    func farFuture() {
        #expect(denial(Ask(Self.canned("/a", expires: .max))) == nil)
        let beyond = "/a?Expires=9223372036854775808&Signature=AAAA&Key-Pair-Id=K1"
        #expect(denial(Ask(beyond)) == .malformedPolicy)
        #expect(denial(Ask("/a?Expires=-1&Signature=AAAA&Key-Pair-Id=K1")) == .malformedPolicy)
    }

    @Test("parameters may come in any order")
    func order() {
        let parts = Self.canned("/a", expires: Self.now + 1).split(separator: "?")[1]
            .split(separator: "&")
        #expect(denial(Ask("/a?" + parts.reversed().joined(separator: "&"))) == nil)
    }

    @Test("each thing that is missing or malformed has its answer")
    func answers() {
        let good = Self.canned("/a", expires: Self.now + 1)
        let cases: [(String, AccessDenial)] = [
            ("/a", .missingKey), ("/a?Expires=9&Signature=AAAA", .missingKey),
            (Self.canned("/a", expires: Self.now + 1, key: "K2"), .invalidKey),
            ("/a?Expires=9&Key-Pair-Id=K1", .missingSignature),
            ("/a?Expires=9&Key-Pair-Id=K1&Signature=a=b", .malformedSignature),
            ("/a?Key-Pair-Id=K1&Signature=AAAA", .missingPolicy),
            ("/a?Key-Pair-Id=K1&Signature=AAAA&Policy=AAAA", .malformedPolicy),
            ("/a?Key-Pair-Id=K1&Signature=AAAA&Policy=a", .malformedPolicy),
            ("/a?Key-Pair-Id=K1&Signature=AAAA&Expires=soon", .malformedPolicy),
            ("/a?Key-Pair-Id=K1&Signature=AAAA&Expires=2000000", .wrongSignature),
            (good + "&Hash-Algorithm=MD5", .unknownAlgorithm),
        ]
        for (target, denied) in cases { #expect(denial(Ask(target)) == denied, "\(target)") }
        #expect(denial(Ask(good + "&Hash-Algorithm=SHA256")) == nil)
    }

    @Test("bodies are CloudFront's, byte for byte")
    func bodies() {
        #expect(
            AccessDenial.missingKey.body
                == #"<?xml version="1.0" encoding="UTF-8"?><Error><Code>MissingKey</Code><Message>Missing Key-Pair-Id query parameter or cookie value</Message></Error>"#
        )
        // Whoever guesses learns nothing of the cause.
        let guessed = AccessDenial.allCases.filter { $0.cause != nil }
        #expect(guessed.count == 6 && Set(guessed.map(\.body)).count == 1)
        #expect(
            AccessDenial.expired.body.hasSuffix(
                "<Code>AccessDenied</Code><Message>Access denied</Message></Error>"))
    }

    @Test("a custom policy says when and from where")
    func customPolicy() {
        let when = Self.policy("*", #", "DateGreaterThan": {"AWS:EpochTime": 1000000}"#)
        #expect(denial(Ask(Self.custom("/a", when))) == .notYetValid)
        #expect(denial(Ask(Self.custom("/a", when)), now: Self.now + 1) == nil)
        #expect(denial(Ask(Self.custom("/a", when)), now: 2_000_000) == .expired)
        let from = Self.policy("*", #", "IpAddress": {"AWS:SourceIp": "192.0.2.0/29"}"#)
        #expect(denial(Ask(Self.custom("/a", from)), viewer: "192.0.2.7") == nil)
        #expect(denial(Ask(Self.custom("/a", from)), viewer: "192.0.2.8") == .otherAddress)
        #expect(denial(Ask(Self.custom("/a", from)), viewer: "2001:db8::1") == .otherAddress)
        #expect(
            denial(Ask(Self.custom("/a", Self.policy("https://example.org/b")))) == .otherResource)
    }

    @Test(
        "what two readers could read differently is no policy",
        arguments: [
            "", "{}", #"{"Statement": []}"#, #"{"Statement": [{"Condition": {}}]}"#,
            #"{"Statement": [{"Condition": {"DateLessThan": {"AWS:EpochTime": 1}}}, {}]}"#,
            #"{"Statement": [{"Condition": {"DateLessThan": {"AWS:EpochTime": 1, "AWS:EpochTime": 9}}}]}"#,
            #"{"Statement": [{"Condition": {"DateLessThan": {"AWS:EpochTime": 1}, "IpAdress": {}}}]}"#,
            #"{"Statement": [{"Condition": {"DateLessThan": {"AWS:EpochTime": 01}}}]}"#,
            #"{"Statement": [{"Condition": {"DateLessThan": {"AWS:EpochTime": 1}}}]} x"#,
            #"{"Statement": [{"Resource": 5, "Condition": {"DateLessThan": {"AWS:EpochTime": 1.5}}}]}"#,
            #"{"Statement": [{"Condition": {"DateLessThan": {"AWS:EpochTime": 1}, "IpAddress": {"AWS:SourceIp": "192.0.2.0/33"}}}]}"#,
            #"{"Statement": [{"Condition": {"DateLessThan": {"AWS:EpochTime": 1}, "IpAddress": {"AWS:SourceIp": "192.0.2.010"}}}]}"#,
            #"{"Statement": [{"Condition": {"DateLessThan": {"AWS:EpochTime": 1}, "IpAddress": {"AWS:SourceIp": "192.0.2.0/+8"}}}]}"#,
            String(repeating: "[", count: 1_000),
        ])
    func malformed(_ text: String) {
        #expect(SignedPolicy(json: Array(text.utf8)) == nil)
    }

    @Test(
        "a resource is matched part by part",
        arguments: [
            ("*", "https://e.org/a?b", true), ("https://e.org/a", "https://e.org/a", true),
            ("http://e.org/a", "https://e.org/a", false), ("*://e.org/a", "https://e.org/a", true),
            ("http*://e.org/a", "https://e.org/a", true), ("e.org/a", "http://e.org/a", true),
            ("https://e.org/a/*", "https://e.org/a/b?c=1", true),
            ("https://e.org/a/*", "https://e.org/ab", false),
            ("https://e.org/*.jpg?size=*", "https://e.org/x/y.jpg?size=3", true),
            ("https://e.org/*.jpg?size=*", "https://e.org/x/y.jpg?width=3", false),
            ("https://e.org/*.jpg", "https://e.org/x.jpg?size=3", false),
            ("https://e.org/a?.jpg", "https://e.org/a1.jpg", true),
            ("https://*.org/a", "https://e.org/a", true),
            ("https://*.org/a", "https://e.com/x.org/a", false),
            ("https://*", "https://e.org/a?b", true), ("https://e*", "https://e.org/a?b", true),
            ("https://e.org/a?b=1", "https://e.org/a", false),
            ("http?://e.org/a", "https://e.org/a", true), ("h?://", "https://e.org/a", false),
            ("e.org/a?u=http://x", "https://e.org/a?u=http://x", true),
            ("e.org/a?u=http://x", "https://e.org/a?u=http://y", false),
            ("?.org/a", "https://e.org/a", true), ("", "https://e.org/a", false),
        ])
    func resources(_ pattern: String, _ url: String, _ isMatch: Bool) {
        #expect(SignedResource.matches(pattern, url: url) == isMatch)
    }

    @Test("cookies count only where the URL has nothing of a signature")
    func cookies() {
        let policy = Self.policy("https://example.org/*")
        let cookie =
            "Cookie: a=1; CloudFront-Policy=\(CloudFrontBase64.encode(Array(policy.utf8))); "
            + "CloudFront-Signature=\(Self.sign(policy)); CloudFront-Key-Pair-Id=K1"
        #expect(denial(Ask("/a?b=1", cookie)) == nil)
        // Any one of them, and no other.
        for name in ["Expires", "Policy", "Signature", "Hash-Algorithm"] {
            #expect(denial(Ask("/a?\(name)=5", cookie)) == .missingKey, "\(name)")
        }
        #expect(denial(Ask("/a?Key-Pair-Id=K1", cookie)) == .missingSignature)
        #expect(denial(Ask("/a?expires=5", cookie)) == nil)
        #expect(
            denial(Ask("/a", cookie.replacing("CloudFront-", with: "cloudfront-"))) == .missingKey)
    }

    @Test("a quote in the URL cannot rewrite the canned policy")
    func quotes() {
        let target = Self.canned("/a\"b", expires: Self.now + 1)
        #expect(denial(Ask(target)) == .wrongSignature)
    }
}
