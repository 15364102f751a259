import Foundation
import Testing
import Tiles

@Suite("Geographic boxes: one frame for all systems")
struct GeographicBoxTests {
    static func box(_ w: Double, _ s: Double, _ e: Double, _ n: Double) -> GeographicBox {
        GeographicBox(longitudes: (w, e), latitudes: (s, n), of: .geometry) ?? .world
    }

    @Test("edges are rounded outwards, by little")
    func rounding() {
        let box = Self.box(-74.8, 40.5, -74.8, 40.5)
        #expect(box.west < -74_800_000 && box.west > -74_800_003)
        #expect(box.east > -74_800_000 && box.east < -74_799_997)
        #expect(box.south < 40_500_000 && box.north > 40_500_000)
    }

    @Test(
        "numbers that are no place on Earth are none",
        arguments: [
            (Double.nan, 0), (0, Double.nan), (Double.infinity, 0), (0, -Double.infinity),
            (541, 0), (0, 91), (1e308, 0), (0, -1e308),
        ] as [(Double, Double)])
    func noPlace(_ x: Double, _ y: Double) {
        #expect(GeographicBox(longitudes: (x, x), latitudes: (y, y), of: .geometry) == nil)
        #expect(GeographicBox(longitudes: (0, x), latitudes: (0, y), of: .picture) == nil)
    }

    @Test("boxes meet at every turn around the globe")
    func turns() {
        let fiji = Self.box(178, -20, 182, -15)
        #expect(fiji.intersects(Self.box(-179, -18, -178.5, -17)))
        #expect(fiji.intersects(Self.box(541 - 2, -18, 540, -17)))
        #expect(Self.box(-181, 0, -180.5, 1).intersects(Self.box(179.2, 0, 179.3, 1)))
        #expect(!fiji.intersects(Self.box(0, -18, 1, -17)))
        #expect(!fiji.intersects(Self.box(178, 0, 179, 1)))
        #expect(GeographicBox.world.intersects(fiji))
    }

    @Test("what is wider than half the world may be drawn the other way round")
    func wide() {
        #expect(Self.box(-170, 0, 170, 1).intersects(Self.box(179, 0, 179.5, 1)))
        let picture = GeographicBox(longitudes: (-170, 170), latitudes: (0, 1), of: .picture)
        #expect(picture?.intersects(Self.box(179, 0, 179.5, 1)) == false)
    }

