/// Kinds of stored responses, by what a write can make stale of them.
///
/// The bits are in the invalidation log: they may be added to, not changed.
public struct EntryKinds: OptionSet, Sendable, Hashable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Pictures of the map, as tiles or at any size.
    public static let tiles = EntryKinds(rawValue: 1)
    /// GetLegendGraphic.
    public static let legends = EntryKinds(rawValue: 2)
    public static let featureInfo = EntryKinds(rawValue: 4)
    /// What WFS, WCS and the feature API read.
    public static let features = EntryKinds(rawValue: 8)
    public static let capabilities = EntryKinds(rawValue: 16)
    /// Pages about a layer or a story, and their thumbnails.
    public static let pages = EntryKinds(rawValue: 32)
    /// Search results, lists and the home page.
    public static let lists = EntryKinds(rawValue: 64)
    /// Capabilities that may say where and when there are features: those of WMS and WFS, but not
    /// of WCS, nor of GeoWebCache's tile services, which say how they are configured. What is
    /// stored of them is of `capabilities` as well, so that whoever means all need not name these.
    public static let extents = EntryKinds(rawValue: 128)

    public static let all: EntryKinds = [
        .tiles, .legends, .featureInfo, .features, .capabilities, .pages, .lists,
    ]
    /// What shows a layer, other than lists in which it only occurs.
    public static let layer: EntryKinds = all.subtracting(.lists)
    /// What shows a layer's features, their extent included: what an edit of them touches.
    public static let edited: EntryKinds = layer.subtracting(.capabilities).union(.extents)
    /// What depends on how a layer is drawn.
    public static let drawn: EntryKinds = [
        .tiles, .legends, .featureInfo, .capabilities, .pages,
    ]

    /// With what they reach beside: all capabilities are those of features, too.
    var reach: EntryKinds { contains(.capabilities) ? union(.extents) : self }
}
