/// A member as a source of members tells it.
public struct DiscoveredMember: Sendable, Hashable {
    /// Its name is its identity: who keeps it keeps health, counters and running fetches.
    public var settings: MemberSettings
    /// What its group holds it for; nil: it is simply there.
    public var hook: LifecycleHook?

    public init(_ settings: MemberSettings, hook: LifecycleHook? = nil) {
        self.settings = settings
        self.hook = hook
    }

    /// Its group is about to end it.
    var isLeaving: Bool { hook?.kind == .terminating }
}

/// An instance that a group holds until somebody says that it may go on.
///
/// Source: Amazon EC2 Auto Scaling, "Lifecycle hooks": an instance waits in `Pending:Wait` before
/// it is in service, or in `Terminating:Wait` before it ends.
public struct LifecycleHook: Sendable, Hashable {
    public enum Kind: Sendable, Hashable { case launching, terminating }

    public var kind: Kind
    public var instance: String

    public init(_ kind: Kind, instance: String) {
        self.kind = kind
        self.instance = instance
    }
}
