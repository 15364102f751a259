extension WriteScope {
    /// The scope as people would say it: `layer geonode:roads in 2 places (tiles, legends)`.
    ///
    /// - Parameter limit: parts that are told; of more only how many.
    public func words(limit: Int = 4) -> String {
        if parts.isEmpty { return "nothing" }
        var told = parts.prefix(limit).map(\.words)
        if parts.count > limit { told.append("\(parts.count - limit) more") }
        return told.joined(separator: "; ")
    }
}

extension WriteScope.Part {
    fileprivate var words: String {
        let place =
            switch boxes.count {
            case 0: ""
            case 1: " in one place"
            default: " in \(boxes.count) places"
            }
        let name =
            switch target {
            case .everything: "everything"
            case .workspace(let name): "workspace \(name)"
            case .layer(let name): "layer \(name)"
            case .style(let name): "style \(name)"
            case .namedStyle(let name): "style \(name) by its name"
            case .page(let path): "page \(path)"
            }
        return "\(name)\(place)\(selection.words) (\(kinds.words))"
    }
}

extension TileSelection {
    /// ` at levels 3 to 5, time 2016, style line`; empty for all.
    fileprivate var words: String {
        let words = [
            levels.map {
                $0.count == 1
                    ? "level \($0.lowerBound)" : "levels \($0.lowerBound) to \($0.upperBound)"
            }, time.map { "time \($0)" },
            style.map { "style \($0)\(isStyleNamed ? " by name" : "")" },
            gridSet.map { "grid set \($0)" }, format.map { "format \($0)" },
        ].compactMap(\.self)
        return words.isEmpty ? "" : " of " + words.joined(separator: ", ")
    }
}

extension EntryKinds {
    private static let extentsWords = "capabilities of WMS and WFS"

    /// The kinds' names, with commas between.
    public var words: String {
        if isSuperset(of: .all) { return "all" }
        let names: [(EntryKinds, String)] = [
            (.tiles, "tiles"), (.legends, "legends"), (.featureInfo, "feature info"),
            (.features, "features"), (.capabilities, "capabilities"), (.pages, "pages"),
            (.lists, "lists"),
        ]
        let extents = contains(.capabilities) || !contains(.extents) ? [] : [Self.extentsWords]
        return (names.filter { contains($0.0) }.map(\.1) + extents).joined(separator: ", ")
    }
}
