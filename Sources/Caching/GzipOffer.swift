import HTTP

/// Whether Accept-Encoding takes gzip (RFC 9110 §12.5.3). It has to be named: who says `*` gets
/// what there is.
public enum GzipOffer {
    /// Of one line's value. Without allocation.
    public static func accepts(_ value: RawSpan) -> Bool {
        var start = 0
        while start < value.byteCount {
            let end = value.index(of: UInt8(ascii: ","), from: start) ?? value.byteCount
            if let verdict = member(value, start, end) { return verdict }
            start = end + 1
        }
        return false
    }

    private static func member(_ value: RawSpan, _ start: Int, _ end: Int) -> Bool? {
        var at = start
        while at < end, value[at] == 32 || value[at] == 9 { at += 1 }
        guard end - at >= 4, value[at] | 0x20 == 103, value[at + 1] | 0x20 == 122,
            value[at + 2] | 0x20 == 105, value[at + 3] | 0x20 == 112
        else { return nil }
        at += 4
        while at < end, value[at] == 32 || value[at] == 9 { at += 1 }
        guard at < end else { return true }
        guard value[at] == 59 else { return nil }
        // `;q=0`, `;q=0.0`… refuses; anything else accepts.
        while at < end, value[at] != 61 { at += 1 }
        at += 1
        guard at < end, value[at] == 48 else { return true }
        while at < end {
            if value[at] >= 49, value[at] <= 57 { return true }
            at += 1
        }
        return false
    }
}
