import Testing

@testable import Tiles

@Suite("Places in Mercator's projections of the ellipsoid")
struct EllipsoidalMercatorTests {
    @Test(
        "they are where PROJ has them",
        arguments: [
            // gdaltransform -s_srs EPSG:n -t_srs EPSG:4326 -output_xy (PROJ 9.1).
            (32633, 500000, 4982950.40022655, 15, 45),
            (32633, 283741.18130694, 7787150.02154692, 9.30000000000002, 70.1),
            (32601, 166021.4431, 0, -179.999999999825, 0),
            (32660, 833978.5569, 1000, -179.999999963092, 0.00903483104468475),
            (32631, -300000, 5500000, -7.9757107982722, 49.1283655357456),
            (32631, 1400000, 9300000, 55.3522732174123, 79.8315103031001),
            (32719, 300000, 7500000, -70.9455502201191, -22.5950675951033),
            (32760, 700000, 1117000, -172.778337212046, -79.854887793746),
            (32638, 612345.678, -250000, 46.0103513693644, -2.26146297658747),
            (32733, 400000, 10000001, 14.1013623397913, 9.04619342779144e-06),
            (3395, 1669792.361, 5591295.918, 14.9999999919232, 44.999999996473),
            (3395, -20037508.342789, -15000000, -179.999999999998, -79.1947685072947),
            (3395, 0, 20037508, 0, 85.084058786217),
        ] as [(Int, Double, Double, Double, Double)])
    func places(_ code: Int, _ x: Double, _ y: Double, _ longitude: Double, _ latitude: Double)
        throws
    {
        var place = (
            longitude: EllipsoidalMercator.longitude(x), latitude: EllipsoidalMercator.latitude(y)
        )
        if code > 32_600 {
            place = try #require(
                EllipsoidalMercator.place(
                    zone: code % 100, easting: x, northing: code > 32_700 ? y - 1e7 : y))
        }
        let turn = ((place.longitude - longitude) / 360).rounded() * 360
        #expect(abs(place.longitude - longitude - turn) < 2e-9)
        #expect(abs(place.latitude - latitude) < 2e-9)
        let name = "urn:ogc:def:crs:EPSG::\(code)"
        let system = try #require(CoordinateSystem(named: name))
        #expect(CoordinateSystem(named: "EPSG:\(code)") == system)
        let box = try #require(system.box((x, y), (x, y), of: .geometry))
        #expect(Double(box.north - box.south) < 30 && Double(box.east - box.west) < 30)
        #expect(Double(box.south) / 1e6 < latitude && Double(box.north) / 1e6 > latitude)
    }

    @Test("a rectangle's box has all of it, and no more than its sides reach")
    func covers() throws {
        var state: UInt64 = 3
        func random(_ range: ClosedRange<Double>) -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1
            let part = Double(state >> 11) / Double(1 << 53)
            return range.lowerBound + part * (range.upperBound - range.lowerBound)
        }
        for round in 0..<400 {
            let isSouth = round.isMultiple(of: 2)
            let equator: Double = isSouth ? 1e7 : 0
            let (x, y) = (random(-200_000...1_100_000), random(-8.5e6...8.5e6))
            let (width, height) = (random(0...300_000), random(0...800_000))
            let system = CoordinateSystem.transverseMercator(zone: 31, isSouth: isSouth)
            let box = try #require(
                system.box((x + width, equator + y), (x, equator + y + height), of: .geometry))
            var (west, south, east, north) = (180.0, 90.0, -180.0, -90.0)
            for column in 0...16 {
                for row in 0...16 {
                    let place = try #require(
                        EllipsoidalMercator.place(
                            zone: 31, easting: x + width * Double(column) / 16,
                            northing: y + height * Double(row) / 16))
                    (west, east) = (min(west, place.longitude), max(east, place.longitude))
                    (south, north) = (min(south, place.latitude), max(north, place.latitude))
                }
            }
            #expect(Double(box.west) <= west * 1e6 && Double(box.east) >= east * 1e6)
            #expect(Double(box.south) <= south * 1e6 && Double(box.north) >= north * 1e6)
            // Between two of those places it may bulge a little.
            let slack = max(width, height) / 16 + 20
            #expect(
                Double(box.north) - north * 1e6 < slack && south * 1e6 - Double(box.south) < slack)
            #expect(Double(box.east) - east * 1e6 < 20 && west * 1e6 - Double(box.west) < 20)
        }
    }

    @Test("what is far from a zone, or beyond its ends, is no place")
    func outside() {
        let zone = CoordinateSystem.transverseMercator(zone: 31, isSouth: false)
        for (x, y) in [
            (1_600_000, 0), (-600_000, 0), (500_000, 9_500_000), (500_000, -9_500_000),
            (Double.nan, 0), (500_000, .infinity),
        ] as [(Double, Double)] {
            #expect(zone.box((x, y), (x, y), of: .geometry) == nil)
            #expect(zone.box((500_000, 0), (x, y), of: .geometry) == nil)
        }
        #expect(CoordinateSystem.worldMercator.box((0, .nan), (0, 0), of: .geometry) == nil)
        for name in ["EPSG:32600", "EPSG:32661", "EPSG:32761", "EPSG:326001", "CRS:32631"] {
            #expect(CoordinateSystem(named: name) == nil, "\(name)")
        }
    }
}
