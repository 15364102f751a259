import Testing
import WireTesting

/// What an instance or a container is asked for credentials by, and AWS itself, on one port.
private struct Endpoints {
    let server: Origin
    /// Where AWS is asked.
    let service: Room
    let directory: TemporaryDirectory

    static func credentials(_ name: String) -> String {
        "{\"Code\": \"Success\", \"AccessKeyId\": \"\(name)\", \"SecretAccessKey\": \"s\", "
            + "\"Token\": \"session-of-\(name)\", \"Expiration\": \"2999-01-01T00:00:00Z\"}"
    }

    init() throws {
        server = try Origin()
        directory = try TemporaryDirectory()
        service = server.room(named: "")
        service.answersWhole { request in
            .ok(
                body: request.text.hasPrefix("Action=DescribeInstances")
                    ? "<R><reservationSet><item><instancesSet><item><instanceId>i-1</instanceId>"
                        + "<privateIpAddress>127.0.0.1</privateIpAddress></item></instancesSet>"
                        + "</item></reservationSet></R>"
                    : "<R><DescribeAutoScalingGroupsResult><AutoScalingGroups><member>"
                        + "<AutoScalingGroupName>maps</AutoScalingGroupName><Instances><member>"
                        + "<InstanceId>i-1</InstanceId><AvailabilityZone>xx-test-1b"
                        + "</AvailabilityZone><LifecycleState>InService</LifecycleState>"
                        + "<HealthStatus>Healthy</HealthStatus></member></Instances></member>"
                        + "</AutoScalingGroups></DescribeAutoScalingGroupsResult></R>")
        }
    }

    /// An edge that has no keys but what these variables lead to.
    func edge(_ variables: String...) throws -> Edge {
        let none =
            ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"]
            + ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED"]
            + ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"]
        return try Edge(
            origin: nil,
            configuration: """
                origins:
                  maps:
                    discover:
                      { autoScalingGroup: maps, port: \(server.port), interval: 1s, zone: auto }

                """,
            environment: none.flatMap { ["-u", $0] } + [
                "AWS_SHARED_CREDENTIALS_FILE=\(directory.file("none"))",
                "AWS_ENDPOINT_URL=\(server.url)",
                "AWS_EC2_METADATA_SERVICE_ENDPOINT=\(server.url)",
            ] + variables)
    }

    /// The first call to AWS, once the edge has found the group's member by it.
    func firstCall(_ edge: Edge) throws -> Request {
        let isFound = try eventually {
            let origin = try JSON(edge.admin("/status").text)["origins"]?.elements.first
            return origin?["members"]?.elements.first?["name"]?.text == "i-1" ? true : nil
        }
        try #require(isFound == true, "\(edge.child.log)")
        return try #require(service.requests.first)
    }
}

@Suite("Credentials of the instance and of the container, over sockets")
struct CredentialSourceTests {
    @Test("IMDSv2: a token first, then role, credentials, region and zone by it")
    func instance() throws {
        let endpoints = try Endpoints()
        let metadata = endpoints.server.room(named: "latest")
        metadata.answers { request in
            if request.method == "PUT", request.target == "/latest/api/token" {
                return request["X-aws-ec2-metadata-token-ttl-seconds"] == "21600"
                    ? .ok(body: "TOKEN") : .response(400)
            }
            guard request["X-aws-ec2-metadata-token"] == "TOKEN" else { return .response(401) }
            let texts = [
                "iam/security-credentials/": "edge-role",
                "iam/security-credentials/edge-role": Endpoints.credentials("AKIMDS"),
                "placement/region": "xx-test-1", "placement/availability-zone": "xx-test-1a",
            ]
            let name = String(request.target.dropFirst("/latest/meta-data/".count))
            return texts[name].map { .ok(body: $0) } ?? .response(404)
        }
        let edge = try endpoints.edge()
        let call = try endpoints.firstCall(edge)
        #expect(call["Authorization"]?.contains("Credential=AKIMDS/") == true)
        #expect(call["Authorization"]?.contains("/xx-test-1/autoscaling/aws4_request") == true)
        #expect(call["X-Amz-Security-Token"] == "session-of-AKIMDS")
        #expect(metadata.requests.first?.method == "PUT")
        #expect(metadata.requests.count { $0.method == "PUT" } == 1, "one token opens all")
    }

    @Test("ECS and EKS: the endpoint that the environment names, with its token")
    func container() throws {
        let endpoints = try Endpoints()
        let agent = endpoints.server.room(named: "task")
        agent.answers { request in
            request["Authorization"] == "Bearer of-the-task"
                ? .ok(body: Endpoints.credentials("AKTASK")) : .response(403)
        }
        let metadata = endpoints.server.room(named: "latest")
        metadata.always(.ok(body: "xx-test-1b"))
        let edge = try endpoints.edge(
            "AWS_REGION=xx-test-1",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI=\(endpoints.server.url)/task/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN=Bearer of-the-task")
        let call = try endpoints.firstCall(edge)
        #expect(call["Authorization"]?.contains("Credential=AKTASK/") == true)
        #expect(call["X-Amz-Security-Token"] == "session-of-AKTASK")
        #expect(agent.requests.map(\.target) == ["/task/credentials"])
        #expect(!metadata.requests.contains { $0.target.contains("security-credentials") })
    }
}
