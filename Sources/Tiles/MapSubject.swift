import HTTP

/// What a stored response of a map server shows, as far as its target tells: for whoever has to
/// know whether a write touched it.
///
/// Reads a request's path and query, or the canonical text that `TileRequest` makes of them, and
/// finds the same in both. What it cannot tell it leaves open, and then anything may be shown.
/// Allocates nothing; linear in the length of the target.
public struct MapSubject: Sendable {
    /// What kind of answer it is.
    public enum Kind: UInt8, Sendable {
        /// No map server was asked, as far as can be seen.
        case none
        case picture, legend, featureInfo, features, capabilities
        /// A map server was asked for something else.
        case other
    }

    public private(set) var kind = Kind.none
    /// The place that it shows; nil where it has none or that is not known.
    public private(set) var box: GeographicBox?
    /// The northings of its edges in Web Mercator; nil: it is of another system.
    private var northings: (south: Double, north: Double)?
    /// How far beyond its place a picture is drawn from, by its BUFFER, in hundredths of its width
    /// or height, whichever is the shorter; nil where that cannot be read.
    private var buffer: Int? = 0
    /// The level of the tile in its own grid set; nil: it is no tile of a known one.
    public private(set) var level: Int?
    /// `GridSets.nameHash` of that set's name.
    public private(set) var gridSet: UInt64?
    /// Of a picture: what was asked for; nil: none, or one that is not told apart from others.
    public private(set) var format: MapFormat?
    /// The times that it shows; nil: the default, the present, or not known.
    public private(set) var time: TimeSpan?
    /// Of capabilities: they may say where and when there are features.
    public private(set) var tellsExtents = true
    /// A virtual service's first segment, where the catalogue knows it as a workspace.
    private var workspace = QueryText.empty
    private var layers = QueryText.empty
    private var styles = QueryText.empty
    /// The prefix of a layer's name may be one that the request itself declares.
    private var hasForeignPrefixes = false

    /// Reads a target as it was sent.
    public init(path: RawSpan, query: RawSpan, _ services: MapServices) {
        let reading = MapReading(path: path, query: query, services)
        if Self.disagrees(reading.table, path: path) {
            kind = .other
        } else if reading.isMap {
            kind = .picture
            (layers, styles) = (reading.layers, reading.styles)
            format = reading.map.format.toldApart
            if layers.isEmpty { layers = Self.layers(reading.table, reading.map.service) }
            if let address = reading.address {
                place(address, services.gridSets)
                setBuffer(reading.table, query, services.gridSets.side(of: address))
            } else if reading.form == .getMap {
                place(reading.wms)
                setBuffer(reading.table, query, reading.wms.shorterSide)
            }
            // Of two values servers take one or the other.
            if reading.table.conflict == nil {
                time = TimeSpan(reading.table[.time], in: query)
            }
            setWorkspace(reading.service, path, services)
        } else {
            readOther(reading.table, path: path, query: query, services)
        }
    }

    /// Whether the path names a tile and the query another request: which of them a server heeds
    /// is its own affair.
    private static func disagrees(_ table: borrowing ParameterTable, path: RawSpan) -> Bool {
        table.has(.request) && namesTile(table, path: path)
    }

    private static func namesTile(_ table: borrowing ParameterTable, path: RawSpan) -> Bool {
        let found = TilePath.read(
            path, hasTriple: table.hasTriple, hasQuadKey: table.has(.quadKey))
        return found?.kind == .map
    }

    /// What a request that is not understood names its layers by. A path that names the tile has
    /// them in itself, whatever the query says.
    private static func layers(
        _ table: borrowing ParameterTable, _ service: MapRequest.Service
    ) -> QueryText {
        if !table.has(.request), service != .gmaps { return .empty }
        if service == .wmts { return table[.layer] }
        return table[.layers].isEmpty ? table[.layer] : table[.layers]
    }

