public import HTTP

/// What a write makes stale (RFC 9111 §4.4): its target, and what its response points to.
public enum UnsafeInvalidation {
    /// Whether the response to a request makes stored responses of its target stale.
    ///
    /// Methods that are unsafe or unknown, answered with 2xx or 3xx: an error changed nothing.
    public static func applies(
        to method: Method, status: Int, policy: BehaviorPolicy
    ) -> Bool {
        policy.invalidatesOnUnsafe && !method.isSafe && (200...399).contains(status)
    }
}
