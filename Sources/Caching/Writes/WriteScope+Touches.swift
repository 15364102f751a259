public import Tiles

extension WriteScope {
    /// Whether an entry may be stale by this write.
    ///
    /// - Parameters:
    ///   - layer: the layer that it shows; nil: not known. Of an entry with several, ask for each.
    ///   - box: the place it shows, grown by how far symbols and the edges of the metatile that it
    ///     was drawn in reach (`GeographicBox.grown`); nil: it has none, or it is not known.
    ///   - style: the style it was drawn with, the layer's default style looked up; nil: not known.
    ///   - kind: its kind; of several, whether any is touched.
    ///   - path: its path, which only pages need; nil: not known.
    ///   - level: of a tile, in its own grid set; nil: not known, or it is none.
    ///   - time: what it shows; nil: not known, or the default.
    ///   - gridSet: of a tile, as its key has it; nil: not known, or it is none.
    ///   - format: as it was asked for; nil: not known.
    public func touches(
        layer: LayerName?, box: GeographicBox?, style: LayerName?, kind: EntryKinds,
        path: String? = nil, level: Int? = nil, time: TimeSpan? = nil,
        gridSet: String? = nil, format: MapFormat? = nil
    ) -> Bool {
        parts.contains { part in
            !part.kinds.isDisjoint(with: kind)
                && part.target.matches(layer: layer, style: style, path: path)
                && part.isAt(box) && part.selection.means(level: level, time: time)
                && TileSelection.mayBe(part.selection.gridSet, gridSet)
                && TileSelection.mayBe(part.selection.format, format)
                && part.selection.means(style: style, ofKnownLayer: layer != nil)
        }
    }
}

extension TileSelection {
    /// - Parameter style: nil: none is named, or, where the layer is not known, it is not known.
    fileprivate func means(style drawn: LayerName?, ofKnownLayer: Bool) -> Bool {
        guard let style else { return true }
        return drawn.map(style.mayBe) ?? !(isStyleNamed && ofKnownLayer)
    }
}

extension WriteScope.Part {
    /// Whether the part reaches a place; one that is not known it may always reach.
    public func isAt(_ box: GeographicBox?) -> Bool {
        guard let box, !boxes.isEmpty else { return true }
        return boxes.contains { $0.intersects(box) }
    }
}

extension WriteScope.Target {
    /// Whether an entry of a layer, style and path may be meant; what is nil may be any.
    public func matches(layer: LayerName?, style: LayerName?, path: String?) -> Bool {
        switch self {
        case .everything: true
        case .workspace(let name):
            layer?.workspace == nil || layer?.workspace == name
        case .layer(let name): layer.map { name.mayBe($0) } ?? true
        case .style(let name): style.map { name.mayBe($0) } ?? true
        case .namedStyle(let name): style.map { name.mayBe($0) } ?? false
        case .page(let start):
            path.map { Self.begins($0, with: start) } ?? true
        }
    }

    /// Whether a path is meant by its beginning.
    func matches(path: String) -> Bool { matches(layer: nil, style: nil, path: path) }

    /// Whether a path begins with whole segments of another.
    private static func begins(_ path: String, with start: String) -> Bool {
        let (path, start) = (path.utf8, start.utf8)
        guard path.starts(with: start) else { return false }
        guard path.count > start.count, start.last != UInt8(ascii: "/") else { return true }
        return path[path.index(path.startIndex, offsetBy: start.count)] == UInt8(ascii: "/")
    }
}
