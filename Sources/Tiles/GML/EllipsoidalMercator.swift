/// Back from Mercator's projections of the ellipsoid WGS 84: the one around the poles' axis
/// (EPSG:3395), and the transverse ones of UTM (EPSG:32601 to 32660 north, 32701 to 32760 south of
/// the equator). In degrees, a millimetre off at the most in what is taken.
///
/// Source: Karney, "Transverse Mercator with an accuracy of a few nanometers" (2011), Krüger's
/// series to the fourth order; EPSG Guidance Note 7-2.
enum EllipsoidalMercator {
    /// Metres.
    private static var equatorial: Double { 6_378_137 }
    /// The third flattening.
    private static var flattening: Double {
        let first = 1 / 298.257_223_563
        return first / (2 - first)
    }

    /// Of EPSG:3395.
    static func longitude(_ easting: Double) -> Double { Mercator.longitude(easting) }

    static func latitude(_ northing: Double) -> Double {
        geodetic(conformal: Mercator.latitude(northing))
    }

    /// Of a place in a zone of UTM; nil too far from its meridian, or beyond the zones' poleward
    /// ends, where nobody uses it and lines are no longer seen from one side only.
    ///
    /// - Parameters:
    ///   - easting: from the zone's false origin, 500 km west of its meridian.
    ///   - northing: from the equator, negative to the south.
    static func place(
        zone: Int, easting: Double, northing: Double
    ) -> (longitude: Double, latitude: Double)? {
        guard abs(easting - 500_000) <= 1_000_000, abs(northing) <= 9_400_000 else { return nil }
        let n = flattening
        let scale = 0.9996 * equatorial / (1 + n) * (1 + n * n / 4 + n * n * n * n / 64)
        var (north, east) = (northing / scale, (easting - 500_000) / scale)
        let (xi, eta) = (north, east)
        let terms = [
            n / 2 - 2 * n * n / 3 + 37 * n * n * n / 96 - n * n * n * n / 360,
            n * n / 48 + n * n * n / 15 - 437 * n * n * n * n / 1_440,
            17 * n * n * n / 480 - 37 * n * n * n * n / 840,
            4_397 * n * n * n * n / 161_280,
        ]
        for (index, term) in terms.enumerated() {
            let times = Double(2 * index + 2)
            let (sine, cosine) = Circle.sineAndCosine(times * xi)
            let (grown, shrunk) = (
                Mercator.exponential(times * eta), Mercator.exponential(-times * eta)
            )
            north -= term * sine * (grown + shrunk) / 2
            east -= term * cosine * (grown - shrunk) / 2
        }
        let (sine, cosine) = Circle.sineAndCosine(north)
        let (grown, shrunk) = (Mercator.exponential(east), Mercator.exponential(-east))
        let height = 2 * sine / (grown + shrunk)
        let conformal = Circle.arctangent(height / (1 - height * height).squareRoot())
        let turn = Circle.arctangent((grown - shrunk) / 2 / cosine)
        return (
            Double(6 * zone - 183) + turn * (180 / Double.pi),
            geodetic(conformal: conformal * (180 / Double.pi))
        )
    }

    /// The latitude of a conformal one: that of the sphere that has the same angles.
    private static func geodetic(conformal degrees: Double) -> Double {
        guard abs(degrees) < 90 else { return degrees }
        let n = flattening
        let terms = [
            2 * n - 2 * n * n / 3 - 2 * n * n * n + 116 * n * n * n * n / 45,
            7 * n * n / 3 - 8 * n * n * n / 5 - 227 * n * n * n * n / 45,
            56 * n * n * n / 15 - 136 * n * n * n * n / 35,
            4_279 * n * n * n * n / 630,
        ]
        let angle = degrees * (Double.pi / 180)
        var latitude = angle
        for (index, term) in terms.enumerated() {
            latitude += term * Circle.sineAndCosine(Double(2 * index + 2) * angle).sine
        }
        return latitude * (180 / Double.pi)
    }
}

/// Functions of the circle, of angles of a few turns, in radians.
private enum Circle {
    static func sineAndCosine(_ angle: Double) -> (sine: Double, cosine: Double) {
        // Within an eighth of a turn around the nearest quarter.
        let quarters = (angle / (Double.pi / 2)).rounded()
        let rest = angle - quarters * (Double.pi / 2)
        var (sine, cosine, term) = (0.0, 0.0, 1.0)
        for power in 0..<22 {
            switch power % 4 {
            case 0: cosine += term
            case 1: sine += term
            case 2: cosine -= term
            default: sine -= term
            }
            term *= rest / Double(power + 1)
        }
        return switch Int(quarters) & 3 {
        case 0: (sine, cosine)
        case 1: (cosine, -sine)
        case 2: (-sine, -cosine)
        default: (-cosine, sine)
        }
    }

    static func arctangent(_ ratio: Double) -> Double {
        ratio < 0 ? -Mercator.arctangent(-ratio) : Mercator.arctangent(ratio)
    }
}
