public import HTTP

/// Finds the places of GML geometries in a stream of elements: one box for each geometry, and for
/// each member of a Multi geometry its own.
///
/// Understands GML 2 (OGC 02-069), 3.1 (03-105r1) and 3.2 (07-036): `coordinates` with its
/// separators, `coord`, `pos`, `posList`, `lowerCorner`, `upperCorner`. `srsName` and
/// `srsDimension` hold for what is within. Whatever is not understood, such as an arc, a reference,
/// a number that is none or a system that is not known, makes the place unknown; it is never left
/// out. Ask `isUnknown` after the last element.
public struct GeometryReader: Sendable {
    /// Most boxes that are kept; of more those that are nearest to each other become one.
    public static let boxLimit = 256

    private struct Frame: Sendable {
        var system: CoordinateSystem?
        /// The system was named in the form whose axes clients of GML 2 get wrong.
        var isLatitudeByURN = false
        var dimension = 2
        /// This element began the box in progress.
        var beginsBox = false
        var isBounds = false
    }

    /// The boxes that were found.
    public private(set) var boxes: [GeographicBox] = []
    /// Something lies where nobody knows.
    public private(set) var isUnknown = false
    /// Whether a geometry was met, other than a feature's `boundedBy`, which no server believes.
    public private(set) var hasGeometry = false

    private var frames: [Frame] = []
    private var text: CoordinateText?
    /// The corners of the box in progress, in the system that its first place has.
    private var corners: (low: (Double, Double), high: (Double, Double))?
    private var system: CoordinateSystem?
    private var isSwappable = false
    /// X and Y of a GML 2 `coord`.
    private var ordinates: (x: Double?, y: Double?) = (nil, nil)
    private var ordinate: String?
    private let outer: CoordinateSystem?

    /// - Parameter system: that of places without `srsName`: the feature type's own; nil: unknown.
    public init(system: CoordinateSystem?) {
        outer = system
    }

    /// An element begins.
    ///
    /// - Parameter isGML: it is in a namespace of GML.
    public mutating func begin(_ element: XMLElement, isGML: Bool) {
        let name = element.name.local
        var frame = frames.last ?? Frame(system: outer)
        frame.beginsBox = false
        if let named = element.unprefixed("srsName") {
            frame.system = CoordinateSystem(named: named)
            frame.isLatitudeByURN = frame.system?.isLatitudeFirst ?? false
        }
        if let count = element.unprefixed("srsDimension") ?? element.unprefixed("dimension") {
            frame.dimension = Int(count) ?? 0
        }
        if element["href"] != nil || text != nil || ordinate != nil { isUnknown = true }
        if isGML {
            if name == "boundedBy" { frame.isBounds = true }
            if Self.curved.contains(name) { isUnknown = true }
            if !Self.transparent.contains(name), !frames.contains(where: \.beginsBox) {
                frame.beginsBox = true
            }
        }
        frames.append(frame)
        if isGML {
            beginCoordinates(element, frame)
        } else if Self.coordinates.contains(name) {
            // Whose coordinates these are is not known.
            isUnknown = true
        }
    }

    private mutating func beginCoordinates(_ element: XMLElement, _ frame: Frame) {
        switch element.name.local {
        case "coordinates":
            if let form = Self.tuples(element) {
                text = CoordinateText(form)
            } else {
                isUnknown = true
            }
            // GML 2 knows no urn; who writes both often means longitude first.
            if frame.isLatitudeByURN { isSwappable = true }
        case "posList":
            guard (2...4).contains(frame.dimension) else {
                isUnknown = true
                return
            }
            text = CoordinateText(.list(dimension: frame.dimension))
        case "pos", "lowerCorner", "upperCorner": text = CoordinateText(.position)
        case "coord": ordinates = (nil, nil)
        case "X", "Y":
            ordinate = ""
        default: break
        }
    }

    /// Text within the element.
    public mutating func text(_ piece: String) {
        text?.take(piece)
        if let soFar = ordinate {
            if soFar.utf8.count + piece.utf8.count > 64 {
                isUnknown = true
            } else {
                ordinate = soFar + piece
            }
        }
    }

