/// Base64 with CloudFront's three other letters: `-` for `+`, `_` for `=`, `~` for `/`.
///
/// This is not the URL-safe alphabet of RFC 4648 §5. Source: CloudFront, "Create a signed URL".
public enum CloudFrontBase64 {
    /// The bytes; nil for a text that is no base64: a letter outside of the alphabet, padding
    /// that is missing or misplaced, or bits that no encoder leaves set.
    public static func decode(_ text: RawSpan) -> [UInt8]? {
        let padding = paddingLength(text)
        guard text.byteCount > 0, text.byteCount % 4 == 0, padding <= 2 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.byteCount / 4 * 3)
        var bits: UInt32 = 0
        var count = 0
        for at in 0..<text.byteCount - padding {
            guard let value = value(of: text[at]) else { return nil }
            bits = bits << 6 | value
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bits & ((1 << UInt32(count)) - 1) == 0 ? bytes : nil
    }

    /// The text; for tests and for whoever signs.
    public static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let rest = bytes[start..<min(start + 3, bytes.count)]
            var bits: UInt32 = 0
            for offset in 0..<3 {
                bits = bits << 8 | UInt32(offset < rest.count ? rest[start + offset] : 0)
            }
            for index in 0..<4 {
                let isPadding = index > rest.count
                let value = Int(bits >> UInt32(18 - index * 6)) & 63
                text.append(isPadding ? UInt8(ascii: "_") : letters[value])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static let letters = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-~".utf8)

    private static func paddingLength(_ text: RawSpan) -> Int {
        var length = 0
        while length < text.byteCount, text[text.byteCount - 1 - length] == UInt8(ascii: "_") {
            length += 1
        }
        return length
    }

    private static func value(of letter: UInt8) -> UInt32? {
        switch letter {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(letter) - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(letter) - 97 + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(letter) - 48 + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "~"): 63
        default: nil
        }
    }
}
