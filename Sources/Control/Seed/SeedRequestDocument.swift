import Caching
import Tiles
import Yams

/// A seed as GeoWebCache's REST interface is asked for it: XML, JSON, or the fields of its page's
/// form.
///
/// Source: GeoWebCache user manual, "Seeding and Truncating"; `org.geowebcache.seed.SeedRequest`,
/// `org.geowebcache.rest.controller.SeedController`.
struct SeedRequestDocument: Equatable {
    enum Kind: String {
        case seed, reseed, truncate
    }

    var kind: Kind
    var gridSet: String?
    var first: Int?
    var last: Int?
    var format: String?
    /// In the units of the grid set: west, south, east, north.
    var bounds: [Double]?
    var threads: Int?
    /// Of the layer's parameter filters, in capitals: STYLES, TIME.
    var parameters: [String: String] = [:]

    /// nil: it is none, or has a kind that is not known.
    init?(_ body: [UInt8]) {
        let first = body.first { $0 > 0x20 }
        let fields: Fields?
        switch first {
        case UInt8(ascii: "<"): fields = Fields(xml: body)
        case UInt8(ascii: "{"): fields = Fields(json: String(decoding: body, as: UTF8.self))
        default: fields = Fields(form: String(decoding: body, as: UTF8.self))
        }
        guard let fields, let word = fields["type"]?.lowercased(), let kind = Kind(rawValue: word)
        else { return nil }
        self.kind = kind
        gridSet = fields["gridSetId"] ?? fields["srs"].map { "EPSG:\($0)" }
        (self.first, last) = (
            fields["zoomStart"].flatMap(Int.init), fields["zoomStop"].flatMap(Int.init)
        )
        (format, threads) = (fields["format"], fields["threadCount"].flatMap(Int.init))
        bounds = fields.bounds.isEmpty ? nil : fields.bounds.map { $0 ?? .nan }
        parameters = fields.parameters
    }

    /// The same of type `truncate`.
    func truncation(of layer: String) -> TileTruncation {
        var wish = TileTruncation(layer: LayerName(layer))
        (wish.gridSet, wish.format, wish.parameters) = (gridSet, format, parameters)
        wish.bounds = bounds.flatMap { $0.count == 4 && !$0.contains(where: \.isNaN) ? $0 : nil }
        if let first, let last, 0 <= first, first <= last { wish.levels = first...last }
        return wish
    }

    /// What the command would be told; nil where bounds or levels are none.
    func options(of layer: String) -> SeedOptions? {
        var options = SeedOptions(layer: layer)
        guard let first, let last else { return nil }
        if let bounds {
            guard bounds.count == 4 else { return nil }
            let box = BoundingBox(
                west: bounds[0], south: bounds[1], east: bounds[2], north: bounds[3])
            guard box.isProper else { return nil }
            options.bounds = box
        }
        options.gridSet = gridSet
        options.zoom = "\(first)-\(last)"
        options.format = format
        options.style = parameters["STYLES"].flatMap { $0.isEmpty ? nil : $0 }
        options.time = parameters["TIME"].flatMap { $0.isEmpty ? nil : $0 }
        options.replaces = kind == .reseed
        options.isUnattended = true
        return options
    }
}

/// The values of such a document by their names, whatever it is written in.
private struct Fields {
    private var values: [String: String] = [:]
    private(set) var bounds: [Double?] = []
    private(set) var parameters: [String: String] = [:]

    subscript(_ name: String) -> String? { values[name] }

    private static let names = [
        "type", "gridSetId", "format", "zoomStart", "zoomStop", "threadCount",
    ]

    init?(xml body: [UInt8]) {
        guard let document = ResourceValues(body) else { return nil }
        for name in Self.names {
            values[name] = document.values(at: "seedRequest/\(name)").first
        }
        values["srs"] = document.values(at: "seedRequest/srs/number").first
        bounds = document.values(at: "seedRequest/bounds/coords/double").map { Double($0) }
        guard let pairs = document.pairs(at: "seedRequest/parameters") else { return nil }
        parameters = pairs
    }

    init?(json text: String) {
        // YAML holds JSON, and the reader for it is here already.
        guard let node = try? Yams.compose(yaml: text), let request = node["seedRequest"] else {
            return nil
        }
        for name in Self.names { values[name] = request[name]?.scalar?.string }
        values["srs"] = request["srs"]?["number"]?.scalar?.string
        let coords = request["bounds"]?["coords"]?["double"]?.sequence ?? []
        bounds = coords.map { $0.scalar.flatMap { Double($0.string) } }
        let entry = request["parameters"]?["entry"]
        // One entry stands by itself, several in a list.
        let entries = entry?.sequence.map { Array($0) } ?? entry.map { [$0] } ?? []
        for entry in entries {
            let pair = (entry["string"]?.sequence ?? []).compactMap(\.scalar?.string)
            guard pair.count == 2 else { return nil }
            parameters[pair[0].uppercased()] = pair[1]
        }
    }

    init?(form text: String) {
        let fields = queryParameters(text.replacing("+", with: "%20"))
        for (name, value) in fields where !value.isEmpty {
            switch name {
            case "tileFormat": values["format"] = value
            case _ where name.hasPrefix("parameter_"):
                parameters[name.dropFirst("parameter_".count).uppercased()] = value
            default: values[name] = value
            }
        }
        let sides = ["minX", "minY", "maxX", "maxY"].compactMap { values[$0] }
        bounds = sides.map { Double($0) }
    }
}
