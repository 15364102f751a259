import Caching
import Edge
import Reactor
import Synchronization

/// A pool's members as an EC2 Auto Scaling group has them.
///
/// Source: Amazon EC2 Auto Scaling API Reference, DescribeAutoScalingGroups and
/// CompleteLifecycleAction; Amazon EC2 API Reference, DescribeInstances.
final class AutoScalingSource: MemberSource {
    /// Instances that are described in one call.
    static let instancesMax = 100
    /// Pages of one answer that are followed.
    static let pagesMax = 100
    /// The longest pause after throttling, in milliseconds.
    static let pauseMax: Milliseconds = 300_000

    private let settings: DiscoverySettings
    private let group: AutoScalingSettings
    private let client: AWSClient
    /// Doubled while the service says that it is asked too often.
    private let throttles = Mutex(0)
    private let ownZone = Mutex<String?>(nil)

    init(_ settings: DiscoverySettings, _ group: AutoScalingSettings, _ client: AWSClient) {
        self.settings = settings
        self.group = group
        self.client = client
    }

    /// Milliseconds until the next question: the interval, a tenth more or less, so that edges that
    /// were started together do not ask together; longer after throttling.
    static func pause(
        _ interval: Milliseconds, throttles: Int, dice: Double
    ) -> Milliseconds {
        let base = min(interval << min(throttles, 8), max(interval, pauseMax))
        return Milliseconds(Double(base) * (0.9 + 0.2 * dice))
    }

    private func pause(wasThrottled: Bool) -> Milliseconds {
        let count = throttles.withLock { throttles in
            throttles = wasThrottled ? throttles + 1 : 0
            return throttles
        }
        return Self.pause(group.interval, throttles: count, dice: .random(in: 0...1))
    }

    func ask() throws(SourceFailure) -> SourceAnswer {
        do throws(AWSError) {
            let instances = try groupInstances().filter { $0.isMember(group) }
            let machines = try machines(of: instances.map(\.id))
            let zone = try preferredZone()
            return SourceAnswer(
                members: instances.compactMap { member($0, machines[$0.id], zone) },
                lease: pause(wasThrottled: false))
        } catch {
            throw SourceFailure(
                text: error.description, pause: pause(wasThrottled: error.kind == .throttled))
        }
    }

    /// nil: it has no address, and nothing waits for it either.
    private func member(
        _ instance: GroupInstance, _ machine: InstanceMachine?, _ zone: String?
    ) -> DiscoveredMember? {
        let hook = instance.hook(group)
        let address = machine?.address
        let found = address.flatMap { SocketAddress(ip: $0) }
        guard found != nil || hook?.kind == .terminating else { return nil }
        var member = settings.member(
            named: instance.id, host: address ?? "", port: settings.port,
            endpoints: found.map { [.ip($0.with(port: settings.port))] } ?? [],
            cores: machine?.cores)
        if let zone, instance.zone != zone { member.tier = 1 }
        return DiscoveredMember(member, hook: hook)
    }

    private func groupInstances() throws(AWSError) -> [GroupInstance] {
        var token: String?
        for _ in 0..<Self.pagesMax {
            var parameters = [(name: "AutoScalingGroupNames.member.1", value: group.name)]
            if let token { parameters.append(("NextToken", token)) }
            let page = GroupInstance.page(
                try client.call(.autoScaling, "DescribeAutoScalingGroups", parameters),
                group: group.name)
            if let instances = page.instances { return instances }
            token = page.next
            if token == nil { break }
        }
        throw AWSError(
            .refused,
            "there is no Auto Scaling group \"\(printable(group.name))\" in "
                + "\(try client.region()); correct the name or the region")
    }

    private func machines(of ids: [String]) throws(AWSError) -> [String: InstanceMachine] {
        var machines: [String: InstanceMachine] = [:]
        for start in stride(from: 0, to: ids.count, by: Self.instancesMax) {
            let part = ids[start..<min(start + Self.instancesMax, ids.count)]
            var token: String?
            for _ in 0..<Self.pagesMax {
                var parameters = part.enumerated().map {
                    (name: "InstanceId.\($0.offset + 1)", value: $0.element)
                }
                if let token { parameters.append(("NextToken", token)) }
                let page = GroupInstance.machines(
                    try client.call(.ec2, "DescribeInstances", parameters))
                machines.merge(page.byInstance) { $1 }
                token = page.next
                if token == nil { break }
            }
        }
        return machines
    }

    private func preferredZone() throws(AWSError) -> String? {
        guard group.zone == "auto" else { return group.zone }
        if let known = ownZone.withLock({ $0 }) { return known }
        let zone = try client.chain.zone()
        ownZone.withLock { $0 = zone }
        return zone
    }

    func carryOut(_ order: Membership.Order) -> String? {
        let hook: LifecycleHook
        var parameters = [(name: "AutoScalingGroupName", value: group.name)]
        let action: String
        switch order {
        case .heartbeat(let held):
            (hook, action) = (held, "RecordLifecycleActionHeartbeat")
        case .complete(let held, let isFit):
            (hook, action) = (held, "CompleteLifecycleAction")
            parameters.append(("LifecycleActionResult", isFit ? "CONTINUE" : "ABANDON"))
        }
        let name = hook.kind == .launching ? group.launchingHook : group.terminatingHook
        guard let name else { return nil }
        parameters += [("InstanceId", hook.instance), ("LifecycleHookName", name)]
        do throws(AWSError) {
            _ = try client.call(.autoScaling, action, parameters)
            return nil
        } catch {
            // Another edge was first, or the group waits no longer.
            guard error.code != "ValidationError" else { return nil }
            return error.description
        }
    }
}
