import Caching
import Testing

@Suite("A header block without s-maxage")
struct UnsharedControlTests {
    private func without(_ block: String) -> String {
        var bytes = Array(block.utf8)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe removeSharedLifetime($0) }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    @Test(
        "only that goes, whatever its form and place",
        arguments: [
            ("Cache-Control: s-maxage=5\r\n", ""),
            ("Cache-Control: max-age=1, s-maxage=5\r\n", "Cache-Control: max-age=1\r\n"),
            ("cache-control:S-MaxAge=5,max-age=1\r\n", "cache-control:max-age=1\r\n"),
            ("Cache-Control: s-maxage=5, s-maxage = \"6\" ,public\r\n", "Cache-Control:public\r\n"),
            ("Cache-Control: s-maxage\r\nETag: \"s-maxage=5\"\r\n", "ETag: \"s-maxage=5\"\r\n"),
            (
                "A: 1\r\nCache-Control: private=\"a, s-maxage=1\", x=\"\\\",s-maxage=2\", s-maxage=3\r\n",
                "A: 1\r\nCache-Control: private=\"a, s-maxage=1\", x=\"\\\",s-maxage=2\"\r\n"
            ),
            (
                "Cache-Control: s-maxage=5\r\nB: 2\r\nCache-Control: s-maxage=6, public\r\nC: 3\r\n",
                "B: 2\r\nCache-Control: public\r\nC: 3\r\n"
            ),
        ])
    func removed(_ block: String, _ expected: String) {
        #expect(without(block) == expected)
    }

    @Test(
        "all else stays, byte for byte",
        arguments: [
            "", "Cache-Control: max-age=1\r\n", "Cache-Control:\r\n", "Cache-Control: ,\r\n",
            "X-Cache-Control: s-maxage=5\r\n", "CDN-Cache-Control: s-maxage=5\r\n",
            "Cache-Control: s-maxage-x=5, xs-maxage=5\r\n", "Cache-Control: x=\"s-maxage=5\r\n",
            "Cache-Control",
        ])
    func kept(_ block: String) {
        #expect(without(block) == block)
    }
}
