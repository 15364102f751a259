import HTTP
import Testing

@Suite("RFC 9110 §14: ranges")
struct ByteRangeTests {
    /// `ignored`, `unsatisfiable`, or the ranges as `a-b` with b included.
    private func parse(_ value: String, length: UInt64) -> String {
        switch withSpan(value, { ByteRanges.parse($0, length: length) }) {
        case .ignored: return "ignored"
        case .unsatisfiable: return "unsatisfiable"
        case .ranges(let ranges):
            return (0..<ranges.count).map {
                "\(ranges[$0].lowerBound)-\(ranges[$0].upperBound - 1)"
            }.joined(separator: ",")
        }
    }

    @Test(
        "ranges of a representation of 1,000 bytes",
        arguments: [
            ("bytes=0-499", "0-499"), ("bytes=500-", "500-999"), ("bytes=-1", "999-999"),
            ("bytes=999-5000", "999-999"), ("bytes=-5000", "0-999"), ("Bytes=0-0", "0-0"),
            ("bytes=0-0,-1", "0-0,999-999"), ("bytes= 1-2 ,, 5-6", "1-2,5-6"),
            ("bytes=5-6,1-2", "5-6,1-2"),
            ("bytes=1000-", "unsatisfiable"), ("bytes=-0", "unsatisfiable"),
            ("bytes=1000-,-0", "unsatisfiable"),
            ("bytes=1000-2000,1-1", "1-1"),
        ])
    func table(_ value: String, _ result: String) { #expect(parse(value, length: 1_000) == result) }

    @Test(
        "ranges that overlap or touch become one",
        arguments: [
            ("bytes=0-9,5-19", "0-19"), ("bytes=0-9,10-19", "0-19"),
            ("bytes=0-9,11-19", "0-9,11-19"),
            ("bytes=50-59,0-9,20-29,5-55", "0-59"), ("bytes=0-,0-,0-,0-", "0-999"),
            ("bytes=30-39,0-9,10-29", "0-39"), ("bytes=80-89,0-9,40-49,5-45", "80-89,0-49"),
            ("bytes=0-9,20-29,-1,10-19", "0-29,999-999"),
        ])
    func merging(_ value: String, _ result: String) {
        #expect(parse(value, length: 1_000) == result)
    }

    @Test(
        "row 32: junk is ignored as a whole",
        arguments: [
            "", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=a-b", "bytes=5-1", "bytes=1-2,x",
            "bytes=-1-", "bytes=--1", "bytes=1", "bytes=1-2-3", "bytes=+1-2", "bytes=0x1-2",
            "items=0-1",
            "bytes =0-1", "bytes:0-1", "bytes=1 - 2", "bytes=\"0-1\"", "0-1", "bytes=1-2;3-4",
            "bytes=１-2",
        ])
    func junk(_ value: String) { #expect(parse(value, length: 1_000) == "ignored") }

    @Test("row 32: seventeen ranges are ignored, sixteen are served")
    func count() {
        let ranges = (0..<17).map { "\($0 * 10)-\($0 * 10 + 1)" }
        #expect(parse("bytes=" + ranges.joined(separator: ","), length: 1_000) == "ignored")
        let most = ranges.prefix(16).joined(separator: ",")
        #expect(parse("bytes=" + most, length: 1_000) == most)
        let attack = String(repeating: "0-,", count: 1_300)
        #expect(parse("bytes=\(attack)", length: 1_000) == "ignored")
    }

    @Test(
        "row 32: numbers of any size are read without overflow",
        arguments: [
            ("bytes=0-9223372036854775807", "0-999"), ("bytes=0-18446744073709551615", "0-999"),
            ("bytes=0-99999999999999999999999", "0-999"),
            ("bytes=99999999999999999999999-", "unsatisfiable"),
            ("bytes=-99999999999999999999999", "0-999"),
            ("bytes=9223372036854775808-9223372036854775809", "unsatisfiable"),
            ("bytes=-17208,-9223372036854758792", "0-999"),
            ("bytes=18446744073709551615-", "unsatisfiable"),
            ("bytes=18446744073709551616-18446744073709551617", "unsatisfiable"),
        ])
    func overflow(_ value: String, _ result: String) {
        #expect(parse(value, length: 1_000) == result)
    }

    @Test("the last byte of the largest representation can be asked for")
    func largest() {
        #expect(parse("bytes=-1", length: .max) == "18446744073709551614-18446744073709551614")
        #expect(parse("bytes=0-", length: .max) == "0-18446744073709551614")
    }

    @Test("of an empty representation no byte can be asked for, and the end is all of it")
    func empty() {
        for value in ["bytes=0-", "bytes=0-0", "bytes=-0", "bytes=0-0,5-"] {
            #expect(parse(value, length: 0) == "unsatisfiable", "\(value)")
        }
        for value in ["bytes=-5", "bytes=0-0,-1", "bytes=x"] {
            #expect(parse(value, length: 0) == "ignored", "\(value)")
        }
    }

    @Test(
        "CloudFront honours ranges that rise and do not overlap",
        arguments: [
            ("bytes=0-1", true), ("bytes=5-", true), ("bytes=-5", true), ("bytes=0-1,2-3", true),
            ("bytes=0-1, 5-", true), ("bytes=0-1,-5", true), ("BYTES=3-3", true),
            ("bytes=0-1,1-2", false), ("bytes=4-5,0-1", false), ("bytes=5-,7-8", false),
            ("bytes=-5,0-1", false), ("bytes=0-1,x", false), ("bytes=2-1", false),
            ("bytes=", false), ("items=0-1", false), ("", false),
        ])
    func ascending(_ text: String, _ expected: Bool) {
        #expect(withSpan(text) { ByteRanges.areAscending($0) } == expected)
    }

    @Test(
        "§14.4: Content-Range is read",
        arguments: [
            ("bytes 0-499/1000", ContentRange(range: 0..<500, completeLength: 1_000)),
            ("bytes 5-5/*", ContentRange(range: 5..<6, completeLength: nil)),
            ("bytes */1000", ContentRange(range: nil, completeLength: 1_000)),
            ("BYTES 0-0/1", ContentRange(range: 0..<1, completeLength: 1)),
        ])
    func contentRange(_ text: String, _ expected: ContentRange) {
        #expect(withSpan(text) { ContentRange.parse($0) } == expected)
    }

    @Test(
        "§14.4: a Content-Range that says nothing sensible is none",
        arguments: [
            "", "bytes", "bytes ", "bytes 0-5", "bytes 5-0/10", "bytes 0-10/10", "bytes */*",
            "bytes 0-5/",
            "bytes 0-5/x", "bytes -5/10", "bytes 0-/10", "items 0-5/10", "bytes=0-5/10",
            "bytes 0-5/10 ",
            "bytes 0-9223372036854775807/*", "bytes 0-5/99999999999999999999", "bytes a", "bytes *",
            "bytes 0-5/*x", "bytes  0-5/10", "bytes 0-5,7-8/10",
        ])
    func noContentRange(_ text: String) {
        #expect(withSpan(text) { ContentRange.parse($0) } == nil)
    }
}
