/// A set of ASCII bytes, one bit each; no byte from 0x80 up is ever a member.
///
/// Two registers instead of a table in memory: a membership test is a shift and a mask.
struct ByteClass {
    /// Members below 64.
    let low: UInt64
    /// Members from 64 to 127.
    let high: UInt64

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        let half = byte < 64 ? low : high
        return byte < 128 && (half >> UInt64(byte & 63)) & 1 != 0
    }

    /// RFC 9110 §5.6.2 tchar: letters, digits and ``!#$%&'*+-.^_`|~``.
    static var token: ByteClass {
        ByteClass(low: 0x03ff_6cfa_0000_0000, high: 0x57ff_ffff_c7ff_fffe)
    }

    /// What a host name is made of here: letters, digits, `-`, `.` and `_`. RFC 3986 allows more
    /// in a reg-name, but nothing that DNS could resolve.
    static var hostName: ByteClass {
        ByteClass(low: 0x03ff_6000_0000_0000, high: 0x07ff_fffe_87ff_fffe)
    }

    /// What a request target is made of: visible ASCII without `#` and `\`.
    static var target: ByteClass {
        ByteClass(low: 0xffff_fff6_0000_0000, high: 0x7fff_ffff_efff_ffff)
    }

    /// RFC 9110 §8.8.3 etagc, the ASCII part: visible characters without the double quote.
    static var entityTag: ByteClass {
        ByteClass(low: 0xffff_fffa_0000_0000, high: 0x7fff_ffff_ffff_ffff)
    }
}

/// RFC 9110 §5.6.2: whether `byte` may stand in a method, field name or other token.
public func isToken(_ byte: UInt8) -> Bool { ByteClass.token.contains(byte) }

/// RFC 9110 §5.6.2: whether all of `text`, at least one byte, is a token.
public func isToken(_ text: RawSpan) -> Bool {
    for index in 0..<text.byteCount where !ByteClass.token.contains(text.byte(index)) {
        return false
    }
    return text.byteCount > 0
}

/// RFC 9110 §5.5: whether `byte` may stand in a field value. Tab, space, visible characters and
/// everything from 0x80 up; no control character.
public func isFieldValue(_ byte: UInt8) -> Bool {
    byte == 0x09 || byte >= 0x20 && byte != 0x7f
}

/// RFC 9110 §5.5: whether all of `text` may stand in a field value; the empty text may.
public func isFieldValue(_ text: RawSpan) -> Bool {
    for index in 0..<text.byteCount where !isFieldValue(text.byte(index)) { return false }
    return true
}

/// RFC 9110 §5.6.3 OWS: space or tab.
@inline(__always)
public func isWhitespace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

/// Whether `byte` is `0`...`9`.
@inlinable @inline(__always)
public func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

/// The value of a hexadecimal digit in either case, nil for any other byte.
@inlinable @inline(__always)
public func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    if isDigit(byte) { return byte &- 0x30 }
    let letter = byte | 0x20
    return letter &- 0x61 < 6 ? letter &- 0x57 : nil
}

/// ASCII letters in lower case, other bytes as they are.
@inlinable @inline(__always)
public func lowercased(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

/// The same for eight bytes at once.
@inlinable @inline(__always)
package func lowercased(eight word: UInt64) -> UInt64 {
    let low = word & ~EightBytes.tops
    // The top bit of each sum says "from A on" and "behind Z".
    let fromA = low &+ EightBytes.all(0x80 - 0x41)
    let behindZ = low &+ EightBytes.all(0x80 - 0x5b)
    return word | (fromA & ~behindZ & ~word & EightBytes.tops) >> 2
}

/// `range` without the spaces and tabs at both its ends.
func trimmingWhitespace(_ bytes: RawSpan, _ range: Range<Int>) -> Range<Int> {
    var start = range.lowerBound
    var end = range.upperBound
    while start < end, isWhitespace(bytes.byte(start)) { start += 1 }
    while end > start, isWhitespace(bytes.byte(end - 1)) { end -= 1 }
    return start..<end
}
