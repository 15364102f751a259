import HTTP

/// Where a canonical key has what invalidations speak of.
public struct InvalidationTarget: Sendable {
    public var host: Range<Int>
    /// As sent, or of a map's normal form.
    public var path: Range<Int>
    /// Nil when the key has no query.
    public var query: Range<Int>?

    /// Finds the parts in a canonical key; nil if it has none, as a digest has not.
    public init?(in canonical: RawSpan) {
        var (host, path, query): (Range<Int>?, Range<Int>?, Range<Int>?)
        var at = 0
        while at + 3 <= canonical.byteCount {
            let length = Int(canonical[at + 1]) | Int(canonical[at + 2]) << 8
            let range = at + 3..<at + 3 + length
            guard range.upperBound <= canonical.byteCount else { return nil }
            switch CanonicalKey.Part(rawValue: canonical[at]) {
            case .host: host = range
            case .path: path = range
            case .query: query = range
            case .mapRequest: (path, query) = Self.parts(of: range, in: canonical)
            case nil: return nil
            default: break
            }
            at = range.upperBound
        }
        guard at == canonical.byteCount, let host, let path else { return nil }
        (self.host, self.path, self.query) = (host, path, query)
    }

    /// A map's normal form is its path, `?` or `#`, and what stands for its query, which may be
    /// nothing.
    private static func parts(
        of range: Range<Int>, in canonical: RawSpan
    ) -> (path: Range<Int>, query: Range<Int>?) {
        var mark = range.lowerBound
        while mark < range.upperBound, canonical[mark] != UInt8(ascii: "?"),
            canonical[mark] != UInt8(ascii: "#")
        {
            mark += 1
        }
        let rest = mark + 1
        return (range.lowerBound..<mark, rest < range.upperBound ? rest..<range.upperBound : nil)
    }

    /// Bytes of path, `?` and query.
    var length: Int { path.count + (query.map { $0.count + 1 } ?? 0) }

    /// One of them.
    @inline(__always)
    func byte(_ index: Int, in canonical: RawSpan) -> UInt8 {
        if index < path.count { return canonical[path.lowerBound + index] }
        guard let query, index > path.count else { return UInt8(ascii: "?") }
        return canonical[query.lowerBound + index - path.count - 1]
    }

    /// Writes path, `?` and query one behind the other.
    func write(_ canonical: RawSpan, to memory: UnsafeMutableRawBufferPointer) {
        unsafe copy(canonical.extracting(path), to: memory, at: 0)
        guard let query else { return }
        unsafe memory[path.count] = UInt8(ascii: "?")
        unsafe copy(canonical.extracting(query), to: memory, at: path.count + 1)
    }

    private func copy(_ bytes: RawSpan, to memory: UnsafeMutableRawBufferPointer, at: Int) {
        unsafe bytes.withUnsafeBytes { source in
            unsafe UnsafeMutableRawBufferPointer(rebasing: memory[at..<at + source.count])
                .copyMemory(from: source)
        }
    }
}
