import HTTP

extension InvalidationPath {
    /// The same item with the root object in place of `/`, as stored responses have it.
    ///
    /// That both name one object is our reading; the documentation is silent.
    public func naming(rootObject: String) -> InvalidationPath {
        guard !rootObject.isEmpty, case .exact(let bytes) = self else { return self }
        let isRoot = bytes == [UInt8(ascii: "/")] || bytes.starts(with: "/?".utf8)
        return isRoot ? .exact(Array("/\(rootObject)".utf8) + bytes.dropFirst()) : self
    }

    /// The item as the key of a behavior would have it: the path in its normal form where that is
    /// in the key, and of the query what the key has, where parts of it are to be left out at all.
    ///
    /// What ends in a wildcard stays as it is: where its path ends it does not tell.
    public func keyed(by key: KeySelection, narrowing: Bool) -> InvalidationPath {
        guard case .exact(let bytes) = self, narrowing || key.normalizesPath || key.normalizesQuery
        else { return self }
        let mark = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
        var path = Array(bytes[..<mark])
        var query = Array(bytes[mark...].dropFirst())
        if key.normalizesPath {
            path =
                unsafe Self.written(path) { unsafe MatchPath.write($0, into: $1) } ?? path
        }
        let (selection, isPrivate) = (key.queryStrings, key.dropsSignature)
        if key.normalizesQuery {
            query =
                unsafe Self.written(query) {
                    unsafe selection.writeNormalQuery($0, dropsSignature: isPrivate, into: $1)
                } ?? query
        } else if narrowing {
            query =
                unsafe Self.written(query) {
                    unsafe selection.writeQuery($0, dropsSignature: isPrivate, into: $1)
                } ?? query
        }
        return .exact(query.isEmpty ? path : path + [UInt8(ascii: "?")] + query)
    }

    private static func written(
        _ bytes: [UInt8], _ write: (RawSpan, UnsafeMutableRawBufferPointer) -> Int?
    ) -> [UInt8]? {
        var isWritten = false
        let written = unsafe [UInt8](unsafeUninitializedCapacity: bytes.count + 1) {
            buffer, count in
            let length = unsafe write(bytes.span.bytes, UnsafeMutableRawBufferPointer(buffer))
            isWritten = length != nil
            count = length ?? 0
        }
        return isWritten ? written : nil
    }
}
