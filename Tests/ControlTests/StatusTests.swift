import Caching
import Testing

@testable import Control
@testable import Edge

@Suite("Status: the state of the edge for programs and for people")
struct StatusTests {
    private func status(
        store: String = "normal", states: [String] = ["up", "down"]
    ) -> EdgeStatus {
        let members = states.enumerated().map { index, state in
            MemberStatus(
                name: "http://10.0.0.\(index):80", weight: 1, state: state, ejectedUntil: 0,
                inFlight: index, requests: 1_200, failures: 3, consecutiveFailures: 0,
                lastFailure: index == 0 ? nil : "connect-failed", lastFailureAt: 0)
        }
        return EdgeStatus(
            version: "1.2", uptime: 90, mode: "cloudfront", role: "tier", isStopping: false,
            loops: 2, connections: 7,
            store: EdgeStatus.StoreStatus(
                mode: store, entries: 41, used: 256 << 20, size: 1 << 30, backlog: 0),
            pools: [PoolStatus(id: "maps", queued: 4, members: members)])
    }

    @Test("JSON: names and values, in order")
    func json() {
        #expect(
            status(states: ["up"]).json.encoded == #"{"version":"1.2","uptimeSeconds":90,"#
                + #""mode":"cloudfront","role":"tier","stopping":false,"degraded":null,"loops":2,"#
                + #""connections":7,"store":{"mode":"normal","entries":41,"usedBytes":268435456,"#
                + #""sizeBytes":1073741824,"backlogBytes":0},"origins":[{"id":"maps","queued":4,"#
                + #""members":[{"name":"http://10.0.0.0:80","state":"up","weight":1,"inFlight":0,"#
                + #""requests":1200,"failures":3,"consecutiveFailures":0,"ejectedUntil":0,"#
                + #""lastFailure":null,"lastFailureAt":0}]}]}"#)
    }

    @Test("where members are found, when it answered, when it is asked, and why it does not")
    func source() throws {
        var status = status(states: ["warming"])
        status.sources = [
            DiscoveryStatus(
                origin: "maps", source: "dns A maps.example", answeredAt: 1_000, nextAt: 61_000,
                failure: "no way", warming: 1, draining: 0, answers: 1, failures: 1,
                ordersFailed: 0)
        ]
        let json = status.json.encoded
        #expect(
            json.hasSuffix(
                #""source":{"kind":"dns A maps.example","answeredAt":1000,"nextAt":61000,"#
                    + #""failure":"no way","warming":1,"draining":0}}]}"#))
        #expect(json.contains("no member of origin \\\"maps\\\" is up"))
        let table = try statusTable(Array(json.utf8))
        #expect(
            table.contains(
                "  from dns A maps.example: answered 1970-01-01T00:00:01Z, asked next "
                    + "1970-01-01T00:01:01Z, 1 warming, 0 draining; last: no way\n"))
        status.sources[0].answeredAt = 0
        status.sources[0].failure = nil
        let quiet = try statusTable(Array(status.json.encoded.utf8))
        #expect(quiet.contains("answered never") && !quiet.contains("last:"))
    }

    @Test("JSON escapes quotes, backslashes and control characters (RFC 8259 §7)")
    func escapes() {
        let value = JSON.object([("a\"b", .list([.text("\\\n\u{1}é"), .number(-1), .null]))])
        #expect(value.encoded == #"{"a\"b":["\\\u000a\u0001é",-1,null]}"#)
    }

    @Test("the table shows each member in its columns")
    func table() throws {
        #expect(
            try statusTable(Array(status().json.encoded.utf8)) == """
                mapedge 1.2, cloudfront, tier, up for 90s
                7 connections on 2 loops
                store normal: 41 entries, 25 % of 1GiB

                origin maps: 4 queued
                  MEMBER              STATE  WEIGHT  IN FLIGHT  REQUESTS  FAILURES            LAST
                  http://10.0.0.0:80  up          1          0      1200         3               -
                  http://10.0.0.1:80  down        1          1      1200         3  connect-failed
                """)
    }

    @Test(
        "what makes viewers worse off is said",
        arguments: [
            ("normal", ["up", "ejected"], nil),
            ("serve-only", ["up"], "the store is serve-only"),
            ("normal", ["down", "ejected"], "no member of origin \"maps\" is up"),
            ("off", ["down"], "the store is off, no member of origin \"maps\" is up"),
        ])
    func weakness(_ store: String, _ states: [String], _ expected: String?) throws {
        let status = status(store: store, states: states)
        #expect(status.weakness == expected)
        let table = try statusTable(Array(status.json.encoded.utf8))
        #expect(table.contains("degraded: \(expected ?? "")") == (expected != nil))
    }

    @Test("what is no status is refused", arguments: ["", "{}", "<html>", "[1]", "{\"version\":1"])
    func refused(_ text: String) {
        #expect(throws: AdminClientError.self) { try statusTable(Array(text.utf8)) }
    }

    @Test("a loop that does not tick for longer than the patience is noticed")
    func ticks() {
        let watch = TickWatch(patience: .seconds(5))
        let start = ContinuousClock.now
        #expect(watch.isTurning([1, 1], at: start))
        #expect(watch.isTurning([2, 1], at: start + .seconds(4)))
        #expect(!watch.isTurning([3, 1], at: start + .seconds(6)))
        #expect(watch.isTurning([3, 2], at: start + .seconds(7)))
    }

    @Test("a reload names what cannot change, and nothing else")
    func unchangeables() {
        var old = Configuration()
        old.settings.loops = 2
        #expect(unchangeable(from: old, to: old).isEmpty)
        var new = old
        new.settings.mode = .rfc9111
        new.settings.limits.idleTimeout = 1
        #expect(unchangeable(from: old, to: new).isEmpty)
        new.settings.loops = 3
        new.settings.cache.bytes = 1
        #expect(
            unchangeable(from: old, to: new) == [
                "loops cannot change while the edge runs; put it back, or restart the edge",
                "cache.size cannot change while the edge runs; put it back, or restart the edge",
            ])
    }
}
