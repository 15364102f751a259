/// How far ahead of viewers that step a layer through TIME the edge fetches, and at what expense.
public struct PlaybackSettings: Equatable, Sendable {
    /// The next so many frames of what a viewer plays are fetched; 0: none.
    public var frames = 0
    /// Such fetches at a time, for each loop.
    public var concurrent = 8
    /// Tiles a second, for each loop; a second's worth of them at once after a pause.
    public var rate = 100

    public static let framesMax = 8
    public static let concurrentMax = 64
    public static let rateMax = 10_000

    public init() {}

    public var isOn: Bool { frames > 0 }

    /// The rate as a bucket has it.
    var limit: RateLimit { RateLimit(requests: rate, per: 1_000, burst: rate) }
}
