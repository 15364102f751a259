import Testing

@testable import Control

@Suite("Values: units, words and ranges")
struct ValueTests {
    @Test(
        "durations are milliseconds, and a plain number is seconds",
        arguments: [
            ("500ms", 500), ("10s", 10_000), ("5m", 300_000), ("2h", 7_200_000), ("1d", 86_400_000),
            ("10", 10_000), ("0", 0), ("10 s", 10_000), ("1m30s", 90_000), ("1h1ms", 3_600_001),
            ("1d2h3m4s5ms", 93_784_005),
        ])
    func durations(_ text: String, _ expected: Int) throws {
        #expect(try ValueForm<Int>.duration(0...(.max)).parse(text) == expected)
    }

    @Test(
        "sizes are bytes",
        arguments: [
            ("1GiB", 1 << 30), ("512MiB", 512 << 20), ("64KiB", 65_536), ("1TiB", 1 << 40),
            ("100MB", 100_000_000), ("2kB", 2_000), ("17", 17), ("17B", 17),
        ])
    func sizes(_ text: String, _ expected: Int) throws {
        #expect(try ValueForm<Int>.bytes(0...(.max)).parse(text) == expected)
    }

    @Test(
        "what is no whole number with a unit is refused",
        arguments: [
            "", "s", "-1s", "+1s", "1.5s", "1e3", "1x", "١s", "99999999999999999999", "0x10",
        ])
    func refused(_ text: String) {
        #expect(throws: Complaint.self) { try ValueForm<Int>.duration(0...(.max)).parse(text) }
        #expect(throws: Complaint.self) { try ValueForm<Int>.bytes(0...(.max)).parse(text) }
    }

    @Test(
        "parts of a duration come the larger units first, each with its own",
        arguments: [
            "30s1m", "1s1s", "1m30", "1m 30s", "1m-30s", "1mm", "1h30x", "m30s", "1m١s",
            "200000000000000d200000000000000h",
        ])
    func parts(_ text: String) {
        #expect(throws: Complaint.self) { try ValueForm<Int>.duration(0...(.max)).parse(text) }
    }

    @Test("a product that does not fit is refused")
    func overflow() {
        let text = "18446744073709551615TiB"
        #expect(throws: Complaint.self) { try ValueForm<UInt64>.bytes(0...(.max)).parse(text) }
    }

    @Test("durations and sizes are shown in the largest unit that divides them")
    func shown() {
        #expect(durationText(90_000) == "90s")
        #expect(durationText(3_600_000) == "1h")
        #expect(durationText(1_001) == "1001ms")
        #expect(durationText(0) == "0s")
        #expect(bytesText(2_048) == "2KiB")
        #expect(bytesText(1_536) == "1536B")
        #expect(bytesText(1 << 30) == "1GiB")
    }

    @Test(
        "statuses",
        arguments: [("200", 200...200), ("200-399", 200...399)])
    func statuses(_ text: String, _ expected: ClosedRange<Int>) throws {
        #expect(try ValueForm.statuses.parse(text) == expected)
    }

    @Test("no status", arguments: ["", "-", "200-", "399-200", "200-300-400", "99", "600", "ok"])
    func noStatus(_ text: String) {
        #expect(throws: Complaint.self) { try ValueForm.statuses.parse(text) }
    }

    @Test(
        "edits between words: a swap of neighbours is one",
        arguments: [
            ("", "", 0), ("a", "", 1), ("cache", "cahce", 1), ("mode", "moed", 1),
            ("kitten", "sitting", 3), ("idle", "idle", 0),
        ])
    func edits(_ first: String, _ second: String, _ expected: Int) {
        #expect(editDistance(Array(first), Array(second)) == expected)
        #expect(editDistance(Array(second), Array(first)) == expected)
    }

    @Test("a word that resembles nothing has no nearest name")
    func nothingNear() {
        #expect(nearestName(to: "zzzzzz", in: ["mode", "role"]) == nil)
        #expect(nearestName(to: "x", in: ["a"]) == nil)
        #expect(nearestName(to: "heade", in: ["headerTimeout", "head"]) == "head")
        #expect(nearestName(to: "header", in: ["headerTimeout", "host"]) == "headerTimeout")
        #expect(nearestName(to: "IDLETIMEOUT", in: ["idleTimeout", "mode"]) == "idleTimeout")
    }

    @Test(
        "a pattern covers another when it matches all its paths",
        arguments: [
            ("*", "/a", true), ("/*", "*", true), ("*", "/*", true), ("/a/*", "/a/b*", true),
            ("/a/*", "/a*", false), ("/a?", "/ab", true), ("/ab", "/a?", false),
            ("/a?", "/a*", false), ("/a*c", "/abc", true), ("/a*c", "/a*b*c", true),
            ("images/*", "/images/x", true), ("*.png", "/*.png", true), ("/*.png", "*.png", true),
            ("/*/a", "*/a", false), ("/?", "/*", false), ("/*a*", "/*b*", false),
            ("*a", "/a*", false),
        ])
    func cover(_ first: String, _ second: String, _ expected: Bool) {
        #expect(covers(first, second) == expected)
    }
}
