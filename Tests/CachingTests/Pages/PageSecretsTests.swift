import Caching
import Testing

@Suite("Tokens in a page")
struct PageSecretsTests {
    private static let masked = String(repeating: "aB3", count: 21) + "z"

    private func finds(_ text: String, pieces size: Int, secrets: [String] = []) -> Bool {
        var search = PageSecrets(
            names: PageSecrets.standardNames, secrets: secrets.map { Array($0.utf8) })
        let bytes = Array(text.utf8)
        var at = 0
        while at < bytes.count {
            let piece = Array(bytes[at..<min(at + size, bytes.count)])
            search.look(at: piece.span.bytes)
            at += size
        }
        search.end()
        return search.isFound
    }

    private static let value = "qrstuvwxyz98765432qrstuvwxyz9876"

    private static let pages: [(String, Bool)] = [
        ("", false), ("<p>nothing</p>", false),
        ("<input type=hidden name=\"csrfmiddlewaretoken\" value=x>", true),
        ("<INPUT NAME=CSRFMIDDLEWARETOKEN>", true), ("<meta content=x name='CSRF-Token'>", true),
        ("/wms?a=1&access_token=2", true), ("csrfmiddlewaretoke n", false),
        ("var name = 'csrftoken'", false), ("value=\(masked)", true), (masked, true),
        ("\(masked)x", false), ("x\(masked)", false), (" \(masked)\n", true),
        (String(repeating: "ab3", count: 21) + "z", false),
        (String(repeating: "AB3", count: 21) + "Z", false),
        (String(repeating: "aBc", count: 21) + "z", false), ("data=0123456789abcdef", true),
        ("data=0123456789ABCDEF", false), ("data=short", false),
        ("{ csrfToken: \"\(value)\" }", true), ("{\"csrf_token\":\"\(value)\"}", true),
        ("setRequestHeader('X-CSRFToken', '\(value)')", true), ("'Bearer \(value)'", true),
        ("/wms?authkey=4f0c9a52-0b1d-4e7a-9c11-d2e4f6a8b0c2&a=1", true),
        ("/page;jsessionid=\(value)?a", true), ("csrf_token&quot;: &quot;\(value)&quot;", false),
        ("csrfToken: '\(value.prefix(16))'", true), ("csrfToken: '\(value.prefix(15))'", false),
        ("csrfToken\(String(repeating: " ", count: 8))\(value) ", true),
        ("csrfToken\(String(repeating: " ", count: 9))\(value) ", false),
        ("csrfToken\(value) ", false), ("xhr(getCookie('csrftoken'), 0)", false),
        ("csrftoken = getCookieFromTheDocument('csrftoken');", false),
        ("csrftoken = theCookiesOfThisDocument.csrftoken;", false),
        ("bearer of the ring of the shire", false), ("csrfToken: '\(value)", false),
        ("csrfToken: '\(value)\(value)", true),
    ]

    @Test("are found however the page comes in pieces", arguments: pages)
    func pieces(_ text: String, _ expected: Bool) {
        for size in [1, 2, 3, 7, 16, 64, 1_000] {
            let found = finds(text, pieces: size, secrets: ["0123456789abcdef", "short"])
            #expect(found == expected, "in pieces of \(size)")
        }
    }

    @Test("are found at every place of a long page, across every border")
    func everywhere() {
        let filler = String(repeating: "x<y ", count: 40)
        for before in 0..<40 {
            let text = String(filler.prefix(before)) + "access_token" + filler
            #expect(finds(text, pieces: 16))
        }
        #expect(!finds(filler, pieces: 16))
    }
}
