import Glibc
import Testing
import WireTesting

/// Keys of signers, made by the openssl command, and what is signed with them.
private final class Signer: Sendable {
    static let program = firstExecutable("/usr/bin/openssl", "/usr/local/bin/openssl")
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try run("genrsa", "-out", directory.file("rsa.key"), "2048")
        try run(
            "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
            directory.file("ecdsa.key"))
        for name in ["rsa", "ecdsa"] {
            try run(
                "pkey", "-in", directory.file("\(name).key"), "-pubout", "-out",
                directory.file("\(name).pem"))
        }
    }

    private func run(_ words: String..., output: String = "/dev/null") throws {
        let child = try Child(Self.program ?? "openssl", words, output: output)
        guard child.waitForExit(within: 60_000) == 0 else {
            throw WireError("openssl \(words[0]) failed: \(child.wholeLog)")
        }
    }

    /// In CloudFront's base64.
    func sign(_ text: String, _ key: String = "rsa", _ digest: String = "sha1") throws -> String {
        let number = Serial.next()
        let message = try directory.write("message-\(number)", text)
        let (signature, coded) = (
            directory.file("signature-\(number)"), directory.file("coded-\(number)")
        )
        try run(
            "dgst", "-\(digest)", "-sign", directory.file("\(key).key"), "-out", signature, message)
        try run("base64", "-A", "-in", signature, "-out", coded)
        return safe(try readFile(coded))
    }

    func encode(_ text: String) throws -> String {
        let number = Serial.next()
        let coded = directory.file("coded-\(number)")
        try run(
            "base64", "-A", "-in", try directory.write("plain-\(number)", text), "-out", coded)
        return safe(try readFile(coded))
    }

    private func safe(_ text: String) -> String {
        String(
            text.compactMap { character -> Character? in
                switch character {
                case "+": "-"
                case "=": "_"
                case "/": "~"
                case "\n": nil
                default: character
                }
            })
    }

    /// The documents of two keys and of a group that has them.
    func documents() throws -> [(file: String, text: String)] {
        func key(_ id: String, _ name: String) throws -> (file: String, text: String) {
            let pem = try readFile(directory.file("\(name).pem"))
                .split(separator: "\n").joined(separator: "\\n")
            return (
                "\(id).json",
                """
                { "PublicKey": { "Id": "\(id)", "PublicKeyConfig": {
                  "CallerReference": "a", "Name": "\(name)", "EncodedKey": "\(pem)\\n" } } }
                """
            )
        }
        return [
            try key("KRSA", "rsa"), try key("KECDSA", "ecdsa"),
            (
                "group.json",
                """
                { "KeyGroup": { "Id": "signers", "KeyGroupConfig": {
                  "Name": "signers", "Items": ["KRSA", "KECDSA"] } } }
                """
            ),
        ]
    }
}

private let signer = Result { try Signer() }
private let lanes = [
    Lane("signed") {
        $0.keyGroups = ["signers"]
        $0.queries = .all
        $0.sends = Lane.Sends(headers: ("allViewer", []), cookies: .all, queries: .all)
    }
]
private let stand = Result {
    try Stand.shared(lanes, Stand.Parts(documents: signer.get().documents()))
}

@Suite("Signed URLs and cookies", .enabled(if: Signer.program != nil))
struct CloudFrontSigningTests {
    private let signer: Signer
    private let edge: Edge
    private let room: Room
    private static let later = time(nil) + 3_600

    init() throws {
        signer = try ConformanceTests.signer.get()
        edge = try ConformanceTests.stand.get().edge
        room = try ConformanceTests.stand.get().origin.room("row")
        room.answers { .ok(body: $0.target) }
    }

    private func canned(_ url: String, _ expires: Int = later) -> String {
        "{\"Statement\":[{\"Resource\":\"\(url)\",\"Condition\":{\"DateLessThan\":"
            + "{\"AWS:EpochTime\":\(expires)}}}]}"
    }

    private func custom(_ resource: String, _ conditions: String = "") -> String {
        "{\"Statement\":[{\"Resource\":\"\(resource)\",\"Condition\":{\"DateLessThan\":"
            + "{\"AWS:EpochTime\":\(Self.later)}\(conditions)}}]}"
    }

