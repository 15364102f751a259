import Caching
import HTTP
import Tiles

/// Requests and bodies made from text, as the edge meets them.
enum Writes {
    static let geonode = "http://www.geonode.org/"
    static let context = WriteContext(
        workspaces: [geonode: "geonode", "http://topp": "topp"],
        systems: [LayerName("topp:native"): .longitudeLatitude],
        pointLayers: [LayerName("topp:points")])

    static func recognised(
        _ method: HTTP.Method, _ target: String, type: String = "text/xml",
        hasCredentials: Bool = true, from page: String? = nil, context: WriteContext = context
    ) -> WriteRecognition {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = Array(parts[0].utf8)
        let query = parts.count > 1 ? Array(parts[1].utf8) : []
        let type = Array(type.utf8)
        return WriteRequest.recognised(
            method: method, path: path.span.bytes, query: query.span.bytes,
            contentType: type.span.bytes, hasCredentials: hasCredentials,
            from: page.map { Array($0.utf8) }, context: context)
    }

    /// What a request with a body is, the body arriving in pieces that end so.
    static func read(
        _ body: [UInt8], to target: String = "/geoserver/wfs", ends: [Int] = [],
        type: String = "text/xml", context: WriteContext = context, byteLimit: Int = 1 << 20,
        isWhole: Bool = true
    ) -> WriteRecognition {
        guard
            case .body(let form, let unread) = recognised(
                .post, target, type: type, context: context)
        else { return .read }
        var reader = WriteBodyReader(
            form, unread: unread, context: context, byteLimit: byteLimit)
        var start = 0
        for end in ends + [body.count] {
            reader.take(body.span.bytes.extracting(start..<end))
            start = end
        }
        return reader.finish(isWhole: isWhole)
    }

    static func read(_ body: String, to target: String = "/geoserver/wfs") -> WriteRecognition {
        read(Array(body.utf8), to: target)
    }

    /// The scope in one line: `geonode:X[-74.8 40.5 -74.8 40.5] tiles,...`; `read` for none.
    static func line(_ recognition: WriteRecognition) -> String {
        switch recognition {
        case .read: "read"
        case .body: "body"
        case .write(let write): line(write.scope)
        }
    }

    static func line(_ scope: WriteScope) -> String {
        if scope.parts.isEmpty { return "nothing" }
        let parts = scope.parts.map { part in
            let boxes = part.boxes.map { box in
                [box.west, box.south, box.east, box.north].map { edge in
                    let tenths = (Double(edge) / 100_000).rounded()
                    return tenths == 0 ? "0.0" : "\(tenths / 10)"
                }.joined(separator: " ")
            }
            let place = boxes.isEmpty ? "" : "[\(boxes.joined(separator: ", "))]"
            return "\(name(part.target))\(place)\(kinds(part.kinds))\(selection(part.selection))"
        }
        return parts.joined(separator: "; ") + (scope.isHard ? " hard" : "")
    }

    /// ` {EPSG:4326, 0-3, png}`; empty for all.
    private static func selection(_ selection: TileSelection) -> String {
        let words = [
            selection.gridSet, selection.levels.map { "\($0.lowerBound)-\($0.upperBound)" },
            selection.format.map { "\($0)" }, selection.time, selection.style.map { "\($0)" },
        ].compactMap(\.self)
        return words.isEmpty ? "" : " {\(words.joined(separator: ", "))}"
    }

    private static func name(_ target: WriteScope.Target) -> String {
        switch target {
        case .everything: "everything"
        case .workspace(let name): "\(name):*"
        case .layer(let name): name.workspace == nil ? "*:\(name.name)" : "\(name)"
        case .style(let name): "style \(name)"
        case .namedStyle(let name): "style \(name) by its name"
        case .page(let path): path
        }
    }

    private static func kinds(_ kinds: EntryKinds) -> String {
        switch kinds {
        case .all: return " all"
        // `Writes: an edit and capabilities` has them apart.
        case .layer, .edited: return ""
        case .drawn: return " drawn"
        default:
            let names: [(EntryKinds, String)] = [
                (.tiles, "tiles"), (.legends, "legends"), (.featureInfo, "info"),
                (.features, "features"), (.capabilities, "caps"), (.pages, "pages"),
                (.lists, "lists"),
            ]
            return " "
                + names.filter { kinds.contains($0.0) }.map(\.1).joined(separator: ",")
        }
    }

    static func transaction(_ operations: String, version: String = "1.1.0") -> String {
        let wfs =
            version == "2.0.0" ? "http://www.opengis.net/wfs/2.0" : "http://www.opengis.net/wfs"
        let gml =
            version == "2.0.0" ? "http://www.opengis.net/gml/3.2" : "http://www.opengis.net/gml"
        return "<?xml version=\"1.0\"?><wfs:Transaction service=\"WFS\" version=\"\(version)\""
            + " xmlns:wfs=\"\(wfs)\" xmlns:gml=\"\(gml)\" xmlns:ogc=\"http://www.opengis.net/ogc\""
            + " xmlns:fes=\"http://www.opengis.net/fes/2.0\" xmlns:f=\"\(geonode)\""
            + " xmlns:topp=\"http://topp\">\(operations)</wfs:Transaction>"
    }

    /// An Insert of one feature with that geometry.
    static func insert(_ geometry: String, into layer: String = "f:X") -> String {
        "<wfs:Insert><\(layer)><f:g>\(geometry)</f:g></\(layer)></wfs:Insert>"
    }
}
