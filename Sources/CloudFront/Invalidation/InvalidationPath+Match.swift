import HTTP

extension InvalidationPath {
    /// Whether a stored response is meant, by its path and the part of the query that its key
    /// has: empty where there is none. Tags are another matter: `matches(tagField:)`.
    ///
    /// Compares bytes as they were sent, without joining them. Allocates nothing.
    public func matches(path: RawSpan, keyQuery: RawSpan) -> Bool {
        switch self {
        case .exact(let wanted):
            let length = path.byteCount + (keyQuery.byteCount > 0 ? keyQuery.byteCount + 1 : 0)
            return wanted.count == length && Self.begins(path, keyQuery, with: wanted)
        case .prefix(let wanted): return Self.begins(path, keyQuery, with: wanted)
        case .tag: return false
        }
    }

    /// Whether `path?query` begins with the bytes.
    private static func begins(_ path: RawSpan, _ query: RawSpan, with wanted: [UInt8]) -> Bool {
        let total = path.byteCount + (query.byteCount > 0 ? query.byteCount + 1 : 0)
        if wanted.count > total { return false }
        for index in 0..<wanted.count {
            let byte: UInt8
            if index < path.byteCount {
                byte = path[index]
            } else if index == path.byteCount {
                byte = UInt8(ascii: "?")
            } else {
                byte = query[index - path.byteCount - 1]
            }
            if byte != wanted[index] { return false }
        }
        return true
    }

    /// Whether the value of the response field that carries tags has this one.
    ///
    /// Only the first 50 tags of an object count. Source: CloudFront, "Specify cache tags".
    public func matches(tagField value: RawSpan) -> Bool {
        guard case .tag(let wanted) = self else { return false }
        var tags = CacheTags()
        while let range = tags.next(in: value) {
            if equalsIgnoringCase(value.extracting(range), unsafe wanted.span.bytes) { return true }
        }
        return false
    }

    /// The same item with the root object in place of `/`, as stored responses have it.
    ///
    /// That both name one object is our reading; the documentation is silent.
    public func naming(rootObject: String) -> InvalidationPath {
        guard !rootObject.isEmpty, case .exact(let bytes) = self else { return self }
        let isRoot = bytes == [UInt8(ascii: "/")] || bytes.starts(with: "/?".utf8)
        return isRoot ? .exact(Array("/\(rootObject)".utf8) + bytes.dropFirst()) : self
    }
}
