import HTTP

/// What a map service's own capabilities say of one of its layers.
public struct ServiceLayer: Equatable, Sendable {
    public struct Style: Equatable, Sendable {
        public var name: String
        public var title: String

        public init(name: String, title: String = "") { (self.name, self.title) = (name, title) }
    }

    /// The dimension TIME.
    public struct Times: Equatable, Sendable {
        /// Moments and intervals, as they are listed; empty: they are too many to be kept.
        public var extent: [String]
        /// What a request means that names none; empty: that is not told.
        public var standard: String

        public init(extent: [String], standard: String = "") {
            (self.extent, self.standard) = (extent, standard)
        }
    }

    /// As requests to the service name it.
    public var name: String
    public var title = ""
    /// Its own, in the order of the document, without those of layers that it lies in.
    public var styles: [Style] = []
    /// Longitudes and latitudes; nil where they are not told.
    public var box: BoundingBox?
    public var times: Times?
    /// Those it can be drawn in, of the ones that the reader was asked for.
    public var systems: Set<ReferenceSystem> = []
    /// Others lie in it.
    public var holdsLayers = false

    public init(name: String) { self.name = name }

    /// Whether it may be a group that draws others by a name of its own. GeoServer lists the
    /// default style of each layer; of a group none (up to 2.20), or first a `default-style-` that
    /// it makes up from the group's name, and within one that is a tree the layers of it.
    public var mayBeGroup: Bool {
        holdsLayers || styles.isEmpty || defaultStyle.hasPrefix("default-style-")
    }

    /// The style that an empty STYLES means; empty: not known.
    ///
    /// GeoServer and MapServer list a layer's default style first. A layer without styles of its
    /// own has those that it lies in (OGC 06-042 §7.2.4.8), and which of them is drawn nobody says.
    public var defaultStyle: String { styles.first?.name ?? "" }
}

/// Reads the layers of a WMS from its capabilities, 1.1 or 1.3, piece by piece as they arrive.
///
/// Memory is bounded by the scanner's limits and by what is kept of `CapabilitiesReader.layersMax`
/// layers. It is used like `CapabilitiesReader`, and must not be used any more after it has thrown.
public struct ServiceLayersReader: CapabilitiesScan, Sendable {
    /// Most styles of a layer, and bytes of a title and of an extent that are kept.
    static let (stylesMax, titleBytes, extentBytes) = (256, 512, 16_384)

    var transcoder = XMLTranscoder(charset: nil)
    var scanner = XMLScanner(limits: .capabilities, isTranscoded: true)
    private let wanted: Set<ReferenceSystem>
    /// The local names of the open elements.
    private var path: [String] = []
    var text = ""
    /// Open layers, each with its place in the document.
    private var open: [(layer: ServiceLayer, place: Int)] = []
    private var begun = 0
    private var found: [(layer: ServiceLayer, place: Int)] = []
    /// West, south, east and north, as far as they have been read.
    private var sides: [Double?] = []
    /// Of an open Dimension or Extent that is of time.
    private var standardTime: String?

    /// - Parameter systems: those by which layers are to be told apart.
    public init(systems: Set<ReferenceSystem>) { wanted = systems }

    /// Reads whole capabilities.
    public static func read(
        _ document: RawSpan, systems: Set<ReferenceSystem>
    ) throws(CapabilitiesError) -> [ServiceLayer] {
        var reader = ServiceLayersReader(systems: systems)
        try reader.take(document)
        return try reader.finish()
    }

    /// Takes the bytes that follow the ones before.
    public mutating func take(_ bytes: RawSpan) throws(CapabilitiesError) { try scan(bytes) }

    /// Says that the document ends here.
    ///
    /// - Returns: the layers that can be asked for, in the order of the document, each once. Of one
    ///   that stands in it twice, with another style first each time, no style is known.
    public mutating func finish() throws(CapabilitiesError) -> [ServiceLayer] {
        try endScan()
        var layers: [ServiceLayer] = []
        var places: [String: Int] = [:]
        for (layer, _) in found.sorted(by: { $0.place < $1.place }) {
            guard let place = places[layer.name] else {
                places[layer.name] = layers.count
                layers.append(layer)
                continue
            }
            if layers[place].defaultStyle != layer.defaultStyle { layers[place].styles = [] }
        }
        return layers
    }

