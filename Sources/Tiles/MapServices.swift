import HTTP

/// Where a GeoServer's services lie, and what is known of its layers: what two spellings of one
/// tile must be told to be seen as one.
///
/// Made when a configuration is read and handed to each `TileRequest.normalise`; never changes. A
/// class that is borrowed all the way down, so that reading a request retains nothing: were its
/// `gridSets` handed on in its place, each of their tables would be.
public final class MapServices: Sendable {
    /// A GeoServer as the viewers' paths show it.
    public struct Context: Equatable, Sendable {
        /// The path above its services, such as `/geoserver`, not percent-encoded.
        public var path: String
        /// The workspace in which a layer is looked for that the global services are asked for by
        /// its bare name; empty: there is none, and the bare name stays.
        public var bareWorkspace: String
        /// The origin's WMS is asked with TILED=TRUE, so that its integrated GeoWebCache answers
        /// what it has.
        public var hasIntegratedCache: Bool

        public init(
            path: String = "/geoserver", bareWorkspace: String = "",
            hasIntegratedCache: Bool = false
        ) {
            (self.path, self.bareWorkspace) = (path, bareWorkspace)
            self.hasIntegratedCache = hasIntegratedCache
        }
    }

    struct Record: Sendable {
        var path: Range<Int>
        var workspace: Range<Int>
        var hasIntegratedCache: Bool
    }

    public let gridSets: GridSets
    /// Those of them that its pool has told of.
    public let poolSets: [GridSet]
    /// What it has told of its layers; nil: nobody has read that.
    public let facts: [LayerFacts]?
    /// The edge writes the capabilities of the tile services itself; see ``TileDocuments``.
    public let writesTileCapabilities: Bool
    /// Responses with a tile say which one it is, in GeoWebCache's words.
    public let tellsTiles: Bool
    /// Who shows a token is given what nobody is given: see ``TileRequest/hasToken``.
    public let asksAsNobody: Bool
    /// Those capabilities; nil: not written, or nobody has read yet what layers there are.
    public let documents: TileDocuments?
    /// What these were made of by `knowing`; nil: they are as they were configured.
    public let configured: MapServices?
    /// The same without a style that is known to be a layer's default one: each name has a key of
    /// its own. nil: no style is known to be.
    public let withoutStyles: MapServices?
    /// How many writes that may change a layer's default style had passed when those were read.
    public let styleChange: UInt64
    let layers: LayerTable
    /// A layer that is not known is none, and so is its workspace.
    let knowsAllLayers: Bool
    /// Styles by their qualified names; empty where they are not known.
    let styles: LayerTable
    let contexts: [Record]
    /// Some WMS among them has a tile cache of its own.
    public var hasIntegratedCache: Bool { contexts.contains(where: \.hasIntegratedCache) }
    private let bytes: [UInt8]
    /// When layers have something, by their names as keys have them.
    private let times: [[UInt8]: TimeList]
    /// What it was made with.
    private let given: Given

    private struct Given: Sendable {
        var contexts: [Context]
        var styles: [String]
        var writesTileCapabilities: Bool
        var tellsTiles: Bool
        var asksAsNobody: Bool
    }

    /// `/geoserver` with the well-known grid sets, and nothing known of its layers.
    public static let standard = MapServices()

    /// - Parameters:
    ///   - layers: all of the catalogue. With any, the first segment of a virtual service's path is
    ///     believed to be a workspace only if a layer is of it: it may be a global layer group's.
    ///   - styles: all of the catalogue, as `workspace:name` or, of a global one, `name`. Without
    ///     them a style that is asked for by its bare name may be another one in the virtual
    ///     service of a workspace and in the global one, and has two keys.
    ///   - writesTileCapabilities: see there.
    ///   - tellsTiles: see there.
    ///   - asksAsNobody: see there.
    public convenience init(
        contexts: [Context] = [Context()], gridSets: GridSets = .wellKnown,
        layers: [LayerFacts] = [], styles: [String] = [], writesTileCapabilities: Bool = false,
        tellsTiles: Bool = false, asksAsNobody: Bool = true
    ) {
        self.init(
            Given(
                contexts: contexts, styles: styles,
                writesTileCapabilities: writesTileCapabilities, tellsTiles: tellsTiles,
                asksAsNobody: asksAsNobody),
            gridSets, layers, knowsAllLayers: !layers.isEmpty, configured: nil, nil,
            times: Self.times(of: layers))
    }

