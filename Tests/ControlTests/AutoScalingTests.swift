import Edge
import Reactor
import Testing

@testable import Control

@Suite("Members by an Auto Scaling group: over real sockets, from a scripted service")
struct AutoScalingTests {
    private let service: ScriptedService

    init() throws { service = try ScriptedService() }

    private func source(
        _ environment: [String: String] = [:], cores: Int? = nil,
        _ change: (inout AutoScalingSettings) -> Void = { _ in }
    ) -> AutoScalingSource {
        var group = AutoScalingSettings(name: "maps")
        change(&group)
        var aws = AWSSettings()
        aws.endpoint = service.url
        if environment["AWS_REGION"] == nil { aws.region = "us-east-1" }
        let variables = [
            "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": service.url,
        ].merging(environment) { $1 }
        return AutoScalingSource(
            DiscoverySettings(
                origin: "maps", source: .autoScalingGroup(group), port: 8_080, speaksTLS: false,
                tlsName: nil, cores: cores, rules: MembershipRules()), group,
            AWSClient(aws, environment: variables) { _ in })
    }

    private func group(
        _ instances: [(id: String, state: String, zone: String)], next: String? = nil
    )
        -> String
    {
        let list = instances.map {
            "<member><InstanceId>\($0.id)</InstanceId><AvailabilityZone>\($0.zone)"
                + "</AvailabilityZone><LifecycleState>\($0.state)</LifecycleState>"
                + "<HealthStatus>Healthy</HealthStatus></member>"
        }.joined()
        let found =
            instances.isEmpty
            ? ""
            : "<member><AutoScalingGroupName>maps</AutoScalingGroupName><Instances>\(list)"
                + "</Instances></member>"
        return "<R><DescribeAutoScalingGroupsResult><AutoScalingGroups>\(found)"
            + "</AutoScalingGroups>" + (next.map { "<NextToken>\($0)</NextToken>" } ?? "")
            + "</DescribeAutoScalingGroupsResult></R>"
    }

    private func addresses(_ list: [(id: String, address: String)], next: String? = nil) -> String {
        let items = list.map {
            "<item><instanceId>\($0.id)</instanceId><privateIpAddress>\($0.address)"
                + "</privateIpAddress></item>"
        }.joined()
        return "<R><reservationSet><item><instancesSet>\(items)</instancesSet></item>"
            + "</reservationSet>" + (next.map { "<nextToken>\($0)</nextToken>" } ?? "") + "</R>"
    }

