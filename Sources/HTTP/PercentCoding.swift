/// Percent-encoded text (RFC 3986 §2.1), and `+` for a space as forms write it.
public enum PercentCoding {
    /// The byte at `offset` of the text, decoded, and how many bytes encode it.
    ///
    /// A `%` that is not followed by two hexadecimal digits stands for itself.
    public static func decoded(_ text: RawSpan, at offset: Int) -> (byte: UInt8, width: Int) {
        precondition(offset >= 0 && offset < text.byteCount, "no such byte")
        let plain = text.byte(offset)
        guard plain == UInt8(ascii: "%"), offset + 2 < text.byteCount,
            let high = hexadecimalDigit(text.byte(offset + 1)),
            let low = hexadecimalDigit(text.byte(offset + 2))
        else { return (plain, 1) }
        return (high << 4 | low, 3)
    }

    /// Whether the text, decoded, is `word` (in lower case), whatever the case of the text.
    public static func spells(_ text: RawSpan, _ word: StaticString) -> Bool {
        var at = 0
        var index = 0
        while at < text.byteCount {
            let (byte, width) = decoded(text, at: at)
            guard index < word.utf8CodeUnitCount, lowercased(byte) == word.byte(index) else {
                return false
            }
            at += width
            index += 1
        }
        return index == word.utf8CodeUnitCount
    }

    /// The decoded text. Allocates: for paths that are no hit's.
    public static func decodedBytes(_ text: RawSpan) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.byteCount)
        var at = 0
        while at < text.byteCount {
            let (byte, width) = decoded(text, at: at)
            bytes.append(byte)
            at += width
        }
        return bytes
    }

    /// Writes the decoded text into `memory` and says how long it is; nil, with `memory` half
    /// written, when it does not fit. The decoded text is never longer than the encoded one.
    public static func decode(
        _ text: RawSpan, plusIsSpace: Bool, into memory: UnsafeMutableRawBufferPointer
    ) -> Int? {
        var at = 0
        var count = 0
        while at < text.byteCount {
            let (byte, width) = decoded(text, at: at)
            guard count < memory.count else { return nil }
            let isPlus = plusIsSpace && width == 1 && byte == UInt8(ascii: "+")
            unsafe memory[count] = isPlus ? 0x20 : byte
            count += 1
            at += width
        }
        return count
    }
}
