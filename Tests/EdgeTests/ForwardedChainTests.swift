import Testing

@testable import Edge

@Suite("X-Forwarded-For: what a trusted proxy wrote stands at the end")
struct ForwardedChainTests {
    @Test(
        "a list that is too long keeps its last whole members",
        arguments: [
            ("1.1.1.1, 2.2.2.2", 16, "1.1.1.1, 2.2.2.2"), ("1.1.1.1, 2.2.2.2", 15, "2.2.2.2"),
            ("1.1.1.1, 2.2.2.2", 8, "2.2.2.2"), ("1.1.1.1,2.2.2.2", 7, "2.2.2.2"),
            ("1.1.1.1, 2.2.2.2", 6, ""), ("1.1.1.1", 6, ""), ("", 0, ""),
        ])
    func last(_ list: String, _ limit: Int, _ kept: String) {
        let found = OriginRequest.lastEntries(of: Array(list.utf8), within: limit)
        #expect(String(decoding: found, as: UTF8.self) == kept)
    }
}