    /// Reads the canonical text of a GetMap, in two parts: what stands before its first `?`, and
    /// what stands behind. (One with a `#` there is a request as it was sent.)
    public init(canonicalPath path: RawSpan, query: RawSpan, _ services: MapServices) {
        var table = ParameterTable()
        table.read(query)
        guard !Self.namesTile(table, path: path) else {
            kind = .other
            return
        }
        kind = .picture
        layers = table[.layers].isEmpty ? table[.layer] : table[.layers]
        styles = table.has(.styles) ? table[.styles] : table[.style]
        if table.conflict == nil { format = MapFormat(table[.format], in: query).toldApart }
        if let address = Self.tile(table, query: query, services.gridSets) {
            place(address, services.gridSets)
            setBuffer(table, query, services.gridSets.side(of: address))
        } else {
            let wms = WMSRequest(table, query: query, services)
            place(wms)
            setBuffer(table, query, wms.shorterSide)
        }
        if table.conflict == nil { time = TimeSpan(table[.time], in: query) }
        setWorkspace(ServicePath(path, services), path, services)
    }

    /// `TILE#set/level/column/row`.
    private static func tile(
        _ table: borrowing ParameterTable, query: RawSpan, _ sets: GridSets
    ) -> TileAddress? {
        for index in 0..<table.othersCount {
            let name = table.other(index).name
            // A viewer's own `tile#` is there as `TILE%23`.
            guard let start = name.prefix("tile#", in: query),
                query.byte(start - 1) == UInt8(ascii: "#")
            else { continue }
            var rest = QueryText(start: start, end: name.end)
            guard let set = rest.cut(before: UInt8(ascii: "/"), in: query),
                let known = sets.set(named: set, in: query),
                let level = rest.cut(before: UInt8(ascii: "/"), in: query)?.index(in: query),
                let column = rest.cut(before: UInt8(ascii: "/"), in: query)?.index(in: query),
                let row = rest.index(in: query)
            else { return nil }
            return sets.tile(known, level, column: column, row: row)
        }
        return nil
    }

    // MARK: place

    private mutating func place(_ address: TileAddress, _ sets: GridSets) {
        level = Int(address.level)
        gridSet = sets.nameHash(ofSet: Int(address.gridSet))
        place(sets.box(of: address), sets.system(ofSet: Int(address.gridSet)))
    }

    private mutating func place(_ wms: WMSRequest) { place(wms.box, wms.system) }

    private mutating func place(_ edges: BoundingBox?, _ system: ReferenceSystem) {
        guard let edges else { return }
        box = GeographicBox(edges, system)
        if system == .webMercator { northings = (edges.south, edges.north) }
    }

    /// The place that it shows with so many hundredths of its width and height on each side, as its
    /// own system measures them: so far symbols, labels and the edges of a metatile reach, or as
    /// far as its BUFFER says, where that is further; nil where there is none or it is not known.
    public func box(grownByPercent percent: Int) -> GeographicBox? {
        guard let buffer, buffer <= Self.bufferMax else { return nil }
        return box?.grown(byPercent: max(percent, buffer), northings: northings)
    }

    /// A picture that is drawn from further away, in hundredths of itself, may show anything.
    private static var bufferMax: Int { 1_000 }

    /// - Parameter side: the shorter one of the picture, in pixels; nil where it is not known.
    ///
    /// Source: GeoServer user manual, "WMS vendor parameters": so many pixels beyond its border
    /// are looked at for what is drawn into it.
    private mutating func setBuffer(
        _ table: borrowing ParameterTable, _ query: RawSpan, _ side: Int?
    ) {
        guard let text = Self.other("buffer", table, query) else { return buffer = nil }
        guard !text.isEmpty else { return }
        guard let pixels = text.wholeNumber(atMost: 1 << 20, in: query), let side, side > 0 else {
            return buffer = nil
        }
        buffer = (100 * pixels + side - 1) / side
    }

    private mutating func setWorkspace(
        _ service: ServicePath, _ path: RawSpan, _ services: MapServices
    ) {
        // Without a catalogue it may as well be a global group, whose layers are of any workspace.
        guard !service.workspace.isEmpty, !services.layers.isEmpty else { return }
        unsafe withUnsafeTemporaryAllocation(byteCount: Self.nameLimit + 1, alignment: 1) {
            var writer = unsafe KeyWriter($0)
            writer.text(service.workspace, in: path)
            writer.byte(UInt8(ascii: ":"))
            if !writer.hasOverflowed,
                services.layers.index(of: 0..<writer.count, in: writer) != nil
            {
                workspace = service.workspace
            }
        }
    }

    // MARK: what is no picture

