/// References of the same host, as Location, Content-Location and Referer have them (RFC 3986
/// §5.2); those to another host are nobody's business here, lest one site could empty another's
/// cache (RFC 9111 §4.4).
public enum Reference {
    /// Path, without dot segments, and query that a reference leads to, which is nil where there is
    /// no `?`; nil: it is of another host, or no address of HTTP.
    ///
    /// The scheme makes no difference: behind who ends TLS an origin names either.
    ///
    /// - Parameters:
    ///   - reference: the field's value.
    ///   - host: the request's, with its port if it has one.
    ///   - base: the request's path.
    ///
    /// Allocates; for what succeeds an unsafe method, never for a hit.
    public static func resolve(
        _ reference: [UInt8], host: [UInt8], path base: [UInt8]
    ) -> (path: [UInt8], query: [UInt8]?)? {
        var rest = reference[...]
        if let mark = rest.firstIndex(of: UInt8(ascii: "#")) { rest = rest[..<mark] }
        let text = String(decoding: rest.prefix(8), as: UTF8.self).lowercased()
        for scheme in ["http://", "https://", "//"] where text.hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.utf8.count)
            let end = rest.firstIndex(where: isPathOrQuery) ?? rest.endIndex
            guard bare(rest[..<end]) == bare(host[...]) else { return nil }
            return split(rest[end...])
        }
        guard let first = rest.first else { return split(base[...]) }
        if first == UInt8(ascii: "/") { return split(rest) }
        if rest.prefix(while: { !isPathOrQuery($0) }).contains(UInt8(ascii: ":")) { return nil }
        if first == UInt8(ascii: "?") { return split(base[...] + rest) }
        let directory = base.lastIndex(of: UInt8(ascii: "/")).map { base[...$0] }
        return split((directory ?? [UInt8(ascii: "/")]) + rest)
    }

    private static func isPathOrQuery(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?")
    }

    /// A host in small letters, without a port that is either scheme's default.
    private static func bare(_ host: ArraySlice<UInt8>) -> [UInt8] {
        let text = host.map { (65...90).contains($0) ? $0 | 0x20 : $0 }
        for port in [":", ":80", ":443"]
        where text.suffix(port.utf8.count).elementsEqual(port.utf8) {
            return Array(text.dropLast(port.utf8.count))
        }
        return text
    }

    private static func split(_ target: ArraySlice<UInt8>) -> (path: [UInt8], query: [UInt8]?) {
        guard let mark = target.firstIndex(of: UInt8(ascii: "?")) else {
            return (withoutDots(Array(target)), nil)
        }
        return (withoutDots(Array(target[..<mark])), Array(target[(mark + 1)...]))
    }

    /// RFC 3986 §5.2.4 for `.` and `..` segments.
    private static func withoutDots(_ path: [UInt8]) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        guard path.contains(UInt8(ascii: ".")) else { return path.isEmpty ? [slash] : path }
        var kept: [ArraySlice<UInt8>] = []
        let segments = path.split(separator: slash, omittingEmptySubsequences: false).dropFirst()
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            if segment.elementsEqual("..".utf8) {
                _ = kept.popLast()
                if isLast { kept.append([]) }
            } else if segment.elementsEqual(".".utf8) {
                if isLast { kept.append([]) }
            } else {
                kept.append(segment)
            }
        }
        return kept.reduce(into: []) { $0 += [slash] + $1 }
    }
}
