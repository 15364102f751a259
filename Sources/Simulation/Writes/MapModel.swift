/// What simulated map servers have: layers with features, groups, styles. Each change has a number.
///
/// All servers have one database, as behind a pool: what one has committed all draw.
final class MapModel {
    struct Feature {
        var id: Int
        var place: MapPlace
        /// A day of June 2005.
        var day: Int
    }

    /// What a change changed, as far as anybody could see it.
    struct Footprint {
        /// nil: whatever layer.
        var layer: String?
        /// nil: everywhere.
        var place: MapPlace?
        /// nil: at all times.
        var day: Int?
        /// Only what is drawn with it: what names it, and what names none of these layers, whose
        /// default one it was.
        var style: String?
        var drawn: Set<String> = []
        var kinds: [MapView.Kind]
        /// Not what shows the layer in a group.
        var isDirect = false

        static let edited: [MapView.Kind] = [.tile, .picture, .info, .features, .capabilities]
        static let drawn: [MapView.Kind] = [.tile, .picture, .legend]
        static let all: [MapView.Kind] = [
            .tile, .picture, .legend, .features, .info, .capabilities,
        ]
    }

    struct Change {
        var number: Int
        var footprints: [Footprint]
        var committedAt: UInt64
        /// The edit that it is.
        var edit: Int
        /// A server of a cluster may not have read it.
        var isOfCatalog: Bool
    }

    let layers = ["l0", "l1", "l2", "l3"]
    /// Layers whose features are points.
    static let pointLayers = ["l0", "l1"]
    let groups: [String: [String]] = ["g0": ["l0", "l1"], "g1": ["g0", "l2"]]
    let styles = ["s0", "s1", "s2"]
    /// Layers' default styles before the first edit: nobody asks for one of these by its name.
    static let firstStyles = ["l0": "s0", "l1": "s1", "l2": "s0", "l3": "s2"]
    private(set) var defaultStyle = firstStyles
    private(set) var features: [String: [Feature]] = [:]
    private(set) var changes: [Change] = []
    private var hidden: Set<String> = []
    /// Which change hid a layer, or showed it again.
    private var permissions: [(number: Int, layer: String, isHidden: Bool)] = []
    private var ids = 0

    /// The number of the latest change.
    var number: Int { changes.count }

    /// The layers that a layer or group shows.
    func members(of name: String) -> [String] {
        groups[name].map { $0.flatMap(members) } ?? [name]
    }

    /// Whether somebody without a name may not see it.
    func hides(_ names: [String]) -> Bool {
        names.flatMap(members).contains { hidden.contains($0) }
    }

    /// Whether it was so behind a change.
    func hid(_ names: [String], behind number: Int) -> Bool {
        names.flatMap(members).contains { layer in
            permissions.last { $0.layer == layer && $0.number <= number }?.isHidden ?? false
        }
    }

    func newFeature(_ place: MapPlace, day: Int) -> Feature {
        ids += 1
        return Feature(id: ids, place: place, day: day)
    }

    /// Begins with a feature, before anybody looks.
    func put(_ feature: Feature, into layer: String) {
        features[layer, default: []].append(feature)
    }

    /// Does what an edit does, all of it or nothing.
    func commit(_ edit: MapEdit, at time: UInt64) {
        let footprints = edit.operations.flatMap(apply)
        changes.append(
            Change(
                number: number + 1, footprints: footprints, committedAt: time, edit: edit.number,
                isOfCatalog: edit.isOfCatalog))
    }

    private func apply(_ operation: MapEdit.Operation) -> [Footprint] {
        switch operation {
        case .insert(let layer, let new):
            features[layer, default: []] += new
            return new.map { edited(layer, $0) }
        case .update(let layer, let id, let place):
            return move(layer, to: place) { $0.id == id }
        case .updateWithin(let layer, let box, let place):
            return move(layer, to: place) { box.holds($0.place) }
        case .delete(let layer, let id): return remove(layer) { $0.id == id }
        case .deleteWithin(let layer, let box): return remove(layer) { box.holds($0.place) }
        case .restyle(let style):
            return [Footprint(style: style, drawn: drawn(by: style), kinds: Footprint.drawn)]
        case .redress(let layer, let style):
            defaultStyle[layer] = style
            return [Footprint(layer: layer, kinds: Footprint.all)]
        case .configure(let layer): return [Footprint(layer: layer, kinds: Footprint.all)]
        case .permit(let layer, let isHidden):
            if isHidden { hidden.insert(layer) } else { hidden.remove(layer) }
            permissions.append((number + 1, layer, isHidden))
            return [Footprint(layer: layer, kinds: Footprint.all)]
        case .truncate(let layer):
            return [Footprint(layer: layer, kinds: [.tile], isDirect: true)]
        }
    }

    /// The layers whose default style it is now.
    func drawn(by style: String) -> Set<String> {
        Set(layers.filter { defaultStyle[$0] == style })
    }

    private func edited(_ layer: String, _ feature: Feature) -> Footprint {
        Footprint(
            layer: layer, place: feature.place, day: feature.day, kinds: Footprint.edited)
    }

    private func move(
        _ layer: String, to place: MapPlace?, _ isMeant: (Feature) -> Bool
    ) -> [Footprint] {
        var found: [Footprint] = []
        for index in (features[layer] ?? []).indices {
            guard let old = features[layer]?[index], isMeant(old) else { continue }
            found.append(edited(layer, old))
            var new = old
            new.place = place ?? old.place
            features[layer]?[index] = new
            found.append(edited(layer, new))
        }
        return found
    }

    private func remove(_ layer: String, _ isMeant: (Feature) -> Bool) -> [Footprint] {
        let gone = (features[layer] ?? []).filter(isMeant)
        features[layer]?.removeAll(where: isMeant)
        return gone.map { edited(layer, $0) }
    }

    /// Whether a change changed what a view shows.
    ///
    /// - Parameter shown: where that is, with what reaches into it; nil: it is of no place.
    func touches(_ change: Change, _ view: MapView, at shown: MapPlace?) -> Bool {
        change.footprints.contains { footprint in
            guard footprint.kinds.contains(view.kind) else { return false }
            if let place = footprint.place, let shown, !shown.meets(place) { return false }
            // Pictures and features at a place are of a time; documents about a layer are not.
            if let day = footprint.day, let days = view.days, !days.contains(day) { return false }
            return view.kind == .capabilities
                || view.layers.contains { shows($0, footprint, style: view.style) }
        }
    }

    private func shows(_ name: String, _ footprint: Footprint, style: String?) -> Bool {
        let shown = footprint.isDirect ? [name] : members(of: name)
        return shown.contains { layer in
            (footprint.layer == nil || footprint.layer == layer)
                && (footprint.style == nil
                    || style.map { $0 == footprint.style } ?? footprint.drawn.contains(layer))
        }
    }
}
