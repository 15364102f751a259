public import HTTP

/// Which fields of a response are stored.
public enum FieldFilter {
    /// Whether a field goes into the stored header block (RFC 9111 §3.1).
    public static func stores(
        _ index: Int, of head: borrowing ResponseHead, bytes: RawSpan
    ) -> Bool {
        let field = head.fields[index]
        // Content-Range is written anew for each part; with the whole it says nothing.
        if field.known == .contentRange || !delivers(index, of: head, bytes: bytes) { return false }
        return !isQualified(bytes.extracting(field.name.range), head, bytes)
    }

    /// Whether a field goes to the viewer who asked: all but what belongs to the hop, the length,
    /// and what is written anew.
    ///
    /// Nor does a Cache-Status line that nobody can read, nor a Date that is none, in whose place
    /// the edge's own stands (RFC 9110 §6.6.1), nor a Content-Range but with 206 and 416, where
    /// alone it means something (RFC 9110 §14.4).
    public static func delivers(
        _ index: Int, of head: borrowing ResponseHead, bytes: RawSpan
    ) -> Bool {
        let field = head.fields[index]
        switch field.known {
        case .age, .contentLength, .transferEncoding, .xCache: return false
        case .contentRange where head.status != 206 && head.status != 416: return false
        // What is appended to it could not be read either (RFC 9211 §2, RFC 9651 §4.2).
        case .cacheStatus where !isStructuredList(bytes.extracting(field.value.range)):
            return false
        // Which century a date is of has no part in whether it is one.
        case .date where HTTPDate.parse(bytes.extracting(field.value.range), now: 0) == nil:
            return false
        default: break
        }
        return !head.isHopByHop(index, bytes: bytes) && !head.isSurplus(index, bytes: bytes)
    }

    /// Whether a field of a 304 replaces the stored ones of its name (RFC 9111 §3.2).
    ///
    /// Not `Content-Encoding`: what is stored may have been compressed here, and the field tells
    /// how to read these bytes, not the origin's. Nor, of what was compressed here
    /// (`isCompressed`), `ETag` and `Vary`, which are the origin's in another form.
    public static func updates(
        _ index: Int, of head: borrowing ResponseHead, bytes: RawSpan, isCompressed: Bool = false
    ) -> Bool {
        switch head.fields[index].known {
        case .contentEncoding: false
        case .etag where isCompressed, .vary where isCompressed: false
        default: stores(index, of: head, bytes: bytes)
        }
    }

    /// Whether a qualified `no-cache` or `private` names the field, in Cache-Control or in
    /// CDN-Cache-Control: what either keeps from others is kept, whichever of them counts.
    static func isQualified(
        _ name: RawSpan, _ head: borrowing ResponseHead, _ bytes: RawSpan
    ) -> Bool {
        isQualified(name, by: .cacheControl, head, bytes)
            || isQualified(name, by: .cdnCacheControl, head, bytes)
    }

    private static func isQualified(
        _ name: RawSpan, by field: KnownField, _ head: borrowing ResponseHead, _ bytes: RawSpan
    ) -> Bool {
        var line = head.fields.first(field)
        while let index = line {
            let value = bytes.extracting(head.fields[index].value.range)
            if QualifiedNames.has(name, in: value) { return true }
            line = head.fields.next(after: index, field)
        }
        return false
    }
}
