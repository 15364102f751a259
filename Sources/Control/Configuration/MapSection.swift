import Caching
import CloudFront
import Edge
import Tiles

/// What is said of the map services behind an origin.
struct MapDraft: Sendable {
    var contexts: [MapServices.Context]
    var gridSets: [GridSet]
    var styles: [String]
    var services: MapServices
    /// Where its layers are read; nil: nowhere.
    var layers: LayerSettings?
    var place: Finding.Place

    init(
        _ contexts: [MapServices.Context], _ gridSets: [GridSet], _ styles: [String],
        writesTileCapabilities: Bool, tellsTiles: Bool, asksAsNobody: Bool, at place: Finding.Place
    ) {
        (self.contexts, self.gridSets, self.styles) = (contexts, gridSets, styles)
        self.place = place
        services = MapServices(
            contexts: contexts, gridSets: GridSets(GridSet.wellKnown + gridSets), styles: styles,
            writesTileCapabilities: writesTileCapabilities, tellsTiles: tellsTiles,
            asksAsNobody: asksAsNobody)
    }

    /// All services together, for whoever reads keys of any origin; of one path the first counts.
    ///
    /// - Parameter isStandardToo: an origin of which nothing is said is there as well.
    static func all(_ drafts: [MapDraft], isStandardToo: Bool) -> MapServices {
        if drafts.isEmpty { return .standard }
        if drafts.count == 1, !isStandardToo { return drafts[0].services }
        var contexts: [MapServices.Context] = []
        let others = isStandardToo ? [MapServices.Context()] : []
        for context in drafts.flatMap(\.contexts) + others
        where !contexts.contains(where: { $0.path == context.path }) {
            contexts.append(context)
        }
        return MapServices(
            contexts: contexts,
            gridSets: GridSets(GridSet.wellKnown + drafts.flatMap(\.gridSets)),
            styles: drafts.flatMap(\.styles))
    }
}

extension ConfigurationReader {
    /// The key `maps` of an origin.
    func readMaps(_ section: Section) -> MapDraft {
        var section = section
        var contexts: [MapServices.Context] = []
        for element in section.elements("services") ?? [] {
            switch element {
            case .value(let given):
                if let path = given.read(.servicePath, findings) {
                    contexts.append(MapServices.Context(path: path))
                }
            case .section(var service):
                var context = MapServices.Context()
                service.read("path", &context.path, .servicePath)
                service.read("bareWorkspace", &context.bareWorkspace, .workspace)
                service.read("integratedCache", &context.hasIntegratedCache, .flag)
                service.finish()
                contexts.append(context)
            }
        }
        if contexts.isEmpty { contexts = [MapServices.Context()] }
        let own = section.given("gridSets").map(readGridSets) ?? []
        let styles = (section.list("styles") ?? []).compactMap { $0.read(.text, findings) }
        let layers = section.section("layers")
        var (writes, tells, asksAsNobody) = (false, false, true)
        section.read("writesTileCapabilities", &writes, .flag)
        section.read("tileHeaders", &tells, .flag)
        section.read("tokens", &asksAsNobody, .choice(["public": true, "pass": false]))
        section.finish()
        var draft = MapDraft(
            contexts, own, styles, writesTileCapabilities: writes, tellsTiles: tells,
            asksAsNobody: asksAsNobody, at: section.place)
        draft.layers = layers.flatMap { readLayers($0, draft) }
        if writes, draft.layers?.services.isEmpty ?? true {
            findings.error(
                at: findings.place(of: section.name + "writesTileCapabilities"),
                "\(section.name)writesTileCapabilities has no layers to write of",
                "name the pool's WMS in \(section.name)layers.services")
        }
        return draft
    }

    /// The keys of `layers`; nil where no service is named that would tell them.
    private func readLayers(_ section: Section, _ draft: MapDraft) -> LayerSettings? {
        var section = section
        var layers = LayerSettings(services: [])
        for given in section.list("services") ?? [] {
            guard let path = given.read(.servicePath, findings) else { continue }
            if draft.services.isMapService(path) {
                layers.services.append(path)
            } else {
                findings.error(
                    at: given.place,
                    "\(given.name) is \"\(printable(path))\", which is no WMS of these services",
                    "write a path such as /geoserver/wms or /geoserver/WORKSPACE/wms")
            }
        }
        for given in section.list("tileServices") ?? [] {
            guard let path = given.read(.servicePath, findings) else { continue }
            if draft.services.isTileService(path) {
                layers.tileServices.append(path)
            } else {
                findings.error(
                    at: given.place,
                    "\(given.name) is \"\(printable(path))\", which is no WMTS of these services",
                    "write a path such as /geoserver/gwc/service/wmts")
            }
        }
        section.read("interval", &layers.interval, .duration(1_000...86_400_000))
        section.read("timeout", &layers.timeout, .duration(1...3_600_000))
        section.finish()
        guard !layers.services.isEmpty || !layers.tileServices.isEmpty else { return nil }
        // A layer's name says nothing of the path above.
        if draft.contexts.count > 1 {
            findings.error(
                at: section.place, "\(section.name)services are of one of several services",
                "give each GeoServer an origin of its own, or remove it")
        }
        return layers
    }

    /// The key `metatiles` of a behavior.
    func metatiles(_ section: inout Section) -> MetatileSettings? {
        guard var part = section.section("metatiles") else { return nil }
        var settings = MetatileSettings()
        let side = ValueForm<Int>.count(1...MetatileSettings.sideMax)
        part.read("columns", &settings.columns, side)
        part.read("rows", &settings.rows, side)
        part.read("gutter", &settings.gutter, .count(0...MetatileSettings.gutterMax))
        part.finish()
        return settings
    }

