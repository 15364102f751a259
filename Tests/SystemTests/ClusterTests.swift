import Glibc
import Testing
import WireTesting

@Suite("A cluster of GeoServers", .enabled(if: GeoServer.python != nil, "no python3"))
struct ClusterTests {
    @Test("the stand-in is what its README says")
    func proof() throws {
        let directory = try TemporaryDirectory()
        let proof = try Child(
            try #require(GeoServer.python), ["\(GeoServer.folder)/proof.py"],
            output: directory.file("output"))
        // Its waits are its own, and other tests run beside it.
        let exit = proof.waitForExit(within: 300_000)
        #expect(exit == 0, "\(proof.wholeLog)")
        #expect(proof.wholeLog.contains("OK"))
    }

    @Test(
        "clients that are not ours write and read through the edge",
        .enabled(if: GeoServer.clients != nil, "no geoserver-restconfig"),
        arguments: ["restconfig", "owslib"])
    func clients(_ name: String) throws {
        let pair = try GeoServerPair("driftInterval: 1s")
        let python = try #require(GeoServer.clients)
        let (exit, output) = try pair.data.run(
            python,
            [
                "\(GeoServer.folder)/clients.py", name,
                "http://127.0.0.1:\(pair.edge.port)/geoserver",
            ])
        #expect(exit == 0, "\(output)")
        #expect(try pair.become("in-step", "in-step"))
        // Everything that writes went to the leader; the follower had reloads from the edge only.
        let written = try pair.follower.requests("^(POST|PUT|DELETE) ")
        #expect(written.allSatisfy { $0 == "POST /geoserver/rest/reload" }, "\(written)")
        if name == "restconfig" {
            #expect(!written.isEmpty)
            #expect(try pair.leader.requests("^DELETE ").count > 3)
        }
        #expect(
            try pair.leader.state(of: "geonode:roads") == pair.follower.state(of: "geonode:roads"))
    }

    @Test("a write: the leader alone, then a reload, and nothing older from anywhere")
    func write() throws {
        let pair = try GeoServerPair()
        #expect(try pair.become("in-step", "in-step"))
        // Fills the cache from either of them.
        for number in 0..<4 { _ = try pair.edge.get(pair.map("geonode:roads", "&env=a:\(number)")) }
        try pair.follower.control(
            "/faults", #"{"kind": "hold", "match": "^POST /geoserver/rest/reload"}"#)
        #expect(try pair.restyle(1).status == 200)
        let state = try pair.leader.state(of: "geonode:roads")
        #expect(try pair.follower.state(of: "geonode:roads") != state)
        for number in 0..<8 {
            let response = try pair.edge.get(pair.map("geonode:roads", "&env=a:\(number)"))
            #expect(response.status == 200)
            #expect(response["X-Stand-In-State"] == state)
            #expect(response["X-Stand-In"] == "leader")
        }
        #expect(
            try pair.follower.requests("^POST /geoserver/rest/reload", atLeast: 1).count == 1)
        #expect(try pair.become("in-step", "loading"))
        try pair.follower.control("/faults", method: "DELETE")
        #expect(try pair.become("in-step", "in-step"))
        #expect(try pair.follower.state(of: "geonode:roads") == state)
        let served = try (20..<40).compactMap {
            try pair.edge.get(pair.map("geonode:roads", "&env=a:\($0)"))["X-Stand-In"]
        }
        #expect(Set(served) == ["leader", "follower"])
    }

    @Test("an answer that was under way while a write ended is for who asked, and no cache")
    func overtaken() throws {
        let pair = try GeoServerPair()
        #expect(try pair.become("in-step", "in-step"))
        for server in [pair.leader, pair.follower] {
            try server.control("/faults", #"{"kind": "hold", "match": "(?i)^GET .*env=a.*77"}"#)
        }
        let answer = Monitor<Response?>(nil)
        background {
            let response = try? pair.edge.get(pair.map("geonode:roads", "&env=a:77"))
            answer.with { $0 = response }
        }
        func asked(_ server: GeoServer) throws -> Int {
            try server.requests("(?i)env=a.*77").count
        }
        while try asked(pair.leader) + asked(pair.follower) == 0 {}
        #expect(try pair.restyle(1).status == 200)
        for server in [pair.leader, pair.follower] {
            try server.control("/faults", method: "DELETE")
        }
        let response = try #require(answer.wait { $0 })
        #expect(response.status == 200)
        #expect(response["Cache-Control"] == "no-store")
        #expect(response["Cache-Status"]?.contains("detail=out-of-step") == true)
    }

    @Test("rolling reloads under load: no failure, and no tile older than the write")
    func rolling() throws {
        let pair = try GeoServerPair("driftInterval: 1s", pool: ["memberConcurrency: 8"])
        #expect(try pair.become("in-step", "in-step"))
        let states = Monitor([try pair.leader.state(of: "geonode:roads")])
        let seen = Monitor<[(least: Int, status: Int, state: String)]>([])
        let isOver = Monitor(false)
        let left = Monitor(4)
        for thread in 0..<4 {
            background {
                var number = 0
                while !isOver.with({ $0 }) {
                    number += 1
                    let least = states.with { $0.count - 1 }
                    let path = pair.map("geonode:roads", "&env=a:\((number + thread) % 7)")
                    let response = try? pair.edge.get(path)
                    seen.with {
                        $0.append(
                            (least, response?.status ?? 0, response?["X-Stand-In-State"] ?? ""))
                    }
                }
                left.with { $0 -= 1 }
            }
        }
        for number in 1...6 {
            #expect(try pair.restyle(number).status == 200)
            let state = try pair.leader.state(of: "geonode:roads")
            states.with { $0.append(state) }
            if number % 2 == 0 { #expect(try pair.become("in-step", "in-step")) }
        }
        isOver.with { $0 = true }
        #expect(left.wait { $0 == 0 ? true : nil } == true)
        let known = states.with { $0 }
        #expect(Set(known).count == 7)
        let answers = seen.with { $0 }
        #expect(answers.count > 50)
        #expect(answers.allSatisfy { $0.status == 200 })
        let older = answers.filter { answer in
            known.firstIndex(of: answer.state).map { $0 < answer.least } ?? true
        }
        #expect(older.isEmpty, "\(older.prefix(3))")
        #expect(try pair.edge.metric("mapedge_stored_total") > 0)
    }

    @Test("a member that reloads in vain is named, fills nothing, and comes back when it can")
    func drift() throws {
        let pair = try GeoServerPair("driftInterval: 1s", "retries: 1")
        #expect(try pair.become("in-step", "in-step"))
        try pair.follower.control("/switches", #"{"drift": true}"#)
        #expect(try pair.retitle("Ways").status == 200)
        #expect(pair.edge.child.line(with: "has drifted") != nil)
        let member = try #require(try pair.members().last)
        #expect(member["reason"]?.text == "its capabilities are not the leader's")
        let metrics = try pair.edge.admin("/metrics").text
        let labels = "{origin=\"default\",member=\"\(pair.follower.url)\"}"
        #expect(metrics.contains("mapedge_cluster_member_in_step\(labels) 0"))
        for number in 0..<6 {
            let path = pair.map("geonode:cities", "&env=b:\(number)")
            #expect(try pair.edge.get(path)["X-Stand-In"] == "leader")
        }
        let table = try pair.data.run(
            Edge.program, ["status", "--admin", "127.0.0.1:\(pair.edge.adminPort)"])
        #expect(table.output.contains("its capabilities are not the leader's"), "\(table.output)")
        try pair.follower.control("/switches", #"{"drift": false}"#)
        #expect(try pair.become("in-step", "in-step"))
    }

    @Test("a leader that has not read its catalog yet makes nobody look drifted")
    func starting() throws {
        let pair = try GeoServerPair("driftInterval: 1s")
        #expect(try pair.become("in-step", "in-step"))
        try pair.leader.control("/switches", #"{"loading": true}"#)
        _ = try pair.leader.control("/requests", method: "DELETE")
        #expect(try pair.leader.requests("GetCapabilities", atLeast: 2).count >= 2)
        let told = try eventually {
            try pair.members().first?["reason"]?.text == "its capabilities list no layer yet"
                ? true : nil
        }
        #expect(told == true)
        #expect(try pair.become("in-step", "in-step"))
        #expect(try pair.follower.requests("reload").isEmpty)
    }

    @Test("what is written past the edge is found by comparison, and leaves nothing of before")
    func passedBy() throws {
        let pair = try GeoServerPair("driftInterval: 1s")
        #expect(try pair.become("in-step", "in-step"))
        let map = pair.map("geonode:cities")
        _ = try pair.edge.get(map)
        #expect(try pair.edge.get(map).isHit)
        let body = "<featureType><name>roads</name><title>Ways</title></featureType>"
        let path = "/rest/workspaces/geonode/datastores/postgis/featuretypes/roads"
        let response = try GeoServer.write("PUT", path, body, at: pair.leader.port)
        #expect(response.status == 200)
        #expect(
            try pair.follower.requests("^POST /geoserver/rest/reload", atLeast: 1).count >= 1)
        #expect(pair.edge.child.line(with: "has changed past the edge") != nil)
        #expect(try !pair.edge.get(map).isHit)
        let metrics = try pair.edge.admin("/metrics").text
        #expect(metrics.contains("mapedge_cluster_passed_by_total{origin=\"default\"} 1"))
        #expect(try pair.become("in-step", "in-step"))
        #expect(
            try pair.leader.state(of: "geonode:roads") == pair.follower.state(of: "geonode:roads"))
    }

    @Test("a leader that dies before anybody caught up: the best answers, and nobody keeps it")
    func leaderDies() throws {
        let pair = try GeoServerPair()
        #expect(try pair.become("in-step", "in-step"))
        try pair.follower.control(
            "/faults",
            #"{"kind": "status", "status": 500, "match": "^POST /geoserver/rest/reload"}"#)
        #expect(try pair.restyle(1).status == 200)
        #expect(
            try pair.follower.requests("^POST /geoserver/rest/reload", atLeast: 1).count >= 1)
        pair.leader.child.signal(SIGKILL)
        _ = pair.leader.child.waitForExit(within: 60_000)
        for _ in 0..<3 {
            let response = try pair.edge.get(pair.map())
            #expect(response.status == 200)
            #expect(response["X-Stand-In"] == "follower")
            #expect(response["Cache-Control"] == "no-store")
            #expect(response["Cache-Status"]?.contains("detail=out-of-step") == true)
            #expect(!response.isHit)
        }
        #expect(try pair.restyle(2).status >= 500)
        #expect(try pair.follower.requests("^PUT ").isEmpty)
    }

    @Test("members that see to it themselves are compared only")
    func shared() throws {
        let pair = try GeoServerPair("driftInterval: 1s", sync: "none")
        #expect(try pair.become("in-step", "in-step"))
        try GeoServer.write("DELETE", "/rest/layers/cities", "", at: pair.leader.port)
        #expect(try pair.become("in-step", "drifted"))
        #expect(try pair.follower.requests("reload").isEmpty)
        for number in 0..<4 {
            let path = pair.map("geonode:roads", "&env=c:\(number)")
            #expect(try pair.edge.get(path)["X-Stand-In"] == "leader")
        }
    }

    @Test("a session stays with the member that it began at, until that one is gone")
    func sessions() throws {
        let pair = try GeoServerPair()
        #expect(try pair.become("in-step", "in-step"))
        for wanted in ["follower", "leader"] {
            var cookie = ""
            for _ in 0..<4 where cookie.isEmpty {
                let response = try pair.edge.get(
                    pair.map("geonode:secret", "&access_token=token-of-alice"))
                guard response["X-Stand-In"] == wanted else { continue }
                cookie = response["Set-Cookie"].map { String($0.prefix { $0 != ";" }) } ?? ""
            }
            try #require(!cookie.isEmpty)
            for number in 0..<6 {
                let path = pair.map("geonode:secret", "&env=d:\(number)")
                let response = try pair.edge.get(path, "Cookie: a=b; \(cookie)")
                #expect(response["Content-Type"] == "image/png")
                #expect(response["X-Stand-In"] == wanted)
            }
            guard wanted == "leader" else { continue }
            pair.leader.child.signal(SIGKILL)
            _ = pair.leader.child.waitForExit(within: 60_000)
            // Health finds out by failures; each of these is answered by the other all the same.
            for _ in 0..<8 {
                // A map that is for everybody would be asked for without the session.
                let response = try pair.edge.get(
                    "/geoserver/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetCapabilities",
                    "Cookie: \(cookie)")
                #expect(response.status == 200)
            }
            #expect(pair.edge.child.line(with: "its sessions begin anew") != nil)
        }
    }
}
