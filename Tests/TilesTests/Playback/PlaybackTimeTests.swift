import Testing

@testable import Tiles

/// A frame by its text.
func frame(_ text: String) -> PlaybackTime? {
    let bytes = Array(text.utf8)
    return unsafe PlaybackTime(bytes.span.bytes)
}

/// A frame's text.
func text(_ time: PlaybackTime?) -> String? {
    guard let time else { return nil }
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: PlaybackTime.textMax) {
        $1 = unsafe time.write(into: UnsafeMutableRawBufferPointer($0)) ?? 0
    }
    return String(decoding: bytes, as: UTF8.self)
}

@Suite("Playback: frames, and the frames behind them")
struct PlaybackTimeTests {
    /// Two frames, and what follows by the same stride; "" for what nothing can follow.
    private static let table: [(String, String, String)] = [
        ("2014-01-01T00:00:00.000Z", "2014-02-01T00:00:00.000Z", "2014-03-01T00:00:00.000Z"),
        ("2014-11-01", "2014-12-01", "2015-01-01"),
        ("2014-02-01", "2014-01-01", "2013-12-01"),
        ("2014-01-30", "2014-01-31", "2014-02-01"),
        ("2016-02-28", "2016-02-29", "2016-03-01"),
        ("2015-02-27", "2015-02-28", "2015-03-01"),
        ("1900-02-27", "1900-02-28", "1900-03-01"),
        ("2000-03-01", "2000-02-29", "2000-02-28"),
        ("2005", "2006", "2007"),
        ("-0002", "-0001", "0000"),
        ("0001-01-01", "0000-01-01", "-0001-01-01"),
        ("-0044-03-15T12:00:00Z", "-0044-03-15T18:00:00Z", "-0044-03-16T00:00:00Z"),
        ("2014-05", "2014-07", "2014-09"),
        ("1969-12-31T23:30:00Z", "1969-12-31T23:45:00Z", "1970-01-01T00:00:00Z"),
        ("2005-08-28T12Z", "2005-08-28T18Z", "2005-08-29T00Z"),
        ("2005-08-28T12:00:00.500Z", "2005-08-28T12:00:00.750Z", "2005-08-28T12:00:01.000Z"),
        ("-65000000", "-64000000", "-63000000"),
        ("-290000000", "-280000000", "-270000000"),
        ("2014-01-01/2014-02-01", "2014-02-01/2014-03-01", "2014-03-01/2014-04-01"),
        ("2014-01-01/2014-02-01", "2014-01-01/2014-03-01", "2014-01-01/2014-04-01"),
        ("2014-01-10/2014-01-20", "2014-01-09/2014-01-19", "2014-01-08/2014-01-18"),
        // There is no such day.
        ("2014-11-30", "2014-12-30", "2015-01-30"), ("2014-12-31", "2015-01-31", ""),
        // Told differently they have no stride.
        ("2014-01", "2014-01-02", ""), ("2014-01-01", "2014-01-02/2014-01-03", ""),
        ("2014-01-01T00:00:00Z", "2014-01-01T00:00:01.000Z", ""),
    ]

