/// Where a GetMap looks: reference system, box and size, in the meaning of its version.
///
/// Source: OGC 00-028 (1.0.0), 01-068r3 (1.1.1) §7.2.3, 06-042 (1.3.0) §7.3.3.
struct WMSRequest {
    private(set) var system = ReferenceSystem.unknown
    private(set) var order = AxisOrder.unknown
    private(set) var version = WMSVersion.unstated
    /// SRS and CRS name different systems: which one counts depends on the server.
    private(set) var hasConflict = false
    /// As written, x first; nil where the box or its order cannot be read.
    private(set) var numbers: [4 of WrittenDecimal]?
    /// Pixels; nil where one is no number, or is beyond 2^31.
    private(set) var width: Int?
    private(set) var height: Int?
    /// The system's parameter that has a value.
    private(set) var systemParameter = MapParameter.srs

    init() {}

    init(_ table: borrowing ParameterTable, query: RawSpan, _ services: borrowing MapServices) {
        let written = table[.version].isEmpty ? table[.wmtVersion] : table[.version]
        version = WMSVersion(written, in: query)
        let (srs, crs) = (table[.srs], table[.crs])
        if srs.isEmpty { systemParameter = .crs }
        let named = NamedSystem(table[systemParameter], in: query)
        system = named.system
        if !srs.isEmpty, !crs.isEmpty {
            let other = NamedSystem(crs, in: query)
            let isSame = system == .unknown ? srs.equals(crs, in: query) : named == other
            hasConflict = !isSame || other.system != system
        }
        order = named.order(version, services, isNamedByCRS: systemParameter == .crs)
        width = table[.width].index(in: query)
        height = table[.height].index(in: query)
        if order != .unknown { numbers = box(table[.bbox], in: query) }
        // A box that cannot be read keeps its order only with the version beside it.
        if numbers == nil { order = .unknown }
    }

    private func box(_ text: QueryText, in query: RawSpan) -> [4 of WrittenDecimal]? {
        let zero = WrittenDecimal(isNegative: false, digits: 0, exponent: 0)
        var numbers = [4 of WrittenDecimal](repeating: zero)
        var rest = text
        for index in 0..<4 {
            guard let item = rest.cut(before: UInt8(ascii: ","), in: query),
                let number = WrittenDecimal(item, in: query)
            else { return nil }
            // Latitude and longitude change places.
            numbers[order == .northingFirst ? index ^ 1 : index] = number
        }
        return rest.isEmpty ? numbers : nil
    }

    /// In pixels; nil where one of the two cannot be read.
    var shorterSide: Int? {
        guard let width, let height else { return nil }
        return min(width, height)
    }

    var box: BoundingBox? {
        guard let numbers else { return nil }
        return BoundingBox(
            west: numbers[0].value, south: numbers[1].value, east: numbers[2].value,
            north: numbers[3].value)
    }

    /// The tile that it asks for, by GeoWebCache's tolerance; nil where it is none.
    func address(_ services: borrowing MapServices) -> TileAddress? {
        guard let box, let width, let height else { return nil }
        return services.gridSets.address(of: box, system: system, width: width, height: height)
    }
}
