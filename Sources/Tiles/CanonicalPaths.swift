import HTTP

// What operators write of paths, as it stands in keys: they name what viewers ask for, and a map is
// stored under its normal form.
extension TileRequest {
    /// The key of a target as path, `?` and query; nil where that is the target itself.
    ///
    /// For a cold path: allocates.
    public static func key(of target: [UInt8], services: MapServices) -> [UInt8]? {
        let (path, query) = split(target)
        guard case .request(let request, var key) = read(path, query, services),
            request.bypass == nil, request.map.format.isImage
        else { return nil }
        // That of a map of an unknown service has another mark, so as not to pass for a GetMap's.
        if let mark = key.firstIndex(where: { $0 == question || $0 == UInt8(ascii: "#") }) {
            if mark == key.count - 1 { key.removeLast() } else { key[mark] = question }
        }
        return key
    }

    /// Names of parameters that a query has and its key does not depend on, as they are written.
    public static func parametersLeftOut(
        of target: [UInt8], services: MapServices
    ) -> [String] {
        let (path, query) = split(target)
        guard case .request(_, let key) = read(path, query, services) else { return [] }
        let parts = query.split(separator: UInt8(ascii: "&"))
        var names: [String] = []
        for index in parts.indices {
            var others = parts
            others.remove(at: index)
            let rest = [UInt8](others.joined(separator: [UInt8(ascii: "&")]))
            guard case .request(_, key) = read(path, rest, services) else { continue }
            let name = String(
                decoding: parts[index].prefix { $0 != UInt8(ascii: "=") }, as: UTF8.self)
            if !name.isEmpty, !names.contains(name) { names.append(name) }
        }
        return names
    }

    private enum Read {
        case other
        case request(TileRequest, key: [UInt8])
    }

    private static func read(
        _ path: [UInt8], _ query: [UInt8], _ services: MapServices
    ) -> Read {
        let room = unsafe keyCapacity(path: path.span.bytes, query: query.span.bytes)
        var found: TileRequest?
        let key = unsafe [UInt8](unsafeUninitializedCapacity: room) { memory, count in
            let outcome = unsafe normalise(
                path: path.span.bytes, query: query.span.bytes, services: services,
                key: UnsafeMutableRawBufferPointer(memory))
            guard case .request(let request) = outcome else { return }
            (found, count) = (request, request.keyLength)
        }
        return found.map { .request($0, key: key) } ?? .other
    }
}

extension MapServices {
    /// How the canonical keys begin of the maps that viewers ask for under paths that begin so,
    /// beside those that begin in the same way themselves.
    ///
    /// Never too few: what a path leaves open counts as meant.
    ///
    /// - Parameter prefix: a path's beginning, or a path, `?` and a query's beginning.
    public func canonicalPrefixes(of prefix: [UInt8]) -> [[UInt8]] {
        let isWhole = prefix.contains(question)
        let path = decoded(prefix.prefix { $0 != question })
        return contexts.compactMap { context in
            let base = bytes(context.path) + [slash]
            let maps = base + Array("wms?".utf8)
            guard path.starts(with: base) else {
                // Of another spelling it would find nothing by itself.
                return base.starts(with: path) && path != prefix ? base : nil
            }
            let rest = path.dropFirst(base.count)
            guard let word = rest.split(separator: slash, maxSplits: 1).first else {
                return path == prefix ? nil : base
            }
            let isOpen = !isWhole && !rest.contains(slash)
            let isService = Self.words.contains { name in
                let small = word.map(lowercased)
                return isOpen ? name.starts(with: small) : name == small
            }
            if isService || layers.hasBareNames { return maps }
            // What lies below a workspace has layers of that workspace.
            if isWhole, !rest.contains(slash) { return nil }
            let colon = isOpen ? [] : [UInt8(ascii: ":")]
            return maps + Array("LAYERS=".utf8) + encoded(word) + colon
        }
    }

    private static let words = ["wms", "ows", "gwc"].map { Array($0.utf8) }

    private func bytes(_ range: Range<Int>) -> [UInt8] { range.map { byte($0) } }

    private func decoded(_ text: ArraySlice<UInt8>) -> [UInt8] {
        let bytes = [UInt8](text)
        let whole = QueryText(start: 0, end: bytes.count, isInPath: true)
        var decoded: [UInt8] = []
        var at = 0
        while at < bytes.count {
            let (value, width) = unsafe whole.byte(at: at, in: bytes.span.bytes)
            decoded.append(value)
            at += width
        }
        return decoded
    }

    private func encoded(_ text: ArraySlice<UInt8>) -> [UInt8] {
        let room = 3 * text.count
        return unsafe [UInt8](unsafeUninitializedCapacity: room) { memory, count in
            var writer = unsafe KeyWriter(UnsafeMutableRawBufferPointer(memory))
            for byte in text { writer.encoded(byte) }
            count = writer.count
        }
    }
}

private let question = UInt8(ascii: "?")
private let slash = UInt8(ascii: "/")

/// A target's path and query, without the `?`.
func split(_ target: [UInt8]) -> (path: [UInt8], query: [UInt8]) {
    let mark = target.firstIndex(of: question) ?? target.endIndex
    return ([UInt8](target[..<mark]), [UInt8](target[mark...].dropFirst()))
}
