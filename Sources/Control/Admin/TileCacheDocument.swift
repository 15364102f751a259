import Tiles

/// What GeoWebCache's REST interface says of layers and of space, as XML and as JSON.
///
/// Source: GeoWebCache user manual, "Managing Layers through the REST API", "Disk Quota REST API";
/// what GeoServer's integrated one writes of a layer (`GeoServerTileLayerInfoImpl`).
struct TileCacheDocument {
    indirect enum Value {
        case text(String)
        case flag(Bool)
        case object([(name: String, value: Value)])
        /// In XML each in an element of that name, which JSON does not tell.
        case list([Item])
    }

    typealias Item = (element: String, value: Value)

    /// Of the root element.
    var name: String
    var value: Value

    /// Without a declaration, as GeoWebCache writes it.
    var xml: [UInt8] { Array((Self.xml(name, value) + "\n").utf8) }

    var json: [UInt8] { Array(JSON.object([(name, Self.json(value))]).encoded.utf8) }

    private static func xml(_ name: String, _ value: Value) -> String {
        let inner =
            switch value {
            case .text(let text): escapedText(text)
            case .flag(let flag): "\(flag)"
            case .object(let fields): fields.map { xml($0.name, $0.value) }.joined()
            case .list(let items): items.map { xml($0.element, $0.value) }.joined()
            }
        return inner.isEmpty ? "<\(name)/>" : "<\(name)>\(inner)</\(name)>"
    }

    private static func json(_ value: Value) -> JSON {
        switch value {
        case .text(let text): .text(text)
        case .flag(let flag): .flag(flag)
        case .object(let fields): .object(fields.map { ($0.name, json($0.value)) })
        case .list(let items): .list(items.map { json($0.value) })
        }
    }

    /// Text between tags, or in quotes.
    static func escapedText(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
            .replacing(">", with: "&gt;").replacing("\"", with: "&quot;")
    }
}

extension TileCacheDocument {
    /// A layer as a tile layer of GeoServer's: any format, in the grid sets of its systems.
    ///
    /// - Parameter sets: those that tiles are asked for in.
    init(_ layer: LayerFacts, _ sets: GridSets) {
        let systems = layer.description?.systems ?? []
        let own = (0..<sets.count).filter { index in
            systems.isEmpty || systems.contains(sets.system(ofSet: index))
        }
        func filter(_ kind: String, _ fields: [(name: String, value: Value)]) -> Item {
            (element: kind, value: Value.object(fields))
        }
        var filters: [Item] = [
            filter("styleParameterFilter", [("key", .text("STYLES")), ("defaultValue", .text(""))])
        ]
        if let times = layer.description?.times {
            filters.append(
                filter(
                    "regexParameterFilter",
                    [
                        ("key", .text("TIME")), ("defaultValue", .text(times.standard)),
                        ("regex", .text(".*")),
                    ]))
        }
        let formats: [Item] = ["image/png", "image/jpeg"].map { (element: "string", .text($0)) }
        let subsets: [Item] = own.compactMap { sets.identifier(ofSet: $0) }.map { set in
            filter("gridSubset", [("gridSetName", .text(set))])
        }
        name = "GeoServerLayer"
        value = .object([
            ("enabled", .flag(true)), ("name", .text(layer.name)),
            ("mimeFormats", .list(formats)), ("gridSubsets", .list(subsets)),
            ("parameterFilters", .list(filters)),
        ])
    }

    /// The store's budget, and what of it is in use, which GeoWebCache has no word for here.
    ///
    /// Space is found whenever it is wanted, and not at times; of the two policies that
    /// GeoWebCache names LFU is the one that the edge's own is nearer to.
    init(_ space: StoreSpace) {
        func bytes(_ count: Int) -> Value {
            .object([("value", .text("\(count)")), ("units", .text("B"))])
        }
        name = "gwcQuotaConfiguration"
        value = .object([
            ("enabled", .flag(true)), ("diskBlockSize", .text("4096")),
            ("cacheCleanUpFrequency", .text("1")), ("cacheCleanUpUnits", .text("SECONDS")),
            ("maxConcurrentCleanUps", .text("1")), ("globalExpirationPolicyName", .text("LFU")),
            ("globalQuota", bytes(space.size)), ("globalUsedQuota", bytes(space.used)),
            ("layerQuotas", .list([])),
        ])
    }
}

/// Bytes of the store.
public struct StoreSpace: Sendable, Equatable {
    public var used: Int
    public var size: Int

    public init(used: Int, size: Int) { (self.used, self.size) = (used, size) }
}
