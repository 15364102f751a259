public import Tiles

/// Tiles of a layer that a request to GeoWebCache's interface wants gone, by the words of its
/// documents.
///
/// Source: `org.geowebcache.seed`: SeedRequest, TruncateExtentRequest, TruncateParametersRequest.
public struct TileTruncation: Sendable, Equatable {
    public var layer: LayerName
    /// By its name, or an alias.
    public var gridSet: String?
    /// A number of the EPSG, which older documents give in place of a grid set.
    public var system: Int?
    /// Both or none.
    public var levels: ClosedRange<Int>?
    /// A media type.
    public var format: String?
    /// West, south, east and north, in the units of the grid set.
    public var bounds: [Double]?
    /// Values of the layer's parameter filters, by their names in capitals.
    public var parameters: [String: String] = [:]

    /// Most grid sets that are told apart; one that shares its tiles with more is every one. Well
    /// below `WriteScope.partLimit`.
    static let gridSetsMax = 8

    public init(layer: LayerName) { self.layer = layer }

    /// What is made stale: what its key says is not meant stays, and nothing else.
    ///
    /// Of a grid set that is not known here no tile's key says that it is none of it.
    public func scope(_ sets: GridSets) -> WriteScope {
        var selection = TileSelection(
            time: parameters["TIME"],
            style: parameters["STYLES"].flatMap { $0.isEmpty ? nil : LayerName($0) })
        selection.format = format.flatMap { MapFormat(named: $0) }
        let levels = levels.map {
            UInt8(clamping: $0.lowerBound)...UInt8(clamping: $0.upperBound)
        }
        let boxes = box(sets).map { [$0] } ?? []
        var scope = WriteScope()
        func insert(_ name: String?, _ levels: ClosedRange<UInt8>?) {
            (selection.gridSet, selection.levels) = (name, levels)
            scope.insert(
                WriteScope.Part(.layer(layer), .tiles, boxes: boxes, selection: selection))
        }
        guard let named = gridSet ?? system.map({ "EPSG:\($0)" }) else {
            insert(nil, levels)
            return scope
        }
        guard let names = sets.keyNames(ofTilesIn: named), names.count <= Self.gridSetsMax,
            isAgreed(sets)
        else {
            insert(nil, nil)
            return scope
        }
        for (name, hasItsLevels) in names { insert(name, hasItsLevels ? levels : nil) }
        return scope
    }

    /// Whether grid set and number, where both are named, are of one system: who knows which of two
    /// a server goes by.
    private func isAgreed(_ sets: GridSets) -> Bool {
        guard let system, let gridSet, let index = sets.set(named: gridSet) else { return true }
        return sets.system(ofSet: index) == .canonical(system)
    }

    /// nil: the whole layer.
    private func box(_ sets: GridSets) -> GeographicBox? {
        guard let bounds, bounds.count == 4, isAgreed(sets),
            let name = gridSet ?? system.map({ "EPSG:\($0)" })
        else { return nil }
        if let index = sets.set(named: name) {
            let box = BoundingBox(
                west: bounds[0], south: bounds[1], east: bounds[2], north: bounds[3])
            return GeographicBox(box, sets.system(ofSet: index))
        }
        return CoordinateSystem(named: name)?.box(
            (bounds[0], bounds[1]), (bounds[2], bounds[3]), of: .picture)
    }
}