    private init(
        _ given: Given, _ gridSets: GridSets, _ layers: [LayerFacts], knowsAllLayers: Bool,
        configured: MapServices?, _ documents: TileDocuments?, _ poolSets: [GridSet] = [],
        times: [[UInt8]: TimeList], withoutStyles: MapServices? = nil, styleChange: UInt64 = 0
    ) {
        (self.withoutStyles, self.styleChange) = (withoutStyles, styleChange)
        let (contexts, styles) = (given.contexts, given.styles)
        (self.given, self.gridSets, self.poolSets) = (given, gridSets, poolSets)
        self.knowsAllLayers = knowsAllLayers
        (writesTileCapabilities, tellsTiles) = (given.writesTileCapabilities, given.tellsTiles)
        asksAsNobody = given.asksAsNobody
        (self.configured, self.documents) = (configured, documents)
        facts = configured == nil || layers.isEmpty ? nil : layers
        self.layers = LayerTable(
            layers, styles: styles, workspaces: contexts.map(\.bareWorkspace))
        self.styles = LayerTable(styles.map { LayerFacts(name: $0) })
        self.times = times
        var bytes: [UInt8] = []
        func keep(_ text: String) -> Range<Int> {
            let start = bytes.count
            bytes += Array(text.utf8)
            return start..<bytes.count
        }
        // The longest first, so that /a/geoserver is not taken for a workspace of /a.
        let sorted = contexts.sorted { $0.path.utf8.count > $1.path.utf8.count }
        var records: [Record] = []
        for context in sorted {
            var path = context.path
            while path.hasSuffix("/") { path.removeLast() }
            records.append(
                Record(
                    path: keep(path), workspace: keep(context.bareWorkspace),
                    hasIntegratedCache: context.hasIntegratedCache))
        }
        self.contexts = records
        self.bytes = bytes
    }

    /// The same services with what their pool says of its layers, which need not be all of them:
    /// a layer may be hidden from whoever asked.
    ///
    /// - Parameters:
    ///   - layers: as ``facts(from:)`` makes them.
    ///   - documents: of these layers; nil: none are written.
    ///   - poolSets: its grid sets, beside those that were configured, which go before them; those
    ///     that `GridSets.join` refuses are left out.
    ///   - styleChange: see there.
    public func knowing(
        _ layers: [LayerFacts], documents: TileDocuments?, poolSets: [GridSet] = [],
        styleChange: UInt64 = 0
    ) -> MapServices {
        let (base, times) = (configured ?? self, Self.times(of: layers))
        var sets = base.gridSets
        for set in poolSets { _ = sets.join(set) }
        func services(_ layers: [LayerFacts], without: MapServices?) -> MapServices {
            MapServices(
                given, sets, layers, knowsAllLayers: knowsAllLayers, configured: base, documents,
                poolSets, times: times, withoutStyles: without, styleChange: styleChange)
        }
        let bare = layers.map(\.withoutStyles)
        return services(layers, without: bare == layers ? nil : services(bare, without: nil))
    }

    private static func times(of layers: [LayerFacts]) -> [[UInt8]: TimeList] {
        var times: [[UInt8]: TimeList] = [:]
        for layer in layers {
            guard let extent = layer.description?.times?.extent, let list = TimeList(extent)
            else { continue }
            times[LayerTable.canonical(layer.name)] = list
        }
        return times
    }

    /// Of some layer it is known when it has something.
    public var knowsTimes: Bool { !times.isEmpty }

    /// When a layer has something, as far as the pool's capabilities have told.
    ///
    /// - Parameter name: as it stands behind `LAYERS=` in a map's normal form.
    public func times(ofLayer name: [UInt8]) -> TimeList? { times[name] }

    func byte(_ index: Int) -> UInt8 { bytes[index] }

    /// The context below whose path a path lies, and how long that is in the path.
    ///
    /// - Parameter skipsSessions: sessions count as not there.
    func context(
        of path: RawSpan, skipsSessions: Bool = false
    ) -> (index: Int, length: Int)? {
        for index in contexts.indices {
            if let length = length(of: contexts[index].path, in: path, skipsSessions) {
                return (index, length)
            }
        }
        return nil
    }

    private func length(
        of range: Range<Int>, in path: RawSpan, _ skipsSessions: Bool
    ) -> Int? {
        let text = QueryText(start: 0, end: path.byteCount, isInPath: true)
        var at = 0
        for place in range {
            if skipsSessions { at = ServicePath.passedSession(in: path, at) }
            guard at < path.byteCount else { return nil }
            let (value, width) = text.byte(at: at, in: path)
            guard value == bytes[place] else { return nil }
            at += width
        }
        if skipsSessions { at = ServicePath.passedSession(in: path, at) }
        return at < path.byteCount && path.byte(at) == UInt8(ascii: "/") ? at : nil
    }
}
