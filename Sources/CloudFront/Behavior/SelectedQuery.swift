import HTTP

extension NameSelection {
    /// Writes the selected parameters of a query, in its order and as they are, joined by `&`.
    ///
    /// Says how many bytes they take, 0 where none is selected; nil when they do not fit, which
    /// never happens in as many bytes as the query has. Duplicates stay; nothing is decoded, so
    /// that `%61` is not `a`; empty members, be it behind an `&` at the end, are kept only where
    /// all are selected. Allocates nothing.
    public func writeQuery(
        _ query: RawSpan, dropsSignature: Bool, into memory: UnsafeMutableRawBufferPointer
    ) -> Int? {
        if mode == .none { return 0 }
        var walk = QueryParameters()
        var count = 0
        var isFirst = true
        while let parameter = walk.next(in: query) {
            let name = query.extracting(parameter.name)
            if dropsSignature, SignatureNames.hasParameter(name) { continue }
            let range = parameter.name.lowerBound..<parameter.value.upperBound
            if mode != .all, range.isEmpty || !selects(name) { continue }
            let length = range.count + (isFirst ? 0 : 1)
            guard memory.count - count >= length else { return nil }
            if !isFirst {
                unsafe memory[count] = UInt8(ascii: "&")
                count += 1
            }
            for at in range {
                unsafe memory[count] = query[at]
                count += 1
            }
            isFirst = false
        }
        // An `&` at the end is in the key, and two objects need two URLs.
        if mode == .all, !isFirst, query.byteCount > 0,
            query[query.byteCount - 1] == UInt8(ascii: "&")
        {
            guard count < memory.count else { return nil }
            unsafe memory[count] = UInt8(ascii: "&")
            count += 1
        }
        return count
    }

    /// Whether `writeQuery` would give the query as it is, so that it need not be called.
    public func takesWhole(_ query: RawSpan, dropsSignature: Bool) -> Bool {
        guard mode == .all else { return false }
        if !dropsSignature { return true }
        var walk = QueryParameters()
        while let parameter = walk.next(in: query) {
            if SignatureNames.hasParameter(query.extracting(parameter.name)) { return false }
        }
        return true
    }
}
