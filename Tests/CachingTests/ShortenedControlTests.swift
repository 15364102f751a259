import Caching
import Testing

@Suite("What moves with the clock: no lifetime is longer than it may be")
struct ShortenedControlTests {
    @Test(
        "lifetimes are cut, and all else is as it was",
        arguments: [
            ("max-age=86400", "max-age=60"),
            ("public, s-maxage=61,max-age=5", "public, s-maxage=60,max-age=5"),
            ("Max-Age = \"900\" , must-revalidate", "Max-Age =60, must-revalidate"),
            (
                "private=\"a, max-age=900\", max-age=99999999999999999999",
                "private=\"a, max-age=900\", max-age=60"
            ),
            ("max-age=60", nil), ("max-age=0, no-cache", nil), ("max-age=x, s-maxage=", nil),
            ("stale-while-revalidate=900", nil), ("", nil), (",", nil), ("\"", nil), ("\"\\", nil),
        ] as [(String, String?)])
    func table(_ value: String, _ expected: String?) {
        let shorter = shortenedControl(Array(value.utf8), to: 60)
        #expect(shorter.map { String(decoding: $0, as: UTF8.self) } == expected)
    }
}
