public import Caching

/// How writes that pass the edge make stale what they touch.
public struct WriteSettings: Sendable {
    /// Writes are recognised, of behaviors that have a class. Default: yes.
    public var isOn = true
    /// What the edge knows of the servers behind it: see `WriteContext`. Its `site` is empty at
    /// first: only a map server's writes are recognised, and of the site's pages none.
    public var context: WriteContext
    /// After how long what may go on behind its answer, or of which nobody knows if it happened, is
    /// made stale once more, in milliseconds. Default 60 s.
    public var repeatDelay: Milliseconds = 60_000
    /// Layer groups, each with its members, which may be groups themselves. What touches a member
    /// touches the group.
    public var groups: [LayerName: [LayerName]] = [:]
    /// Styles, each with all the layers whose default style it is, and all groups that draw a
    /// member with it. Of pictures and legends a write to such a style touches these layers' and
    /// what names the style; one to any other style touches all that do not tell their style.
    public var styles: [LayerName: [LayerName]] = [:]
    /// Where the servers' catalogue is read; nil: nowhere, so that `groups` and `context` are all
    /// that is known.
    public var catalogue: CatalogueSettings?
    /// The catalogue has not been read yet, or not since it may have changed: any group may show
    /// any layer.
    var awaitsCatalogue = false
    /// How the subjects of stored responses are read.
    public var reading = ScopeReading.standard

    public init() {
        context = WriteContext()
        context.site = []
    }

    /// The scope with the layers that are drawn by what it names, and the groups that show those.
    public func expanded(_ scope: WriteScope) -> WriteScope {
        withGroups(withLayers(scope))
    }

    /// Of styles of which is known whose default they are, those layers in place of all.
    private func withLayers(_ scope: WriteScope) -> WriteScope {
        guard !styles.isEmpty else { return scope }
        var known = WriteScope()
        known.isHard = scope.isHard
        for part in scope.parts {
            guard case .style(let style) = part.target, let layers = styles[style] else {
                known.insert(part)
                continue
            }
            // Only these tell their style, or have a layer's default one.
            let drawn = part.kinds.intersection([.tiles, .legends])
            known.insert(
                WriteScope.Part(
                    part.target, part.kinds.subtracting(drawn), boxes: part.boxes,
                    selection: part.selection))
            for target in [.namedStyle(style)] + layers.map(WriteScope.Target.layer) {
                known.insert(
                    WriteScope.Part(target, drawn, boxes: part.boxes, selection: part.selection))
            }
        }
        return known
    }

    private func withGroups(_ scope: WriteScope) -> WriteScope {
        guard !groups.isEmpty || awaitsCatalogue else { return scope }
        var wide = scope
        if awaitsCatalogue {
            // Nobody's group is known: all of the same kind at the same place.
            for part in scope.parts where part.target.namesLayers {
                wide.insert(
                    WriteScope.Part(
                        .everything, part.kinds, boxes: part.boxes,
                        selection: part.selection.withoutStyle))
            }
        }
        for part in scope.parts {
            var seen: Set<LayerName> = []
            var left = [part.target]
            while let target = left.popLast() {
                for (group, members) in groups where !seen.contains(group) {
                    guard members.contains(where: { target.reaches($0) }) else { continue }
                    seen.insert(group)
                    wide.insert(
                        WriteScope.Part(
                            .layer(group), part.kinds, boxes: part.boxes,
                            selection: part.selection.withoutStyle))
                    left.append(.layer(group))
                }
            }
        }
        return wide
    }
}

extension WriteScope.Target {
    fileprivate var namesLayers: Bool {
        switch self {
        case .layer, .workspace: true
        case .everything, .style, .namedStyle, .page: false
        }
    }

    /// Whether a layer is meant by its name or workspace; of a style nobody can tell here.
    fileprivate func reaches(_ layer: LayerName) -> Bool {
        switch self {
        case .layer, .workspace: matches(layer: layer, style: nil, path: nil)
        // Meant in any case, or not by its name.
        case .everything, .style, .namedStyle, .page: false
        }
    }
}
