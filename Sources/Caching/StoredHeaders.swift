public import HTTP

/// The header block of a stored response: its end-to-end fields in wire form, ready to be sent.
///
/// Without what belongs to the connection, the framing or this moment: `Content-Length`,
/// `Transfer-Encoding`, `Age` and a part's `Content-Range` are written anew for each answer.
public enum StoredHeaders {
    /// Writes the fields of a response that are stored (RFC 9111 §3.1).
    ///
    /// A field named by a qualified `no-cache` or `private` is left out (§5.2.2.4, §5.2.2.7).
    /// `writer.overflowed` says afterwards whether they fit.
    public static func write(
        _ head: borrowing ResponseHead, bytes: RawSpan, into writer: inout HeadWriter
    ) {
        for index in 0..<head.fields.count
        where FieldFilter.stores(index, of: head, bytes: bytes) {
            append(head.fields[index], bytes, &writer)
        }
    }

    /// Writes a stored block with the fields of a 304, or of an answer to HEAD, in place of its
    /// own.
    ///
    /// Each field that the update has replaces all stored lines of that name, but for those that
    /// describe the stored content (RFC 9111 §3.2). What the Cache-Control that is in force
    /// afterwards keeps from others, by `private` or `no-cache` with names, is in neither part.
    public static func merge(
        _ stored: RawSpan, with head: borrowing ResponseHead, bytes: RawSpan,
        isCompressed: Bool = false, into writer: inout HeadWriter
    ) {
        var fields = FieldLines()
        while let line = fields.next(in: stored) {
            let name = stored.extracting(line.name)
            if FieldFilter.isQualified(name, head, bytes)
                || isReplaced(name, by: head, bytes, isCompressed)
            {
                continue
            }
            writer.append(stored.extracting(line.whole))
        }
        for index in 0..<head.fields.count
        where FieldFilter.updates(index, of: head, bytes: bytes, isCompressed: isCompressed)
            && !keeps(bytes.extracting(head.fields[index].name.range), stored, from: head)
        {
            append(head.fields[index], bytes, &writer)
        }
    }

    /// Whether a stored Cache-Control that the update leaves as it is keeps a field from others.
    private static func keeps(
        _ name: RawSpan, _ stored: RawSpan, from head: borrowing ResponseHead
    ) -> Bool {
        var fields = FieldLines()
        while let line = fields.next(in: stored) {
            let known = KnownField.named(stored.extracting(line.name))
            guard known == .cacheControl || known == .cdnCacheControl,
                !head.fields.contains(known)
            else { continue }
            if QualifiedNames.has(name, in: stored.extracting(line.value)) { return true }
        }
        return false
    }

    private static func isReplaced(
        _ name: RawSpan, by head: borrowing ResponseHead, _ bytes: RawSpan, _ isCompressed: Bool
    ) -> Bool {
        let known = KnownField.named(name)
        if known != .other, !head.fields.contains(known) { return false }
        for index in 0..<head.fields.count where head.fields[index].known == known {
            let field = head.fields[index]
            if equalsIgnoringCase(bytes.extracting(field.name.range), name) {
                return FieldFilter.updates(
                    index, of: head, bytes: bytes, isCompressed: isCompressed)
            }
        }
        return false
    }

    private static func append(
        _ field: HeaderField, _ bytes: RawSpan, _ writer: inout HeadWriter
    ) {
        writer.append(bytes.extracting(field.name.range))
        writer.append(": ")
        writer.append(bytes.extracting(field.value.range))
        writer.append("\r\n")
    }

    /// Where a block has its entity tag; empty when it has none.
    public static func entityTag(in block: RawSpan) -> ByteSlice {
        FieldLines.value(of: "etag", in: block).map { ByteSlice($0) } ?? ByteSlice()
    }
}
