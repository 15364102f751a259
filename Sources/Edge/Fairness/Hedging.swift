/// Whether, when and how often a slow tile is asked of a second member.
///
/// Source: Dean and Barroso, "The Tail at Scale", CACM 56(2), 2013.
public struct HedgeSettings: Sendable, Hashable {
    /// Second requests for each 100 tiles; 0: none, which is the default.
    public var budgetPercent = 0
    /// After how long without an answer, in milliseconds; 0: after the pool's `percentile`.
    public var delay = 0
    /// Of the pool's latest answers, in percent. Default 95.
    public var percentile = 95

    public init() {}

    var isOn: Bool { budgetPercent > 0 }
}

/// When a pool's tiles are slow, and how many second requests it has left.
struct HedgeBudget: Sendable {
    private let settings: HedgeSettings
    private var tokens = 1.0
    /// The latest answers in milliseconds, the oldest overwritten first.
    private var latest: [Int32] = []
    private var next = 0
    private var measured = 0

    /// Answers that are remembered, that are needed, and between two looks at them.
    private static let window = 256
    private static let needed = 32
    private static let interval = 16
    /// Sooner than that nobody notices, in milliseconds.
    static let delayMin: Int64 = 10

    /// How long a tile may take before it is slow, in milliseconds; nil: that is not known yet.
    private(set) var delay: Int64?

    init(_ settings: HedgeSettings) {
        self.settings = settings
        if settings.isOn, settings.delay > 0 { delay = Int64(settings.delay) }
    }

    /// Goes by these settings from now on; under others what was measured says nothing.
    func adopting(_ settings: HedgeSettings) -> HedgeBudget {
        settings == self.settings ? self : HedgeBudget(settings)
    }

    /// One more tile is asked for.
    mutating func requested() {
        guard settings.isOn else { return }
        tokens = min(tokens + Double(settings.budgetPercent) / 100, 10)
    }

    /// The first byte of a tile came after so long, or had not come by then.
    mutating func answered(after milliseconds: Int64) {
        guard settings.isOn, settings.delay == 0 else { return }
        let value = Int32(clamping: max(0, milliseconds))
        if latest.count < Self.window {
            latest.append(value)
        } else {
            latest[next] = value
            next = (next + 1) % Self.window
        }
        measured += 1
        guard latest.count >= Self.needed, measured % Self.interval == 0 else { return }
        let rank = min(latest.count - 1, latest.count * settings.percentile / 100)
        delay = max(Self.delayMin, Int64(latest.sorted()[rank]))
    }

    var hasToken: Bool { settings.isOn && tokens >= 1 }

    mutating func take() { tokens -= 1 }
}
