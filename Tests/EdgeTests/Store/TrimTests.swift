import Testing

@testable import Edge

@Suite("Memory that the store's writer has done with")
struct TrimTests {
    @Test("is given back after 64 MiB were written, and then after as many more")
    func due() {
        var trim = TrimCount()
        for _ in 0..<2 {
            trim.written += 64 << 20 - 1
            let isEarly = trim.isDue()
            trim.written += 1
            let isDue = trim.isDue()
            #expect(!isEarly && isDue && trim.written == 0)
        }
    }
}
