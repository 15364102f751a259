import HTTP
import Testing

@Suite("RFC 9110 §5.6.7: dates")
struct HTTPDateTests {
    /// 2026-06-15 12:00 UTC.
    static let now: Int64 = 1_781_524_800

    private func parse(_ text: String, now: Int64 = HTTPDateTests.now) -> Int64? {
        withSpan(text) { HTTPDate.parse($0, now: now) }
    }

    private func text(_ seconds: Int64) -> String {
        let bytes = [UInt8](unsafeUninitializedCapacity: 29) { buffer, count in
            HTTPDate.write(seconds, into: UnsafeMutableRawBufferPointer(buffer))
            count = 29
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(
        "the three forms name the same moment",
        arguments: [
            "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ])
    func forms(_ text: String) { #expect(parse(text) == 784_111_777) }

    @Test(
        "RFC 9111 §4.2: in whatever case",
        arguments: [
            "sun, 06 nov 1994 08:49:37 gmt", "SUN, 06 NOV 1994 08:49:37 GMT",
            "sunday, 06-nov-94 08:49:37 gmt", "SUNDAY, 06-NOV-94 08:49:37 GMT",
            "sun nov  6 08:49:37 1994", "SUN NOV  6 08:49:37 1994", "sUn, 06 nOV 1994 08:49:37 GmT",
        ])
    func cases(_ text: String) { #expect(parse(text) == 784_111_777) }

    @Test(
        "dates that are known",
        arguments: [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
            ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
            ("Sat, 01 Jan 0000 00:00:00 GMT", -62_167_219_200),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("Tue, 19 Jan 2038 03:14:08 GMT", 2_147_483_648),
            ("Fri, 01 Mar 2024 00:00:00 GMT", 1_709_251_200),
        ] as [(String, Int64)])
    func known(_ text: String, _ seconds: Int64) {
        #expect(parse(text) == seconds)
        #expect(self.text(seconds) == text)
    }

    @Test("what was written is read again, over four thousand years")
    func roundTrip() {
        var random = SeededGenerator(state: 7)
        for _ in 0..<5_000 {
            let seconds = Int64.random(in: -62_167_219_200...253_402_300_799, using: &random)
            #expect(parse(text(seconds)) == seconds)
        }
    }

    @Test("moments outside the years that can be written are moved to the nearer end")
    func clamped() {
        #expect(text(.max) == "Fri, 31 Dec 9999 23:59:59 GMT")
        #expect(text(.min) == "Sat, 01 Jan 0000 00:00:00 GMT")
    }

    @Test(
        "what is no HTTP date is none",
        arguments: [
            "", "0", "-1", "Sun, 06 Nov 1994 08:49:37", "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 UTC", "sun, 06 nov 1994 08:49:37 utc",
            "Sun\u{c} 06 Nov 1994 08:49:37 GMT", "Sun,\u{0}06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 +0000",
            "Xun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nox 1994 08:49:37 GMT",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, 29 Feb 1900 00:00:00 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT ", " Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-1994 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT",
            "Sunday, 06 Nov 94 08:49:37 GMT",
            "Monda, 06-Nov-94 08:49:37 GMT", "Sundays, 06-Nov-94 08:49:37 GMT",
            "Sun Nov 6 08:49:37 1994",
            "Sun Nov  6 08:49:37 94", "Sun Nov 31 08:49:37 1994", "Sun, 0a Nov 1994 08:49:37 GMT",
            "1994-11-06T08:49:37Z", "Tomorrow, and tomorrow, and tomorrow",
            "Thursday, 06-Nov-94 08-49-37 GMT",
        ])
    func malformed(_ text: String) { #expect(parse(text) == nil) }

    @Test("a leap second is the second before it")
    func leapSecond() {
        #expect(parse("Sat, 31 Dec 2016 23:59:60 GMT") == parse("Sat, 31 Dec 2016 23:59:59 GMT"))
    }

    @Test(
        "all days have their long names",
        arguments: [
            "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
        ])
    func longNames(_ day: String) {
        #expect(parse("\(day), 06-Nov-94 08:49:37 GMT") == 784_111_777)
        #expect(parse("\(day.prefix(3)), 06 Nov 1994 08:49:37 GMT") == 784_111_777)
    }

    @Test(
        "a two-digit year is the latest that is not more than 50 years ahead",
        arguments: [
            ("26", 2026), ("75", 2075), ("77", 1977), ("99", 1999), ("00", 2000), ("25", 2025),
        ])
    func twoDigits(_ digits: String, _ year: Int) {
        let full = parse("Mon, 01 Jan \(year) 00:00:00 GMT")
        #expect(parse("Monday, 01-Jan-\(digits) 00:00:00 GMT") == full)
    }

    @Test("the century follows the present")
    func century() {
        // 2090: 05 is 2105; 1960: 20 is 1920 no longer.
        #expect(
            parse("Monday, 01-Jan-05 00:00:00 GMT", now: 3_786_912_000)
                == parse("Mon, 01 Jan 2105 00:00:00 GMT"))
        #expect(
            parse("Monday, 01-Jan-05 00:00:00 GMT", now: -315_619_200)
                == parse("Mon, 01 Jan 2005 00:00:00 GMT"))
        #expect(
            parse("Monday, 29-Feb-00 00:00:00 GMT", now: 4_102_444_800)
                == parse("Mon, 29 Feb 2000 00:00:00 GMT"))
        #expect(parse("Monday, 01-Jan-05 00:00:00 GMT", now: .max) != nil)
        #expect(parse("Monday, 01-Jan-05 00:00:00 GMT", now: .min) != nil)
    }
}