    @Test("months go on by months, days by days, windows by both of their ends")
    func strides() throws {
        for (one, two, expected) in Self.table {
            let (first, second) = (try #require(frame(one)), try #require(frame(two)))
            #expect(text(first) == one && text(second) == two)
            let next = first.stride(to: second).flatMap { second.advanced(by: $0) }
            #expect(text(next) ?? "" == expected, "\(one) \(two)")
        }
    }

    @Test("day by day through four hundred years and back, the calendar's own")
    func calendar() throws {
        var day = try #require(frame("1800-01-01"))
        let (next, last) = (frame("1800-01-02"), frame("1799-12-31"))
        let stride = try #require(next.flatMap { day.stride(to: $0) })
        let back = try #require(last.flatMap { day.stride(to: $0) })
        var days: [PlaybackTime] = []
        for _ in 0..<146_097 {
            days.append(day)
            guard let next = day.advanced(by: stride) else { break }
            day = next
        }
        #expect(text(day) == "2200-01-01")
        #expect(text(days[59]) == "1800-03-01" && text(days[36_525 + 58]) == "1900-03-01")
        for expected in days.reversed() {
            guard let previous = day.advanced(by: back), previous == expected else {
                Issue.record("\(text(expected) ?? "")")
                break
            }
            day = previous
        }
    }

    @Test(
        "what is no frame",
        arguments: [
            "", "current", "2014-01-01,2014-02-01", "2014-01-01/2014-02-01/P1D", "2014/",
            "2014-13-01", "2014-01-01T00:00:00.1234567Z", "x",
        ])
    func none(_ given: String) { #expect(frame(given) == nil) }
}

@Suite("Playback: what a layer has")
struct TimeListTests {
    private func next(
        _ extent: [String], _ frames: [String], _ count: Int = 1
    ) -> String? {
        let times = frames.compactMap(frame)
        guard let list = TimeList(extent), times.count == 3 else { return nil }
        return text(list.upcoming(count, after: times[0], times[1], times[2]))
    }

    private static let storms = [
        "2005-07-10T00:00:00.000Z", "2005-08-28T00:00:00.000Z", "1992-08-24T00:00:00.000Z",
        "2012-10-29T00:00:00.000Z", "2017-09-10T00:00:00.000Z", "2005-08-28T00:00:00.000Z",
    ]

    @Test("the list is gone through in its order, both ways and round its end")
    func order() {
        let days = ["1992-08-24", "2005-07-10", "2005-08-28", "2012-10-29", "2017-09-10"]
        func frames(_ indices: [Int]) -> [String] { indices.map { days[$0] } }
        #expect(next(Self.storms, frames([0, 1, 2])) == days[3])
        #expect(next(Self.storms, frames([0, 1, 2]), 2) == days[4])
        #expect(next(Self.storms, frames([0, 1, 2]), 3) == days[0])
        #expect(next(Self.storms, frames([0, 1, 2]), 5) == nil)
        #expect(next(Self.storms, frames([3, 2, 1])) == days[0])
        #expect(next(Self.storms, frames([2, 1, 0])) == days[4])
        #expect(next(Self.storms, frames([3, 4, 0])) == days[1])
        // It was seen at every second one only; to and fro; not in the list.
        #expect(next(Self.storms, frames([0, 2, 3])) == days[4])
        #expect(next(Self.storms, frames([0, 1, 0])) == nil)
        #expect(next(Self.storms, ["1992-08-24", "2005-07-10", "2005-08-29"]) == nil)
    }

    @Test("a value is told as exactly as the viewer's, or not at all")
    func exactness() {
        let years = ["2001", "2002", "2003", "2004"]
        #expect(next(years, ["2001-01", "2002-01", "2003-01"]) == "2004-01")
        let days = ["2001-01-01", "2002-01-01", "2003-01-01", "2004-06-07"]
        #expect(next(days, ["2001", "2002", "2003"]) == nil)
    }

    @Test("of intervals the ends count")
    func intervals() throws {
        let list = try #require(TimeList(["1975-01-01/2020-12-31/PT6H"]))
        for (given, isThere) in [
            ("1974-12-31", false), ("1975-01-01", true), ("2020-12-31", true),
            ("2021-01-01", false), ("1970-01-01/1974-01-01", false),
            ("1970-01-01/1975-01-01", true), ("2020-12-31/2021-12-31", true),
        ] {
            let time = try #require(frame(given))
            #expect(list.reaches(time) == isThere, "\(given)")
        }
        #expect(TimeList([]) == nil && TimeList(["a"]) == nil && TimeList(["2001", "b/c"]) == nil)
    }

    @Test("the services know it by the name that keys have")
    func services() throws {
        var layer = ServiceLayer(name: "geonode:storms")
        layer.times = ServiceLayer.Times(extent: ["2001", "2002"])
        let services = MapServices().knowing(
            [LayerFacts(name: "geonode:storms", description: layer)], documents: nil)
        #expect(services.times(ofLayer: Array("geonode:storms".utf8)) != nil)
        #expect(services.times(ofLayer: Array("storms".utf8)) == nil)
        #expect(services.knowsTimes && !MapServices().knowsTimes)
    }
}
