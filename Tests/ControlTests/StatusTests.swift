import Caching
import Testing

@testable import Control
@testable import Edge

@Suite("Status: the state of the edge for programs and for people")
struct StatusTests {
    private func status(
        store: String = "normal", states: [String] = ["up", "down"], outage: Milliseconds = 0
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
            pools: [PoolStatus(id: "maps", queued: 4, outageSince: outage, members: members)])
    }

    @Test("JSON: names and values, in order")
    func json() {
        #expect(
            status(states: ["up"]).json.encoded == #"{"version":"1.2","uptimeSeconds":90,"#
                + #""mode":"cloudfront","role":"tier","stopping":false,"degraded":null,"loops":2,"#
                + #""connections":7,"store":{"mode":"normal","entries":41,"usedBytes":268435456,"#
                + #""sizeBytes":1073741824,"backlogBytes":0,"evictsFromBytes":0,"#
                + #""evictedUntil":0},"origins":[{"id":"maps","queued":4,"#
                + #""southboundBreaker":"closed","outageSince":0,"queues":{},"#
                + #""members":[{"name":"http://10.0.0.0:80","state":"up","weight":1,"inFlight":0,"#
                + #""inFlightByClass":{},"leftAlone":[],"#
                + #""requests":1200,"failures":3,"consecutiveFailures":0,"ejectedUntil":0,"#
                + #""lastFailure":null,"lastFailureAt":0,"liveness":"unknown","#
                + #""readiness":"unknown","drift":"unknown","ejections":0,"lacks":[],"#
                + #""checks":[]}]}]}"#)
    }

    @Test("what became of tiles fetched ahead, where any are")
    func playback() throws {
        var status = status()
        status.playback = PlaybackStatus(
            tiles: 6, prefetches: 5, ready: 4, late: 3, lost: 2, refused: 1)
        #expect(
            status.json.encoded.hasSuffix(
                #","playback":{"tiles":6,"prefetches":5,"ready":4,"late":3,"lost":2,"refused":1}}"#
            ))
        let table = try statusTable(Array(status.json.encoded.utf8))
        #expect(
            table.contains("\nplayback: of 5 tiles fetched ahead 4 were ready, 3 late, 2 lost\n"))
    }

    @Test("what is known of the distribution in force: all of it for programs, warnings for people")
    func distribution() throws {
        var status = status()
        status.distribution = DistributionStatus(
            id: "E1",
            findings: [
                Finding(.warning, at: .line(file: "d.json", 3), "a \"b\"", "c"),
                Finding(.note, at: .standard, "d", "e"),
            ])
        #expect(
            status.json.encoded.hasSuffix(
                #","distribution":{"id":"E1","findings":["#
                    + #"{"severity":"warning","text":"a \"b\"; c"},"#
                    + #"{"severity":"note","text":"d; e"}]}}"#))
        let table = try statusTable(Array(status.json.encoded.utf8))
        #expect(table.contains("\ndistribution E1: 1 warnings\n  a \"b\"; c\n"))
        #expect(!table.contains("d; e"))
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
                degraded: origin "maps" is without http://10.0.0.1:80 (down: connect-failed)
                7 connections on 2 loops
                store normal: 41 entries, 25 % of 1GiB

                origin maps: 4 queued
                  MEMBER              STATE  LIVENESS  READINESS  DRIFT  \
                  WEIGHT  IN FLIGHT  REQUESTS  FAILURES            LAST
                  http://10.0.0.0:80  up     unknown   unknown    unknown\
                       1          0      1200         3               -
                  http://10.0.0.1:80  down   unknown   unknown    unknown\
                       1          1      1200         3  connect-failed
                """)
    }

    @Test("below the table stands what is wrong with a member's checks, and its fingerprints")
    func checkLines() throws {
        var status = status()
        var capabilities = CheckStatus(
            kind: "capabilities", target: "/caps", isUp: true, last: "passed")
        capabilities.fingerprint = "00000000000000ff"
        capabilities.updateSequence = "7"
        capabilities.layers = 12
        status.pools[0].members[0].checks = [capabilities]
        status.pools[0].members[1].checks = [
            CheckStatus(kind: "map", target: "/wms", isUp: false, last: "check-silent")
        ]
        status.pools[0].members[1].lacks = ["roads"]
        let lines = try statusTable(Array(status.json.encoded.utf8)).split(separator: "\n")
        #expect(
            lines.suffix(3) == [
                "  http://10.0.0.0:80: 12 layers, fingerprint 00000000000000ff, updateSequence 7",
                "  http://10.0.0.1:80: map /wms is down, last check-silent",
                "  http://10.0.0.1:80 lacks roads",
            ])
    }

    @Test(
        "what makes viewers worse off is said",
        arguments: [
            ("normal", ["up", "slow-start"], nil),
            (
                "normal", ["up", "ejected"],
                "origin \"maps\" is without http://10.0.0.1:80 (ejected: connect-failed)"
            ),
            ("serve-only", ["up"], "the store is serve-only"),
            (
                "normal", ["down", "ejected"],
                "no member of origin \"maps\" is up: http://10.0.0.0:80 (down), "
                    + "http://10.0.0.1:80 (ejected: connect-failed)"
            ),
            (
                "off", ["down"],
                "the store is off, no member of origin \"maps\" is up: http://10.0.0.0:80 (down)"
            ),
        ])
    func weakness(_ store: String, _ states: [String], _ expected: String?) throws {
        let status = status(store: store, states: states)
        #expect(status.weakness == expected)
        let table = try statusTable(Array(status.json.encoded.utf8))
        #expect(table.contains("degraded: \(expected ?? "")") == (expected != nil))
    }

    @Test("an outage is told with the time it began")
    func outage() throws {
        let status = status(states: ["up"], outage: 1_796_000_000_000)
        let since = timestampText(1_796_000_000_000)
        #expect(status.weakness == "origin \"maps\" fails its requests since \(since)")
        let table = try statusTable(Array(status.json.encoded.utf8))
        #expect(table.contains("origin maps: 4 queued, failing since \(since)"))
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
        let places = ["cache": Finding.Place.line(file: "edge.yaml", 4), "loops": .flag("--loops")]
        #expect(
            unchangeable(from: old, to: new, places).map { $0.prefix { $0 != " " } } == [
                "--loops:", "edge.yaml:4:",
            ])
    }
}
