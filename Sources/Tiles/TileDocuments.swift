/// The capabilities of WMTS, WMS-C and TMS as the edge writes them where the pool has no
/// GeoWebCache: of the layers that the pool's WMS lists, in the grid sets that the edge knows.
///
/// Made once for each reading of the pool's layers, beside the loops; for a document a loop copies
/// bytes. Each layer is told with the formats of every map server, and with the styles that its WMS
/// lists; for a request the edge asks the pool by GetMap.
///
/// Source: OGC 07-057r7; OSGeo Tile Map Service 1.0.0; names and addresses as GeoWebCache has them
/// (`WMTSGetCapabilities`, `WMSGetCapabilities`, `TMSDocumentFactory`).
public struct TileDocuments: Sendable {
    /// Path and title of a service, and what it shows.
    struct Service {
        /// From the host's root, as written in a document.
        var path: String
        var layers: [Layer]
    }

    /// A layer as one of the services names it.
    struct Layer {
        var name: String
        var description: ServiceLayer
    }

    /// What stands before a path in a document until it is known who reads it.
    static let base: UInt8 = 0

    /// Most bytes of all layers' moments together. A document has those of a layer once for each
    /// grid set, and layers inherit them: where they are more, each layer is told only with the
    /// moment that a request means which names none.
    package static let extentBytesMax = 4 << 20

    private let sets: TileMatrixSets
    private let context: String
    private let layers: [(workspace: String, name: String, description: ServiceLayer)]
    /// By workspace; by an empty name those of all layers.
    private var written: [String: Written] = [:]

    /// Documents of all of a service's layers.
    private struct Written {
        var wmts: [UInt8]
        var tms: [UInt8]
        var wms: [UInt8]
        var tiledWMS: [UInt8]

        init(_ sets: TileMatrixSets, _ service: Service) {
            (wmts, tms) = (sets.wmts(service), sets.tms(service))
            wms = sets.wms(service, isTiled: false)
            tiledWMS = sets.wms(service, isTiled: true)
        }
    }

    /// - Parameters:
    ///   - facts: of which those with a description are told.
    ///   - context: the path above the services, such as `/geoserver`; empty for none.
    public init(_ facts: [LayerFacts], gridSets: GridSets, context: String) {
        sets = TileMatrixSets(gridSets)
        self.context = context
        let keepsExtents = Self.extentBytes(facts) <= Self.extentBytesMax
        layers = facts.compactMap { fact in
            guard var description = fact.description else { return nil }
            if !keepsExtents { description.times?.extent = [] }
            let parts = fact.name.split(separator: ":", maxSplits: 1)
            return parts.count == 2
                ? (String(parts[0]), String(parts[1]), description) : ("", fact.name, description)
        }
        for workspace in Set(layers.map(\.workspace)).union([""]) {
            written[workspace] = Written(sets, service(workspace, nil))
        }
    }

    private static func extentBytes(_ facts: [LayerFacts]) -> Int {
        facts.reduce(0) { total, fact in
            let extent = fact.description?.times?.extent ?? []
            return extent.reduce(total) { $0 + $1.utf8.count + 1 }
        }
    }

    /// - Parameter layer: of a layer's virtual service; nil: all of the workspace.
    private func service(_ workspace: String, _ layer: String?) -> Service {
        let place = workspace.isEmpty ? "" : "/" + Self.segment(workspace)
        let below = layer.map { "/" + Self.segment($0) } ?? ""
        var service = Service(path: context + place + below + "/gwc/service", layers: [])
        for (owner, name, description) in layers {
            guard workspace.isEmpty || owner == workspace, layer == nil || layer == name else {
                continue
            }
            let isWhole = workspace.isEmpty && !owner.isEmpty
            service.layers.append(
                Layer(name: isWhole ? "\(owner):\(name)" : name, description: description))
        }
        return service
    }

