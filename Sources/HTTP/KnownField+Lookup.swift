extension KnownField {
    /// The case for a field name, in whatever case it is written; `other` if there is none.
    ///
    /// One multiplication picks the only candidate, at most four comparisons of eight bytes
    /// confirm it: about 3 ns, whatever the name.
    public static func named(_ name: RawSpan) -> KnownField {
        KnownNames.all.field(in: name, from: 0, to: name.byteCount)
    }
}

/// The names arranged for search: a perfect hash, and the words of each name to compare with.
///
/// Made once for the process, and handed to whoever searches often: reading the one value costs a
/// check each time.
@safe  // written once, before anybody sees it, and never freed
struct KnownNames: @unchecked Sendable {  // nobody writes to the memory after `init`
    static let all = KnownNames()

    /// Found by trial: no two names meet in one slot. Making the table checks it.
    private static var multiplier: UInt32 { 0x63bc_6601 }
    private static var lengthMax: Int { 25 }

    /// A name in lower case: its first eight bytes, those from the eighth on, those sixteen before
    /// its end and its last eight, as far as it is so long. They overlap and leave nothing out.
    private struct Name {
        var length = 0
        var first: UInt64 = 0
        var second: UInt64 = 0
        var third: UInt64 = 0
        var last: UInt64 = 0
        var field = KnownField.other
    }

    /// By slot; a name of no bytes is none.
    private let slots: UnsafeMutablePointer<Name>

    private init() {
        unsafe slots = .allocate(capacity: 256)
        unsafe slots.initialize(repeating: Name(), count: 256)
        for field in KnownField.allCases where field != .other {
            let bytes = unsafe UnsafeRawBufferPointer(
                start: field.name.utf8Start, count: field.name.utf8CodeUnitCount
            ).bytes
            let slot = unsafe slots + Self.slot(bytes, 0, bytes.byteCount)
            precondition(
                unsafe slot.pointee.length == 0,
                "two field names share a slot; find a new multiplier")
            unsafe slot.pointee = Self.name(bytes, field)
        }
    }

    private static func name(_ bytes: RawSpan, _ field: KnownField) -> Name {
        let length = bytes.byteCount
        precondition(length <= lengthMax, "a longer name needs more words")
        guard length >= 8 else {
            var word: UInt64 = 0
            for index in 0..<length { word |= UInt64(bytes.byte(index)) << UInt64(index * 8) }
            return Name(length: length, first: word, field: field)
        }
        return Name(
            length: length, first: bytes.word(0), second: length > 16 ? bytes.word(8) : 0,
            third: length > 16 ? bytes.word(length - 16) : 0, last: bytes.word(length - 8),
            field: field)
    }

    /// The field whose name stands at `start..<end`, wherever the text around it ends.
    @inline(__always)
    func field(in bytes: RawSpan, from start: Int, to end: Int) -> KnownField {
        let length = end &- start
        guard length >= 2, length <= Self.lengthMax else { return .other }
        let slot = unsafe slots + Self.slot(bytes, start, length)
        guard unsafe slot.pointee.length == length else { return .other }
        return unsafe matches(slot, bytes, start, length) ? slot.pointee.field : .other
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
    private func matches(
        _ name: UnsafeMutablePointer<Name>, _ bytes: RawSpan, _ start: Int, _ length: Int
    ) -> Bool {
        if length < 8 {
            return unsafe Self.isSame(shortWord(bytes, start, length), name.pointee.first)
        }
        guard unsafe Self.isSame(bytes.word(start), name.pointee.first),
            unsafe Self.isSame(bytes.word(start &+ length &- 8), name.pointee.last)
        else { return false }
        if length <= 16 { return true }
        return unsafe Self.isSame(bytes.word(start &+ 8), name.pointee.second)
            && Self.isSame(bytes.word(start &+ length &- 16), name.pointee.third)
    }

    /// Only where the name has a letter (bit 6) may the text differ by bit 5.
    @inline(__always)
    private static func isSame(_ word: UInt64, _ expected: UInt64) -> Bool {
        let letters = (expected & 0x4040_4040_4040_4040) >> 1
        return (word ^ expected) & ~letters == 0
    }

    /// Fewer than eight bytes, the rest zero.
    @inline(__always)
    private func shortWord(_ bytes: RawSpan, _ start: Int, _ count: Int) -> UInt64 {
        if start &+ 8 <= bytes.byteCount {
            return bytes.word(start) & ((1 &<< UInt64(truncatingIfNeeded: count &* 8)) &- 1)
        }
        var word: UInt64 = 0
        for index in 0..<count {
            word |= UInt64(bytes.byte(start &+ index)) << UInt64(index &* 8)
        }
        return word
    }
}
