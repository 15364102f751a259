extension KnownField {
    /// The case for a field name, in whatever case it is written; `other` if there is none.
    ///
    /// One multiplication picks the only candidate, at most four comparisons of eight bytes
    /// confirm it: about 3 ns, whatever the name.
    public static func named(_ name: RawSpan) -> KnownField {
        KnownNames.field(in: name, from: 0, to: name.byteCount)
    }
}

/// The names arranged for search: a perfect hash, and each name in words of eight bytes.
enum KnownNames {
    /// Found by trial: no two names meet in one slot. Making the table checks it.
    private static var multiplier: UInt32 { 0x63bc_6601 }
    private static var lengthMax: Int { 25 }
    private static var wordsPerName: Int { 4 }

    /// Which field a slot belongs to; 0 is none.
    private static let slots: InlineArray<256, UInt8> = {
        var slots = InlineArray<256, UInt8>(repeating: 0)
        for field in KnownField.allCases where field != .other {
            let slot = slot(unsafe bytes(of: field).bytes, 0, field.name.utf8CodeUnitCount)
            precondition(slots[slot] == 0, "two field names share a slot; find a new multiplier")
            slots[slot] = field.rawValue
        }
        return slots
    }()

    /// Four words for each field: its name in lower case, filled up with zeros. No name is as
    /// long as 32 bytes, so the last byte has room for the length.
    private static let words: InlineArray<256, UInt64> = {
        var words = InlineArray<256, UInt64>(repeating: 0)
        for field in KnownField.allCases {
            let first = Int(field.rawValue) * wordsPerName
            for index in 0..<field.name.utf8CodeUnitCount {
                words[first + index / 8] |= UInt64(field.name.byte(index)) << UInt64(index % 8 * 8)
            }
            words[first + 3] |= UInt64(field.name.utf8CodeUnitCount) << 56
        }
        return words
    }()

    private static func bytes(of field: KnownField) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(
            start: field.name.utf8Start, count: field.name.utf8CodeUnitCount)
    }

    /// The field whose name stands at `start..<end`, wherever the text around it ends.
    @inline(__always)
    static func field(in bytes: RawSpan, from start: Int, to end: Int) -> KnownField {
        let length = end &- start
        guard length >= 2, length <= lengthMax else { return .other }
        let candidate = slots[slot(bytes, start, length)]
        guard candidate != 0, matches(bytes, start, length, Int(candidate) &* wordsPerName)
        else { return .other }
        // Raw values count from 0 without a gap, so that they are what the enum is stored as.
        return unsafe unsafeBitCast(candidate, to: KnownField.self)
    }

    @inline(__always)
    private static func slot(_ bytes: RawSpan, _ start: Int, _ length: Int) -> Int {
        let key =
            UInt32(truncatingIfNeeded: length)
            | UInt32(bytes.byte(start) | 0x20) << 8
            | UInt32(bytes.byte(start &+ length / 2) | 0x20) << 16
            | UInt32(bytes.byte(start &+ length &- 2) | 0x20) << 24
        return Int((key &* multiplier) >> 24)
    }

    @inline(__always)
    private static func matches(
        _ bytes: RawSpan, _ start: Int, _ length: Int, _ first: Int
    ) -> Bool {
        guard words[first &+ 3] >> 56 == UInt64(truncatingIfNeeded: length) else { return false }
        var at = 0
        var index = first
        while at < length {
            let left = length &- at
            var word: UInt64
            if start &+ at &+ 8 <= bytes.byteCount {
                word = bytes.word(start &+ at)
                if left < 8 { word &= (1 &<< UInt64(truncatingIfNeeded: left &* 8)) &- 1 }
            } else {
                word = shortWord(bytes, start &+ at, left)
            }
            let expected = words[index] & (index == first &+ 3 ? 0x00ff_ffff_ffff_ffff : .max)
            // Only where the name has a letter (bit 6) may the text differ by bit 5.
            let letters = (expected & 0x4040_4040_4040_4040) >> 1
            if (word ^ expected) & ~letters != 0 { return false }
            at &+= 8
            index &+= 1
        }
        return true
    }

    /// Fewer than eight bytes, at the very end of the text.
    private static func shortWord(_ bytes: RawSpan, _ start: Int, _ count: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in 0..<min(count, 8) {
            word |= UInt64(bytes.byte(start + index)) << UInt64(index * 8)
        }
        return word
    }
}
