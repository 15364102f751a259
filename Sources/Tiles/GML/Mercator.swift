/// Between spherical Mercator (EPSG:3857) and degrees, without a mathematical library: this module
/// has none. Good to 1e-12 of a degree, and defined for every number.
enum Mercator {
    /// The radius of EPSG:3857, in metres.
    private static var radius: Double { 6_378_137 }

    static func longitude(_ x: Double) -> Double { x / radius * (180 / Double.pi) }

    /// Beyond 89.9 degrees the pole itself; NaN for NaN.
    static func latitude(_ y: Double) -> Double {
        let height = y / radius
        if height >= 8 { return 90 }
        if height <= -8 { return -90 }
        if height.isNaN { return .nan }
        // The Gudermannian function.
        return (2 * arctangent(exponential(height)) - Double.pi / 2) * (180 / Double.pi)
    }

    /// The northing of a latitude, which is cut to the square world's: a bisection, for slow ways.
    static func northing(_ latitude: Double) -> Double {
        var (south, north) = (-GridSet.mercatorEdge, GridSet.mercatorEdge)
        for edge in [south, north] where (latitude >= Self.latitude(edge)) == (edge > 0) {
            return edge
        }
        for _ in 0..<60 {
            let middle = (south + north) / 2
            if Self.latitude(middle) < latitude { south = middle } else { north = middle }
        }
        return (south + north) / 2
    }

    /// e to the power of a number of at most 8 in size.
    static func exponential(_ power: Double) -> Double {
        let twos = (power / 0.693_147_180_559_945_3).rounded()
        let rest = power - twos * 0.693_147_180_559_945_3
        var (sum, term) = (1.0, 1.0)
        for count in 1...18 {
            term *= rest / Double(count)
            sum += term
        }
        return Double(sign: .plus, exponent: Int(twos), significand: sum)
    }

    /// Of a positive number.
    static func arctangent(_ ratio: Double) -> Double {
        if ratio > 1 { return Double.pi / 2 - arctangent(1 / ratio) }
        if ratio > 0.414 { return Double.pi / 4 - arctangentSeries((1 - ratio) / (1 + ratio)) }
        return arctangentSeries(ratio)
    }

    private static func arctangentSeries(_ ratio: Double) -> Double {
        var (sum, power) = (0.0, ratio)
        for odd in stride(from: 1.0, through: 45, by: 4) {
            sum += power / odd
            power *= ratio * ratio
            sum -= power / (odd + 2)
            power *= ratio * ratio
        }
        return sum
    }
}
