import HTTP

/// Whether a text can be searched for ASCII letters byte by byte.
///
/// A browser goes by a byte order mark, then by the Content-Type. In UTF-16 a token has a zero
/// between its letters, in ISO-2022-JP or UTF-7 anything may stand for a letter; and what cannot be
/// searched is not shared.
///
/// Source: WHATWG Encoding §4.2 (names) and §6 (byte order marks), WHATWG HTML §13.2.3.2.
public enum PageCharset {
    /// Beginnings of the names of encodings that have ASCII as it is.
    private static let names = [
        "utf-8", "utf8", "us-ascii", "ascii", "iso-8859", "iso8859", "iso_8859", "latin", "windows",
        "cp125", "x-cp125", "koi", "gb", "x-gbk", "big5", "euc", "x-euc", "shift", "sjis", "x-sjis",
        "ibm866", "cp866", "mac", "x-mac", "dos-874", "tis-620", "ks_c", "ksc",
    ]
    /// Bytes of a text that tell by themselves what it is in.
    public static let markLength = 4

    /// - Parameter type: the Content-Type, with its parameters.
    public static func isSearchable(type: RawSpan) -> Bool {
        let text = unsafe type.withUnsafeBytes {
            unsafe String(decoding: $0, as: UTF8.self)
        }.lowercased()
        // Each that is named: which of two a browser takes is its own affair.
        for parameter in text.split(separator: ";").dropFirst() {
            let parts = parameter.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0].filter({ !$0.isWhitespace }) == "charset" else {
                continue
            }
            let name = parts[1].drop { " \t\"'".contains($0) }
            if !names.contains(where: { name.hasPrefix($0) }) { return false }
        }
        return true
    }

    /// Whether a text begins as one of UTF-16 or UTF-32 does: by its mark, or by half a letter.
    ///
    /// - Parameter start: its first ``markLength`` bytes, or all of them.
    public static func isWide(_ start: [UInt8]) -> Bool {
        start.starts(with: [0xFE, 0xFF]) || start.starts(with: [0xFF, 0xFE])
            || start.prefix(markLength).contains(0)
    }
}
