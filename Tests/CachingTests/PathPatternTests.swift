import Caching
import Testing

@Suite("CloudFront: path pattern")
struct PathPatternTests {
    private func matches(_ pattern: String, _ path: String) -> Bool {
        let (pattern, path) = (Array(pattern.utf8), Array(path.utf8))
        return PathPattern.matches(pattern.span.bytes, path: path.span.bytes)
    }

    @Test(
        "a pattern matches the whole path",
        arguments: [
            ("*", "/"), ("*", "/a/b"), ("/*", "/"), ("*.jpg", "/a/b.jpg"), ("/a", "/a"),
            ("a", "/a"), ("images/*", "/images/"), ("images/*.jpg", "/images/x/y.jpg"),
            ("/images/*", "/images/a"), ("a*.jpg", "/a/b/c.jpg"), ("a??.jpg", "/abc.jpg"),
            ("*.doc*", "/x.doc"), ("*.doc*", "/x.docx"), ("**", "/a"), ("/a*b*c", "/aXbYbZc"),
            ("/*ab", "/aab"), ("*/tiles/?/?/?.png", "/x/tiles/1/2/3.png"),
        ])
    func yes(_ pattern: String, _ path: String) {
        #expect(matches(pattern, path))
    }

    @Test(
        "case, length and anchors count",
        arguments: [
            ("*.jpg", "/LOGO.JPG"), ("*.doc?", "/x.doc"), ("/a", "/ab"), ("/a", "/"),
            ("a??.jpg", "/ab.jpg"), ("images/*", "/image/a"), ("/a*b", "/aXc"), ("?", "/"),
            ("/?", "/"), ("*b", "/a"), ("/a*b*c", "/acb"), ("a", "a"), ("/a", ""),
        ])
    func no(_ pattern: String, _ path: String) {
        #expect(!matches(pattern, path))
    }

    @Test("matching agrees with a slow and obvious matcher")
    func differential() {
        var random = Seeded(1)
        for _ in 0..<20_000 {
            let pattern = random.text(["a", "b", "*", "?", "/"], upTo: 6)
            let path = "/" + random.text(["a", "b", "/"], upTo: 7)
            #expect(
                matches("/" + pattern, path)
                    == Self.obvious(Array(("/" + pattern).utf8)[...], Array(path.utf8)[...]))
        }
    }

    private static func obvious(
        _ pattern: ArraySlice<UInt8>, _ path: ArraySlice<UInt8>
    ) -> Bool {
        guard let first = pattern.first else { return path.isEmpty }
        if first == UInt8(ascii: "*") {
            return obvious(pattern.dropFirst(), path)
                || !path.isEmpty && obvious(pattern, path.dropFirst())
        }
        guard let byte = path.first, first == UInt8(ascii: "?") || first == byte else {
            return false
        }
        return obvious(pattern.dropFirst(), path.dropFirst())
    }

    @Test("a path of 8,000 bytes and a pattern of many stars take few steps")
    func bounded() {
        let pattern = String(repeating: "*a", count: 120) + "*b"
        #expect(!matches(pattern, "/" + String(repeating: "a", count: 8_000)))
    }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }

    mutating func text(_ alphabet: [String], upTo length: Int) -> String {
        (0..<Int.random(in: 0...length, using: &self))
            .map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &self)] }.joined()
    }

    /// A number in 0..<1.
    mutating func fraction() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }
}
