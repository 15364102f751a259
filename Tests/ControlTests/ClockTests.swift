import Edge
import HTTP
import Reactor
import Synchronization
import Testing

@testable import Control

/// 2026-01-01T00:00:00Z.
private let newYear: Int64 = 1_767_225_600_000

@Suite("Clock: what the configuration says of it")
struct ClockSettingTests {
    @Test(
        "system, manual from the start of the edge, or manual from a time",
        arguments: [
            ("system", ClockSetting.system), ("manual", .manual(start: nil)),
            ("manual=2026-01-01T00:00:00Z", .manual(start: newYear)),
            ("manual=2026-01-01T00:00:00.250Z", .manual(start: newYear + 250)),
        ])
    func forms(_ text: String, _ expected: ClockSetting) {
        #expect(
            reading("clock: \(text)\norigins: {a: {members: ['http://127.0.0.1:1']}}\n")
                .configuration.clock == expected)
        #expect(
            reading {
                $0.origins = ["http://127.0.0.1:1"]
                $0.clock = text
            }.configuration.clock == expected)
    }

    @Test("anything else is told", arguments: ["", "manually", "manual=", "manual=2026-01-01"])
    func refused(_ text: String) {
        let found = findings {
            $0.origins = ["http://127.0.0.1:1"]
            $0.clock = text
        }
        #expect(
            found == [
                "--clock is \"\(text)\", which is no clock; "
                    + "write system, manual, or manual=2026-01-01T00:00:00Z"
            ])
    }

    @Test("a manual clock starts at the machine's time where no other is given")
    func start() {
        #expect(ClockSetting.manual(start: nil).makeClock(at: 77).now == 77)
        #expect(ClockSetting.manual(start: 5).makeClock(at: 77).now == 5)
        #expect(ClockSetting.manual(start: nil).makeClock(at: 77).isManual)
        #expect(ClockSetting.system.makeClock(at: 77) === WallClock.system)
    }

    @Test("a reload does not change it")
    func fixed() {
        var new = Configuration()
        new.clock = .manual(start: nil)
        #expect(
            unchangeable(from: Configuration(), to: new) == [
                "clock cannot change while the edge runs; put it back, or restart the edge"
            ])
    }

    @Test("neither does it change how many connections a loop has room for")
    func room() {
        var new = Configuration()
        new.settings.limits.connectionsPerLoop = 7
        #expect(
            unchangeable(from: Configuration(), to: new) == [
                "limits.connectionsPerLoop cannot change while the edge runs; put it back, or "
                    + "restart the edge"
            ])
    }

    @Test(
        "a time is written in UTC, to the second or the millisecond",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-01-01T00:00:00Z", newYear),
            ("2024-02-29T23:59:59.999Z", 1_709_251_199_999),
            ("9999-12-31T23:59:59.999Z", WallClock.latest),
        ])
    func times(_ text: String, _ expected: Int64) {
        #expect(milliseconds(ofTimestamp: text) == expected)
    }

    @Test(
        "a time as AWS's clients print it",
        arguments: [
            ("2026-01-01T00:00:00Z", newYear), ("2026-01-01T00:00:00+00:00", newYear),
            ("2026-01-01T00:00:00.123456+00:00", newYear + 123),
            ("2026-01-01T00:00:00.5Z", newYear + 500), ("2026-01-01T00:00:00.Z", newYear),
            ("2026-01-01T00:00:00", nil), ("2026-01-01T00:00:00+01:00", nil), ("Z", nil),
            ("2026-01-01T00:00:00.x+00:00", nil), ("", nil),
        ])
    func printedTimes(_ text: String, _ expected: Int64?) {
        #expect(milliseconds(ofPrinted: text) == expected)
    }

    @Test(
        "what is no such time is none",
        arguments: [
            "", "now", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00+00:00",
            "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:60Z", "2026-01-01 00:00:00Z", "1969-12-31T23:59:59Z",
            "2026-01-01T00:00:00.5Z", "+026-01-01T00:00:00Z", "2026-01-01t00:00:00z",
        ])
    func noTimes(_ text: String) {
        #expect(milliseconds(ofTimestamp: text) == nil)
    }
}

/// An edge of which the clock is real, and the control API if there is one.
private struct ClockSubject: AdminSubject {
    let scripted = ScriptedSubject()
    var api: CloudFrontAPI?
    let clockControl: ClockControl

    func counters() -> [CounterSample] { scripted.counters() }
    func histograms() -> [HistogramSample] { scripted.histograms() }
    var isTurning: Bool { true }
    var fitness: Fitness { .ready }
    func statusJSON() -> [UInt8] { scripted.statusJSON() }
    func reload() -> ReloadOutcome { scripted.reload() }
}

@Suite("Clock: over the admin port")
struct ClockRouteTests {
    private let clock = WallClock(manual: newYear)

    private func answer(
        _ method: Method, _ path: String, _ query: String = "", isCrossSite: Bool = false,
        by control: ClockControl? = nil
    ) -> (status: Int, text: String) {
        let control = control ?? ClockControl(clock, isLocal: true) { true }
        let response = AdminRoutes(subject: ClockSubject(clockControl: control)).answer(
            AdminRequest(method: method, path: path, query: query, isCrossSite: isCrossSite))
        return (response.status, String(decoding: response.body, as: UTF8.self))
    }