    /// A document with its addresses.
    ///
    /// - Parameter base: scheme and host under which the viewer reaches the edge, such as
    ///   `https://mapstory.org`; without a slash at its end.
    /// - Returns: nil where there is no such workspace, layer, grid set or format.
    public func document(_ request: TileDocumentRequest, base: String) -> [UInt8]? {
        let (workspace, layer) = (request.workspace, request.layer)
        guard let known = written[workspace] else { return nil }
        if layer.isEmpty {
            switch request.kind {
            case .wmts: return Self.filled(known.wmts, base)
            case .tms: return Self.filled(known.tms, base)
            case .wms(let isTiled):
                return Self.filled(isTiled ? known.tiledWMS : known.wms, base)
            case .tmsRoot, .tileMap: break
            }
        }
        let service = service(workspace, layer.isEmpty ? nil : layer)
        guard !service.layers.isEmpty || layer.isEmpty else { return nil }
        let document: [UInt8]? =
            switch request.kind {
            case .wmts: sets.wmts(service)
            case .wms(let isTiled): sets.wms(service, isTiled: isTiled)
            case .tmsRoot: sets.tmsRoot(service)
            case .tms: sets.tms(service)
            case .tileMap(let name): sets.tileMap(name, service)
            }
        return document.map { Self.filled($0, base) }
    }

    private static func filled(_ document: [UInt8], _ base: String) -> [UInt8] {
        let base = Array(escapedXML(base).utf8)
        var bytes: [UInt8] = []
        let count = document.reduce(0) { $1 == Self.base ? $0 + 1 : $0 }
        bytes.reserveCapacity(document.count + count * base.count)
        var rest = document[...]
        while let place = rest.firstIndex(of: Self.base) {
            bytes += rest[..<place]
            bytes += base
            rest = rest[(place + 1)...]
        }
        return bytes + rest
    }

    /// A name as a segment of a path, with colons and at signs as they are.
    static func segment(_ name: String) -> String {
        var text: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in name.utf8 {
            if isUnreserved(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "@") {
                text.append(byte)
            } else {
                text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// A request for one of those documents.
public struct TileDocumentRequest: Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
        /// GetCapabilities of WMTS, by its parameters or by its path.
        case wmts
        /// GetCapabilities of the WMS that takes tiles alone; with the grids where they are asked
        /// for, as WMS-C has it.
        case wms(isTiled: Bool)
        /// What versions of the Tile Map Service there are.
        case tmsRoot
        /// The Tile Map Service with all its maps.
        case tms
        /// One of them, `LAYER@GRIDSET@FORMAT`.
        case tileMap(String)
    }

    public var kind: Kind
    /// What the document is, by its specification.
    public var mediaType: StaticString {
        if case .wms = kind { "application/vnd.ogc.wms_xml" } else { "application/xml" }
    }
    /// Of a virtual service; empty for the global one.
    public var workspace = ""
    /// Of a layer's virtual service; empty: all layers.
    public var layer = ""

    /// Reads path and query of a GET; nil: it asks for another thing, or of no known service.
    /// For the slow way: allocates.
    public init?(path: RawSpan, query: RawSpan, services: MapServices) {
        let service = ServicePath(path, services)
        var table = ParameterTable()
        table.read(query)
        switch service.service {
        case .wmts, .cachedWMS:
            let isWMTS = service.service == .wmts
            let isForAnother =
                !table[.service].isEmpty
                && !table[.service].spells(isWMTS ? "wmts" : "wms", in: query)
            guard table[.request].spells("getcapabilities", in: query), !isForAnother else {
                return nil
            }
            kind = isWMTS ? .wmts : .wms(isTiled: table[.tiled].spells("true", in: query))
        case .unknown where service.isTMSRoot: kind = .tmsRoot
        case .wmtsREST:
            guard let name = Self.onlySegment(of: path, service),
                name.spells("wmtscapabilities.xml", in: path)
            else { return nil }
            kind = .wmts
        case .tms:
            let walk = PathWalk(at: service.rest, skipsSessions: service.hasSession)
            guard !walk.isAtEnd(in: path) else {
                kind = .tms
                break
            }
            guard let name = Self.onlySegment(of: path, service) else { return nil }
            kind = .tileMap(name.decoded(in: path))
        default: return nil
        }
        workspace = service.workspace.decoded(in: path)
        layer = service.layer.decoded(in: path)
    }

    private static func onlySegment(of path: RawSpan, _ service: ServicePath) -> QueryText? {
        var walk = PathWalk(at: service.rest, skipsSessions: service.hasSession)
        guard let segment = walk.next(in: path), !segment.isEmpty, walk.isAtEnd(in: path) else {
            return nil
        }
        return segment
    }
}
