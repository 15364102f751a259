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
    /// Nobody tells which groups there are. Whatever may be one by the capabilities that are read
    /// of the origins' layers then shows each layer: see `ServiceLayer.mayBeGroup`. Default: no.
    public var seeksGroups = false
    /// Nobody tells which groups there are, and no layers are read either. Default: no.
    public var leavesGroups = false
    /// What may be; nil: not known yet, so that any name may.
    var mayBeGroups: [LayerName]?
    /// More names than this are as good as not known.
    private static var possibleGroupsMax: Int { 32 }
    /// Styles, each with all the layers whose default style it is, and all groups that draw a
    /// member with it. Of pictures and legends a write to such a style touches these layers' and
    /// what names the style; one to any other style goes by the catalogue, if that tells the
    /// default style of every layer, and touches all that do not tell their style, if it does not.
    public var styles: [LayerName: [LayerName]] = [:]
    /// Where the servers' catalogue is read; nil: nowhere, so that `groups` and `context` are all
    /// that is known.
    public var catalogue: CatalogueSettings?
    /// Where the site lists its layers with their numbers: `restPath` is that list's path, with its
    /// query. nil: nowhere, so that a number may be any layer's.
    public var numbers: CatalogueSettings?
    /// The catalogue has not been read yet, or not since it may have changed: any group may show
    /// any layer.
    var awaitsCatalogue = false
    /// What the catalogue says of all styles that are not in `styles`; nil: not all of it is known,
    /// or it may have changed since it was read.
    var defaultStyles: (layers: DefaultStyles, groups: DefaultStyles)?
    /// How the subjects of stored responses are read.
    public var reading = ScopeReading.standard

    public init() {
        context = WriteContext()
        context.site = []
    }

    /// The scope with the layers that are drawn by what it names, and the groups that show those.
    ///
    /// - Parameter isOver: the write is done. Until it is, layers may come to be drawn by a style
    ///   of which the catalogue says nothing like that yet.
    public func expanded(_ scope: WriteScope, isOver: Bool = true) -> WriteScope {
        let narrow = withGroups(withLayers(scope, isOver))
        // So many layers that not even those that name another style would be spared.
        guard narrow.touchesEverything, !scope.touchesEverything else { return narrow }
        let wide = withGroups(scope)
        return wide.touchesEverything ? narrow : wide
    }

    /// Of styles of which is known whose default they are, those layers in place of all.
    private func withLayers(_ scope: WriteScope, _ isOver: Bool) -> WriteScope {
        guard !styles.isEmpty || defaultStyles != nil else { return scope }
        var known = WriteScope()
        known.isHard = scope.isHard
        for part in scope.parts {
            guard case .style(let style) = part.target, let drawing = drawn(by: style, isOver)
            else {
                known.insert(named(part, isOver))
                continue
            }
            // Only these tell their style, or have a layer's default one.
            let drawn = part.kinds.intersection([.tiles, .legends])
            known.insert(
                WriteScope.Part(
                    part.target, part.kinds.subtracting(drawn), boxes: part.boxes,
                    selection: part.selection))
            for target in [.namedStyle(style)] + drawing.whole.map(WriteScope.Target.layer) {
                known.insert(
                    WriteScope.Part(target, drawn, boxes: part.boxes, selection: part.selection))
            }
            // What of these is drawn with another style, and says so, stays.
            var selection = part.selection
            selection.style = selection.style ?? style
            for layer in drawing.unnamed {
                known.insert(
                    WriteScope.Part(.layer(layer), drawn, boxes: part.boxes, selection: selection))
            }
        }
        return known
    }

    /// Tiles of a layer in one style, which it is not drawn with unless that is named: only those
    /// that name it.
    private func named(_ part: WriteScope.Part, _ isOver: Bool) -> WriteScope.Part {
        guard case .layer(let layer) = part.target, let style = part.selection.style,
            let drawing = drawn(by: style, isOver),
            !(drawing.unnamed + drawing.whole).contains(where: layer.mayBe)
        else { return part }
        var selection = part.selection
        selection.isStyleNamed = true
        return WriteScope.Part(
            part.target, part.kinds, boxes: part.boxes, selection: selection)
    }

    /// What a style draws that does not name it: layers as far as they name no style, and what a
    /// style may draw whatever the request names, as groups do that have styles of their own; nil:
    /// it may be anything.
    private func drawn(
        by style: LayerName, _ isOver: Bool
    ) -> (unnamed: [LayerName], whole: [LayerName])? {
        if let layers = styles[style] { return ([], layers) }
        guard isOver, let defaultStyles else { return nil }
        // One of several of the name may be in the configuration.
        return (
            defaultStyles.layers.drawn(by: style),
            defaultStyles.groups.drawn(by: style)
                + styles.flatMap { $0.key.mayBe(style) ? $0.value : [] }
        )
    }

    private func withGroups(_ scope: WriteScope) -> WriteScope {
        guard !groups.isEmpty || awaitsCatalogue || seeksGroups else { return scope }
        var wide = scope
        var possible = seeksGroups ? mayBeGroups : []
        if let names = possible, names.count > Self.possibleGroupsMax { possible = nil }
        for part in scope.parts where part.target.namesLayers {
            for name in possible ?? [] {
                wide.insert(
                    WriteScope.Part(
                        .layer(name), part.kinds, boxes: part.boxes,
                        selection: part.selection.withoutStyle))
            }
        }
        if awaitsCatalogue || possible == nil {
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
