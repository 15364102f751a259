import Reactor
import Tiles

/// A seed that has been checked: what it asks for, of whom, and how fast.
public struct SeedJob: Sendable {
    private let options: SeedOptions
    private let services: MapServices
    private let gridSet: Int
    private let levels: ClosedRange<Int>?
    private let area: SeedArea
    /// Of the edge.
    let endpoints: [Endpoint]
    /// The Host of tiles that no log names.
    let host: String
    /// What is the same in each run of the job.
    let definition: SeedDefinition
    let limits: SeedPace.Limits
    let stateFile: SeedStateFile?

    var layer: String { options.layer }
    var replaces: Bool { options.replaces }
    var isUnattended: Bool { options.isUnattended }
    var namesHost: Bool { options.host != nil || !options.logs.isEmpty }
    private var path: String { options.path == "/" ? "" : options.path }

    /// Reads all but logs.
    public init(
        _ options: SeedOptions, resolver: some NameResolver = SystemNameResolver()
    ) throws(CommandMistake) {
        try self.init(
            options, gridSets: GridSets(GridSet.wellKnown + (Self.gridSets(options.gridSetFiles))),
            resolver)
    }

    /// - Parameter gridSets: those that the edge knows.
    init(
        _ options: SeedOptions, gridSets: GridSets,
        _ resolver: some NameResolver = SystemNameResolver()
    ) throws(CommandMistake) {
        try options.check()
        self.options = options
        let levels = try options.zoom.map { text throws(CommandMistake) in
            try Self.read("--zoom", text, .zoom)
        }
        self.levels = levels
        services = MapServices(
            contexts: [MapServices.Context(path: options.path == "/" ? "" : options.path)],
            gridSets: gridSets)
        gridSet = try Self.gridSet(options.gridSet ?? "EPSG:900913", services.gridSets, levels)
        let digest: String
        (area, digest) = try Self.area(options)
        let url: OriginURL
        (url, endpoints) = try Self.edge(options.edge, resolver)
        host = options.host ?? url.authority
        limits = SeedPace.Limits(
            rate: try options.rate.map { text throws(CommandMistake) in
                try Self.read("--rate", text, .rate)
            }, concurrency: options.concurrency, failures: options.failures)
        definition = Self.definition(
            options, area: digest, levels: levels,
            gridSet: services.gridSets.name(ofSet: gridSet) ?? "")
        stateFile = options.state.map { SeedStateFile(path: $0) }
        if options.logs.isEmpty { try checkTiles() }
    }

    static func read<Value>(
        _ flag: String, _ text: String, _ form: ValueForm<Value>
    ) throws(CommandMistake) -> Value {
        do throws(Complaint) { return try form.parse(text) } catch {
            throw CommandMistake(flag, text, error)
        }
    }

    // MARK: reading

    private static func gridSets(_ directory: String?) throws(CommandMistake) -> [GridSet] {
        guard let directory else { return [] }
        let reader = ConfigurationReader(file: "", resolver: SystemNameResolver())
        let sets = reader.readGridSets(
            Given(name: "--grid-sets", text: directory, place: .flag("--grid-sets")))
        if let finding = reader.findings.all.first(where: { $0.severity == .error }) {
            throw CommandMistake(finding.description, isUsage: true)
        }
        return sets
    }

    private static func gridSet(
        _ name: String, _ sets: GridSets, _ levels: ClosedRange<Int>?
    ) throws(CommandMistake) -> Int {
        guard let index = sets.set(named: name) else {
            let known = (0..<sets.count).compactMap { sets.name(ofSet: $0) }
            throw CommandMistake(
                "--grid-set", name, Complaint("is not known", remedy(for: name, among: known)))
        }
        let count = sets.levelCount(ofSet: index)
        if let levels, levels.upperBound >= count {
            throw CommandMistake(
                "--zoom asks for level \(levels.upperBound), and \(printable(name)) ends with "
                    + "\(count - 1); ask for no more", isUsage: true)
        }
        return index
    }

