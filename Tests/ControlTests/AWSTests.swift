import Edge
import Testing

@testable import Control

@Suite("AWS: replies, errors, endpoints, patience")
struct AWSTests {
    private static func page(_ instances: String, next: String = "", group: String = "maps")
        -> String
    {
        """
        <DescribeAutoScalingGroupsResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/">
        <DescribeAutoScalingGroupsResult><AutoScalingGroups><member>
        <AutoScalingGroupName>\(group)</AutoScalingGroupName><Instances>\(instances)</Instances>
        </member></AutoScalingGroups>\(next)</DescribeAutoScalingGroupsResult>
        </DescribeAutoScalingGroupsResponse>
        """
    }

    private static func instance(_ id: String, _ state: String, _ health: String = "Healthy")
        -> String
    {
        "<member><InstanceId>\(id)</InstanceId><AvailabilityZone>us-east-1a</AvailabilityZone>"
            + "<LifecycleState>\(state)</LifecycleState><HealthStatus>\(health)</HealthStatus>"
            + "</member>"
    }

    private func root(_ text: String) throws -> AWSElement {
        try #require(AWSElement(reading: Array(text.utf8)))
    }

    @Test("a group's instances are read, and who of them is a member")
    func group() throws {
        let text = Self.page(
            Self.instance("i-1", "InService") + Self.instance("i-2", "InService", "Unhealthy")
                + Self.instance("i-3", "Pending:Wait") + Self.instance("i-4", "Terminating:Wait")
                + Self.instance("i-5", "Pending") + Self.instance("i-6", "Terminating:Proceed")
                + Self.instance("i-7", "Standby"), next: "<NextToken>abc</NextToken>")
        let page = GroupInstance.page(try root(text), group: "maps")
        let instances = try #require(page.instances)
        let settings = AutoScalingSettings(name: "maps")
        #expect(page.next == "abc")
        #expect(instances.count == 7 && instances[0].zone == "us-east-1a")
        #expect(instances.filter { $0.isMember(settings) }.map(\.id) == ["i-1", "i-3", "i-4"])
        #expect(
            instances.map { $0.hook(settings)?.kind } == [
                nil, nil, .launching, .terminating, nil, nil, nil,
            ])
        var alone = settings
        (alone.launchingHook, alone.terminatingHook) = (nil, nil)
        #expect(instances.filter { $0.isMember(alone) }.map(\.id) == ["i-1"])
        #expect(GroupInstance.page(try root(text), group: "other").instances == nil)
    }

    @Test("addresses are private ones, and cores those of the system, from all reservations")
    func addresses() throws {
        let text = """
            <DescribeInstancesResponse><reservationSet>
            <item><instancesSet><item><instanceId>i-1</instanceId>
            <privateIpAddress>10.0.0.4</privateIpAddress><cpuOptions><coreCount>4</coreCount>
            <threadsPerCore>2</threadsPerCore></cpuOptions></item>
            <item><instanceId>i-2</instanceId><cpuOptions><coreCount>4</coreCount></cpuOptions>
            </item></instancesSet></item>
            <item><instancesSet><item><instanceId>i-3</instanceId>
            <ipv6Address>2001:db8::3</ipv6Address><cpuOptions><coreCount>0</coreCount>
            <threadsPerCore>2</threadsPerCore></cpuOptions></item></instancesSet></item>
            </reservationSet><nextToken>n</nextToken></DescribeInstancesResponse>
            """
        let page = GroupInstance.machines(try root(text))
        #expect(
            page.byInstance == [
                "i-1": InstanceMachine(address: "10.0.0.4", cores: 8),
                "i-2": InstanceMachine(address: nil),
                "i-3": InstanceMachine(address: "2001:db8::3"),
            ])
        #expect(page.next == "n")
    }

    @Test("what is no document is none")
    func malformed() {
        for text in ["", "<a>", "<a></b>", "<html><br></html>", "no", "<!DOCTYPE a [<!ENTITY b>]>"]
        {
            #expect(AWSElement(reading: Array(text.utf8)) == nil, "\(text)")
        }
    }

    private func error(_ status: Int, _ body: String) -> AWSError {
        AWSError("Do", HTTPReply(status: status, body: Array(body.utf8)))
    }

    private func document(_ code: String) -> String {
        "<ErrorResponse><Error><Code>\(code)</Code><Message>no\nway</Message></Error>"
            + "</ErrorResponse>"
    }

    @Test("errors are told apart by code and status")
    func errors() {
        #expect(error(403, document("AccessDenied")).kind == .refused)
        #expect(
            error(403, document("AccessDenied")).description
                == "Do was answered AccessDenied: no\\nway; allow the action in the role's policy "
                + "(Operating, \"Elastic pools\")")
        #expect(error(400, document("Throttling")).kind == .throttled)
        #expect(error(429, "").kind == .throttled)
        #expect(error(400, document("ExpiredToken")).kind == .expired)
        #expect(error(503, document("ServiceUnavailable")).kind == .unavailable)
        let html = error(500, "<!doctype html><title>500 Internal Server Error</title>")
        #expect(html.kind == .unavailable && html.code.isEmpty)
        #expect(html.description == "Do was answered 500 without a document; it is asked again")
        let ec2 = error(
            403,
            "<Response><Errors><Error><Code>UnauthorizedOperation</Code></Error></Errors>"
                + "</Response>")
        #expect(ec2.kind == .refused && ec2.code == "UnauthorizedOperation")
    }

    @Test("patience grows, has a jitter and an end")
    func retries() {
        let down = AWSError(.unavailable, "")
        #expect(AWSRetry.delay(after: down, attempt: 1, dice: 1) == 500)
        #expect(AWSRetry.delay(after: down, attempt: 2, dice: 0.5) == 500)
        #expect(AWSRetry.delay(after: down, attempt: AWSRetry.attemptsMax, dice: 1) == nil)
        #expect(AWSRetry.delay(after: AWSError(.throttled, ""), attempt: 2, dice: 1) == 4_000)
        #expect(AWSRetry.delay(after: AWSError(.refused, ""), attempt: 1, dice: 1) == nil)
        #expect(AWSRetry.delay(after: AWSError(.expired, ""), attempt: 1, dice: 1) == 0)
        #expect(AutoScalingSource.pause(15_000, throttles: 0, dice: 0) == 13_500)
        #expect(AutoScalingSource.pause(15_000, throttles: 0, dice: 1) == 16_500)
        #expect(AutoScalingSource.pause(15_000, throttles: 2, dice: 0.5) == 60_000)
        #expect(AutoScalingSource.pause(15_000, throttles: 60, dice: 0.5) == 300_000)
    }

    @Test("endpoints: the configuration, the service's variable, the general one, AWS")
    func endpoints() {
        var settings = AWSSettings()
        func endpoint(_ environment: [String: String], _ region: String = "us-east-1") -> String {
            AWSService.autoScaling.endpoint(settings, environment, region: region)
        }
        #expect(endpoint([:]) == "https://autoscaling.us-east-1.amazonaws.com")
        #expect(endpoint([:], "cn-north-1") == "https://autoscaling.cn-north-1.amazonaws.com.cn")
        #expect(endpoint(["AWS_ENDPOINT_URL": "http://a"]) == "http://a")
        let both = ["AWS_ENDPOINT_URL": "http://a", "AWS_ENDPOINT_URL_AUTO_SCALING": "http://b"]
        #expect(endpoint(both) == "http://b")
        #expect(
            endpoint(both.merging(["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"]) { $1 })
                == "https://autoscaling.us-east-1.amazonaws.com")
        settings.endpoint = "http://c"
        #expect(endpoint(both) == "http://c")
    }

    @Test(
        "URLs of services",
        arguments: [
            ("http://127.0.0.1:5055", "127.0.0.1:5055", "/"),
            ("HTTPS://Host.example/a/b?c=d", "Host.example", "/a/b?c=d"),
            ("http://[::1]:80?x", "[::1]", "/?x"),
        ])
    func urls(_ text: String, _ authority: String, _ target: String) throws {
        let url = try #require(ServiceURL(text))
        #expect(url.authority == authority && url.target == target)
    }

    @Test("what is no URL of a service is none")
    func noURLs() {
        for text in ["", "ftp://a", "http://", "http://a:b", "a.example"] {
            #expect(ServiceURL(text) == nil, "\(text)")
        }
    }
}
