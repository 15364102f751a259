/// What all tiles of a layer are asked for with, but for their places.
public struct TileQuestion: Equatable, Sendable {
    /// The path above the services, such as `/geoserver`; empty for none.
    public var path: String
    /// `WORKSPACE:NAME`, or a bare name; several with commas between.
    public var layer: String
    /// Empty for the layer's default one.
    public var style = ""
    /// A media type.
    public var format = "image/png"
    public var isTransparent = true
    /// TIME, as a viewer writes it; nil: it names none.
    public var time: String?

    public init(path: String = "/geoserver", layer: String) {
        (self.path, self.layer) = (path, layer)
    }

    /// Path and query that ask for a tile in the form in which the origin is asked for it: a
    /// GetMap 1.1.1 with its exact box, which every other spelling of the tile comes to.
    ///
    /// - Parameter services: whose contexts have `path`.
    /// - Returns: nil where there is no such tile.
    public func target(of address: TileAddress, _ services: MapServices) -> String? {
        guard let box = services.gridSets.box(of: address),
            case .epsg(let code) = services.gridSets.system(ofSet: Int(address.gridSet))
        else { return nil }
        let record = services.gridSets.records[Int(address.gridSet)]
        let texts = layer.utf8.count + style.utf8.count + format.utf8.count
        let room = 3 * (texts + (time?.utf8.count ?? 0)) + 512
        let query = unsafe [UInt8](unsafeUninitializedCapacity: room) { memory, count in
            var writer = unsafe KeyWriter(UnsafeMutableRawBufferPointer(memory))
            writer.word("SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap")
            writer.parameter("LAYERS", layer)
            writer.parameter("STYLES", style)
            writer.parameter("FORMAT", format)
            writer.parameter("TRANSPARENT", isTransparent ? "TRUE" : "FALSE")
            writer.parameter("SRS", "EPSG:\(code)")
            writer.name("BBOX")
            for (index, side) in [box.west, box.south, box.east, box.north].enumerated() {
                if index > 0 { writer.byte(UInt8(ascii: ",")) }
                if let number = WrittenDecimal(rounding: side) { writer.decimal(number) }
            }
            writer.parameter("WIDTH", "\(record.tileWidth)")
            writer.parameter("HEIGHT", "\(record.tileHeight)")
            if let time { writer.parameter("TIME", time) }
            count = writer.count
        }
        let target = Array("\(path)/wms?".utf8) + query
        return TileRequest.canonicalTarget(of: target, services).map {
            String(decoding: $0.target, as: UTF8.self)
        }
    }
}

extension KeyWriter {
    fileprivate mutating func parameter(_ name: StaticString, _ value: String) {
        self.name(name)
        for byte in value.utf8 { encoded(byte) }
    }
}

extension TileRequest {
    /// What a target is read as, and what the origin is asked in its place; nil for what is no
    /// picture, for what servers would not agree on, and for what is one viewer's alone.
    ///
    /// For a cold path: allocates.
    public static func canonicalTarget(
        of target: [UInt8], _ services: MapServices
    ) -> (request: TileRequest, target: [UInt8])? {
        let (path, query) = split(target)
        let room = unsafe keyCapacity(path: path.span.bytes, query: query.span.bytes)
        var found: TileRequest?
        let canonical = unsafe [UInt8](unsafeUninitializedCapacity: room) { memory, count in
            let memory = UnsafeMutableRawBufferPointer(memory)
            let outcome = unsafe normalise(
                path: path.span.bytes, query: query.span.bytes, services: services, key: memory)
            guard case .request(let request) = outcome, request.bypass == nil, !request.hasToken,
                request.map.format.isImage,
                let length = unsafe writeTarget(
                    path: path.span.bytes, query: query.span.bytes, services: services,
                    into: memory)
            else { return }
            (found, count) = (request, length)
        }
        return found.map { ($0, canonical) }
    }
}
