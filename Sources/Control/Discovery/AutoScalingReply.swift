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

    /// What one page of DescribeInstances tells of each instance, and where the next one begins.
    static func machines(
        _ root: AWSElement
    ) -> (byInstance: [String: InstanceMachine], next: String?) {
        var machines: [String: InstanceMachine] = [:]
        for reservation in root.items("reservationSet") {
            for instance in reservation.items("instancesSet") {
                guard let id = instance.value("instanceId") else { continue }
                machines[id] = InstanceMachine(instance)
            }
        }
        return (machines, root.value("nextToken"))
    }
}

/// The machine that an instance is, as DescribeInstances tells it. Pure.
struct InstanceMachine: Equatable, Sendable {
    /// In its network; nil: it has none, or none any more.
    var address: String?
    /// Processors as its system counts them, which a JVM goes by; nil: not told.
    var cores: Int?

    init(address: String?, cores: Int? = nil) {
        self.address = address
        self.cores = cores
    }

    /// Source: Amazon EC2 API Reference, Instance and CpuOptions.
    init(_ instance: AWSElement) {
        address = instance.value("privateIpAddress") ?? instance.value("ipv6Address")
        let options = instance["cpuOptions"]
        guard let count = options?.value("coreCount").flatMap({ Int($0) }),
            let threads = options?.value("threadsPerCore").flatMap({ Int($0) }),
            1...1_024 ~= count, 1...16 ~= threads
        else { return }
        cores = count * threads
    }
}
