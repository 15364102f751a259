/// A tile that is asked for by its place in a grid set, as WMTS, TMS and gmaps do.
///
/// Texts stand in the path or in the query, as each says.
struct GridQuestion {
    var layers = QueryText.empty
    var styles = QueryText.empty
    var format = QueryText.empty
    /// nil where the request names no tile of a grid set known here.
    var address: TileAddress?
    /// Parameters of the query that have been understood, as bits.
    var understood: UInt64 = 0

    init() {}

    init(
        _ service: ServicePath, _ table: borrowing ParameterTable, path: RawSpan, query: RawSpan,
        _ services: borrowing MapServices
    ) {
        switch service.service {
        case .wmts: self = WMTSRequest.question(table, query: query, services)
        case .wmtsREST: self = WMTSRequest.question(service, table, path: path, services)
        case .tms: self = TMSRequest.question(service, table, path: path, query: query, services)
        case .gmaps: self = GMapsRequest.question(table, query: query, services)
        case .quadKey: self = GMapsRequest.quadKeyQuestion(table, query: query, services)
        case .unknown, .wms, .cachedWMS: self.init()
        }
    }
}

extension GridSets {
    /// The tile by its indices, if the set has it.
    func tile(_ set: Int, _ level: Int, column: Int, row: Int) -> TileAddress? {
        guard let matrix = matrix(set, level), 0..<matrix.columns ~= column,
            0..<matrix.rows ~= row
        else { return nil }
        return TileAddress(gridSet: set, level: level, column: column, row: row)
    }

    /// The one name for a tile: the same tile of an earlier set, where that has it.
    func canonical(_ address: TileAddress) -> TileAddress? {
        guard let box = box(of: address) else { return nil }
        let record = records[Int(address.gridSet)]
        return self.address(
            of: box, system: record.system, width: record.tileWidth, height: record.tileHeight)
    }

    /// Where gmaps and quadkeys count: the first set of the world in Web Mercator.
    var google: Int? {
        records.firstIndex {
            $0.system == .webMercator && $0.tileWidth == 256 && $0.tileHeight == 256
        }
    }
}

extension QueryText {
    /// A column, row or level.
    func index(in bytes: RawSpan) -> Int? { wholeNumber(atMost: 2_147_483_647, in: bytes) }
}