    mutating func begin(_ element: XMLElement) throws(CapabilitiesError) {
        let name = element.name.local
        if CapabilitiesReader.exceptions.contains(name) { throw .exception }
        if path.isEmpty, !["WMS_Capabilities", "WMT_MS_Capabilities"].contains(name) {
            throw .notCapabilities(root: name)
        }
        let parent = path.last
        path.append(name)
        text = ""
        if name == "Layer" { return try beginLayer() }
        guard parent == "Layer", !open.isEmpty else { return }
        switch name {
        case "Style":
            open[open.count - 1].layer.styles.append(ServiceLayer.Style(name: ""))
        case "EX_GeographicBoundingBox": sides = [nil, nil, nil, nil]
        case "LatLonBoundingBox":
            sides = ["minx", "miny", "maxx", "maxy"].map { element[$0].flatMap { Double($0) } }
            setBox()
        case "Dimension", "Extent":
            let isTime = element["name"]?.lowercased() == "time"
            standardTime = isTime ? element["default"] ?? "" : nil
        default: break
        }
    }

    private mutating func beginLayer() throws(CapabilitiesError) {
        guard begun < CapabilitiesReader.layersMax else {
            throw .tooManyLayers(limit: CapabilitiesReader.layersMax)
        }
        var layer = ServiceLayer(name: "")
        if let outer = open.last?.layer {
            (layer.box, layer.times, layer.systems) = (outer.box, outer.times, outer.systems)
        }
        open.append((layer, begun))
        begun += 1
    }

    mutating func end(_: XMLName) {
        let name = path.removeLast()
        let value = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        text = ""
        guard !open.isEmpty else { return }
        switch path.last {
        case "EX_GeographicBoundingBox":
            if let side = Self.sideNames.firstIndex(of: name), !sides.isEmpty {
                sides[side] = Double(value)
            }
        case "Style" where path.dropLast().last == "Layer": endInStyle(name, value)
        case "Layer": endInLayer(name, value)
        default: break
        }
        if name == "Layer" { endLayer() }
    }

    private mutating func endLayer() {
        guard var ended = open.popLast() else { return }
        if let outer = open.indices.last { open[outer].layer.holdsLayers = true }
        guard !ended.layer.name.isEmpty else { return }
        // Nobody can ask for a style without a name, and the next is not the default one for that.
        if ended.layer.defaultStyle.isEmpty { ended.layer.styles = [] }
        ended.layer.styles.removeAll { $0.name.isEmpty }
        found.append(ended)
    }

    private static let sideNames = [
        "westBoundLongitude", "southBoundLatitude", "eastBoundLongitude", "northBoundLatitude",
    ]

    private mutating func endInStyle(_ name: String, _ value: String) {
        let (layer, style) = (open.count - 1, open[open.count - 1].layer.styles.count - 1)
        guard style >= 0 else { return }
        if name == "Name" { open[layer].layer.styles[style].name = value }
        if name == "Title" { open[layer].layer.styles[style].title = Self.title(value) }
    }

    private mutating func endInLayer(_ name: String, _ value: String) {
        let layer = open.count - 1
        switch name {
        case "Name": open[layer].layer.name = value
        case "Title": open[layer].layer.title = Self.title(value)
        // 1.1.0 has several in one element.
        case "CRS", "SRS":
            for word in value.split(separator: " ") {
                if let system = Self.system(word), wanted.contains(system) {
                    open[layer].layer.systems.insert(system)
                }
            }
        case "EX_GeographicBoundingBox": setBox()
        case "Dimension", "Extent":
            if let standard = standardTime, !value.isEmpty {
                open[layer].layer.times = Self.times(value, standard)
            }
            standardTime = nil
        case "Style":
            if open[layer].layer.styles.count > Self.stylesMax {
                open[layer].layer.styles.removeLast()
            }
        default: break
        }
    }

    private mutating func setBox() {
        let known = sides.compactMap(\.self)
        sides = []
        guard known.count == 4 else { return }
        let box = BoundingBox(west: known[0], south: known[1], east: known[2], north: known[3])
        open[open.count - 1].layer.box = box.isProper ? box : nil
    }

    private static func title(_ text: String) -> String {
        text.utf8.count <= titleBytes ? text : String(text.prefix(titleBytes / 4)) + "…"
    }

    private static func times(_ extent: String, _ standard: String) -> ServiceLayer.Times {
        guard extent.utf8.count <= extentBytes else {
            return ServiceLayer.Times(extent: [], standard: standard)
        }
        let items = extent.split(separator: ",").map { item in
            item.split(separator: " ").joined(separator: " ")
        }
        return ServiceLayer.Times(extent: items.filter { !$0.isEmpty }, standard: standard)
    }

    private static func system(_ word: Substring) -> ReferenceSystem? {
        let parts = word.split(separator: ":")
        guard parts.count == 2, let code = Int(parts[1]) else { return nil }
        if parts[0] == "CRS" { return code == 84 ? .degrees : nil }
        guard parts[0] == "EPSG", 1...99_999_999 ~= code else { return nil }
        return .canonical(code)
    }
}
