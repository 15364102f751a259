/// What an operator is told in words; numbers go to `Counter`.
public struct EdgeEvent: Sendable {
    public enum Level: Int, Sendable { case debug, info, notice, warning, error }
    public var level: Level
    /// The part of the edge that speaks: "origin", "store", "listener"…
    public var area: String
    /// What happened, where, and what to do; one line.
    public var text: String

    public init(_ level: Level, _ area: String, _ text: String) {
        self.level = level
        self.area = area
        self.text = text
    }
}

/// Takes events from any thread; called on cold paths only and must not block for long.
public protocol EventObserver: Sendable {
    func note(_ event: EdgeEvent)
}

/// For tests and tools that want no words.
public struct SilentObserver: EventObserver {
    public init() {}
    public func note(_ event: EdgeEvent) {}
}