    /// The element ends.
    public mutating func end(_ name: XMLName) {
        guard let frame = frames.popLast() else { return }
        if var coordinates = text {
            coordinates.finish()
            if coordinates.isSound, let found = coordinates.corners {
                include(found.low, found.high, frame)
            } else {
                isUnknown = true
            }
            text = nil
        }
        endOrdinate(name, frame)
        if frame.beginsBox { endBox(frame) }
    }

    private mutating func endOrdinate(_ name: XMLName, _ frame: Frame) {
        if let number = ordinate {
            let digits = number.filter { !$0.isWhitespace }
            let isPlain = digits.utf8.allSatisfy { isDigit($0) || "+-.eE".utf8.contains($0) }
            let value = isPlain ? Double(digits) : nil
            if value?.isFinite != true { isUnknown = true }
            if name.local == "X" { ordinates.x = value } else { ordinates.y = value }
            ordinate = nil
        } else if name.local == "coord" {
            guard let x = ordinates.x, let y = ordinates.y else {
                isUnknown = true
                return
            }
            include((x, y), (x, y), frame)
            ordinates = (nil, nil)
        }
    }

    private mutating func include(
        _ low: (Double, Double), _ high: (Double, Double), _ frame: Frame
    ) {
        if !frame.isBounds { hasGeometry = true }
        guard let place = frame.system, system == nil || system == place else {
            isUnknown = true
            return
        }
        system = place
        guard let before = corners else {
            corners = (low, high)
            return
        }
        corners = (
            (min(before.low.0, low.0), min(before.low.1, low.1)),
            (max(before.high.0, high.0), max(before.high.1, high.1))
        )
    }

    private mutating func endBox(_ frame: Frame) {
        defer {
            corners = nil
            system = nil
            isSwappable = false
        }
        guard let corners, let system else { return }
        let places = isSwappable ? [system, system.swapped ?? system] : [system]
        let found = places.compactMap { $0.box(corners.low, corners.high, of: .geometry) }
        if found.isEmpty { isUnknown = true }
        boxes += found
        if boxes.count > Self.boxLimit {
            GeographicBox.gather(&boxes, to: Self.boxLimit * 3 / 4)
        }
    }

    /// The separators of `coordinates`, which are a blank, a comma and a point where they are not
    /// given; nil when they cannot be told apart from each other or from numbers.
    private static func tuples(_ element: XMLElement) -> CoordinateText.Form? {
        func separator(_ name: String, _ usual: Unicode.Scalar) -> UInt8? {
            guard let given = element[name] else { return UInt8(ascii: usual) }
            let bytes = Array(given.utf8)
            guard bytes.count == 1, bytes[0] < 0x80, !isDigit(bytes[0]),
                !"+-eE".utf8.contains(bytes[0])
            else { return nil }
            return bytes[0]
        }
        guard let decimal = separator("decimal", "."), let coordinate = separator("cs", ","),
            let tuple = separator("ts", " "), decimal != coordinate, coordinate != tuple,
            decimal != tuple, decimal != 0x20
        else { return nil }
        return .tuples(decimal: decimal, coordinate: coordinate, tuple: tuple)
    }

    private static let coordinates: Set<String> = [
        "coordinates", "posList", "pos", "lowerCorner", "upperCorner", "coord",
    ]
    /// What holds several geometries or features, each with a box of its own.
    private static let transparent: Set<String> = [
        "MultiPoint", "MultiLineString", "MultiPolygon", "MultiGeometry", "MultiCurve",
        "MultiSurface", "pointMember", "pointMembers", "lineStringMember", "polygonMember",
        "geometryMember", "geometryMembers", "curveMember", "curveMembers", "surfaceMember",
        "surfaceMembers", "featureMember", "featureMembers", "FeatureCollection", "boundedBy",
    ]
    /// What goes beyond the box of its points.
    private static let curved: Set<String> = [
        "Arc", "ArcString", "ArcByBulge", "ArcStringByBulge", "ArcByCenterPoint", "Circle",
        "CircleByCenterPoint", "CubicSpline", "BSpline", "Bezier", "Clothoid", "GeodesicString",
        "Geodesic", "OffsetCurve", "AffinePlacement", "Sphere", "Cylinder", "Cone",
    ]
}
