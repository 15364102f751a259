import Tiles

/// What `TileRequest` makes of a target that is written as text.
struct TileAnswer {
    var outcome: TileRequest.Outcome
    var key: String
    var target: String?

    var request: TileRequest? {
        if case .request(let request) = outcome { return request }
        return nil
    }
}

let plainServices = MapServices.standard

/// A catalogue such as a pool has it.
let knownServices = MapServices(
    contexts: [
        MapServices.Context(bareWorkspace: "geonode"),
        MapServices.Context(path: "/restricted/geoserver"),
    ],
    layers: [
        LayerFacts(name: "geonode:storms", defaultStyle: "point"),
        LayerFacts(name: "geonode:roads", defaultStyle: "geonode:line"),
        LayerFacts(name: "base:countries", defaultStyle: "polygon"),
        LayerFacts(name: "world"),
    ], styles: ["point", "polygon", "geonode:line"])

func ask(_ target: String, _ services: MapServices = knownServices) -> TileAnswer {
    ask(Array(target.utf8), services)
}

func ask(_ target: [UInt8], _ services: MapServices = knownServices) -> TileAnswer {
    let mark = target.firstIndex(of: UInt8(ascii: "?")) ?? target.count
    let (path, query) = (Array(target[..<mark]), Array(target[mark...].dropFirst()))
    let (pathBytes, queryBytes) = (path.span.bytes, query.span.bytes)
    let room = TileRequest.keyCapacity(path: pathBytes, query: queryBytes)
    var memory = [UInt8](repeating: 0, count: room)
    let outcome = memory.withUnsafeMutableBytes {
        TileRequest.normalise(
            path: path.span.bytes, query: query.span.bytes, services: services, key: $0)
    }
    var key = ""
    if case .request(let request) = outcome {
        key = String(decoding: memory[..<request.keyLength], as: UTF8.self)
    }
    let length = memory.withUnsafeMutableBytes {
        TileRequest.writeTarget(
            path: path.span.bytes, query: query.span.bytes, services: services, into: $0)
    }
    return TileAnswer(
        outcome: outcome, key: key,
        target: length.map { String(decoding: memory[..<$0], as: UTF8.self) })
}
