import HTTP

/// Cache tags by which a cache in front of the edge finds what a write touched.
///
/// What an entry shows becomes the tags of its response, and a scope becomes tags of which one at
/// least is on every response that it touches: the same rule as `ScopeIndex`, without places, so
/// that a tag reaches further than the scope, never less far.
///
/// ```
/// of a layer        layer:geonode:roads  layer:*:roads  workspace:geonode
///   of no workspace layer:roads  workspace:*
///   of none known   nameless:maps|capabilities|pages
/// of a style        style:geonode:line  style:*:line, or style:line; unstyled:…
/// of a page         page:/story  page:/story/x
/// of each           kind:tiles …; unread where the key does not tell
/// ```
///
/// Source: CloudFront, "Specify cache tags".
public enum ScopeTags {
    /// Tags of an object beyond these are ignored.
    public static var limit: Int { 50 }
    /// Longest tag, in bytes; of a longer one its beginning stands for all that begin so.
    public static var lengthLimit: Int { 256 }
    /// Segments of a path that are told apart.
    private static var depthLimit: Int { 6 }

    /// What the list of tags of an entry begins with.
    public static var firstWord: String { "kind:" }

    // MARK: entries

    /// The tags of what is stored under a canonical key; none: no write makes it stale.
    ///
    /// - Parameter fields: those of the response; nil: not all of them are known.
    public static func tags(
        of canonical: RawSpan, fields: RawSpan?, _ reading: ScopeReading
    ) -> [String] {
        guard let entry = EntrySubject(canonical, reading) else {
            return coarse(.all)
        }
        if entry.kinds.isEmpty { return [] }
        var tags = kindTags(entry.kinds)
        if let path = entry.path {
            tags += pageTags(entry, at: canonical.extracting(path), canonical, fields, reading)
        }
        for name in entry.names(in: canonical) {
            tags += layerTags(name.layer, entry.kinds) + styleTags(name.style, entry.kinds)
        }
        tags = unique(tags)
        return tags.count > limit ? coarse(entry.kinds) : tags
    }

    /// Those of a page: by its path, by the layer that this names, and by what it tells it shows.
    private static func pageTags(
        _ entry: EntrySubject, at path: RawSpan, _ canonical: RawSpan, _ fields: RawSpan?,
        _ reading: ScopeReading
    ) -> [String] {
        var tags = pageTags(PercentCoding.decodedBytes(path))
        let own = entry.pageLayerName(canonical)
        if let own { tags += layerTags(own, entry.kinds) }
        let untold = entry.forEachShown(
            path: path, namesLayer: own != nil, fields: fields, reading
        ) { kind, _, text in
            let name = PercentCoding.decodedBytes(text)
            switch kind {
            case .layer: tags += layerTags(.decoded(name), entry.kinds)
            case .workspace:
                tags.append(tag("workspace:", name[...]))
                tags += groups("nameless", entry.kinds)
            case .style: tags += styleTags(.decoded(name), entry.kinds)
            case .page: tags += pageTags(name)
            }
        }
        if untold.isAll { tags.append("unread") }
        return tags + groups("nameless", untold.layers) + groups("unstyled", untold.styles)
    }

    /// Of an entry that may show anything.
    private static func coarse(_ kinds: EntryKinds) -> [String] {
        kindTags(kinds) + groups("nameless", kinds) + groups("unstyled", kinds) + ["unread"]
    }

    private static func layerTags(_ layer: LayerName?, _ kinds: EntryKinds) -> [String] {
        guard let layer else { return groups("nameless", kinds) }
        guard let workspace = layer.workspace else {
            return [tag("layer:", layer.name), "workspace:*"]
        }
        return [
            tag("layer:", "\(workspace):\(layer.name)"), tag("layer:*:", layer.name),
            tag("workspace:", workspace),
        ]
    }

