/// How a request ended, in the words of CloudFront's `x-edge-result-type`.
public enum ResultType: UInt8, Sendable, CaseIterable {
    /// Answered from the store without asking the origin.
    case hit
    /// Answered from the store after the origin confirmed it, or because the origin failed.
    case refreshHit
    /// Answered by the origin.
    case miss
    /// An error status, stored or not.
    case error
    /// The edge had no room to ask the origin.
    case capacityExceeded
    /// Sent to the same URL over TLS.
    case redirect

    public var isError: Bool { self == .error || self == .capacityExceeded }

    /// The word in `X-Cache`, log and metric.
    public var word: StaticString {
        switch self {
        case .hit: "Hit"
        case .refreshHit: "RefreshHit"
        case .miss: "Miss"
        case .error: "Error"
        case .capacityExceeded: "CapacityExceeded"
        case .redirect: "Redirect"
        }
    }
}
