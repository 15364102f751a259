public import Tiles

/// Which tiles of a layer are meant, as far as their keys tell; what is nil leaves that open.
public struct TileSelection: Sendable, Hashable {
    /// Levels of the tile's own grid set.
    public var levels: ClosedRange<UInt8>?
    /// As TIME says it: see `TimeSpan`.
    public private(set) var time: String?
    /// The same, taken apart.
    private(set) var span: TimeSpan?
    public var style: LayerName?
    /// What names no style is not meant: `style` is known to be no default one of the layer's.
    public var isStyleNamed = false
    /// The grid set of the tile, as keys call it; a picture that is no tile may be of any.
    public var gridSet: String?
    /// What was asked for.
    public var format: MapFormat?

    public init(levels: ClosedRange<UInt8>? = nil, style: LayerName? = nil) {
        (self.levels, self.style) = (levels, style)
    }

    /// - Parameter time: that no `TimeSpan` says leaves it open.
    public init(levels: ClosedRange<UInt8>? = nil, time: String?, style: LayerName? = nil) {
        self.init(levels: levels, style: style)
        span = time.flatMap { TimeSpan($0) }
        self.time = span == nil ? nil : time
    }

    /// All tiles.
    public static var all: TileSelection { TileSelection() }

    /// Whether it leaves everything open.
    public var isAll: Bool { isOfAnyKind && levels == nil && time == nil && style == nil }

    /// Whether grid sets and formats are left open.
    var isOfAnyKind: Bool { gridSet == nil && format == nil }

    /// The same for what shows the layer by another name, such as a group, whose styles are others.
    public var withoutStyle: TileSelection {
        var selection = self
        (selection.style, selection.isStyleNamed) = (nil, false)
        return selection
    }

    /// Whether a tile is meant; of what is nil nothing is known.
    func means(level: Int?, time: TimeSpan?) -> Bool {
        Self.means(levels, span, level: level, time: time)
    }

    /// Whether what is wanted and what is told may be the same; what is nil may be any.
    static func mayBe<Value: Equatable>(_ wanted: Value?, _ told: Value?) -> Bool {
        guard let wanted, let told else { return true }
        return wanted == told
    }

    static func means(
        _ levels: ClosedRange<UInt8>?, _ span: TimeSpan?, level: Int?, time: TimeSpan?
    ) -> Bool {
        if let levels, let level, !levels.contains(UInt8(clamping: level)) { return false }
        if let span, let time, !span.overlaps(time) { return false }
        return true
    }
}
