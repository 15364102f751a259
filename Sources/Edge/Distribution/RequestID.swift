import HTTP

/// What names one request to viewer, origin and log: `X-Amz-Cf-Id`.
///
/// 40 random bytes in base64's alphabet for URLs, 56 characters that end in `==` (measured on
/// CloudFront's own).
struct RequestID {
    /// Whether a field has that name, in any case.
    static func isField(_ name: RawSpan) -> Bool { equalsIgnoringCase(name, "x-amz-cf-id") }

    private var words: InlineArray<5, UInt64> = [0, 0, 0, 0, 0]

    /// None yet.
    init() {}

    fileprivate init(_ generator: inout RequestIDs) {
        for index in words.indices { words[index] = generator.next() }
    }

    var isEmpty: Bool { words[0] == 0 && words[1] == 0 }

    /// The 56 characters; allocates nothing.
    var text: InlineArray<56, UInt8> {
        var text = InlineArray<56, UInt8>(repeating: UInt8(ascii: "="))
        for digit in 0..<54 {
            // Six bits from where they lie, high bits first; the last digit has four.
            let bit = digit * 6
            var value = (words[bit >> 6] << UInt64(bit & 63)) >> 58
            let missing = (bit & 63) - 58
            if missing > 0, bit >> 6 < 4 { value |= words[(bit >> 6) + 1] >> UInt64(64 - missing) }
            text[digit] = unsafe Self.alphabet.utf8Start[Int(value)]
        }
        return text
    }

    private static var alphabet: StaticString {
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    }
}

/// A loop's source of request ids: SplitMix64, since nobody's safety depends on them.
struct RequestIDs {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func make() -> RequestID { RequestID(&self) }

    fileprivate mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
