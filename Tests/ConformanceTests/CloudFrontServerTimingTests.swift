import Testing
import WireTesting

/// Source: CloudFront, "Server-Timing header".
@Suite("CloudFront: Server-Timing")
struct CloudFrontServerTimingTests {
    private static let lanes = [
        Lane("timed") {
            $0.responseHeaders =
                "\"ServerTimingHeadersConfig\": { \"Enabled\": true, \"SamplingRate\": 100 }"
        },
        Lane("asked") {
            $0.responseHeaders =
                "\"ServerTimingHeadersConfig\": { \"Enabled\": true, \"SamplingRate\": 0 }"
        },
        Lane("untimed") {
            $0.responseHeaders =
                "\"ServerTimingHeadersConfig\": { \"Enabled\": false, \"SamplingRate\": 100 }"
        },
    ]

    /// The metrics in their order, each with what it tells; of a duration only that it is one.
    private func metrics(_ response: Response) -> [String] {
        (response["Server-Timing"] ?? "").split(separator: ",").map { metric in
            let metric = metric.drop { $0 == " " }
            let parts = metric.split(separator: ";", maxSplits: 1)
            guard parts.count == 2 else { return String(metric) }
            if parts[1].hasPrefix("dur="), UInt(parts[1].dropFirst(4)) != nil {
                return "\(parts[0]) dur"
            }
            return parts[0] == "cdn-rid" ? "cdn-rid" : "\(parts[0]) \(parts[1])"
        }
    }

    @Test("tells how a response came about, beside what the origin tells: its part, and the whole")
    func timed() throws {
        let stand = try Stand(Self.lanes)
        let room = stand.origin.room("row")
        room.always(.ok("Cache-Control: max-age=60", "Server-Timing: db;dur=5", body: "a page"))
        let path = room.path("timed/it")
        let end = ["cdn-pop desc=\"SEA19-C1\"", "cdn-rid"]
        let miss = try stand.edge.get(path)
        #expect(
            metrics(miss) == [
                "db dur", "cdn-upstream-layer desc=\"EDGE\"", "cdn-upstream-dns dur",
                "cdn-upstream-connect dur", "cdn-upstream-fbl dur", "cdn-cache-miss",
            ] + end + ["cdn-downstream-fbl dur"])
        let hit = try stand.edge.get(path)
        #expect(hit["X-Cache"] == "Hit from cloudfront")
        #expect(
            metrics(hit)
                == ["db dur", "cdn-cache-hit"] + end
                + ["cdn-hit-layer desc=\"EDGE\"", "cdn-downstream-fbl dur"])
        // Its id is that of the response.
        let id = try #require(hit["X-Amz-Cf-Id"])
        #expect(hit["Server-Timing"]?.contains("cdn-rid;desc=\"\(id)\"") == true)
    }

    @Test("what was confirmed is told to be a refresh, and neither hit nor miss")
    func refreshed() throws {
        let stand = try Stand(Self.lanes)
        let room = stand.origin.room("row")
        room.answers { request in
            let fields = ["Cache-Control: max-age=0", "ETag: \"1\""]
            return request.head["If-None-Match"] == nil
                ? .response(200, fields, body: "a page") : .response(304, fields)
        }
        let path = room.path("timed/it")
        _ = try stand.edge.get(path)
        let refreshed = try stand.edge.get(path)
        #expect(refreshed["X-Cache"] == "RefreshHit from cloudfront")
        let told = metrics(refreshed).filter { $0.hasPrefix("cdn-cache") }
        #expect(told == ["cdn-cache-refresh"])
    }

    @Test("of no sample only who asks for it gets it, and without the policy nobody")
    func asked() throws {
        let stand = try Stand(Self.lanes)
        let room = stand.origin.room("row")
        room.always(.ok("Cache-Control: max-age=60", body: "a page"))
        for (lane, isTimed) in [("asked", true), ("untimed", false)] {
            let path = room.path("\(lane)/it")
            #expect(try stand.edge.get(path)["Server-Timing"] == nil)
            let asked = try stand.edge.get(path, "Pragma: server-timing")
            #expect((asked["Server-Timing"]?.contains("cdn-cache-hit") == true) == isTimed)
        }
    }
}
