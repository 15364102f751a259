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

    /// Whether what its Location names may be another than before, so that it goes as well, which
    /// RFC 9111 §4.4 leaves to the cache.
    ///
    /// What was created always is (RFC 9110 §15.3.2). Where somebody is sent behind signing in or
    /// out, as to the home page, has not changed by that: it is who asks that has.
    public static func reachesLocation(status: Int, path: RawSpan) -> Bool {
        status == 201 || !WriteRequest.isSession(path)
    }
}
