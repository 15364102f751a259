import Caching
import Edge
import Reactor
import Tiles

/// What a seed makes of such a world before its first moment.
struct WritePlan {
    var settings = Settings()

    init(_ dice: Dice, loops: Int, _ sabotage: WriteSabotage?, repeatDelay: Int) {
        var origin = OriginSettings()
        let isCluster = sabotage?.isOfCluster ?? dice.chance(40)
        origin.members = (0..<(isCluster ? dice.pick(2...3) : dice.pick(1...2))).map { place in
            MemberSettings(
                name: "http://maps\(place).test",
                endpoints: [.ip(.loopback(port: UInt16(8_001 + place)))],
                authority: "maps\(place).test")
        }
        (origin.connectTimeout, origin.firstByteTimeout) = (1_000, 3_000)
        (origin.betweenBytesTimeout, origin.retryBudgetPercent) = (2_000, 1_000)
        // Nobody checks members here: who comes back is asked at once.
        (origin.health.interval, origin.health.slowStart) = (0, 0)
        if isCluster {
            var cluster = ClusterSettings()
            cluster.leader = origin.members[0].name
            (cluster.timeout, cluster.driftInterval) = (4_000, 5_000)
            if sabotage == .emptiesAll { cluster.invalidates = cluster.everything }
            origin.cluster = cluster
        }
        settings.origins = [origin]
        settings.mode = dice.chance(50) ? .rfc9111 : .cloudfront
        settings.loops = loops
        settings.cache.collapseTimeout = 4_000
        settings.listeners = [ListenerSettings(endpoint: .ip(.loopback(port: 8_080)))]
        settings.limits.connectionsPerLoop = 256
        planBehavior(dice, sabotage)
        planWrites(sabotage, repeatDelay: repeatDelay)
        if sabotage?.isOfCatalogue ?? dice.chance(50) {
            settings.writes.catalogue = CatalogueSettings(origin: origin.id)
        }
    }

    private mutating func planBehavior(_ dice: Dice, _ sabotage: WriteSabotage?) {
        var policy = BehaviorPolicy.standard(mode: settings.mode)
        if dice.chance(30) { policy.staleWhileRevalidate = 10_000 }
        var behavior = BehaviorSettings(policy: policy)
        behavior.maps = Self.services
        behavior.canonicalKeys = true
        if sabotage != nil || dice.chance(50) {
            behavior.metatiles.columns = dice.pick(1...4)
            behavior.metatiles.rows = dice.pick(2...4)
            behavior.metatiles.gutter = dice.pick([0, 5, 8])
        }
        if sabotage == .drawsTwice { behavior.policy.collapses = false }
        settings.behaviors = [behavior]
    }

    private mutating func planWrites(_ sabotage: WriteSabotage?, repeatDelay: Int) {
        let model = MapModel()
        settings.writes.context.workspaces = [EditText.namespace: "w"]
        settings.writes.context.pointLayers = Set(
            MapModel.pointLayers.map { LayerName(workspace: "w", $0) })
        func name(_ plain: String) -> LayerName {
            LayerName(workspace: model.groups[plain] == nil ? "w" : nil, plain)
        }
        if sabotage != .forgetsGroups {
            for (group, members) in model.groups {
                settings.writes.groups[name(group)] = members.map(name)
            }
        }
        settings.writes.repeatDelay = Milliseconds(repeatDelay)
        if sabotage == .forgetsRepeats { settings.writes.repeatDelay = 3_600_000 }
        settings.writes.reading.services = Self.services
        if sabotage == .seesNoSymbols { settings.writes.reading.margin = 0 }
    }

    /// What the edge is told of the servers: where they are, their grids, their layers.
    private static let services: MapServices = {
        let model = MapModel()
        let layers = model.layers.map {
            LayerFacts(name: "w:\($0)", defaultStyle: model.defaultStyle[$0] ?? "")
        }
        let groups = model.groups.keys.sorted().map { LayerFacts(name: $0) }
        return MapServices(
            gridSets: SimulatedGrids.sets, layers: layers + groups, styles: model.styles)
    }()

    // MARK: what is looked at

    /// Tiles around places, some next to each other, pictures, and documents of all kinds.
    static func views(_ dice: Dice, _ model: MapModel, _ spots: [MapPlace]) -> [MapView] {
        var views: [MapView] = []
        for _ in 0..<dice.pick(12...24) { views += tiles(dice, model, dice.pick(spots)) }
        for _ in 0..<dice.pick(2...5) { views.append(picture(dice, model, dice.pick(spots))) }
        for layer in model.layers {
            if dice.chance(50) {
                let style = dice.chance(50) ? dice.pick(model.styles) : nil
                let isDefault = style == model.defaultStyle[layer]
                views.append(
                    MapView(kind: .legend, layers: [layer], style: isDefault ? nil : style))
            }
            if dice.chance(50) { views.append(MapView(kind: .features, layers: [layer])) }
        }
        var info = picture(dice, model, dice.pick(spots))
        info.kind = .info
        views += [info, MapView(kind: .capabilities)]
        // Those that are looked at most are of all kinds.
        for index in views.indices.dropFirst() { views.swapAt(index, dice.below(index + 1)) }
        return views
    }

    private static func subject(_ dice: Dice, _ model: MapModel) -> MapView {
        let names = model.layers + ["g0", "g1"]
        var view = MapView(kind: .tile, layers: [dice.pick(names)])
        if !view.layers[0].hasPrefix("g"), dice.chance(30) {
            let style = dice.pick(model.styles)
            if style != model.defaultStyle[view.layers[0]] { view.style = style }
        }
        if dice.chance(40) {
            let first = dice.pick(1...28)
            view.days = first...min(28, first + dice.pick([0, 3, 10]))
        }
        return view
    }

    private static func tiles(_ dice: Dice, _ model: MapModel, _ spot: MapPlace) -> [MapView] {
        var view = subject(dice, model)
        let (set, level) = (dice.below(2), dice.pick(0...7))
        let address = SimulatedGrids.tile(set, level, spot.west, spot.south)
        var found: [MapView] = []
        for _ in 0..<dice.pick(1...3) {
            var next = address
            next.column += Int32(dice.pick(-2...2))
            next.row += Int32(dice.pick(-2...2))
            guard let box = SimulatedGrids.sets.box(of: next) else { continue }
            (view.address, view.box) = (next, box)
            if !found.contains(where: { $0.address == next }) { found.append(view) }
        }
        return found
    }

    private static func picture(_ dice: Dice, _ model: MapModel, _ spot: MapPlace) -> MapView {
        var view = subject(dice, model)
        view.kind = .picture
        if view.style == nil, !view.layers[0].hasPrefix("g"), dice.chance(30) {
            view.layers = ["l0", "l3"]
        }
        let (wide, high) = (Double(dice.pick(5...19)), Double(dice.pick(5...14)))
        view.box = BoundingBox(
            west: max(-180, (spot.west - wide / 2).rounded()),
            south: max(-90, (spot.south - high / 2).rounded()),
            east: min(180, (spot.west + wide / 2).rounded()),
            north: min(90, (spot.south + high / 2).rounded()))
        return view
    }
}
