public import Caching

/// Which styles draw what does not name its style, as the servers' catalogue had it.
public struct DefaultStyles: Sendable, Equatable {
    /// Styles, each with the layers whose default one it is, or with the groups that draw a member
    /// with it.
    public var layers: [LayerName: [LayerName]] = [:]
    /// Those of which is not said by which style they are drawn.
    public var untold: [LayerName] = []

    public init() {}

    /// How many layers and groups it speaks of, one of several styles for each.
    public var count: Int { layers.values.reduce(untold.count) { $0 + $1.count } }

    /// What a style may draw that does not name it: of a style without a workspace all of that
    /// name count, as those whose own workspace is not told.
    ///
    /// Costs a comparison for each style.
    func drawn(by style: LayerName) -> [LayerName] {
        layers.reduce(into: untold) { if $1.key.mayBe(style) { $0 += $1.value } }
    }
}

/// Layers whose default style may have been changed by writes.
public struct RestyledLayers: Sendable, Equatable {
    /// Of more names all layers are meant.
    public static var nameLimit: Int { 256 }

    public private(set) var areAll: Bool
    public private(set) var names: Set<LayerName> = []

    /// None, or all.
    public init(areAll: Bool = false) { self.areAll = areAll }

    public var isEmpty: Bool { !areAll && names.isEmpty }

    public mutating func insert(_ restyled: ObservedWrite.Restyled) {
        switch restyled {
        case .none: return
        case .any: areAll = true
        case .layer(let name): names.insert(name)
        }
        if names.count > Self.nameLimit { areAll = true }
        if areAll { names = [] }
    }

    public mutating func formUnion(_ other: RestyledLayers) {
        if other.areAll { insert(.any) }
        for name in other.names { insert(.layer(name)) }
    }

    /// Whether a layer may be one of them.
    public func mayContain(_ layer: LayerName) -> Bool {
        areAll || names.contains { $0.mayBe(layer) }
    }
}
