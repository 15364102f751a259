/// Whether bytes, one after another, are UTF-8 (RFC 3629 §4) and characters of XML 1.0 §2.2.
///
/// Overlong forms, surrogates and what lies beyond U+10FFFF are refused, as are control characters
/// but tab and line ends, and U+FFFE and U+FFFF.
struct UTF8Check {
    /// Continuation bytes that the character in progress still lacks.
    private(set) var missing = 0
    // What the next continuation byte may be; narrower than 80...BF behind some lead bytes.
    private var lowest: UInt8 = 0x80
    private var highest: UInt8 = 0xbf
    // The character so far is U+FFxx with its second byte at BF.
    private var endsPlane = false

    /// Whether no character is in progress.
    var isComplete: Bool { missing == 0 }

    /// What is wrong with the next byte; nil if nothing is.
    mutating func take(_ byte: UInt8) -> XMLError.Problem? {
        if missing > 0 { return takeContinuation(byte) }
        switch byte {
        case 0x20...0x7e, 0x09, 0x0a, 0x0d: return nil
        // DEL is discouraged and allowed.
        case 0x7f: return nil
        case 0xc2...0xdf: expect(1, 0x80...0xbf)
        case 0xe0: expect(2, 0xa0...0xbf)
        case 0xed: expect(2, 0x80...0x9f)
        case 0xe1...0xef: expect(2, 0x80...0xbf)
        case 0xf0: expect(3, 0x90...0xbf)
        case 0xf1...0xf3: expect(3, 0x80...0xbf)
        case 0xf4: expect(3, 0x80...0x8f)
        case 0..<0x20: return .characterForbidden
        default: return .notUTF8
        }
        endsPlane = byte == 0xef
        return nil
    }

    private mutating func expect(_ count: Int, _ next: ClosedRange<UInt8>) {
        missing = count
        lowest = next.lowerBound
        highest = next.upperBound
    }

    private mutating func takeContinuation(_ byte: UInt8) -> XMLError.Problem? {
        guard byte >= lowest, byte <= highest else { return .notUTF8 }
        if missing == 1, endsPlane, byte >= 0xbe { return .characterForbidden }
        if missing == 2 { endsPlane = endsPlane && byte == 0xbf }
        missing -= 1
        lowest = 0x80
        highest = 0xbf
        return nil
    }
}
