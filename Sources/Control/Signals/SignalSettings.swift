public import Caching

/// What is told to CloudWatch of the pools, so that groups can grow and shrink by it.
public struct SignalSettings: Sendable, Equatable {
    /// Default off: nothing is sent.
    public var isEnabled = false
    public var namespace = "MapEdge"
    /// Milliseconds between two reports. Default a minute.
    public var interval: Milliseconds = 60_000
    /// Kept by the second in CloudWatch, which costs more there. Default: by the minute.
    public var isHighResolution = false

    public init() {}
}