    private mutating func readOther(
        _ table: borrowing ParameterTable, path: RawSpan, query: RawSpan, _ services: MapServices
    ) {
        let service = ServicePath(path, services)
        guard table.has(.request) else {
            let isCapabilities = table.classified(path: path, query: query)?.kind == .capabilities
            if isCapabilities {
                setCapabilities(table, path: path, query: query)
            } else if services.context(of: path) != nil || Self.isServers(path) {
                kind = .other
            }
            return setWorkspace(service, path, services)
        }
        let request = table[.request]
        func asks(_ word: StaticString) -> Bool { request.spells(word, in: query) }
        kind = .other
        // Of two values servers take one or the other.
        if table.conflict == .request { return }
        if asks("getcapabilities") || asks("capabilities") {
            setCapabilities(table, path: path, query: query)
        } else if asks("getlegendgraphic") {
            kind = .legend
            guard table.conflict == nil else { return setWorkspace(service, path, services) }
            layers = table[.layer].isEmpty ? table[.layers] : table[.layer]
            styles = table.has(.style) ? table[.style] : table[.styles]
        } else if asks("getfeatureinfo") || asks("feature_info") {
            kind = .featureInfo
            guard table.conflict == nil else { return setWorkspace(service, path, services) }
            // Of a tile the place and the layer are told in WMTS's own words.
            if service.service == .wmts || table[.service].spells("wmts", in: query) {
                layers = table[.layer]
                return setWorkspace(service, path, services)
            }
            guard let asked = Self.other("query_layers", table, query) else {
                return setWorkspace(service, path, services)
            }
            layers = asked
            if layers.isEmpty {
                layers = table[.layers].isEmpty ? table[.layer] : table[.layers]
            }
            let wms = WMSRequest(table, query: query, services)
            place(wms)
            setBuffer(table, query, wms.shorterSide)
        } else if asks("getfeature") || asks("describefeaturetype") || asks("getpropertyvalue")
            || asks("getcoverage") || asks("describecoverage") || asks("getfeaturewithlock")
        {
            kind = .features
            hasForeignPrefixes = true
            // WFS 2.0 has another name for it than WFS 1.
            let named = Self.other("typename", table, query)
            let renamed = Self.other("typenames", table, query)
            if let named, let renamed {
                layers = named.isEmpty ? renamed : named
                let isOne = renamed.isEmpty || layers.equals(renamed, in: query)
                if !isOne { layers = .empty }
            }
        }
        if kind != .features { setWorkspace(service, path, services) }
    }

    private mutating func setCapabilities(
        _ table: borrowing ParameterTable, path: RawSpan, query: RawSpan
    ) {
        kind = .capabilities
        tellsExtents = Self.tellsExtents(table, path: path, query: query)
    }

    /// The value of one of the other parameters, empty where it is not there; nil: it is there
    /// twice, of which servers take one or the other, or may be there unseen.
    private static func other(
        _ name: StaticString, _ table: borrowing ParameterTable, _ query: RawSpan
    ) -> QueryText? {
        var found: QueryText?
        for index in 0..<table.othersCount where table.other(index).name.spells(name, in: query) {
            let value = table.other(index).value
            if let found, !found.equals(value, in: query) { return nil }
            found = value
        }
        return table.hasTooManyOthers ? nil : found ?? .empty
    }

    /// Whether the path begins like one of a map server, or of the site's way to it.
    private static func isServers(_ path: RawSpan) -> Bool {
        var walk = PathWalk(at: 0)
        guard let first = walk.next(in: path) else { return false }
        return first.spells("gs", in: path) || first.spells("rest", in: path)
            || first.spells("gwc", in: path) || first.spells("geogig", in: path)
            || first.spells("wms", in: path) || first.spells("ows", in: path)
            || first.spells("wfs", in: path) || first.spells("wcs", in: path)
    }

    // MARK: names

    /// Longest name, in bytes; a longer one is not known.
    public static var nameLimit: Int { 512 }

    /// One name, decoded, in the caller's memory.
    public struct Name: Sendable {
        /// Of the workspace; nil: not known, so that it may be any.
        public var workspace: Range<Int>?
        /// Of the name; empty: not known.
        public var name: Range<Int>
    }

