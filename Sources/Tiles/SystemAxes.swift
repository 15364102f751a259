/// What the numbers of a reference system are: their unit, and which comes first where its registry
/// decides, as in WMTS and WMS 1.3.0.
///
/// Of the systems in which tiles are made most often. What is not here nobody may guess: metres
/// taken for feet would be another place on Earth.
///
/// Source: EPSG Geodetic Parameter Dataset 10.076, coordinate systems and axes.
struct SystemAxes {
    var isNorthingFirst: Bool
    var metersPerUnit: Double
}

extension SystemAxes {
    /// nil: the system is not among them.
    init?(_ system: ReferenceSystem) {
        guard case .epsg(let code) = system else { return nil }
        func isIn(_ ranges: [ClosedRange<Int32>]) -> Bool { ranges.contains { $0 ~= code } }
        if isIn(Self.degrees) {
            (isNorthingFirst, metersPerUnit) = (true, GridSet.metersPerDegree)
        } else if isIn(Self.eastingFirst) {
            (isNorthingFirst, metersPerUnit) = (false, 1)
        } else if isIn(Self.northingFirst) {
            (isNorthingFirst, metersPerUnit) = (true, 1)
        } else {
            return nil
        }
    }

    /// Latitude and longitude.
    private static let degrees: [ClosedRange<Int32>] = [
        4001...4025, 4027...4036, 4120...4216, 4218...4326, 4483...4483, 4490...4490, 4555...4558,
        4600...4646, 4657...4765, 6318...6325, 6668...6668, 6706...6706, 7844...7844,
    ]

    /// In metres, as most of UTM is.
    private static let eastingFirst: [ClosedRange<Int32>] = [
        // The world, and the equal-area grid of EASE.
        3395...3395, 3857...3857, 6933...6933, 8857...8857,
        // UTM: ED50, ETRS89, NAD83, SIRGAS 2000, WGS 72, WGS 84; GDA94 and GDA2020.
        23028...23038, 25828...25838, 26901...26923, 31978...31985, 32201...32260, 32601...32660,
        32701...32760, 28348...28358, 7846...7859, 23830...23853, 4647...4647, 5649...5650,
        // Australia, Belgium, Britain, Canada, Croatia, Czechia, Finland, France, Greece.
        3111...3112, 3308...3308, 3577...3577, 3812...3812, 31370...31370, 27700...27700,
        3005...3005, 3347...3347, 3978...3979, 3765...3765, 5514...5514, 3067...3067, 2154...2154,
        3942...3950, 2100...2100,
        // Hungary, Ireland, Israel, Netherlands, Portugal, Slovenia, Switzerland, USA.
        23700...23700, 2157...2157, 2039...2039, 28992...28992, 3763...3763, 3794...3794,
        2056...2056, 21781...21781, 5070...5070,
    ]

    /// In metres, with the northing first.
    private static let northingFirst: [ClosedRange<Int32>] = [
        // Europe, Austria, Baltic states, Finland, Germany, Poland, Romania, Sweden.
        3034...3035, 31254...31259, 31287...31287, 3059...3059, 3301...3301, 3346...3346,
        2391...2394, 3873...3885, 31466...31469, 2176...2180, 3844...3844, 31700...31700,
        3006...3018,
        // China, Hong Kong, Japan, Korea, New Zealand, Turkey.
        2326...2326, 2327...2442, 4491...4554, 2443...2461, 6669...6687, 5181...5188, 2105...2132,
        2193...2193, 5253...5259,
    ]
}
