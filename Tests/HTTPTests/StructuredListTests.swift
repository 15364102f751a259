import HTTP
import Testing

@Suite("RFC 9651 §4.2.1: lists that may be appended to")
struct StructuredListTests {
    @Test(
        "are read",
        arguments: [
            "a", "a; hit", "a;hit;ttl=-4, b; fwd=miss", "\"a b\"; detail=\"x, \\\"y\"", "(a b);c",
            "a ,\tb", ":YQ==:", "?1", "1.5",
        ])
    func lists(_ text: String) { #expect(withSpan(text) { isStructuredList($0) }) }

    @Test(
        "are not",
        arguments: [
            "", " ", "a,", ",a", "a,,b", "\"a", "a b", "a; Hit", "a;", "a; ttl=", "(a", "@",
            "a; b=@", "ä", "a\u{7f}",
        ])
    func others(_ text: String) { #expect(withSpan(text) { !isStructuredList($0) }) }
}
