// What a pool's own services say of its layers, under the names that layers have everywhere.
extension MapServices {
    /// One WMS of a pool, by the path under which viewers ask for it, and the layers it lists.
    public struct Listing: Sendable {
        public var path: String
        public var layers: [ServiceLayer]

        public init(path: String, layers: [ServiceLayer]) {
            (self.path, self.layers) = (path, layers)
        }
    }

    /// The reference systems that layers have tiles in.
    public var systems: Set<ReferenceSystem> {
        Set(gridSets.records.map(\.system))
    }

    /// Whether a path is one of a WMS, global or of a workspace.
    public func isMapService(_ path: String) -> Bool { service(path)?.service == .wms }

    /// The path above the services, of several the first one's; empty for none.
    public var contextPath: String {
        String(decoding: contexts[0].path.map(byte), as: UTF8.self)
    }

    /// The paths above the services of each; empty for none.
    public var contextPaths: [String] {
        contexts.map { String(decoding: $0.path.map(byte), as: UTF8.self) }
    }

    /// Whether a path is one of a WMTS, global or of a workspace or a layer.
    public func isTileService(_ path: String) -> Bool {
        let bytes = Array(path.utf8)
        return unsafe ServicePath(bytes.span.bytes, self).service == .wmts
    }

    /// What of GeoWebCache's REST interface a path is.
    public enum TileCacheResource: Sendable {
        case seed, massTruncation, layers, diskQuota
    }

    /// Of a path below a context whose server has no such cache in use; nil for any other, and for
    /// what stands there beside tiles. For the slow way: allocates.
    public func tileCacheResource(_ path: RawSpan) -> TileCacheResource? {
        guard let (index, length) = context(of: path), !contexts[index].hasIntegratedCache else {
            return nil
        }
        var walk = PathWalk(at: length)
        var words: [String] = []
        while let segment = walk.next(in: path), words.count < 5 {
            words.append(segment.decoded(in: path))
        }
        guard words.count >= 3, words[0] == "gwc", words[1] == "rest" else { return nil }
        var name = words[2]
        for ending in [".xml", ".json"] where words.count == 3 && name.hasSuffix(ending) {
            name.removeLast(ending.count)
        }
        switch (name, words.count) {
        case ("seed", 3...4): return .seed
        case ("masstruncate", 3): return .massTruncation
        case ("layers", 3...4): return .layers
        case ("diskquota", 3): return .diskQuota
        default: return nil
        }
    }

    private func service(_ path: String) -> (service: ServicePath.Service, workspace: String)? {
        let bytes = Array(path.utf8)
        let found = unsafe ServicePath(bytes.span.bytes, self)
        guard found.service != .unknown else { return nil }
        return (found.service, unsafe found.workspace.decoded(in: bytes.span.bytes))
    }

    /// Every layer of these services once, in the order in which they were listed.
    ///
    /// A workspace's virtual service names its layers without the workspace, and the global groups
    /// that it shows as the global one does.
    public func facts(from listings: [Listing]) -> [LayerFacts] {
        var facts: [LayerFacts] = []
        var places: [String: Int] = [:]
        let known = listings.compactMap { listing in
            service(listing.path).map { (workspace: $0.workspace, layers: listing.layers) }
        }
        func fact(_ name: String, _ layer: ServiceLayer) -> Int {
            if let place = places[name] { return place }
            places[name] = facts.count
            facts.append(LayerFacts(name: name, description: layer))
            return facts.count - 1
        }
        for (_, layers) in known.filter({ $0.workspace.isEmpty }) {
            for layer in layers {
                let place = fact(layer.name, layer)
                facts[place].defaultStyle = layer.defaultStyle
            }
        }
        for (workspace, layers) in known.filter({ !$0.workspace.isEmpty }) {
            for layer in layers where places[layer.name] == nil || layer.name.contains(":") {
                let isWhole = layer.name.contains(":")
                let place = fact(isWhole ? layer.name : "\(workspace):\(layer.name)", layer)
                guard facts[place].name.hasPrefix(workspace + ":") else { continue }
                facts[place].learn(layer.defaultStyle, inVirtualServiceOf: workspace)
            }
        }
        return facts
    }
}

extension LayerFacts {
    fileprivate mutating func learn(_ style: String, inVirtualServiceOf workspace: String) {
        if style.hasPrefix(workspace + ":") {
            // That name is one everywhere.
            if defaultStyle.isEmpty { defaultStyle = style }
        } else {
            virtualStyle = style
        }
    }
}

extension QueryText {
    /// The text by itself; allocates.
    func decoded(in bytes: RawSpan) -> String {
        var text: [UInt8] = []
        var at = start
        while at < end {
            let (value, width) = byte(at: at, in: bytes)
            text.append(value)
            at += width
        }
        return String(decoding: text, as: UTF8.self)
    }
}
