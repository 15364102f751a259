import Tiles
import Yams

/// Reads the area of a GeoJSON document (RFC 7946): a Polygon, a MultiPolygon, a Feature of one, or
/// several of these.
struct GeoJSONPolygon {
    /// As messages name it.
    let file: String

    /// - Returns: its parts, in degrees, which may overlap; each with its holes.
    func read(_ text: String) throws(CommandMistake) -> [Polygon] {
        // YAML holds JSON, and the reader for it is here already.
        guard let node = try? Yams.compose(yaml: text) else {
            throw mistake(nil, "is no JSON", "name a GeoJSON file")
        }
        return try polygons(node)
    }

    private func polygons(_ node: Node) throws(CommandMistake) -> [Polygon] {
        let coordinates = node["coordinates"]?.sequence
        switch node["type"]?.string {
        case "Polygon":
            guard let coordinates else { break }
            return [Polygon(rings: try rings(coordinates))]
        case "MultiPolygon":
            guard let coordinates else { break }
            var all: [Polygon] = []
            for element in coordinates {
                guard let parts = element.sequence else {
                    throw mistake(element, "has no rings there", "write [[[lon, lat], ...]]")
                }
                all.append(Polygon(rings: try rings(parts)))
            }
            guard !all.isEmpty else { break }
            return all
        case "Feature":
            guard let geometry = node["geometry"] else { break }
            return try polygons(geometry)
        case "FeatureCollection":
            guard let features = node["features"]?.sequence else { break }
            guard !features.isEmpty else {
                throw mistake(node, "holds no feature", "give a Polygon or a MultiPolygon")
            }
            var all: [Polygon] = []
            for feature in features { all += try polygons(feature) }
            return all
        case let type?:
            throw mistake(
                node, "is a \(printable(type))",
                "give a Polygon, a MultiPolygon or Features of such")
        case nil: break
        }
        throw mistake(node, "is no GeoJSON area", "give a Polygon or a MultiPolygon")
    }

    private func rings(_ parts: Node.Sequence) throws(CommandMistake) -> [[Polygon.Point]] {
        var rings: [[Polygon.Point]] = []
        for part in parts {
            guard let positions = part.sequence, positions.count >= 4 else {
                throw mistake(part, "has a ring of fewer than four positions", "close each ring")
            }
            var ring: [Polygon.Point] = []
            for position in positions { ring.append(try point(position)) }
            guard ring.first == ring.last else {
                throw mistake(
                    part, "has a ring that is not closed", "end each ring with its first position")
            }
            ring.removeLast()
            rings.append(ring)
        }
        guard !rings.isEmpty else {
            throw mistake(nil, "has no ring", "give a Polygon with at least one")
        }
        return rings
    }

    private func point(_ node: Node) throws(CommandMistake) -> Polygon.Point {
        let numbers = (node.sequence ?? []).prefix(2).map { $0.float }
        guard numbers.count == 2, let x = numbers[0], let y = numbers[1], -180...180 ~= x,
            -90...90 ~= y
        else {
            throw mistake(
                node, "has a position that is none in degrees",
                "write [longitude, latitude], and cut at the antimeridian what goes over it")
        }
        return Polygon.Point(x, y)
    }

    private func mistake(_ node: Node?, _ problem: String, _ remedy: String) -> CommandMistake {
        let line = node?.mark.map { ":\($0.line)" } ?? ""
        return CommandMistake(
            "\(printable(file))\(line): the file \(problem); \(remedy)", isUsage: true)
    }
}
