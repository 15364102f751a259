public import Edge

/// How much of a recording becomes a scenario.
public struct RecordingLimits: Sendable {
    /// What is kept in memory while the recording runs.
    public var tape = Tape.Limits()
    /// Exchanges of viewers, from the first. Default 1,000.
    public var exchanges = 1_000
    /// Bodies up to so many bytes are written out. Of a longer one the scenario has its size, and
    /// from origins its beginning. Default 1,024.
    public var body = 1_024
    /// Bytes of such a beginning: enough to tell what it is. Default 256.
    public var beginning = 256

    public init() {}
}
