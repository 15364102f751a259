import Testing
import Tiles

@Suite("Times: from when to when")
struct TimeSpanTests {
    @Test(
        "two values of TIME that have a moment in common, however they are written",
        arguments: [
            ("2016", "2016-05-03", true), ("2016-05", "2016-05-31T23:59:59Z", true),
            ("2016-05", "2016-06", false), ("2016-05-03", "2016-05-03T00:00:00.000Z", true),
            ("2016-05-03T10:00:00Z", "2016-05-03T10:00:00.500Z", true),
            ("2016-05-03T10:00:00.25Z", "2016-05-03T10:00:00.250Z", true),
            ("2016-05-03T10:00:00.25Z", "2016-05-03T10:00:00.251Z", false),
            ("2016-05-03T10Z", "2016-05-03T12:30+02:00", true),
            ("2016-05-03T10Z", "2016-05-03T12:30Z", false),
            ("2015/2017", "2016", true), ("2015-01/2015-06", "2015-07", false),
            ("2015/2017/P1Y", "2017-12-31", true), ("2010,2012", "2011", true),
            ("-0044-03", "-0044", true), ("-290000000", "-290000000-01", true),
            ("-0044", "0044", false),
        ])
    func overlap(_ one: String, _ other: String, _ isMeant: Bool) throws {
        let (first, second) = (try #require(TimeSpan(one)), try #require(TimeSpan(other)))
        #expect(first.overlaps(second) == isMeant)
        #expect(second.overlaps(first) == isMeant)
        #expect(first.overlaps(first) && second.overlaps(second))
    }

    @Test(
        "what names the present, or an open end, or no time is none",
        arguments: [
            "", "current", "now", "PRESENT", "2016/", "/2016", "2016/current", "a", "P1D",
            "2016-13", "2017/2016", "2016,x", "2016,", ",", "2016-05-03T25Z", "PT1H/PRESENT",
            // A year to some servers, and a day or a month to others.
            "20160503", "201605", "2016/20170101",
        ])
    func none(_ text: String) { #expect(TimeSpan(text) == nil) }
}