    /// Walks the layers that it shows, each with its style.
    public struct Names: Sendable {
        fileprivate var layers: QueryText
        fileprivate var styles: QueryText
        fileprivate var isFirst = true
    }

    /// The walk's beginning.
    public var names: Names { Names(layers: layers, styles: styles) }

    /// The next layer and its style, decoded into memory of the caller: of `nameLimit` bytes each.
    ///
    /// - Returns: nil behind the last. Of a response whose layers are not known one without a name,
    ///   and perhaps with a workspace, which it shows nothing beyond.
    ///   `style` nil: not known, or the layer's default.
    public func next(
        _ names: inout Names, path: RawSpan, query: RawSpan, layer: inout MutableRawSpan,
        style: inout MutableRawSpan
    ) -> (layer: Name, style: Name?)? {
        defer { names.isFirst = false }
        let bytes = names.layers.isInPath ? path : query
        guard let item = names.layers.cut(before: UInt8(ascii: ","), in: bytes) else {
            guard names.isFirst else { return nil }
            var unknown = Name(workspace: nil, name: 0..<0)
            if !workspace.isEmpty {
                unknown.workspace = Self.append(workspace, in: path, behind: 0..<0, into: &layer)
            }
            return (unknown, nil)
        }
        var name = Self.decode(item, in: bytes, into: &layer)
        if hasForeignPrefixes {
            name.workspace = nil
        } else if name.workspace == nil, !name.name.isEmpty, !workspace.isEmpty {
            name.workspace = Self.append(workspace, in: path, behind: name.name, into: &layer)
        }
        let styleBytes = names.styles.isInPath ? path : query
        let named = names.styles.cut(before: UInt8(ascii: ","), in: styleBytes)
        guard let named, !named.isEmpty else { return (name, nil) }
        let written = Self.decode(named, in: styleBytes, into: &style)
        return (name, written.name.isEmpty ? nil : written)
    }

    /// `workspace:name` or `name`, decoded; without a name where it is none, or too long.
    private static func decode(
        _ item: QueryText, in bytes: RawSpan, into memory: inout MutableRawSpan
    ) -> Name {
        let text = item.trimmed(in: bytes)
        var (count, colon, at) = (0, -1, text.start)
        while at < text.end {
            let (value, width) = text.byte(at: at, in: bytes)
            // Parentheses hold several lists: of such nothing is known.
            guard count < min(nameLimit, memory.byteCount), value != UInt8(ascii: "("),
                value != UInt8(ascii: "*")
            else { return Name(workspace: nil, name: 0..<0) }
            if value == UInt8(ascii: ":"), colon < 0 { colon = count }
            // Of a name whose workspace is told apart, as at the beginning of all.
            if value <= 0x20, count == colon + 1 {
                at += width
                continue
            }
            memory.storeBytes(of: value, toByteOffset: count, as: UInt8.self)
            count += 1
            at += width
        }
        guard colon > 0 else { return Name(workspace: nil, name: (colon + 1)..<count) }
        return Name(workspace: 0..<colon, name: (colon + 1)..<count)
    }

    /// Writes a path's segment behind what is there; nil where it does not fit.
    private static func append(
        _ text: QueryText, in path: RawSpan, behind name: Range<Int>,
        into memory: inout MutableRawSpan
    ) -> Range<Int>? {
        var count = name.upperBound
        var at = text.start
        while at < text.end {
            let (value, width) = text.byte(at: at, in: path)
            guard count < memory.byteCount else { return nil }
            memory.storeBytes(of: value, toByteOffset: count, as: UInt8.self)
            count += 1
            at += width
        }
        return name.upperBound..<count
    }
}

extension GridSets {
    /// The shorter side of a tile, in pixels.
    fileprivate func side(of address: TileAddress) -> Int {
        let record = records[Int(address.gridSet)]
        return min(record.tileWidth, record.tileHeight)
    }
}

extension GeographicBox {
    /// The place of a picture; nil in a system whose places are not compared with others.
    public init?(_ box: BoundingBox, _ system: ReferenceSystem) {
        let known: CoordinateSystem
        switch system {
        case .webMercator: known = .webMercator
        case .degrees: known = .longitudeLatitude
        default: return nil
        }
        guard let place = known.box((box.west, box.south), (box.east, box.north), of: .picture)
        else { return nil }
        self = place
    }
}
