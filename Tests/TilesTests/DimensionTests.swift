import Testing
import Tiles
import WireTesting

@Suite("TIME and ELEVATION: OGC 06-042 Annex C and D")
struct DimensionTests {
    @Test(
        "equal times have one spelling",
        arguments: [
            // GeoServer takes the digits of a fraction for milliseconds.
            ("2002-01-01T00:00:00.000Z", "2002-01-01T00:00:00.000Z"),
            ("2002-01-01T00:00:00.0Z", "2002-01-01T00:00:00.000Z"),
            ("2002-01-01T00:00:00.5Z", "2002-01-01T00:00:00.500Z"),
            ("2002-01-01T00:00:00.50Z", "2002-01-01T00:00:00.500Z"),
            ("2002-01-01T00:00:00.050%2B00:00", "2002-01-01T00:00:00.050Z"),
            ("2002-01-01T00:00:00.5000Z", "2002-01-01T00:00:00.5000Z"),
            ("2002-01-01T00:00:00.123456789Z", "2002-01-01T00:00:00.123456789Z"),
            ("2002-01-01T00:00:00Z", "2002-01-01T00:00:00.000Z"),
            ("2002-01-01T00:00:00", "2002-01-01T00:00:00.000Z"),
            ("2002-01-01T01:00:00%2B01:00", "2002-01-01T00:00:00.000Z"),
            ("2002-01-01T01:00:00+01:00", "2002-01-01T00:00:00.000Z"),
            ("2001-12-31T19:30:00-0430", "2002-01-01T00:00:00.000Z"),
            ("2000-02-28T23:00-05", "2000-02-29T04:00Z"),
            ("2001-03-01T01:00%2B02:00", "2001-02-28T23:00Z"),
            ("2002-01-01T00%2B05:30", "2002-01-01T00%2B05:30"),
            ("2005", "2005"), ("44", "0044"), ("-44-03-15", "-0044-03-15"), ("-0000", "0000"),
            ("-000044-03-15T12Z", "-0044-03-15T12Z"), ("+12345-06", "12345-06"),
            ("-290000000-01-01T00:00:00.000Z", "-290000000-01-01T00:00:00.000Z"),
            ("0000-01-01T00:00:00%2B01:00", "-0001-12-31T23:00:00.000Z"),
            ("CURRENT", "current"), ("Present", "present"), ("p1d", "P1D"),
            (
                "2014-01-01T00:00:00.000Z/2014-02-01T00:00:00.000Z",
                "2014-01-01T00:00:00.000Z/2014-02-01T00:00:00.000Z"
            ),
            // A range ends with the last second, or at its beginning.
            (
                "2014-01-01T00:00:00Z/2014-02-01T00:00:00Z,2013-01-01T00:00:00Z",
                "2013-01-01T00:00:00.000Z,2014-01-01T00:00:00Z/2014-02-01T00:00:00Z"
            ),
            ("2014-01-01T00:00:00Z,2014-01-01T00:00:00.000Z", "2014-01-01T00:00:00.000Z"),
            ("2005-08-20%2F2005-08-30%2Fp1d", "2005-08-20/2005-08-30/P1D"),
            ("2005-08-20/current", "2005-08-20/current"),
            ("2003,2001,2002", "2001,2002,2003"), ("2003,2001,2003,2001", "2001,2003"),
            ("2001,2001", "2001"), ("2002/2003,2001", "2001,2002/2003"),
            // What is no time stays, a list with it in its order.
            ("2003,junk,2001", "2003,junk,2001"), ("2001-13-01", "2001-13-01"),
            ("2001-02-29", "2001-02-29"), ("2001-1-1", "2001-1-1"), ("20010101", "20010101"),
            ("2001-01-01T24:00:00Z", "2001-01-01T24:00:00Z"), ("2001/", "2001/"), ("/", "/"),
            ("2001//2002", "2001//2002"), (",", ","), ("1,,2", "0001,,0002"),
            (",,", ",,"), ("2005,", "2005,"), ("2006,2005%2C", "2006,2005,"),
            ("99999999999999999999-01-01", "99999999999999999999-01-01"),
        ])
    func times(_ written: String, _ canonical: String) {
        #expect(tile("&TIME=" + written).key.hasSuffix("&TIME=" + canonical))
    }

    @Test("the present is told of")
    func present() {
        #expect(tile("&TIME=2001/PRESENT").request?.movesWithClock == true)
        #expect(tile("&TIME=2001/2002").request?.movesWithClock == false)
    }

    @Test(
        "numbers likewise",
        arguments: [
            ("10.0", "10"), ("1e1", "10"), ("-0", "0"), ("+5", "5"), ("%2B5", "5"), (".50", "0.5"),
            ("10/0,5", "10/0,5"), ("20,5.0,5", "20,5"), ("abc", "abc"), ("1e99", "1e99"),
            ("0.0001", "0.0001"), ("-1200.250", "-1200.25"), ("1e-5", "0.00001"),
            ("100000000000000000000000", "100000000000000000000000"), ("1.2.3", "1.2.3"),
            ("1234567890123456789", "1234567890123456789"), ("", ""),
        ])
    func numbers(_ written: String, _ canonical: String) {
        let wanted = canonical.isEmpty ? "" : "&ELEVATION=" + canonical
        #expect(tile("&ELEVATION=" + written).key == tile("").key + wanted)
    }

    @Test("a long list of numbers with exponents fits into the memory that is asked for")
    func exponents() {
        for item in ["1e40", "1e-40", "1e12", "9e-12", "11e12"] {
            let list = [String](repeating: item, count: 400).joined(separator: ",")
            #expect(tile("&ELEVATION=" + list).request?.bypass == nil, "\(item)")
            #expect(tile("&ELEVATION=" + list).target != nil)
        }
    }

    @Test("a list is a set, in whatever order it comes, of up to 32 items")
    func shuffled() {
        var random = SeededRandom(seed: 5)
        for count in [2, 5, 17, 32] {
            let years = (0..<count).map { "\(1900 + $0)" }
            let wanted = "&TIME=" + years.joined(separator: ",")
            for _ in 0..<20 {
                var list = years.shuffled(using: &random)
                while list.count < 32, Bool.random(using: &random) {
                    list.append(years.randomElement(using: &random) ?? "")
                }
                #expect(tile("&TIME=" + list.joined(separator: ",")).key.hasSuffix(wanted))
            }
        }
        let long = (0..<33).map { "\(1950 - $0)" }.joined(separator: ",")
        #expect(tile("&TIME=" + long).key.hasSuffix("&TIME=" + long))
    }
}
