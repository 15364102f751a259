/// A coordinate reference system, as far as places in it can be compared with others.
public enum CoordinateSystem: Sendable, Equatable {
    /// Degrees of WGS 84, longitude first.
    case longitudeLatitude
    /// Degrees of WGS 84, latitude first.
    case latitudeLongitude
    /// Metres of spherical Mercator, which has the easting first in all spellings.
    case webMercator

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
        case ("crs", "84"), ("ogc", "crs84"): self = .longitudeLatitude
        case ("epsg", "3857"), ("epsg", "900913"), ("epsg", "3785"), ("epsg", "102100"),
            ("epsg", "102113"), ("esri", "102100"), ("esri", "102113"):
            self = .webMercator
        default: return nil
        }
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
        case .webMercator:
            GeographicBox(
                longitudes: (Mercator.longitude(first.0), Mercator.longitude(second.0)),
                latitudes: (Mercator.latitude(first.1), Mercator.latitude(second.1)), of: content)
        }
    }
}
