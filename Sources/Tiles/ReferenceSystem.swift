/// The coordinate reference system of a map request, each under one name.
public enum ReferenceSystem: Hashable, Sendable {
    /// A number of the EPSG registry. Web Mercator, which has been called 900913, 3785, 102100 and
    /// 102113 before and beside, is 3857; CRS:84 is 4326, since boxes are kept x first.
    case epsg(Int32)
    /// Anything else, such as `AUTO2:42001,1,0,0`, or none: it is kept as it was written.
    case unknown

    public static let webMercator = ReferenceSystem.epsg(3857)
    public static let degrees = ReferenceSystem.epsg(4326)

    /// The code that stands for a number of EPSG or ESRI.
    public static func canonical(_ code: Int) -> ReferenceSystem {
        switch code {
        case 900_913, 3785, 102_100, 102_113: .webMercator
        default: .epsg(Int32(truncatingIfNeeded: code))
        }
    }
}

/// In which order a request writes a point's two numbers.
enum AxisOrder: UInt8 {
    case eastingFirst
    case northingFirst
    /// The version or the system do not tell: the numbers must be kept as they stand.
    case unknown
}

/// A SRS or CRS parameter as it was read.
struct NamedSystem: Equatable {
    var system = ReferenceSystem.unknown
    /// `CRS:84`, which is easting first in every version.
    var isCRS84 = false

    init() {}

    /// Reads `EPSG:n` and `CRS:84` in any case, and the URN of Web Mercator, of which alone it is
    /// sure that boxes are meant the same: a URN has the registry's order of axes in every version
    /// (GeoTools, `CRS.decode`), and that system has x first there, too.
    init(_ text: QueryText, in bytes: RawSpan) {
        if let digits = text.prefix("urn:ogc:def:crs:epsg::", in: bytes)
            ?? text.prefix("urn:x-ogc:def:crs:epsg:", in: bytes)
        {
            let rest = QueryText(start: digits, end: text.end, isPlain: text.isPlain)
            guard let code = rest.wholeNumber(atMost: 99_999_999, in: bytes) else { return }
            if ReferenceSystem.canonical(code) == .webMercator { system = .webMercator }
        } else if let digits = text.prefix("epsg:", in: bytes) {
            let rest = QueryText(start: digits, end: text.end, isPlain: text.isPlain)
            guard let code = rest.wholeNumber(atMost: 99_999_999, in: bytes) else { return }
            system = .canonical(code)
        } else if text.spells("crs:84", in: bytes) {
            (system, isCRS84) = (.degrees, true)
        }
    }

    /// The order of a box's numbers under a version of WMS.
    ///
    /// Up to 1.1.1 it is x, y always; since 1.3.0 it is what the system's registry says, which is
    /// known here for those that a grid set uses. Source: OGC 06-042 §6.7.2.
    func order(_ version: WMSVersion, _ services: borrowing MapServices, isNamedByCRS: Bool)
        -> AxisOrder
    {
        guard system != .unknown else { return version == .upTo111 ? .eastingFirst : .unknown }
        if isCRS84 || version == .upTo111 { return .eastingFirst }
        guard let isNorthingFirst = services.gridSets.isNorthingFirst(system) else {
            return .unknown
        }
        if !isNorthingFirst { return .eastingFirst }
        switch version {
        case .from130: return .northingFirst
        case .unstated: return isNamedByCRS ? .unknown : .eastingFirst
        case .upTo111, .other: return .unknown
        }
    }
}

/// What VERSION or WMTVER say, as far as the meaning of other parameters depends on it.
enum WMSVersion: UInt8 {
    case unstated
    /// 1.0.x and 1.1.x.
    case upTo111
    /// 1.3.x.
    case from130
    case other

    init(_ text: QueryText, in bytes: RawSpan) {
        if text.start >= text.end {
            self = .unstated
        } else if text.prefix("1.3", in: bytes) != nil {
            self = .from130
        } else if text.prefix("1.1", in: bytes) != nil || text.prefix("1.0", in: bytes) != nil {
            self = .upTo111
        } else {
            self = .other
        }
    }
}