    @Test("it is shown, advanced and set, and each answer has the time in force")
    func moves() {
        let json: (String) -> String = { "{\"clock\":\"manual\",\"time\":\"\($0)\"}\n" }
        #expect(answer(.get, "/clock") == (200, json("2026-01-01T00:00:00.000Z")))
        #expect(
            answer(.post, "/clock/advance", "by=24h") == (200, json("2026-01-02T00:00:00.000Z")))
        #expect(
            answer(.post, "/clock/advance", "by=1m30s")
                == (200, json("2026-01-02T00:01:30.000Z")))
        #expect(
            answer(.post, "/clock/set", "to=2026-12-01T00%3A00%3A00Z")
                == (200, json("2026-12-01T00:00:00.000Z")))
        #expect(clock.now == milliseconds(ofTimestamp: "2026-12-01T00:00:00Z"))
    }

    @Test("all loops are told after each move, and one that does not follow is an error")
    func spread() {
        let seen = Mutex<[Int64]>([])
        let control = ClockControl(clock, isLocal: true) { [clock] in
            seen.withLock { $0.append(clock.now) }
            return clock.now < newYear + 2_000
        }
        #expect(answer(.post, "/clock/advance", "by=1", by: control).status == 200)
        let (status, text) = answer(.post, "/clock/advance", "by=1s", by: control)
        #expect(status == 503)
        #expect(text.hasPrefix("the clock stands at 2026-01-01T00:00:02.000Z, but not every loop"))
        #expect(seen.withLock { $0 } == [newYear + 1_000, newYear + 2_000])
    }

    @Test(
        "what cannot be is refused with what to do, and the clock stands",
        arguments: [
            ("/clock/advance", "", 400, "the query lacks by; add ?by=VALUE"),
            (
                "/clock/advance", "by=soon", 400,
                "the duration is \"soon\", which is no duration; write a whole number with ms, s, "
                    + "m, h or d, such as 500ms or 10s"
            ),
            (
                "/clock/set", "to=tomorrow", 400,
                "the time is \"tomorrow\", which is no time; write one in UTC, such as "
                    + "2026-12-01T00:00:00Z"
            ),
            (
                "/clock/set", "to=2025-12-31T23:59:59.999Z", 409,
                "the clock stands at 2026-01-01T00:00:00.000Z and is never set back, since an Age "
                    + "may not fall; name a later time, or restart the edge with an empty cache"
            ),
            (
                "/clock/advance", "by=3000000d", 409,
                "HTTP has no dates after 9999-12-31T23:59:59.999Z; name an earlier time"
            ),
        ])
    func refusals(_ path: String, _ query: String, _ status: Int, _ text: String) {
        #expect(answer(.post, path, query) == (status, text + "\n"))
        #expect(clock.now == newYear)
    }

    @Test("the machine's clock is shown and not moved")
    func system() {
        let control = ClockControl(.system, isLocal: true) { true }
        #expect(
            answer(.get, "/clock", by: control).text.hasPrefix("{\"clock\":\"system\",\"time\":\"2")
        )
        let (status, text) = answer(.post, "/clock/advance", "by=1s", by: control)
        #expect(status == 409)
        #expect(text.hasSuffix("start it with --clock manual\n"))
    }

    @Test("it is not moved from other machines, by pages of other sites, or by GET")
    func strangers() {
        let open = ClockControl(clock, isLocal: false) { true }
        let (status, text) = answer(.post, "/clock/advance", "by=1s", by: open)
        #expect(status == 403)
        #expect(text.hasSuffix("bind admin to 127.0.0.1\n"))
        #expect(answer(.get, "/clock", by: open).status == 200)
        #expect(answer(.post, "/clock/advance", "by=1s", isCrossSite: true).status == 403)
        #expect(answer(.get, "/clock/advance", "by=1s").status == 405)
        #expect(answer(.post, "/clock").status == 405)
        #expect(clock.now == newYear)
    }

    @Test("the client moves it, and tells a refusal in the edge's words")
    func client() throws {
        let admin = try RunningAdmin(
            ClockSubject(clockControl: ClockControl(clock, isLocal: true) { true }))
        let client = try admin.client
        #expect(try client.showClock() == "2026-01-01T00:00:00.000Z (manual)")
        #expect(
            try client.moveClock(ClockMove(advance: "1h")) == "2026-01-01T01:00:00.000Z (manual)")
        #expect(
            try client.moveClock(ClockMove(set: "2026-01-02T00:00:00Z"))
                == "2026-01-02T00:00:00.000Z (manual)")
        let error = #expect(throws: AdminClientError.self) {
            try client.moveClock(.set(to: newYear))
        }
        #expect(error?.description.hasPrefix("the clock stands at 2026-01-02T00:00:00") == true)
    }

    @Test("CloudFront's API dates by the edge's clock")
    func api() throws {
        let state = try ScriptedDistribution()
        let subject = ClockSubject(
            api: CloudFrontAPI(state, settings: APISettings()),
            clockControl: ClockControl(clock, isLocal: true) { true })
        let admin = try RunningAdmin(subject)
        let batch = Asking.batch(["/*"], "r")
        _ = try clock.advance(by: 1_500)
        let answer = try admin.exchange(
            "POST /2020-05-31/distribution/EDFDVBD632BHDS/invalidation HTTP/1.1\r\nHost: a\r\n"
                + "Content-Length: \(batch.utf8.count)\r\n\r\n\(batch)")
        #expect(answer?.contains("<CreateTime>2026-01-01T00:00:01.500Z</CreateTime>") == true)
    }
}
