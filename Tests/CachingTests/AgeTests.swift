import Caching
import Testing

@Suite("RFC 9111 §4.2.3: age")
struct AgeTests {
    private func age(
        _ age: Int64? = nil, date: Int64? = nil, sent: Milliseconds = epoch,
        received: Milliseconds = epoch
    ) -> Milliseconds {
        correctedInitialAge(age: age, date: date, requestTime: sent, responseTime: received)
    }

    @Test("apparent age is the time since Date, never negative")
    func apparent() {
        #expect(age(date: epoch / 1_000 - 30) == 30_000)
        #expect(age(date: epoch / 1_000 + 30) == 0)
        #expect(age() == 0)
    }

    @Test("a response made and received within one second has no apparent age")
    func wholeSeconds() {
        #expect(age(date: epoch / 1_000, sent: epoch + 999, received: epoch + 999) == 0)
    }

    @Test("the time that the response took is added to Age")
    func delay() {
        #expect(age(10, sent: epoch - 2_500) == 12_500)
        #expect(age(sent: epoch - 2_500) == 2_500)
    }

    @Test("the larger of apparent and corrected age counts")
    func larger() {
        #expect(age(10, date: epoch / 1_000 - 30) == 30_000)
        #expect(age(50, date: epoch / 1_000 - 30) == 50_000)
    }

    @Test("a clock set back while waiting makes no negative delay")
    func clockSetBack() {
        #expect(age(10, sent: epoch + 60_000) == 10_000)
    }

    @Test("ages that overflow stay large")
    func overflow() {
        #expect(age(.max) == .max)
        #expect(age(1 << 40, date: .min) > 0)
    }

    @Test(
        "§5.1: the first member of Age counts, and one that is no number is ignored",
        arguments: [
            ("7", 7), ("7, 9", 7), ("abc", nil), ("-1", nil), ("1.5", nil), ("", nil), ("7;x", nil),
            ("99999999999999999999999", .max),
        ] as [(String, Int64?)])
    func parsing(_ value: String, _ wanted: Int64?) {
        #expect(answer(200, "Age: \(value)").age == wanted)
    }

    @Test("§5.1: of several Age lines the first counts")
    func severalLines() {
        #expect(answer(200, "Age: 7", "Age: 100").age == 7)
    }

    @Test("an entry's age grows with the clock, and never falls below what it came with")
    func grows() {
        let times = EntryTimes(
            storedAt: epoch, initialAge: 5_000, freshUntil: epoch, swrUntil: epoch, sieUntil: epoch)
        #expect(times.ageSeconds(at: epoch) == 5)
        #expect(times.ageSeconds(at: epoch + 1_999) == 6)
        #expect(times.ageSeconds(at: epoch - 60_000) == 5)
        #expect(times.age(at: .max) > 0)
    }

    @Test("Age and Date of the origin's response shorten freshness, in rfc9111 mode")
    func shortens() {
        let response = answer(200, "Cache-Control: max-age=100", "Age: 40")
        #expect(entry(response)?.times.freshUntil == epoch + 60_000)
        #expect(entry(response)?.times.ageSeconds(at: epoch) == 40)
        #expect(entry(response)?.times.lifetime == 100_000)
        #expect(entry(response, .cloudFront)?.times.freshUntil == epoch + 100_000)
        #expect(entry(response, .cloudFront)?.times.ageSeconds(at: epoch) == 0)
    }
}
