public import Caching
public import Edge
public import Reactor

/// Where an origin's members are found.
public struct DiscoverySettings: Sendable, Equatable {
    public enum Source: Sendable, Equatable {
        /// Addresses (A, AAAA), or services (SRV), of a name.
        case dns(name: String, type: DNSType)
        case autoScalingGroup(AutoScalingSettings)
    }

    /// The origin's id.
    public var origin: String
    public var source: Source
    /// Of every member; 0 where the source tells ports itself.
    public var port: UInt16
    public var speaksTLS: Bool
    /// The name in certificates; nil: the host that was found.
    public var tlsName: String?
    /// Processors of each member, by which its limits go; nil: what its source tells of it, else
    /// `MemberSettings.standardCores`.
    public var cores: Int?
    public var rules: MembershipRules

    /// For the operator: `dns A maps.internal`, `autoScalingGroup maps`.
    var shown: String {
        switch source {
        case .dns(let name, let type): "dns \("\(type)".uppercased()) \(name)"
        case .autoScalingGroup(let group): "autoScalingGroup \(group.name)"
        }
    }

    /// A member of this origin.
    ///
    /// - Parameter told: its processors, by its source.
    func member(
        named name: String? = nil, host: String, port: UInt16, endpoints: [Endpoint],
        cores told: Int? = nil
    ) -> MemberSettings {
        let shown = host.contains(":") ? "[\(host)]" : host
        let isStandard = port == (speaksTLS ? 443 : 80)
        var member = MemberSettings(
            name: name ?? "\(speaksTLS ? "https" : "http")://\(shown):\(port)",
            endpoints: endpoints, authority: isStandard ? shown : "\(shown):\(port)",
            tlsHost: speaksTLS ? tlsName ?? host : nil)
        member.cores = cores ?? told ?? MemberSettings.standardCores
        return member
    }
}

/// An EC2 Auto Scaling group whose instances are members.
public struct AutoScalingSettings: Sendable, Equatable {
    public var name: String
    /// Milliseconds between two questions, before jitter. Default 15 s.
    public var interval: Milliseconds = 15_000
    /// Members there are asked while they can: the name of an availability zone, or `auto` for the
    /// edge's own; nil: all alike.
    public var zone: String?
    /// Names of the lifecycle hooks that are completed; nil: that one is left alone.
    public var launchingHook: String? = "warm"
    public var terminatingHook: String? = "drain"

    public init(name: String) { self.name = name }
}
