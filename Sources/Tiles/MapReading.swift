/// A map request taken apart: what `TileRequest` says of it and writes from it.
///
/// About two kilobytes on the stack, made once per call.
struct MapReading: ~Copyable {
    /// How the canonical text is built.
    enum Form {
        /// A GetMap, of a tile or not.
        case getMap
        /// Path and parameters as they are, each in its one spelling: a service or an address
        /// that is not known here.
        case plain
    }

    private(set) var table = ParameterTable()
    private(set) var service = ServicePath()
    private(set) var map = MapRequest(service: .other, kind: .capabilities)
    private(set) var form = Form.plain
    /// What a GetMap says of its place; of no use for the other services.
    private(set) var wms = WMSRequest()
    private(set) var layers = QueryText.empty
    private(set) var styles = QueryText.empty
    /// Empty where none is named.
    private(set) var format = QueryText.empty
    /// Not named, but PNG by the service's default.
    private(set) var isPNGByDefault = false
    private(set) var address: TileAddress?
    /// Parameters that need not be written one by one, as bits.
    private(set) var understood: UInt64 = 0

    /// Whether this is a request for a map; all else means something only then. (No failable
    /// initializer: the optional of a value of this size would be copied.)
    var isMap: Bool { map.kind == .map }

    /// Borrows: unless that is said an initializer owns its arguments, and each hit would retain
    /// the services.
    init(path: RawSpan, query: RawSpan, _ services: borrowing MapServices) {
        table.read(query)
        guard let map = table.classified(path: path, query: query), map.kind == .map else {
            return
        }
        self.map = map
        service = ServicePath(path, services)
        wms = WMSRequest(table, query: query, services)
        table.sortOthers(query)
        if map.service == .wms {
            readGetMap(services)
        } else if service.service.isCached, service.service != .cachedWMS {
            readGridQuestion(path: path, query: query, services)
        }
        if form == .plain { understood = Self.neverWritten }
        setTransparency(path: path, query: query)
    }

    /// Errors are asked for apart; nobody's pixels depend on the rest.
    private static let neverWritten =
        MapParameter.exceptions.bit | MapParameter.cacheBuster.bit | MapParameter.token.bit

    private static let getMapParameters: UInt64 = {
        let names: [MapParameter] = [
            .service, .version, .wmtVersion, .request, .layers, .styles, .format, .transparent,
            .width, .height, .srs, .crs, .bbox, .bgcolor, .tiled, .tilesOrigin,
        ]
        return names.reduce(neverWritten) { $0 | $1.bit }
    }()

    private mutating func readGetMap(_ services: MapServices) {
        form = .getMap
        layers = table[.layers]
        styles = table[.styles]
        format = table[.format]
        understood = Self.getMapParameters
        address = wms.address(services)
    }

    private mutating func readGridQuestion(
        path: RawSpan, query: RawSpan, _ services: MapServices
    ) {
        // GetMap and GetTile must be asked of their own services.
        guard !table.has(.request) || service.service == .wmts else { return }
        let question = GridQuestion(
            service, table, path: path, query: query, services)
        let protocolOnly =
            MapParameter.service.bit | MapParameter.version.bit | MapParameter.request.bit
            | MapParameter.transparent.bit | MapParameter.tiled.bit | MapParameter.bgcolor.bit
            | MapParameter.tilesOrigin.bit
        let known = question.understood | Self.neverWritten | protocolOnly
        // GetMap's own words would say something else beside those that are written for the tile.
        guard table.seen & Self.getMapParameters & ~known == 0,
            let found = question.address, !question.layers.isEmpty,
            let canonical = services.gridSets.canonical(found)
        else { return }
        isPNGByDefault =
            question.format.isEmpty
            && (service.service == .gmaps || service.service == .quadKey)
        guard isPNGByDefault || !question.format.isEmpty else { return }
        form = .getMap
        (layers, styles, format) = (question.layers, question.styles, question.format)
        address = canonical
        understood = known
        let record = services.gridSets.records[Int(canonical.gridSet)]
        map.width = UInt16(clamping: record.tileWidth)
        map.height = UInt16(clamping: record.tileHeight)
    }

    private mutating func setTransparency(path: RawSpan, query: RawSpan) {
        guard form == .getMap else { return }
        if isPNGByDefault {
            map.format = .png
        } else if map.service != .wms {
            // That of a GetMap has been read.
            map.format = MapFormat(format, in: format.isInPath ? path : query)
        }
        if map.format == .jpeg {
            map.isTransparent = false
        } else if service.service.isCached {
            map.isTransparent = true
        }
    }

    func refusal(_ query: RawSpan) -> TileRefusal? {
        if let parameter = table.conflict { return .repeated("\(parameter.name)") }
        if map.service == .wms, wms.hasConflict { return .twoSystems }
        return table.otherConflict(query).map { .repeated(Self.shown($0, in: query)) }
    }

    /// A viewer's own name for a parameter, as far as it can be shown to people.
    static func shown(_ name: QueryText, in query: RawSpan) -> String {
        var text: [UInt8] = []
        var at = name.start
        while at < name.end, text.count < 64 {
            let (value, width) = name.byte(at: at, in: query)
            text.append((0x21...0x7E).contains(value) ? uppercase(value) : UInt8(ascii: "?"))
            at += width
        }
        return text.isEmpty ? "a parameter without a name" : String(decoding: text, as: UTF8.self)
    }

    /// All but the key.
    func request(_ services: MapServices) -> TileRequest {
        var request = TileRequest(map: map)
        request.address = address
        if let address {
            request.system = services.gridSets.system(ofSet: Int(address.gridSet))
            request.box = services.gridSets.box(of: address)
            let record = services.gridSets.records[Int(address.gridSet)]
            request.size = PixelSize(width: record.tileWidth, height: record.tileHeight)
        } else if form == .getMap {
            request.system = wms.system
            request.box = wms.box
            if let width = wms.width, let height = wms.height {
                request.size = PixelSize(width: width, height: height)
            }
        }
        request.hasToken = table.has(.token) || service.hasSession
        request.hasCacheBuster = table.has(.cacheBuster)
        request.notOlderThan = table.newest == .max ? 0 : table.newest
        if !table[.sld].isEmpty || !table[.sldBody].isEmpty {
            request.bypass = .styleDocument
        } else if table.hasTooManyOthers {
            request.bypass = .tooManyParameters
        } else if hasLongText {
            request.bypass = .tooLong
        }
        return request
    }

    /// Longest text of a viewer's own making, in bytes as sent: nobody asks with a longer one
    /// twice, and each would be an entry.
    static let freeTextMax = 2_048

    private var hasLongText: Bool {
        let written: [6 of MapParameter] = [
            .cqlFilter, .filter, .env, .viewParams, .featureID, .formatOptions,
        ]
        for index in 0..<6 where table[written[index]].length > Self.freeTextMax { return true }
        return false
    }
}
