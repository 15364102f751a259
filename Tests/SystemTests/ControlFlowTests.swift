import Testing
import WireTesting

@Suite(
    "GeoServers with control-flow rules of their own",
    .enabled(if: GeoServer.python != nil, "no python3"))
struct ControlFlowTests {
    @Test("429 with Retry-After: the member is left alone for so long, and no viewer sees it")
    func rate() throws {
        let pair = try GeoServerPair(sync: "none")
        #expect(try pair.become("in-step", "in-step"))
        try pair.leader.control(
            "/switches", #"{"controlFlow": {"requests": 2, "retryAfter": 3600}}"#)
        _ = try pair.leader.control("/requests", method: "DELETE")
        for number in 0..<12 {
            let response = try pair.edge.get(pair.map("geonode:roads", "&env=f:\(number)"))
            #expect(response.status == 200 && response["Content-Type"] == "image/png")
        }
        // Two were served, one was refused, and whoever was sent away went to the other one.
        #expect(try pair.leader.requests("(?i)GetMap.*env=f").count == 3)
        #expect(try pair.follower.requests("(?i)GetMap.*env=f").count == 10)
    }

    @Test("503 of a full member: as its Retry-After says, and its renders end in their own time")
    func concurrency() throws {
        let pair = try GeoServerPair(sync: "none")
        #expect(try pair.become("in-step", "in-step"))
        try pair.leader.control(
            "/switches",
            #"{"controlFlow": {"concurrent": 1, "timeout": 1, "retryAfter": 3600}}"#)
        try pair.leader.control("/faults", #"{"kind": "render", "match": "(?i)env=g"}"#)
        try pair.follower.control(
            "/faults", #"{"kind": "render", "match": "(?i)env=g", "count": 1}"#)
        // One render stands still at each of them.
        let answers = Monitor<[Int]>([])
        for number in 0..<2 {
            background {
                let path = pair.map("geonode:roads", "&env=g:\(number)")
                let status = (try? pair.edge.get(path))?.status ?? 0
                answers.with { $0.append(status) }
            }
        }
        for server in [pair.leader, pair.follower] {
            let faults = try server.control("/faults?met=1")
            #expect(faults.elements.first?["met"]?.number == 1)
        }
        for number in 0..<6 {
            let response = try pair.edge.get(pair.map("geonode:roads", "&env=h:\(number)"))
            #expect(response.status == 200 && response["X-Stand-In"] == "follower")
        }
        #expect(try pair.leader.requests("(?i)GetMap.*env=h").count == 1)
        for server in [pair.leader, pair.follower] {
            try server.control("/faults", method: "DELETE")
        }
        #expect(answers.wait { $0.count == 2 ? $0 : nil } == [200, 200])
    }
}
