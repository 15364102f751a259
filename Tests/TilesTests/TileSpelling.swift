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

/// A generator whose whole life follows from its seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