    /// The key `playback` of a behavior.
    func playback(_ section: inout Section) -> PlaybackSettings? {
        guard var part = section.section("playback") else { return nil }
        var settings = PlaybackSettings()
        part.read("frames", &settings.frames, .count(0...PlaybackSettings.framesMax))
        part.read("concurrent", &settings.concurrent, .count(1...PlaybackSettings.concurrentMax))
        part.read("rate", &settings.rate, .count(1...PlaybackSettings.rateMax))
        part.finish()
        return settings
    }

    /// Gives behaviors the map services of their origins, where maps shall have one key.
    mutating func settleMaps() {
        let drafts = Dictionary(
            origins.compactMap { origin in origin.maps.map { (origin.settings.id, $0.services) } },
            uniquingKeysWith: { first, _ in first })
        configuration.settings.settleMaps(drafts)
        configuration.settings.settleSite()
        let all = MapDraft.all(
            origins.compactMap(\.maps), isStandardToo: origins.contains { $0.maps == nil })
        configuration.settings.writes.reading.services = all
        configuration.settings.writes.context.gridSets = all.gridSets
        let behaviors = configuration.settings.behaviors
        for (index, behavior) in behaviors.enumerated() where behavior.canonicalKeys == true {
            guard let problem = behavior.obstacleToCanonicalKeys else { continue }
            let name = name(of: "canonicalKeys", of: behavior, index)
            findings.error(at: findings.place(of: name), "\(name) \(problem.0)", problem.1)
        }
        for (index, behavior) in behaviors.enumerated() where behavior.maps == nil {
            for (key, isOn) in [
                ("metatiles", behavior.metatiles.isOn), ("playback", behavior.playback.isOn),
            ] where isOn {
                let name = name(of: key, of: behavior, index)
                findings.warning(
                    at: findings.place(of: name),
                    "\(name) says nothing, since the behavior has no canonicalKeys",
                    "give it class: tiles and canonicalKeys: true, or remove \(key)")
            }
        }
        for origin in origins {
            guard let maps = origin.maps,
                !behaviors.contains(where: { $0.maps === maps.services })
            else { continue }
            findings.warning(
                at: maps.place,
                "no behavior of the origin \"\(printable(origin.settings.id))\" has canonicalKeys, "
                    + "so that maps says nothing",
                "give one class tiles and canonicalKeys: true")
        }
    }

    /// Where the file says it: of a distribution's behavior by the element that is about it.
    private func name(
        of key: String, of behavior: BehaviorSettings, _ index: Int
    ) -> String {
        let place =
            isImporting
            ? distribution.additions.firstIndex { $0.concerns(behavior.pattern) } ?? index : index
        return "behaviors[\(place)].\(key)"
    }
}

extension Settings {
    /// Tells writes, and what reads pages' paths, where the site is and which languages it has.
    mutating func settleSite() {
        var languages: [String] = []
        for behavior in behaviors {
            for language in behavior.languages where !languages.contains(language) {
                languages.append(language)
            }
        }
        writes.context.languages = languages
        writes.reading.languages = languages.map { Array($0.utf8) }
        writes.reading.site = writes.context.site.filter { $0 != "/" }.map { Array($0.utf8) }
    }

    /// Gives behaviors the map services of their origins, where maps shall have one key.
    ///
    /// - Parameter services: what is said of them, by the ids of origins.
    mutating func settleMaps(_ services: [String: MapServices]) {
        mapServices = origins.map { services[$0.id] ?? .standard }
        for index in behaviors.indices {
            let behavior = behaviors[index]
            // A twin shows what CloudFront does, whose keys have the query as it is.
            let isWanted = behavior.canonicalKeys ?? (role == .tier)
            behaviors[index].dropsCacheBusters = isWanted && behavior.policy.mapClass.isMapServers
            guard isWanted, behavior.obstacleToCanonicalKeys == nil,
                origins.indices.contains(behavior.origin)
            else {
                behaviors[index].maps = nil
                continue
            }
            behaviors[index].maps = services[origins[behavior.origin].id] ?? .standard
        }
    }
}

extension BehaviorSettings {
    /// Why its keys cannot have maps in their normal form, and what to do about it.
    var obstacleToCanonicalKeys: (String, String)? {
        guard policy.mapClass == .tiles else {
            return ("is for class tiles", "give the behavior class: tiles, or remove it")
        }
        guard let imported else { return nil }
        guard imported.behavior.key.queryStrings.mode == .all,
            imported.behavior.forwarding.queryStrings.mode == .all
        else {
            return (
                "needs all query strings, of which the distribution's policies leave some out",
                "select all of them in the cache policy, or remove it"
            )
        }
        return nil
    }
}

/// Whether a byte may stand in the path above a map server's services.
func isServicePathByte(_ byte: UInt8) -> Bool {
    byte > 32 && byte < 127 && !"?#%*".utf8.contains(byte)
}

extension ValueForm where Value == String {
    /// The path above a map server's services, such as `/geoserver`; `/` for none.
    fileprivate static var servicePath: Self {
        Self { text throws(Complaint) in
            guard text.hasPrefix("/"), text.utf8.count <= 255,
                text.utf8.allSatisfy(isServicePathByte)
            else {
                throw Complaint(
                    "is no path of services", "write what stands before /wms, such as /geoserver")
            }
            return text
        }
    }

    /// A workspace's name.
    fileprivate static var workspace: Self {
        Self { text throws(Complaint) in
            guard !text.isEmpty, !text.contains(":"), !text.contains(","), !text.contains("/")
            else {
                throw Complaint("is no workspace", "write its name alone, such as geonode")
            }
            return text
        }
    }
}
