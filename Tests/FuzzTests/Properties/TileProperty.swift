import Tiles

/// Any line as a path and any as a query: what becomes of a map request does not depend on the
/// order of its parameters, what the origin is asked means the same again, and a write finds the
/// same in either.
struct TileProperty {
    private static let services = [
        MapServices.standard,
        MapServices(
            contexts: [MapServices.Context(bareWorkspace: "geonode")],
            layers: [
                LayerFacts(name: "geonode:storms", defaultStyle: "point"),
                LayerFacts(name: "geonode:roads", defaultStyle: "geonode:line"),
                LayerFacts(name: "base"),
            ], styles: ["point", "geonode:line"]),
    ]

    static func faults(_ input: [UInt8]) -> [String] {
        let lines = input.split(
            separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
        let (path, query) = (Array(lines[0]), lines.count > 1 ? Array(lines[1]) : [])
        return services.flatMap { faults(path, query, $0) }
    }

    private struct Answer: Equatable {
        var outcome: TileRequest.Outcome
        var key: [UInt8]

        var request: TileRequest? {
            if case .request(let request) = outcome { request } else { nil }
        }
    }

    private static func faults(
        _ path: [UInt8], _ query: [UInt8], _ services: MapServices
    ) -> [String] {
        var faults: [String] = []
        let room = TileRequest.keyCapacity(path: path.span.bytes, query: query.span.bytes)
        let answer = answer(path, query, services, room: room, &faults)
        let ampersand = UInt8(ascii: "&")
        let turned = query.split(separator: ampersand, omittingEmptySubsequences: false)
            .reversed().joined(separator: [ampersand])
        let other = self.answer(path, Array(turned), services, room: room, &faults)
        let isOrdered = answer.request?.bypass == nil && other.request?.bypass == nil
        // Of two of one name that nobody knows here, which comes first may mean something.
        if isOrdered, !repeatsNames(query), answer.key != other.key {
            faults.append("\(text(other.key)) in another order, \(text(answer.key)) before")
        }
        guard let request = answer.request, request.bypass == nil else { return faults }
        if !answer.key.isEmpty {
            _ = self.answer(path, query, services, room: answer.key.count - 1, &faults)
        }
        faults += sessionFaults(answer.key)
        faults += targetFaults(path, query, services, answer)
        faults += subjectFaults(path, query, services, answer.key)
        return faults
    }

    /// Whether two parameters have one name, perhaps.
    private static func repeatsNames(_ query: [UInt8]) -> Bool {
        let names = query.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false)
            .map { member in member.prefix { $0 != UInt8(ascii: "=") }.map { $0 & 0xDF } }
        return Set(names).count < names.count || names.joined().contains(UInt8(ascii: "%") & 0xDF)
    }

    private static func answer(
        _ path: [UInt8], _ query: [UInt8], _ services: MapServices, room: Int,
        _ faults: inout [String]
    ) -> Answer {
        var memory = [UInt8](repeating: 0xA5, count: room + 8)
        let outcome = memory.withUnsafeMutableBytes {
            TileRequest.normalise(
                path: path.span.bytes, query: query.span.bytes, services: services,
                key: UnsafeMutableRawBufferPointer(rebasing: $0[..<room]))
        }
        if memory[room...].contains(where: { $0 != 0xA5 }) { faults.append("overrun") }
        guard case .request(let request) = outcome else { return Answer(outcome: outcome, key: []) }
        return Answer(outcome: outcome, key: Array(memory[..<min(request.keyLength, room)]))
    }

    /// No session is part of a key: neither as `;jsessionid` nor encoded.
    private static func sessionFaults(_ key: [UInt8]) -> [String] {
        let path = key.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        let place = String(decoding: path, as: UTF8.self).lowercased()
        let isClean = !place.contains(";jsessionid") && !place.contains("%3bjsessionid")
        return isClean ? [] : ["\(text(key)) holds a session"]
    }

    /// What the origin is asked is the same map, asked for in its normal form.
    private static func targetFaults(
        _ path: [UInt8], _ query: [UInt8], _ services: MapServices, _ answer: Answer
    ) -> [String] {
        let room = TileRequest.keyCapacity(path: path.span.bytes, query: query.span.bytes)
        var memory = [UInt8](repeating: 0, count: room)
        let length = memory.withUnsafeMutableBytes {
            TileRequest.writeTarget(
                path: path.span.bytes, query: query.span.bytes, services: services, into: $0)
        }
        guard let length else { return [] }
        let target = Array(memory[..<length])
        let parts = target.split(
            separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        var faults: [String] = []
        let (asked, said) = (Array(parts[0]), parts.count > 1 ? Array(parts[1]) : [])
        let capacity = TileRequest.keyCapacity(path: asked.span.bytes, query: said.span.bytes)
        let again = self.answer(asked, said, services, room: capacity, &faults)
        if again.key != answer.key {
            faults.append(
                "\(text(target)) is asked, whose key is \(text(again.key)), not "
                    + "\(text(answer.key))")
        }
        return faults
    }

    /// A write sees the same map in a request and in its key.
    private static func subjectFaults(
        _ path: [UInt8], _ query: [UInt8], _ services: MapServices, _ key: [UInt8]
    ) -> [String] {
        guard
            let mark = key.firstIndex(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
            ),
            key[mark] == UInt8(ascii: "?")
        else { return [] }
        let (start, rest) = (Array(key[..<mark]), Array(key[(mark + 1)...]))
        let asked = MapSubject(path: path.span.bytes, query: query.span.bytes, services)
        let kept = MapSubject(canonicalPath: start.span.bytes, query: rest.span.bytes, services)
        guard asked.kind == .picture, kept.kind == .picture else { return [] }
        if asked.box != kept.box || asked.level != kept.level || asked.time != kept.time {
            return ["a write sees another place, level or time in \(text(key))"]
        }
        return []
    }

    private static func text(_ bytes: [UInt8]) -> String {
        "\"\(String(decoding: bytes, as: UTF8.self))\""
    }
}