    @Test("Mercator is the library's, and the poles are its ends")
    func mercator() throws {
        for y in stride(from: -2.0037508e7, through: 2.0037508e7, by: 1.234567e5) {
            let box = try #require(
                CoordinateSystem.webMercator.box((0, y), (0, y), of: .geometry))
            let latitude = atan(sinh(y / 6_378_137)) * 180 / .pi
            #expect(abs(Double(box.south) / 1e6 - latitude) < 3e-6)
            #expect(Double(box.south) / 1e6 <= latitude && Double(box.north) / 1e6 >= latitude)
        }
        let far = CoordinateSystem.webMercator.box((0, -1e300), (0, 1e300), of: .geometry)
        #expect(far?.north == 90_000_000 && far?.south == -90_000_000)
        #expect(CoordinateSystem.webMercator.box((1e300, 0), (0, 0), of: .geometry) == nil)
        #expect(CoordinateSystem.webMercator.box((0, .nan), (0, 0), of: .geometry) == nil)
    }

    @Test(
        "the order of axes is that of the name's form",
        arguments: [
            ("EPSG:4326", CoordinateSystem.longitudeLatitude),
            ("epsg:4326", .longitudeLatitude), ("CRS:84", .longitudeLatitude),
            ("http://www.opengis.net/gml/srs/epsg.xml#4326", .longitudeLatitude),
            ("urn:ogc:def:crs:EPSG::4326", .latitudeLongitude),
            ("urn:ogc:def:crs:EPSG:6.9:4326", .latitudeLongitude),
            ("urn:x-ogc:def:crs:EPSG:4326", .latitudeLongitude),
            ("http://www.opengis.net/def/crs/EPSG/0/4326", .latitudeLongitude),
            ("urn:ogc:def:crs:OGC:1.3:CRS84", .longitudeLatitude),
            ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", .longitudeLatitude),
            ("EPSG:900913", .webMercator), ("urn:ogc:def:crs:EPSG::3857", .webMercator),
            ("EPSG:3785", .webMercator), ("EPSG:102100", .webMercator),
            ("http://www.opengis.net/gml/srs/epsg.xml#3857", .webMercator),
            ("EPSG:4269", .shiftedLongitudeLatitude),
            ("urn:ogc:def:crs:EPSG::4258", .shiftedLatitudeLongitude),
        ])
    func axes(_ name: String, _ system: CoordinateSystem) {
        #expect(CoordinateSystem(named: name) == system)
    }

    @Test(
        "what is not known is nil",
        arguments: ["", ":", "EPSG:", "EPSG:2154", "urn:ogc:def:crs:", "4326", "EPSG:4326:1:2"])
    func unknown(_ name: String) {
        #expect(CoordinateSystem(named: name) == nil)
    }

    @Test("a union has both in it, whichever way round it is")
    func union() {
        var state: UInt64 = 5
        func degrees(_ span: Double) -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 40) / Double(1 << 24) * span
        }
        func random() -> GeographicBox {
            let (x, y) = (degrees(380) - 190, degrees(170) - 85)
            return Self.box(x, y, x + degrees(40), min(y + degrees(20), 90))
        }
        for _ in 0..<2_000 {
            let (left, right) = (random(), random())
            let both = left.union(right)
            #expect(both == right.union(left) || both.extent == right.union(left).extent)
            #expect(both.extent >= max(left.extent, right.extent))
            for box in [left, right] {
                for (x, y) in [(box.west, box.south), (box.east, box.north)] {
                    let (x, y) = (Double(x) / 1e6, Double(y) / 1e6)
                    #expect(both.intersects(Self.box(x, y, x, y)))
                }
            }
            #expect(
                GeographicBox(
                    west: both.west, south: both.south, east: both.east, north: both.north) == both)
        }
        let fiji = Self.box(179, -20, 179.5, -15).union(Self.box(-179.5, -18, -179, -17))
        #expect(!fiji.intersects(Self.box(0, -18, 1, -17)))
        #expect(fiji.union(.world).extent == GeographicBox.world.extent)
    }

    @Test("what is gathered covers what was there, far places stay apart, and it is few")
    func gathering() {
        var boxes = (0..<1_000).map { at in
            // Four towns, of which one is on the antimeridian.
            let (x, y) = [(-100.0, 40.0), (10, 50), (179.5, -17), (110, 20)][at % 4]
            return Self.box(
                x + Double(at % 33) * 0.03, y + Double(at % 29) * 0.03, x + Double(at % 33) * 0.03,
                y + Double(at % 29) * 0.03)
        }
        let before = boxes
        GeographicBox.gather(&boxes, to: 1_000)
        #expect(boxes == before)
        for count in [192, 20, 8, 5] {
            GeographicBox.gather(&boxes, to: count)
            #expect(boxes.count == count)
            #expect(before.allSatisfy { old in boxes.contains { $0.intersects(old) } })
            #expect(boxes.allSatisfy { $0.extent < 200 }, "\(boxes.map(\.extent).max() ?? 0)")
        }
        GeographicBox.gather(&boxes, to: 0)
        #expect(boxes.count == 1)
    }

    @Test(
        "another datum's degrees are where they say, or a little beside it",
        arguments: [
            ("EPSG:4269", false), ("EPSG:4258", false), ("CRS:83", false), ("CRS:27", false),
            ("urn:ogc:def:crs:OGC:1.3:CRS83", false), ("urn:ogc:def:crs:EPSG::4283", true),
            ("http://www.opengis.net/def/crs/EPSG/0/4326", true),
            ("http://www.opengis.net/def/crs/EPSG/0/4269", true),
            ("http://www.opengis.net/gml/srs/epsg.xml#4267", false),
        ])
    func datums(_ name: String, isLatitudeFirst: Bool) throws {
        let system = try #require(CoordinateSystem(named: name))
        let place = isLatitudeFirst ? (40.5, -74.8) : (-74.8, 40.5)
        let box = try #require(system.box(place, place, of: .geometry))
        let widest = Self.box(-74.8101, 40.4899, -74.7899, 40.5101)
        #expect(widest.contains(box) && box.contains(Self.box(-74.8, 40.5, -74.8, 40.5)))
        #expect(system.box((91, 91), (91, 91), of: .geometry) == nil)
        let edge = isLatitudeFirst ? (89.999, -180.0) : (-180, 89.999)
        let grown = try #require(system.box(edge, edge, of: .geometry))
        #expect(grown.north <= 90_000_000 && grown.west >= -180_000_000)
        #expect(grown.intersects(Self.box(179.9999, 89.9, 180, 90)))
    }

    @Test("growing stays in bounds")
    func growing() {
        for box in [Self.box(179, 89, 180, 90), .world, Self.box(-180, -90, -179, -89)] {
            for percent in [-1, 0, 50, 1_000, .max] {
                let grown = box.grown(byPercent: percent)
                #expect(grown.intersects(box))
                #expect(
                    GeographicBox(
                        west: grown.west, south: grown.south, east: grown.east, north: grown.north)
                        == grown)
            }
        }
    }
}