    private func url(_ path: String) -> String { "http://edge.test\(path)" }

    /// Status, and the code in the answer's body.
    private func ask(_ path: String, _ fields: String...) throws -> String {
        var viewer = try edge.viewer()
        let lines = ["GET \(path) HTTP/1.1", "Host: edge.test"] + fields
        let answer = try viewer.exchange(lines.joined(separator: "\r\n") + "\r\n\r\n")
        guard answer.status != 200 else { return "200" }
        #expect(answer["Content-Type"] == "text/xml")
        #expect(answer["Server"] == "CloudFront")
        #expect(answer["X-Cache"] == "Error from cloudfront")
        let start = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>"
        #expect(answer.text.hasPrefix(start) && answer.text.hasSuffix("</Message></Error>"))
        let code = answer.text.dropFirst(start.count).prefix { $0 != "<" }
        let message = answer.text.dropFirst(start.count + code.count + "</Code><Message>".count)
            .prefix { $0 != "<" }
        return "\(answer.status) \(code): \(message)"
    }

    private static let denied = "403 AccessDenied: Access denied"

    @Test(
        "§6.1 canned policies, of both kinds of keys and digests",
        arguments: [
            ("rsa", "KRSA", "sha1", ""), ("rsa", "KRSA", "sha1", "&Hash-Algorithm=SHA1"),
            ("rsa", "KRSA", "sha256", "&Hash-Algorithm=SHA256"), ("ecdsa", "KECDSA", "sha1", ""),
            ("ecdsa", "KECDSA", "sha256", "&Hash-Algorithm=SHA256"),
        ])
    func canned(key: String, id: String, digest: String, more: String) throws {
        let path = room.path("signed/a")
        let signature = try signer.sign(canned(url(path)), key, digest)
        let query = "Expires=\(Self.later)&Signature=\(signature)&Key-Pair-Id=\(id)\(more)"
        #expect(try ask("\(path)?\(query)") == "200")
        // Of the parameters none is in the key or goes to the origin.
        #expect(room.requests.last?.target == path)
        #expect(try ask("\(path)x?\(query)") == Self.denied)
        #expect(try ask("\(path)?\(query)&more=1") == Self.denied)
        #expect(room.count == 1)
    }

