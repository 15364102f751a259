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

    /// The 56 characters as they lie in memory; allocates nothing. Which six of the 320 bits make
    /// which digit is of no account: the top 48 of each word come first, then what is left of all.
    var text: InlineArray<7, UInt64> {
        var text: InlineArray<7, UInt64> = [0, 0, 0, 0, 0, 0, 0]
        for index in words.indices { text[index] = Self.digits(words[index] >> 16) }
        let rest = words[0] & 0xffff | (words[1] & 0xffff) << 16 | (words[2] & 0xffff) << 32
        text[5] = Self.digits(rest)
        let last = Self.digits((words[3] & 0xffff) << 16 | (words[4] & 0xffff) << 32)
        text[6] = last & 0x0000_ffff_ffff_ffff | 0x3d3d << 48  // and ==
        return text
    }

    /// 48 bits as eight digits in a row, six bits each: all eight are found at once.
    private static func digits(_ bits: UInt64) -> UInt64 {
        var spread = bits & 0xff_ffff | (bits & 0xffff_ff00_0000) << 8
        spread = spread & 0x0000_0fff_0000_0fff | (spread & 0x00ff_f000_00ff_f000) << 4
        spread = spread & 0x003f_003f_003f_003f | (spread & 0x0fc0_0fc0_0fc0_0fc0) << 2
        // A to Z, then a to z six further on, then 0 to 9, `-` and `_`.
        let ones: UInt64 = 0x0101_0101_0101_0101
        let raised = spread &+ ones &* 65 &+ from(26, spread) &* 6 &+ from(63, spread) &* 49
        return (raised &- from(52, spread) &* 75 &- from(62, spread) &* 13).byteSwapped
    }

    /// 1 in each byte that is `least` or more; all bytes are below 64.
    private static func from(_ least: UInt64, _ bytes: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        return (bytes &+ ones &* (0x80 - least)) >> 7 & ones
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
