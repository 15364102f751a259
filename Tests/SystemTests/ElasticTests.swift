import Testing
import WireTesting

/// Where `make test` puts what tests need from PyPI.
private let python = repository + ".build/python/bin/python3"
private let groups = repository + "Tests/StandIns/AWS/groups.py"
private let repository = String(#filePath.dropLast("Tests/SystemTests/ElasticTests.swift".count))
private let hasMoto =
    (try? TemporaryDirectory().run(python, ["-c", "import moto.server"]).exit) == 0

/// moto with an Auto Scaling group, and origins at its instances' addresses.
private struct Amazon {
    let child: Child
    let url: String
    let port: Int
    let environment: [String]
    private let admin: [String]

    init() throws {
        child = try Child(python, [groups, "serve"])
        let line = try #require(child.line(with: "{\"url\"", within: 60_000), "\(child.log)")
        let told = try JSON(line)
        url = try #require(told["url"]?.text)
        port = Int(try #require(told["port"]?.number))
        environment = [
            "AWS_ACCESS_KEY_ID=\(told["key"]?.text ?? "")",
            "AWS_SECRET_ACCESS_KEY=\(told["secret"]?.text ?? "")", "AWS_REGION=us-east-1",
            "AWS_ENDPOINT_URL=\(url)",
        ]
        admin = [
            "ADMIN_ID=\(told["admin"]?.text ?? "")",
            "ADMIN_SECRET=\(told["adminSecret"]?.text ?? "")",
        ]
    }

    @discardableResult
    func run(_ words: String...) throws -> String {
        let result = try TemporaryDirectory().run(
            "/usr/bin/env", admin + [python, groups] + words)
        try #require(result.exit == 0, "\(result.output)")
        return result.output
    }

    func edge(_ lines: String...) throws -> Edge {
        let text = """
            origins:
              maps:
                discover: { autoScalingGroup: maps, port: \(port), interval: 1s, drainTime: 3s }
                memberConcurrency: 4
                health: { interval: 100ms, rise: 1, slowStart: 0 }

            """
        return try Edge(
            origin: nil, configuration: text + lines.joined(separator: "\n") + "\n",
            environment: environment)
    }
}

extension Edge {
    /// The members of the first origin, as `/status` shows them.
    fileprivate func members() throws -> [(name: String, state: String, requests: Double)] {
        let status = try JSON(admin("/status").text)
        return (status["origins"]?.elements.first?["members"]?.elements ?? []).map {
            ($0["name"]?.text ?? "", $0["state"]?.text ?? "", $0["requests"]?.number ?? 0)
        }
    }

    /// Whether the pool comes to have so many members, all of them up.
    fileprivate func comesToHave(_ count: Int) throws -> Bool {
        try eventually {
            let members = try members()
            return members.count == count && members.allSatisfy { $0.state == "up" } ? true : nil
        } == true
    }

    /// The addresses that answer some requests.
    fileprivate func addresses() throws -> Set<String> {
        Set(try (0..<12).map { try get("/\($0)").text })
    }
}

@Suite("Elastic pools: members that come and go")
struct ElasticTests {
    @Test(
        "the edge follows a group out and in, with every call signed and allowed",
        .enabled(if: hasMoto, "make test installs moto into .build/python"))
    func group() throws {
        let amazon = try Amazon()
        let edge = try amazon.edge("cloudwatch: { enabled: true, interval: 1s }")
        #expect(try edge.comesToHave(2))
        #expect(try edge.addresses() == ["127.16.0.4", "127.16.0.5"])
        try amazon.run("capacity", amazon.url, "3")
        #expect(try edge.comesToHave(3))
        #expect(try edge.addresses().count == 3)
        try amazon.run("capacity", amazon.url, "1")
        #expect(try edge.comesToHave(1))
        #expect(try edge.addresses().count == 1)
        let isTold = try eventually {
            let told = try amazon.run("metrics", amazon.url)
            return told.contains("Saturation Pool=maps")
                && told.contains("MissLatencyP95 Pool=maps") ? true : nil
        }
        #expect(isTold == true)
        let source = try JSON(edge.admin("/status").text)["origins"]?.elements.first?["source"]
        #expect(source?["kind"]?.text == "autoScalingGroup maps")
        #expect((source?["answeredAt"]?.number ?? 0) > 0)
        #expect(
            try edge.admin("/metrics").text.contains("mapedge_pool_saturation{origin=\"maps\"}"))
    }

    @Test(
        "with a wrong secret nobody is found, and the status says why",
        .enabled(if: hasMoto, "make test installs moto into .build/python"))
    func wrongSecret() throws {
        let amazon = try Amazon()
        let edge = try Edge(
            origin: nil,
            configuration: """
                origins:
                  maps:
                    discover: { autoScalingGroup: maps, port: \(amazon.port), interval: 1s }

                """,
            environment: amazon.environment + ["AWS_SECRET_ACCESS_KEY=wrong"])
        let failure = try eventually {
            try JSON(edge.admin("/status").text)["origins"]?.elements.first?["source"]?["failure"]?
                .text
        }
        #expect(failure?.contains("SignatureDoesNotMatch") == true, "\(failure ?? "none")")
        #expect(try edge.get("/").status >= 500)
        #expect(edge.child.line(with: "SignatureDoesNotMatch") != nil)
    }

    /// One instance of a group as the service tells it.
    private static func instance(_ number: Int, _ state: String) -> String {
        "<member><InstanceId>i-\(number)</InstanceId><AvailabilityZone>a</AvailabilityZone>"
            + "<LifecycleState>\(state)</LifecycleState><HealthStatus>Healthy</HealthStatus>"
            + "</member>"
    }

    private static func document(_ action: String, _ states: [String]) -> String {
        switch action {
        case "DescribeAutoScalingGroups":
            "<R><DescribeAutoScalingGroupsResult><AutoScalingGroups><member>"
                + "<AutoScalingGroupName>maps</AutoScalingGroupName><Instances>"
                + states.enumerated().map { instance($0.offset + 1, $0.element) }.joined()
                + "</Instances></member></AutoScalingGroups></DescribeAutoScalingGroupsResult></R>"
        case "DescribeInstances":
            "<R><reservationSet><item><instancesSet>"
                + (1...states.count).map {
                    "<item><instanceId>i-\($0)</instanceId><privateIpAddress>127.0.0.\($0)"
                        + "</privateIpAddress></item>"
                }.joined() + "</instancesSet></item></reservationSet></R>"
        default: "<R/>"
        }
    }

    @Test("AWS is asked over TLS, and believed by its certificate only")
    func secured() throws {
        let service = try Origin()
        service.room(named: "").answersWhole { request in
            let action = request.text.split(separator: "&").first?.dropFirst("Action=".count) ?? ""
            return .ok(body: Self.document(String(action), ["InService"]))
        }
        let files = try SecuredFiles()
        let front = try SecuredEdge(files, origin: ["members: [\"\(service.url)\"]"])
        func edge(trusting root: String) throws -> Edge {
            try Edge(
                origin: nil,
                configuration: """
                    name: inner
                    origins:
                      maps:
                        discover: { autoScalingGroup: maps, port: 1, interval: 1s }

                    """,
                environment: [
                    "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "AWS_REGION=us-east-1",
                    "AWS_ENDPOINT_URL=https://localhost:\(front.edge.port)",
                    "AWS_CA_BUNDLE=\(files.path("\(root).pem"))",
                ])
        }
        let trusting = try edge(trusting: "root")
        let isFound = try eventually {
            try trusting.members().map(\.name) == ["i-1"] ? true : nil
        }
        #expect(isFound == true)
        let doubting = try edge(trusting: "other")
        let failure = try eventually {
            try JSON(doubting.admin("/status").text)["origins"]?.elements.first?["source"]?[
                "failure"]?.text
        }
        #expect(
            failure?.contains("its certificate is not believed") == true, "\(failure ?? "none")")
        #expect(try doubting.members().isEmpty)
    }

    @Test("a member is let in when it is warm, and let go when it is drained")
    func hooks() throws {
        let service = try Origin()
        let states = Monitor(["InService", "InService"])
        let room = service.room(named: "")
        room.answersWhole { request in
            let action = request.text.split(separator: "&").first?.dropFirst("Action=".count) ?? ""
            return .ok(body: Self.document(String(action), states.with { $0 }))
        }
        // Both addresses are this machine's; one origin listens on the first.
        let maps = try Origin()
        let asked = maps.room("maps")
        asked.always(.ok("Cache-Control: no-store", body: "map"))
        let edge = try Edge(
            origin: nil,
            configuration: """
                origins:
                  maps:
                    discover:
                      { autoScalingGroup: maps, port: \(maps.port), interval: 1s, drainTime: 3s }
                    health: { interval: 100ms, rise: 1, fall: 1 }
                    idleTimeout: 1h

                """,
            environment: [
                "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", "AWS_REGION=us-east-1",
                "AWS_ENDPOINT_URL_AUTO_SCALING=\(service.url)",
                "AWS_ENDPOINT_URL_EC2=\(service.url)",
            ])
        #expect(try edge.get(asked.path("1")).text == "map")
        let opened = try edge.metric("mapedge_origin_connects_total")
        func awaits(_ texts: String...) -> Bool {
            let found: Bool? = eventually {
                room.requests.contains { request in
                    texts.allSatisfy { request.text.contains($0) }
                } ? true : nil
            }
            return found == true
        }
        // The second one has nobody who listens, and ends; the first one is held on its way in.
        states.with { $0 = ["Pending:Wait", "Terminating:Wait"] }
        #expect(awaits("CompleteLifecycleAction", "CONTINUE", "InstanceId=i-1", "=warm"))
        #expect(awaits("CompleteLifecycleAction", "CONTINUE", "InstanceId=i-2", "=drain"))
        let isAlone = try eventually {
            try edge.members().map(\.name) == ["i-1"] ? true : nil
        }
        #expect(isAlone == true)
        #expect(try edge.get(asked.path("2")).text == "map")
        // The connection that was kept to the one that stays outlived the change.
        #expect(try edge.metric("mapedge_origin_connects_total") == opened)
        // A reload reads no members, and keeps those that are found.
        let before = try edge.members().first?.requests ?? 0
        #expect(try edge.admin("/reload", method: "POST").status == 200)
        #expect(try edge.members().map(\.name) == ["i-1"])
        #expect(try edge.get(asked.path("3")).text == "map")
        #expect(try edge.members().first?.requests == before + 1)
    }
}
