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

/// Takes events from any thread, the loops' too; called on cold paths only and must not wait.
public protocol EventObserver: Sendable {
    func note(_ event: EdgeEvent)

    /// Lines that nobody was told, because nobody read what came before.
    var droppedLines: UInt64 { get }
}

extension EventObserver {
    public var droppedLines: UInt64 { 0 }
}

/// For tests and tools that want no words.
public struct SilentObserver: EventObserver {
    public init() {}
    public func note(_ event: EdgeEvent) {}
}
