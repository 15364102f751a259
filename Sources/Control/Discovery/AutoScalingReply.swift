import Edge

/// An instance of a group, as DescribeAutoScalingGroups tells it. Pure.
struct GroupInstance: Equatable, Sendable {
    var id: String
    var zone: String
    /// `InService`, `Pending:Wait`, `Terminating:Wait` and others.
    var state: String
    var isHealthy: Bool

    /// What it is held for; nil: nothing.
    ///
    /// - Parameter settings: which hooks are ours to complete.
    func hook(_ settings: AutoScalingSettings) -> LifecycleHook? {
        switch state {
        case "Pending:Wait" where settings.launchingHook != nil:
            LifecycleHook(.launching, instance: id)
        case "Terminating:Wait" where settings.terminatingHook != nil:
            LifecycleHook(.terminating, instance: id)
        default: nil
        }
    }

    /// Whether it belongs to the pool: in service and healthy, or held on the way in or out.
    func isMember(_ settings: AutoScalingSettings) -> Bool {
        state == "InService" ? isHealthy : hook(settings) != nil
    }

    /// The instances of one page, and where the next one begins; nil: the group is not on it.
    static func page(
        _ root: AWSElement, group: String
    ) -> (instances: [GroupInstance]?, next: String?) {
        let result = root["DescribeAutoScalingGroupsResult"] ?? root
        let found = result.items("AutoScalingGroups").first {
            $0.value("AutoScalingGroupName") == group
        }
        let instances = found?.items("Instances").compactMap { item -> GroupInstance? in
            guard let id = item.value("InstanceId") else { return nil }
            return GroupInstance(
                id: id, zone: item.value("AvailabilityZone") ?? "",
                state: item.value("LifecycleState") ?? "",
                isHealthy: item.value("HealthStatus")?.lowercased() == "healthy")
        }
        return (instances, result.value("NextToken"))
    }

    /// The private addresses of one page of DescribeInstances by instance, and where the next one
    /// begins.
    static func addresses(_ root: AWSElement) -> (byInstance: [String: String], next: String?) {
        var addresses: [String: String] = [:]
        for reservation in root.items("reservationSet") {
            for instance in reservation.items("instancesSet") {
                guard let id = instance.value("instanceId") else { continue }
                addresses[id] =
                    instance.value("privateIpAddress") ?? instance.value("ipv6Address")
            }
        }
        return (addresses, root.value("nextToken"))
    }
}