    @Test("instances are members by their ids and private addresses, over all pages")
    func pages() throws {
        service.reply(
            "DescribeAutoScalingGroups", (200, group([], next: "g2")),
            (
                200,
                group([
                    ("i-1", "InService", "z-a"), ("i-2", "Terminating:Wait", "z-b"),
                    ("i-3", "InService", "z-b"), ("i-4", "InService", "z-a"),
                ])
            ))
        service.reply(
            "DescribeInstances", (200, addresses([("i-1", "10.0.0.1")], next: "e2")),
            (200, addresses([("i-3", "10.0.0.3"), ("i-4", "none")])))
        let answer = try source { $0.zone = "z-a" }.ask()
        #expect(answer.members.map(\.settings.name) == ["i-1", "i-2", "i-3"])
        #expect(answer.members.map(\.settings.tier) == [0, 1, 1])
        #expect(
            answer.members[0].settings.endpoints
                == [.ip(SocketAddress(ipv4: 0x0A00_0001, port: 8_080))])
        #expect(answer.members[1].hook == LifecycleHook(.terminating, instance: "i-2"))
        #expect((13_500...16_500).contains(answer.lease))
        let forms = service.forms
        #expect(forms.count == 4)
        #expect(forms[1].hasSuffix("AutoScalingGroupNames.member.1=maps&NextToken=g2"))
        #expect(
            forms[2].hasSuffix(
                "InstanceId.1=i-1&InstanceId.2=i-2&InstanceId.3=i-3&InstanceId.4=i-4"))
        #expect(forms[3].hasSuffix("&NextToken=e2"))
    }

    @Test("a group that is not there is a failure, and names the region")
    func absent() {
        service.reply("DescribeAutoScalingGroups", (200, group([])))
        let failure = #expect(throws: SourceFailure.self) { try source().ask() }
        #expect(
            failure?.text.hasPrefix("there is no Auto Scaling group \"maps\" in us-east-1") == true)
    }

    @Test("the edge's own zone and region are the instance's")
    func whereabouts() throws {
        service.reply("/latest/meta-data/placement/availability-zone", (200, "z-b"))
        service.reply("/latest/meta-data/placement/region", (200, "eu-west-1"))
        service.reply("/latest/api/token", (200, "TOKEN"))
        service.reply(
            "DescribeAutoScalingGroups",
            (200, group([("i-1", "InService", "z-a"), ("i-2", "InService", "z-b")])))
        service.reply(
            "DescribeInstances", (200, addresses([("i-1", "10.0.0.1"), ("i-2", "10.0.0.2")])))
        let answer = try source(["AWS_REGION": ""]) { $0.zone = "auto" }.ask()
        #expect(answer.members.map(\.settings.tier) == [1, 0])
    }

    @Test(
        "cores are what was written, else what EC2 tells, else eight",
        arguments: [(nil, [6, 8]), (2, [2, 2])] as [(Int?, [Int])])
    func cores(_ written: Int?, _ expected: [Int]) throws {
        service.reply(
            "DescribeAutoScalingGroups",
            (200, group([("i-1", "InService", "z-a"), ("i-2", "InService", "z-a")])))
        let item = "<item><instanceId>i-1</instanceId><privateIpAddress>10.0.0.1</privateIpAddress>"
        let options = "<cpuOptions><coreCount>3</coreCount><threadsPerCore>2</threadsPerCore>"
        let told = addresses([("i-2", "10.0.0.2")]).replacing(
            "<item><instancesSet>",
            with: "<item><instancesSet>\(item)\(options)</cpuOptions></item>")
        service.reply("DescribeInstances", (200, told))
        let answer = try source(cores: written).ask()
        #expect(answer.members.map(\.settings.cores) == expected)
    }

    @Test("throttling lengthens the pause, and a good answer ends it")
    func throttled() throws {
        let document =
            "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error>"
            + "</ErrorResponse>"
        service.reply("DescribeAutoScalingGroups", (400, document))
        let source = source()
        let first = #expect(throws: SourceFailure.self) { try source.ask() }
        let second = #expect(throws: SourceFailure.self) { try source.ask() }
        #expect((27_000...33_000).contains(first?.pause ?? 0))
        #expect((54_000...66_000).contains(second?.pause ?? 0))
        #expect(service.forms.count == 2 * AWSRetry.attemptsMax)
        service.reply(
            "DescribeAutoScalingGroups", (500, "<!doctype html><html>"),
            (200, group([("i-1", "InService", "z-a")])))
        service.reply("DescribeInstances", (200, addresses([("i-1", "10.0.0.1")])))
        let answer = try source.ask()
        #expect(answer.members.count == 1)
        #expect((13_500...16_500).contains(answer.lease))
    }

    @Test("hooks are completed and kept alive by their names")
    func hooks() {
        service.reply("CompleteLifecycleAction", (200, "<R/>"))
        service.reply("RecordLifecycleActionHeartbeat", (200, "<R/>"))
        let source = source { $0.launchingHook = "up" }
        let (up, down) = (
            LifecycleHook(.launching, instance: "i-1"), LifecycleHook(.terminating, instance: "i-2")
        )
        #expect(source.carryOut(.heartbeat(up)) == nil)
        #expect(source.carryOut(.complete(up, isFit: false)) == nil)
        #expect(source.carryOut(.complete(down, isFit: true)) == nil)
        let version = "&Version=2011-01-01&AutoScalingGroupName=maps"
        #expect(
            service.forms == [
                "Action=RecordLifecycleActionHeartbeat\(version)&InstanceId=i-1"
                    + "&LifecycleHookName=up",
                "Action=CompleteLifecycleAction\(version)&LifecycleActionResult=ABANDON"
                    + "&InstanceId=i-1&LifecycleHookName=up",
                "Action=CompleteLifecycleAction\(version)&LifecycleActionResult=CONTINUE"
                    + "&InstanceId=i-2&LifecycleHookName=drain",
            ])
    }

    @Test("a hook that somebody else completed is done, and a failure is told")
    func hookFailures() {
        func document(_ code: String) -> String {
            "<ErrorResponse><Error><Code>\(code)</Code></Error></ErrorResponse>"
        }
        let hook = LifecycleHook(.terminating, instance: "i-2")
        service.reply("CompleteLifecycleAction", (400, document("ValidationError")))
        #expect(source().carryOut(.complete(hook, isFit: true)) == nil)
        service.reply("CompleteLifecycleAction", (403, document("AccessDenied")))
        #expect(
            source().carryOut(.complete(hook, isFit: true))?
                .hasPrefix("CompleteLifecycleAction was answered AccessDenied") == true)
        #expect(source { $0.terminatingHook = nil }.carryOut(.heartbeat(hook)) == nil)
        #expect(service.forms.count == 2, "a hook without a name is not ours")
    }

    @Test("who does not answer is told by name")
    func nobody() throws {
        var aws = AWSSettings()
        (aws.endpoint, aws.region) = ("http://127.0.0.1:1", "us-east-1")
        let client = AWSClient(
            aws, environment: ["AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"]
        ) { _ in }
        let error = #expect(throws: AWSError.self) {
            try client.call(.ec2, "DescribeInstances", [])
        }
        #expect(error?.kind == .unavailable)
        #expect(
            error?.description.hasPrefix("DescribeInstances: 127.0.0.1:1 does not answer") == true)
    }
}