    /// With a word that tells it from others.
    private static func area(
        _ options: SeedOptions
    ) throws(CommandMistake) -> (SeedArea, digest: String) {
        if let bounds = options.bounds { return (.bounds(bounds), "bounds \(bounds)") }
        if let text = options.gridBox {
            return (.bounds(try read("--bounds", text, .gridBounds)), "bounds \(text)")
        }
        if let text = options.bbox {
            return (try read("--bbox", text, SeedArea.boxForm), "box \(text)")
        }
        if let file = options.polygon {
            let text: String
            do throws(Complaint) { text = try readTextFile(file) } catch {
                throw CommandMistake(
                    "--polygon: \(printable(file)) \(error.problem); \(error.remedy)",
                    isUsage: true)
            }
            let polygons = try GeoJSONPolygon(file: file).read(text)
            // FNV-1a: a file that was edited is another job's.
            let digest = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
                ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3
            }
            return (.polygons(polygons), "polygon #\(String(digest, radix: 16))")
        }
        if !options.logs.isEmpty {
            return (.everywhere, "top \(options.top) of \(options.logs.joined(separator: " "))")
        }
        return (.everywhere, "everywhere")
    }

    private static func edge(
        _ text: String, _ resolver: some NameResolver
    ) throws(CommandMistake) -> (OriginURL, [Endpoint]) {
        let url = try read("--to", text, OriginURL.form)
        guard !url.speaksTLS else {
            throw CommandMistake(
                "--to", text,
                Complaint("is no plain HTTP", "name an address of the edge without TLS"))
        }
        switch url.target {
        case .unix(let path): return (url, [.unix(path: path)])
        case .host(let host, let port):
            do throws(ResolutionError) {
                return (url, try resolver.addresses(of: host, port: port).map(Endpoint.ip))
            } catch {
                throw CommandMistake("--to names \(error)", isUsage: true)
            }
        }
    }

    private static func definition(
        _ options: SeedOptions, area: String, levels: ClosedRange<Int>?, gridSet: String
    ) -> SeedDefinition {
        var definition = SeedDefinition()
        definition.add("layer", options.layer)
        definition.add("area", area)
        definition.add("zoom", levels.map { "\($0.lowerBound)-\($0.upperBound)" })
        // Of a log every grid set counts, unless one is named.
        definition.add("gridSet", options.logs.isEmpty ? gridSet : options.gridSet)
        definition.add("format", options.format)
        definition.add("style", options.style)
        definition.add("time", options.time)
        definition.add("opaque", options.isOpaque ? "true" : nil)
        definition.add("path", options.path)
        // Of the edge's own both may be others after a restart.
        definition.add("edge", options.isUnattended ? nil : options.edge)
        definition.add("host", options.isUnattended ? nil : options.host)
        definition.add("reseed", options.replaces ? "true" : nil)
        return definition
    }

    // MARK: tiles

    private var question: TileQuestion {
        var question = TileQuestion(path: path, layer: options.layer)
        question.style = options.style ?? ""
        question.format = options.format ?? "image/png"
        question.isTransparent = !options.isOpaque
        question.time = options.time
        return question
    }

    private func walk() throws(CommandMistake) -> TileWalk {
        let sets = services.gridSets
        let levels = levels ?? 0...max(0, sets.levelCount(ofSet: gridSet) - 1)
        let finest = sets.resolution(ofSet: gridSet, level: levels.upperBound) ?? 1
        let system = sets.system(ofSet: gridSet)
        guard let area = area.tileArea(in: system, tolerance: finest) else {
            throw CommandMistake(
                "the grid set \(sets.name(ofSet: gridSet) ?? "") is neither in degrees nor in Web "
                    + "Mercator, so that an area in degrees cannot be found in it; give --bounds "
                    + "in its own units, or take another --grid-set", isUsage: true)
        }
        return TileWalk(sets, gridSet: gridSet, levels: levels, area: area)
    }

    /// What cannot be asked for is found out before anybody is asked.
    private func checkTiles() throws(CommandMistake) {
        var walk = try walk()
        guard let first = walk.next() else {
            throw CommandMistake(
                "no tile of these levels has anything of the area; choose another one",
                isUsage: true)
        }
        guard question.target(of: first, services) != nil else {
            throw CommandMistake(
                "--format is \"\(printable(options.format ?? ""))\", which is no format of "
                    + "pictures; write image/png, image/jpeg or the like", isUsage: true)
        }
    }

    /// The tiles, in their order.
    ///
    /// - Parameters:
    ///   - isTakenUp: there is a state, which a log's tiles stand beside.
    ///   - isKept: a log's tiles are put there, where there is none yet.
    func plan(isTakenUp: Bool, isKept: Bool = true) throws(CommandMistake) -> SeedPlan {
        guard !options.logs.isEmpty else {
            return SeedPlan(try walk(), question, services, host: host)
        }
        let tiles: [HotTiles.Tile]
        if isTakenUp, let stateFile {
            tiles = try stateFile.readTiles()
        } else {
            tiles = try readLogs()
            if isKept { try stateFile?.write(tiles) }
        }
        return SeedPlan(tiles.map(\.target), levels: tiles.map(\.level))
    }

    private func readLogs() throws(CommandMistake) -> [HotTiles.Tile] {
        var hot = HotTiles(
            HotTiles.Wish(
                layer: options.layer, path: path,
                gridSet: options.gridSet == nil ? nil : gridSet,
                levels: levels, format: options.format, style: options.style, time: options.time,
                host: options.host), services)
        do throws(CommandMistake) {
            for path in options.logs {
                let fd = try openLog(path)
                defer { closeLog(fd) }
                var source = LogSource(name: path == "-" ? "standard input" : path)
                try source.read(fd) { line, _ throws(CommandMistake) in hot.take(line) }
            }
        } catch {
            throw CommandMistake("--from-log: \(error)", isUsage: error.isUsage)
        }
        let tiles = hot.hottest(options.top)
        guard !tiles.isEmpty else {
            throw CommandMistake(
                "nobody has asked for tiles of \(printable(options.layer)) in "
                    + "\(options.logs.joined(separator: ", "))"
                    + (hot.malformed > 0 ? " (\(hot.malformed) lines are no records)" : "")
                    + "; check the layer's name, --path, --zoom and --format")
        }
        return tiles
    }

    /// How many tiles there are: a line for each level and one for all. Asks nobody.
    public func countLines() throws(CommandMistake) -> [String] {
        let plan = try plan(isTakenUp: false, isKept: false)
        let rows =
            plan.levels.map { ["\($0.level)", "\($0.tiles)"] } + [["all", "\(plan.total)"]]
        return ["\(printable(layer)), \(summary)"] + aligned([["ZOOM", "TILES"]] + rows, words: 1)
    }

    private var summary: String {
        definition.fields.filter {
            ["area", "gridSet", "format", "style", "time"].contains($0.name)
        }
        .map { $0.name == "area" ? printable($0.value) : "\($0.name) \(printable($0.value))" }
        .joined(separator: ", ")
    }
}
