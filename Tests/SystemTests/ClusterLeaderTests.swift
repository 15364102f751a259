import Glibc
import Testing
import WireTesting

@Suite(
    "A cluster over real sockets that chooses its leader and probes whom it loads",
    .enabled(if: GeoServer.python != nil, "no Python 3"))
struct ClusterLeaderTests {
    @Test("a leader that the edge chose and lost has an heir, which reads what it wrote first")
    func succession() throws {
        let pair = try GeoServerPair(
            "driftInterval: 1s", "succession: 300ms", choosesLeader: true,
            pool: ["health:", "  interval: 200ms", "  fall: 2"])
        #expect(try pair.become("in-step", "in-step"))
        let leads = try #require(
            try pair.members().firstIndex { $0["role"]?.text == "leader" })
        let servers = [pair.leader, pair.follower]
        #expect(try pair.restyle(1).status == 200)
        #expect(try servers[leads].requests("^PUT ").count == 1)
        servers[leads].child.signal(SIGKILL)
        _ = servers[leads].child.waitForExit(within: 60_000)
        let heir = servers[1 - leads]
        // Refused until somebody leads, and sent to nobody meanwhile.
        let isTaken = try eventually { try pair.restyle(2).status == 200 ? true : nil }
        #expect(isTaken == true)
        #expect(try heir.requests("^PUT ").count == 1)
        #expect(try !heir.requests("^POST /geoserver/rest/reload").isEmpty)
        let isKept = try eventually {
            let map = try pair.edge.get(pair.map())
            return map.isHit && map["X-Stand-In"] == heir.name ? true : nil
        }
        #expect(isKept == true)
    }

    @Test("a follower that does not pass its checks after a reload stays out of step")
    func probed() throws {
        let target =
            "/geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=geonode:roads&STYLES="
            + "&SRS=EPSG:4326&BBOX=-90,0,0,90&WIDTH=16&HEIGHT=16&FORMAT=image/png&probe=1"
        let pair = try GeoServerPair(
            "driftInterval: 1s",
            pool: [
                "health:", "  interval: 1d", "  checks:",
                "    - { kind: map, path: \"\(target)\" }",
            ])
        #expect(try pair.become("in-step", "in-step"))
        try pair.follower.control(
            "/faults", #"{"kind": "status", "status": 500, "match": "probe=1"}"#)
        #expect(try pair.restyle(1).status == 200)
        let reason = try eventually {
            let member = try pair.members()[1]
            return member["reason"]?.text.flatMap { $0.contains("check after") ? $0 : nil }
        }
        #expect(reason?.contains("the status is 500") == true)
        #expect(try pair.members()[1]["state"]?.text != "in-step")
        for number in 0..<4 {
            #expect(
                try pair.edge.get(pair.map("geonode:roads", "&env=c:\(number)"))["X-Stand-In"]
                    == "leader")
        }
        try pair.follower.control("/faults", method: "DELETE")
        #expect(try pair.become("in-step", "in-step"))
    }

    @Test("a follower is loaded when what runs there is over, and not before")
    func drained() throws {
        let pair = try GeoServerPair("driftInterval: 1s")
        #expect(try pair.become("in-step", "in-step"))
        try pair.follower.control("/faults", #"{"kind": "render", "match": "(?i)env=slow"}"#)
        // One for each member.
        var viewers = try (0..<2).map { number in
            let viewer = try pair.edge.viewer()
            try viewer.send(
                "GET \(pair.map("geonode:roads", "&env=slow:\(number)")) HTTP/1.1\r\n"
                    + "Host: edge.test\r\n\r\n")
            return viewer
        }
        #expect(try pair.follower.requests("(?i)env=slow", atLeast: 1).count == 1)
        #expect(try pair.restyle(1).status == 200)
        let isDraining = try eventually {
            try pair.members()[1]["state"]?.text == "draining" ? true : nil
        }
        #expect(isDraining == true)
        for _ in 0..<20 { _ = try pair.edge.get(pair.map("geonode:roads", "&env=c:1")) }
        #expect(try pair.follower.requests("rest/reload").isEmpty)
        try pair.follower.control("/faults", method: "DELETE")
        for index in viewers.indices { #expect(try viewers[index].response().status == 200) }
        #expect(
            try !pair.follower.requests("^POST /geoserver/rest/reload", atLeast: 1).isEmpty)
        #expect(try pair.become("in-step", "in-step"))
    }
}