    @Test("§6.1 the URL's own query is signed with it, and the parameters' order is free")
    func ownQuery() throws {
        let path = room.path("signed/a?b=1&c")
        let signature = try signer.sign(canned(url(path)))
        #expect(
            try ask("\(path)&Key-Pair-Id=KRSA&Signature=\(signature)&Expires=\(Self.later)")
                == "200")
        #expect(room.requests.last?.target == path)
        let first = room.path("signed/a?Signature=\(signature)&b=1&Key-Pair-Id=KRSA&c&")
        #expect(try ask("\(first)Expires=\(Self.later)") == "200")
        #expect(room.count == 1)
    }

    @Test("§6.1 what has expired is denied")
    func expired() throws {
        let path = room.path("signed/a")
        let then = time(nil) - 5
        let signature = try signer.sign(canned(url(path), then))
        #expect(
            try ask("\(path)?Expires=\(then)&Signature=\(signature)&Key-Pair-Id=KRSA")
                == Self.denied)
        #expect(
            try ask("\(path)?Expires=\(Self.later)&Signature=\(signature)&Key-Pair-Id=KRSA")
                == Self.denied)
    }

    private func signed(_ path: String, _ policy: String) throws -> String {
        let mark = path.contains("?") ? "&" : "?"
        return "\(path)\(mark)Policy=\(try signer.encode(policy))"
            + "&Signature=\(try signer.sign(policy))&Key-Pair-Id=KRSA"
    }

    @Test("§6.1 custom policies: wildcards, addresses, times")
    func customPolicies() throws {
        let path = room.path("signed/a")
        let (open, end) = ("{\"AWS:EpochTime\":", "}")
        let table: [(String, String, Bool)] = [
            (url(path), "", true), ("http://edge.test/*", "", true), ("*", "", true),
            ("*://edge.test/*", "", true), ("http*://edge.test/*/signed/?", "", true),
            ("https://edge.test/*", "", false), ("http://*.test/*", "", true),
            ("http://other.test/*", "", false), (url(path) + "b", "", false),
            ("*", ",\"IpAddress\":{\"AWS:SourceIp\":\"127.0.0.0/8\"}", true),
            ("*", ",\"IpAddress\":{\"AWS:SourceIp\":\"192.0.2.0/24\"}", false),
            ("*", ",\"IpAddress\":{\"AWS:SourceIp\":\"0.0.0.0/0\"}", true),
            ("*", ",\"DateGreaterThan\":\(open)\(time(nil) - 60)\(end)", true),
            ("*", ",\"DateGreaterThan\":\(open)\(time(nil) + 600)\(end)", false),
        ]
        for (resource, conditions, isGranted) in table {
            let answer = try ask(try signed(path, custom(resource, conditions)))
            #expect(answer == (isGranted ? "200" : Self.denied), "\(resource) \(conditions)")
        }
        let wide = custom(url(room.path("signed/*")))
        #expect(try ask(try signed(room.path("signed/x?y=1"), wide)) == "200")
    }

    @Test("§6.1 behind a proxy that is trusted, scheme and address are the viewer's")
    func behindProxy() throws {
        let stand = try Stand(
            lanes,
            Stand.Parts(
                documents: signer.documents(), arguments: ["--trusted-proxy", "127.0.0.1"]))
        let room = stand.origin.room("row")
        room.always(.ok(body: "signed"))
        let path = room.path("signed/a")
        let address = ",\"IpAddress\":{\"AWS:SourceIp\":\"192.0.2.0/24\"}"
        let target = try signed(path, custom("https://edge.test/*", address))
        for (viewer, scheme, status) in [
            ("192.0.2.9", "https", 200), ("192.0.2.9", "http", 403), ("198.51.100.1", "https", 403),
        ] {
            var connection = try stand.edge.viewer()
            let answer = try connection.exchange(
                "GET \(target) HTTP/1.1\r\nHost: edge.test\r\nX-Forwarded-For: \(viewer)\r\n"
                    + "X-Forwarded-Proto: \(scheme)\r\n\r\n")
            #expect(answer.status == status, "\(viewer) \(scheme)")
        }
    }

    @Test("§6.1 each request is judged for itself: hits, parts and HEAD as well")
    func eachRequest() throws {
        let path = room.path("signed/a")
        let good = try signed(path, custom("*"))
        #expect(try ask(good) == "200")
        #expect(try ask(path).hasPrefix("403 MissingKey"))
        #expect(try ask(path, "Range: bytes=0-1").hasPrefix("403 MissingKey"))
        let late = time(nil) - 5
        let signature = try signer.sign(canned(url(path), late))
        let expired = "\(path)?Expires=\(late)&Signature=\(signature)&Key-Pair-Id=KRSA"
        #expect(try ask(expired, "Range: bytes=0-1") == Self.denied)
        var viewer = try edge.viewer()
        let part = try viewer.exchange(
            "GET \(good) HTTP/1.1\r\nHost: edge.test\r\nRange: bytes=0-1\r\n\r\n")
        #expect(part.status == 206 && part["X-Cache"] == "Hit from cloudfront")
        #expect(room.count == 1)
    }

    @Test("§6.1 an omitted Resource is any, a policy of more than one statement is none")
    func statements() throws {
        let path = room.path("signed/a")
        let condition = "\"Condition\":{\"DateLessThan\":{\"AWS:EpochTime\":\(Self.later)}}"
        #expect(try ask(try signed(path, "{\"Statement\":[{\(condition)}]}")) == "200")
        let two = "{\"Statement\":[{\(condition)},{\(condition)}]}"
        #expect(try ask(try signed(path, two)) == "403 MalformedPolicy: Malformed Policy")
        let open = "{\"Statement\":[{\"Resource\":\"*\",\"Condition\":{}}]}"
        #expect(try ask(try signed(path, open)) == "403 MalformedPolicy: Malformed Policy")
    }

    @Test("§6.3 each mistake by its code")
    func codes() throws {
        let path = room.path("signed/a")
        let policy = custom("*")
        let (coded, signature) = (try signer.encode(policy), try signer.sign(policy))
        let table = [
            ("", "MissingKey: Missing Key-Pair-Id query parameter or cookie value"),
            (
                "?Policy=\(coded)&Signature=\(signature)",
                "MissingKey: Missing Key-Pair-Id query parameter or cookie value"
            ),
            (
                "?Policy=\(coded)&Signature=\(signature)&Key-Pair-Id=KNONE",
                "InvalidKey: Unknown Key"
            ),
            (
                "?Policy=\(coded)&Signature=%21%21&Key-Pair-Id=KRSA",
                "MalformedSignature: Could not unencode Signature"
            ),
            (
                "?Policy=%21&Signature=\(signature)&Key-Pair-Id=KRSA",
                "MalformedPolicy: Malformed Policy"
            ),
            (
                "?Policy=\(try signer.encode("{}"))&Signature=\(signature)&Key-Pair-Id=KRSA",
                "MalformedPolicy: Malformed Policy"
            ),
            (
                "?Policy=\(coded)&Key-Pair-Id=KRSA",
                "MissingSignature: Missing Signature query parameter or cookie value"
            ),
            (
                "?Signature=\(signature)&Key-Pair-Id=KRSA",
                "MissingPolicy: Missing Policy query parameter or cookie value"
            ),
            (
                "?Policy=\(coded)&Signature=\(try signer.sign("x"))&Key-Pair-Id=KRSA",
                "AccessDenied: Access denied"
            ),
            (
                "?Policy=\(coded)&Signature=\(signature)&Key-Pair-Id=KECDSA",
                "AccessDenied: Access denied"
            ),
        ]
        for (query, answer) in table {
            #expect(try ask(path + query) == "403 \(answer)", "\(query)")
        }
        #expect(room.count == 0)
    }

    @Test("§6.2 cookies, canned and custom; not in the key, not sent on")
    func cookies() throws {
        let path = room.path("signed/a")
        let policy = custom(url(room.path("signed/*")))
        let cookies =
            "Cookie: own=1; CloudFront-Policy=\(try signer.encode(policy)); "
            + "CloudFront-Signature=\(try signer.sign(policy)); CloudFront-Key-Pair-Id=KRSA"
        #expect(try ask(path, cookies) == "200")
        #expect(room.requests.last?["Cookie"] == "own=1")
        let text = canned(url(path))
        #expect(
            try ask(
                path,
                "Cookie: CloudFront-Expires=\(Self.later); CloudFront-Key-Pair-Id=KECDSA; "
                    + "CloudFront-Signature=\(try signer.sign(text, "ecdsa", "sha256")); "
                    + "CloudFront-Hash-Algorithm=SHA256") == "200")
        #expect(room.count == 1)
        // Names have a case, and once the URL has a part the cookies count for nothing.
        #expect(try ask(path, cookies.lowercased()).hasPrefix("403 MissingKey"))
        #expect(try ask(path + "?Expires=1", cookies).hasPrefix("403 MissingKey"))
    }
}

@Suite("Signed URLs of a root object", .enabled(if: Signer.program != nil))
struct CloudFrontSignedRootTests {
    @Test("§6.1 what is signed is the URL as it was asked for")
    func root() throws {
        let signer = try ConformanceTests.signer.get()
        let lane = Lane("index") {
            $0.pattern = "/index.html"
            $0.keyGroups = ["signers"]
        }
        let stand = try Stand(
            [lane],
            Stand.Parts(
                more: ", \"DefaultRootObject\": \"index.html\"",
                documents: signer.documents()))
        stand.origin.room(named: "index.html").answers { .ok(body: $0.target) }
        let until = time(nil) + 600
        let policy =
            "{\"Statement\":[{\"Resource\":\"http://edge.test/\",\"Condition\":{\"DateLessThan\":"
            + "{\"AWS:EpochTime\":\(until)}}}]}"
        let signature = try signer.sign(policy)
        let answer = try stand.edge.get(
            "/?Expires=\(until)&Signature=\(signature)&Key-Pair-Id=KRSA")
        #expect(answer.text == "/index.html")
    }
}
