public import Caching

/// Why a pattern does not match a path that its author probably meant, for `explain`.
public enum NearMiss: Sendable, Equatable {
    /// It would match if letters were compared without case.
    case differsInCase
    /// The path lacks the slash at its end that the pattern asks for, or has one too many.
    case missingSlash
    case surplusSlash
    /// The pattern holds a query; patterns see paths only.
    case queryInPattern
    /// It matches the path as written, which dot segments or doubled slashes make another one.
    case normalizedAway

    /// A sentence's second half: "does not match: ...".
    public var explanation: String {
        switch self {
        case .differsInCase: "letters differ in case, and patterns are case-sensitive"
        case .missingSlash: "the path has no slash at its end; add a pattern without it"
        case .surplusSlash: "the path has a slash at its end; add a pattern with it"
        case .queryInPattern: "the pattern holds a query, and only the path is compared"
        case .normalizedAway: "dot segments, doubled slashes or escapes make it another path"
        }
    }
}

extension PathPattern {
    /// nil when the pattern matches, or is nowhere near. `path` as it was sent, without query.
    ///
    /// Cold: allocates.
    public static func nearMiss(
        _ pattern: String, path: String, decoding: MatchPath.Decoding = .unreserved
    ) -> NearMiss? {
        let normal = normalized(path, decoding)
        if matches(pattern, normal) { return nil }
        if matches(pattern, path) { return .normalizedAway }
        if matches(pattern.lowercased(), normal.lowercased()) { return .differsInCase }
        if matches(pattern, normal + "/") { return .missingSlash }
        if normal.utf8.count > 1, normal.hasSuffix("/"), matches(pattern, String(normal.dropLast()))
        {
            return .surplusSlash
        }
        if let mark = pattern.firstIndex(of: "?"), PathPatternRules.looksLikeQuery(pattern),
            matches(String(pattern[..<mark]), normal)
        {
            return .queryInPattern
        }
        return nil
    }

    private static func matches(_ pattern: String, _ path: String) -> Bool {
        let (pattern, path) = (Array(pattern.utf8), Array(path.utf8))
        return matches(unsafe pattern.span.bytes, path: unsafe path.span.bytes)
    }

    /// The path as patterns see it.
    public static func normalized(
        _ path: String, _ decoding: MatchPath.Decoding = .unreserved
    ) -> String {
        let bytes = Array(path.utf8)
        let normal = unsafe [UInt8](unsafeUninitializedCapacity: bytes.count) { memory, count in
            count =
                unsafe MatchPath.write(
                    bytes.span.bytes, into: UnsafeMutableRawBufferPointer(memory),
                    decoding: decoding) ?? 0
        }
        return String(decoding: normal, as: UTF8.self)
    }
}