    private static func styleTags(_ style: LayerName?, _ kinds: EntryKinds) -> [String] {
        guard let style else { return groups("unstyled", kinds) }
        guard let workspace = style.workspace else { return [tag("style:", style.name)] }
        return [
            tag("style:", "\(workspace):\(style.name)"), tag("style:*:", style.name),
        ]
    }

    /// All beginnings of a path in whole segments.
    private static func pageTags(_ path: [UInt8]) -> [String] {
        var tags = ["page:/"]
        var depth = 0
        for (index, byte) in path.enumerated() where byte == UInt8(ascii: "/") && index > 0 {
            depth += 1
            if depth > depthLimit { return tags }
            tags.append(tag("page:", path[..<index]))
        }
        return tags + [tag("page:", path[...])]
    }

    // MARK: scopes

    /// The tags of which every response that a part of a scope touches has one; nil: it touches
    /// everything.
    public static func tags(of part: WriteScope.Part) -> [String]? {
        let kinds = part.kinds
        switch part.target {
        case .everything: return kinds.isSuperset(of: .all) ? nil : kindTags(kinds)
        case .workspace(let name):
            return [tag("workspace:", name), "workspace:*"] + groups("nameless", kinds)
        case .layer(let layer):
            return named("layer:", layer) + groups("nameless", kinds)
        case .style(let style):
            return named("style:", style) + groups("unstyled", kinds)
        case .namedStyle(let style): return named("style:", style) + ["unread"]
        case .page(let path): return [pageTag(Array(path.utf8)), "unread"]
        }
    }

    private static func named(_ word: String, _ name: LayerName) -> [String] {
        let first = name.workspace.map { "\($0):" } ?? "*:"
        return [tag(word + first, name.name), tag(word, name.name)]
    }

    private static func pageTag(_ path: [UInt8]) -> String {
        var path = path[...]
        while path.count > 1, path.last == UInt8(ascii: "/") { path.removeLast() }
        var depth = 0
        for index in path.indices.dropFirst() where path[index] == UInt8(ascii: "/") {
            depth += 1
            if depth == depthLimit { return tag("page:", path[..<index]) }
        }
        return tag("page:", path)
    }

    // MARK: words

    /// All capabilities have one word.
    private static func told(_ kinds: EntryKinds) -> EntryKinds {
        kinds.contains(.extents) ? kinds.subtracting(.extents).union(.capabilities) : kinds
    }

    private static func kindTags(_ kinds: EntryKinds) -> [String] {
        let kinds = told(kinds)
        let words: [(EntryKinds, String)] = [
            (.tiles, "tiles"), (.legends, "legends"), (.featureInfo, "feature-info"),
            (.features, "features"), (.capabilities, "capabilities"), (.pages, "pages"),
            (.lists, "lists"),
        ]
        return words.filter { kinds.contains($0.0) }.map { firstWord + $0.1 }
    }

    private static func groups(_ word: String, _ kinds: EntryKinds) -> [String] {
        let kinds = told(kinds)
        let groups: [(EntryKinds, String)] = [
            ([.tiles, .legends, .featureInfo, .features], "maps"),
            (.capabilities, "capabilities"), ([.pages, .lists], "pages"),
        ]
        return groups.filter { !$0.0.isDisjoint(with: kinds) }.map { "\(word):\($0.1)" }
    }

    private static func tag(_ word: String, _ name: String) -> String {
        tag(word, Array(name.utf8)[...])
    }

    /// Visible ASCII, without the comma that parts tags; all else as `%2C`.
    private static func tag(_ word: String, _ name: ArraySlice<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var bytes: [UInt8] = []
        for byte in Array(word.utf8) + name {
            if (33...126).contains(byte), byte != UInt8(ascii: ","), byte != UInt8(ascii: "%") {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes.prefix(lengthLimit), as: UTF8.self)
    }

    private static func unique(_ tags: [String]) -> [String] {
        var seen: Set<String> = []
        return tags.filter { seen.insert($0).inserted }
    }
}
