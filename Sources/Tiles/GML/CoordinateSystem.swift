/// A coordinate reference system, as far as places in it can be compared with others.
public enum CoordinateSystem: Sendable, Equatable {
    /// Degrees of WGS 84, longitude first.
    case longitudeLatitude
    /// Degrees of WGS 84, latitude first.
    case latitudeLongitude
    /// Degrees of another datum, longitude first.
    case shiftedLongitudeLatitude
    /// Degrees of another datum, latitude first.
    case shiftedLatitudeLongitude
    /// Metres of spherical Mercator, which has the easting first in all spellings.
    case webMercator
    /// Metres of WGS 84's World Mercator (EPSG:3395), easting first in all spellings.
    case worldMercator
    /// Metres of a zone of UTM on WGS 84, likewise.
    case transverseMercator(zone: Int, isSouth: Bool)

    /// What a `srsName`, `SRS` or `CRS` names; nil: one that is not known here.
    ///
    /// The order of axes is GeoServer's (`org.geotools.gml2.SrsSyntax`, "Axis ordering" in its WFS
    /// reference): `EPSG:4326` and `http://www.opengis.net/gml/srs/epsg.xml#4326` have the
    /// longitude first, `urn:ogc:def:crs:EPSG::4326`, `urn:x-ogc:...` and
    /// `http://www.opengis.net/def/crs/EPSG/0/4326` the latitude. CRS84 has the longitude first.
    public init?(named name: String) {
        guard name.utf8.count <= 256 else { return nil }
        let text = name.lowercased()
        for prefix in ["urn:ogc:def:crs:", "urn:x-ogc:def:crs:"] where text.hasPrefix(prefix) {
            // authority:version:code, and the version may be left out with its colon.
            let parts = text.dropFirst(prefix.utf8.count).split(
                separator: ":", omittingEmptySubsequences: false)
            guard (2...3).contains(parts.count), let code = parts.last else { return nil }
            self.init(authority: parts[0], code: code, isLatitudeFirst: true)
            return
        }
        for prefix in ["http://www.opengis.net/def/crs/", "https://www.opengis.net/def/crs/"]
        where text.hasPrefix(prefix) {
            let parts = text.dropFirst(prefix.utf8.count).split(separator: "/")
            guard parts.count == 3 else { return nil }
            self.init(authority: parts[0], code: parts[2], isLatitudeFirst: true)
            return
        }
        let short = "http://www.opengis.net/gml/srs/epsg.xml#"
        if text.hasPrefix(short) {
            self.init(
                authority: "epsg", code: text.dropFirst(short.utf8.count), isLatitudeFirst: false)
            return
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        self.init(authority: parts[0], code: parts[1], isLatitudeFirst: false)
    }

    private init?(authority: Substring, code: Substring, isLatitudeFirst: Bool) {
        switch (authority, code) {
        case ("epsg", "4326"): self = isLatitudeFirst ? .latitudeLongitude : .longitudeLatitude
        case ("epsg", _) where Self.shifted.contains(code):
            self = isLatitudeFirst ? .shiftedLatitudeLongitude : .shiftedLongitudeLatitude
        case ("crs", "84"), ("ogc", "crs84"): self = .longitudeLatitude
        case ("crs", "83"), ("crs", "27"), ("ogc", "crs83"), ("ogc", "crs27"):
            self = .shiftedLongitudeLatitude
        case ("epsg", "3857"), ("epsg", "900913"), ("epsg", "3785"), ("epsg", "102100"),
            ("epsg", "102113"), ("esri", "102100"), ("esri", "102113"):
            self = .webMercator
        case ("epsg", "3395"): self = .worldMercator
        default:
            guard authority == "epsg", code.utf8.count == 5, let number = Int(code),
                [326, 327].contains(number / 100), 1...60 ~= number % 100
            else { return nil }
            self = .transverseMercator(zone: number % 100, isSouth: number / 100 == 327)
        }
    }

    /// Geographic systems by latitude and longitude in degrees from Greenwich, whose datums differ
    /// from WGS 84 by less than `shift`: WGS 72, NAD27, NAD83 and its realisations, ETRS89, ED50,
    /// RGF93, OSGB36, DHDN, MGI, Amersfoort, Belge 1972, Pulkovo 1942, S-JTSK, GDA94, GDA2020,
    /// AGD66, AGD84, NZGD2000, NZGD49, SIRGAS, SIRGAS 2000, SAD69, PSAD56, Beijing 1954, Xian 1980,
    /// CGCS2000, Tokyo, JGD2000, JGD2011, Korea 2000, Hartebeesthoek94, Cape, Indian 1975 and
    /// Kalianpur 1975. Source: EPSG dataset.
    private static let shifted: Set<Substring> = [
        "4322", "4267", "4269", "4152", "4617", "6318", "4258", "4230", "4171", "4277", "4314",
        "4312", "4289", "4313", "4284", "4156", "4283", "7844", "4202", "4203", "4167", "4272",
        "4170", "4674", "4618", "4248", "4214", "4610", "4490", "4301", "4612", "6668", "4737",
        "4148", "4222", "4240", "4146",
    ]

    /// What a place of another datum may be off, in millionths of a degree: 1.1 km to the north.
    /// The datums differ by 2 m (those that move with a continent) to some 800 m (Indian 1975,
    /// Tokyo). To the east that is fewer metres the further north, but none of the old ones that
    /// are used beyond 70 degrees is off by more than 200 m, where this still is 370 m.
    private static var shift: Int { 10_000 }

    /// The same axes the other way round, where they can be.
    var swapped: CoordinateSystem? {
        switch self {
        case .longitudeLatitude: .latitudeLongitude
        case .latitudeLongitude: .longitudeLatitude
        case .shiftedLongitudeLatitude: .shiftedLatitudeLongitude
        case .shiftedLatitudeLongitude: .shiftedLongitudeLatitude
        case .webMercator, .worldMercator, .transverseMercator: nil
        }
    }

    var isLatitudeFirst: Bool {
        self == .latitudeLongitude || self == .shiftedLatitudeLongitude
    }

    /// The box that two corners in this system span; nil when they are no places on Earth.
    public func box(
        _ first: (Double, Double), _ second: (Double, Double), of content: GeographicBox.Content
    ) -> GeographicBox? {
        switch self {
        case .longitudeLatitude:
            GeographicBox(
                longitudes: (first.0, second.0), latitudes: (first.1, second.1), of: content)
        case .latitudeLongitude:
            GeographicBox(
                longitudes: (first.1, second.1), latitudes: (first.0, second.0), of: content)
        case .shiftedLongitudeLatitude:
            Self.longitudeLatitude.box(first, second, of: content)?.grown(by: Self.shift)
        case .shiftedLatitudeLongitude:
            Self.latitudeLongitude.box(first, second, of: content)?.grown(by: Self.shift)
        case .webMercator:
            GeographicBox(
                longitudes: (Mercator.longitude(first.0), Mercator.longitude(second.0)),
                latitudes: (Mercator.latitude(first.1), Mercator.latitude(second.1)), of: content)
        case .worldMercator:
            GeographicBox(
                longitudes: (
                    EllipsoidalMercator.longitude(first.0), EllipsoidalMercator.longitude(second.0)
                ),
                latitudes: (
                    EllipsoidalMercator.latitude(first.1), EllipsoidalMercator.latitude(second.1)
                ), of: content)
        case .transverseMercator(let zone, let isSouth):
            Self.transverseBox(zone, isSouth ? 10_000_000 : 0, first, second, of: content)
        }
    }

    /// Around a rectangle of a zone. Along its sides both coordinates only grow, or only fall, but
    /// at the zone's meridian and at the equator: so it is no wider than at its corners, and where
    /// it crosses those two. A metre more takes what the formulas are off.
    private static func transverseBox(
        _ zone: Int, _ equator: Double, _ first: (Double, Double), _ second: (Double, Double),
        of content: GeographicBox.Content
    ) -> GeographicBox? {
        func crossed(_ line: Double, _ one: Double, _ other: Double) -> [Double] {
            (one < line) == (other < line) ? [one, other] : [one, other, line]
        }
        var (west, south, east, north) = (Double.infinity, 90.0, -Double.infinity, -90.0)
        for easting in crossed(500_000, first.0, second.0) {
            for northing in crossed(equator, first.1, second.1) {
                guard
                    let place = EllipsoidalMercator.place(
                        zone: zone, easting: easting, northing: northing - equator)
                else { return nil }
                (west, east) = (min(west, place.longitude), max(east, place.longitude))
                (south, north) = (min(south, place.latitude), max(north, place.latitude))
            }
        }
        return GeographicBox(longitudes: (west, east), latitudes: (south, north), of: content)?
            .grown(by: 10)
    }
}
