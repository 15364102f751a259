/// Makes edits at random: of features where features are, of styles, layers, permissions, tiles.
final class EditMaker {
    private let site: MapSite
    private let spots: [MapPlace]

    /// - Parameter spots: points at which most happens.
    init(_ site: MapSite, spots: [MapPlace]) { (self.site, self.spots) = (site, spots) }

    private var dice: Dice { site.world.dice }
    private var model: MapModel { site.model }

    /// Somewhere around where things are.
    private func place(isPoint: Bool) -> MapPlace {
        // Some things happen far away, where the edges of coarse pictures are.
        let spot =
            dice.chance(25)
            ? .point(Double(dice.pick(-170...170)), Double(dice.pick(-78...78))) : dice.pick(spots)
        func near(_ value: Double, _ most: Double) -> Double {
            let offset = Double(dice.pick(-2_000...2_000)) / 1_000
            return min(max(((value + offset) * 1_000).rounded() / 1_000, -most), most)
        }
        let (west, south) = (near(spot.west, 179), near(spot.south, 80))
        if isPoint { return .point(west, south) }
        let (wide, high) = (Double(dice.pick(1...30)) / 10, Double(dice.pick(1...30)) / 10)
        return MapPlace(
            west: west, south: south, east: min(west + wide, 179.5), north: south + high)
    }

    func feature(in layer: String) -> MapModel.Feature {
        model.newFeature(
            place(isPoint: MapModel.pointLayers.contains(layer) || dice.chance(50)),
            day: dice.pick(1...28))
    }

    /// The next edit; its body says what it does, unless that is sabotaged.
    func make() -> MapEdit {
        // Who sees a layer by another style than before may be the first to save that one.
        if let style = site.untoldStyle, dice.chance(80) { return ofCatalog(.restyle(style)) }
        // Layers are hidden too seldom for this to be noticed soon.
        let isOfPermissions =
            site.sabotage == .forgetsWhoAsks || site.sabotage == .ignoresCredentials
        let hides = isOfPermissions && dice.chance(50)
        let isOfCatalog = site.sabotage == .emptiesAll || site.sabotage?.isOfCatalogue == true
        let isOfData = !isOfCatalog && dice.chance(70)
        if !hides, isOfData || site.sabotage == .hidesFeature { return transaction() }
        let layer = dice.pick(model.layers)
        let operation: MapEdit.Operation
        let isOfStyles = site.sabotage?.isOfCatalogue == true
        switch hides ? 7 : dice.below(isOfStyles ? site.sabotage == .tellsNoStyles ? 4 : 6 : 11) {
        case 0..<4: operation = .restyle(dice.pick(model.styles))
        case 4..<6: operation = .redress(layer, dice.pick(model.styles))
        case 6: operation = .configure(layer)
        case 7: operation = .permit(layer, isHidden: hides || dice.chance(40))
        default: operation = .truncate(layer)
        }
        return ofCatalog(operation)
    }

    private func ofCatalog(_ operation: MapEdit.Operation) -> MapEdit {
        let edit = site.plan([operation])
        EditText.writeREST(edit, operation, dice)
        aside(edit)
        return edit
    }

    private func transaction() -> MapEdit {
        let count = dice.chance(75) ? 1 : dice.pick(2...4)
        var operations: [MapEdit.Operation] = []
        let hides = site.sabotage == .hidesFeature
        for _ in 0..<count { operations.append(self.operation(inserts: hides)) }
        let edit = site.plan(operations)
        EditText.write(edit, dice, hiding: hides ? 1 : 0)
        aside(edit)
        return edit
    }

    private func aside(_ edit: MapEdit) {
        if site.sabotage == .writesAside { (edit.method, edit.path) = ("POST", "/aside/edit") }
    }

    private func operation(inserts: Bool) -> MapEdit.Operation {
        let layer = dice.pick(model.layers)
        let known = model.features[layer] ?? []
        let points = dice.pick(MapModel.pointLayers)
        guard !inserts, dice.chance(50), !known.isEmpty else {
            // Of two, one can be kept back.
            let count = inserts ? dice.pick(2...3) : dice.pick(1...3)
            return .insert(layer, (0..<count).map { _ in feature(in: layer) })
        }
        let id = dice.pick(known).id
        let isPoint = MapModel.pointLayers.contains(layer)
        switch dice.below(10) {
        case 0: return .update(layer, id, nil)
        case 1: return .update(layer, id, place(isPoint: isPoint))
        case 2: return .delete(layer, id)
        case 3..<6:
            return .updateWithin(
                points, place(isPoint: false), dice.chance(50) ? place(isPoint: true) : nil)
        default: return .deleteWithin(points, place(isPoint: false))
        }
    }
}
