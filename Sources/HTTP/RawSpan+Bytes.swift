/// Loads that a build for release does not check, because the parsers compare once for many loads;
/// a debug build, and so every test and fuzz run, traps where a caller did not.
extension RawSpan {
    /// The byte at an offset that the caller has compared with `byteCount`.
    @inlinable @inline(__always)
    package func byte(_ offset: Int) -> UInt8 {
        assert(offset >= 0 && offset < byteCount, "no such byte")
        return unsafe unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
    }

    /// The eight bytes at an offset that the caller knows to be at least eight before the end;
    /// the first of them is the least significant.
    @inlinable @inline(__always)
    package func word(_ offset: Int) -> UInt64 {
        assert(offset >= 0 && offset + 8 <= byteCount, "no such bytes")
        return UInt64(
            littleEndian: unsafe unsafeLoadUnaligned(
                fromUncheckedByteOffset: offset, as: UInt64.self))
    }

    /// The two bytes at an offset that the caller knows to be at least two before the end.
    @inlinable @inline(__always)
    package func pair(_ offset: Int) -> UInt16 {
        assert(offset >= 0 && offset + 2 <= byteCount, "no such bytes")
        return UInt16(
            littleEndian: unsafe unsafeLoadUnaligned(
                fromUncheckedByteOffset: offset, as: UInt16.self))
    }

    /// The four bytes at an offset, likewise.
    @inlinable @inline(__always)
    package func quad(_ offset: Int) -> UInt32 {
        assert(offset >= 0 && offset + 4 <= byteCount, "no such bytes")
        return UInt32(
            littleEndian: unsafe unsafeLoadUnaligned(
                fromUncheckedByteOffset: offset, as: UInt32.self))
    }
}

extension StaticString {
    /// The byte at an offset that the caller has compared with `utf8CodeUnitCount`.
    @inlinable @inline(__always)
    package func byte(_ offset: Int) -> UInt8 {
        assert(offset >= 0 && offset < utf8CodeUnitCount, "no such byte")
        return unsafe utf8Start[offset]
    }
}

/// Eight bytes looked at in one step, the first in memory being the least significant.
///
/// Each test answers with a mask whose lowest set bit is the top bit of the first byte that
/// passes. Bits above that one may be wrong, because a subtraction borrows upwards.
@usableFromInline
package enum EightBytes {
    @inlinable package static var ones: UInt64 { 0x0101_0101_0101_0101 }
    @inlinable package static var tops: UInt64 { 0x8080_8080_8080_8080 }

    /// `byte` in all eight places.
    @inlinable @inline(__always)
    package static func all(_ byte: UInt8) -> UInt64 { ones &* UInt64(byte) }

    /// Marks bytes equal to `byte`, without the `& ~word & tops` that all such tests share.
    @inlinable @inline(__always)
    package static func equal(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        (word ^ all(byte)) &- ones
    }

    /// The offset of the first marked byte; `mask` is not zero.
    @inlinable @inline(__always)
    package static func first(_ mask: UInt64) -> Int { mask.trailingZeroBitCount >> 3 }
}

/// Whether `text` is `word`, which is in lower case, whatever the case of `text`.
public func equalsIgnoringCase(_ text: RawSpan, _ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard text.byteCount == count else { return false }
    let word = unsafe UnsafeRawBufferPointer(start: word.utf8Start, count: count).bytes
    if count >= 8 {
        for index in stride(from: 0, to: count - 8, by: 8)
        where lowercased(eight: text.word(index)) != word.word(index) { return false }
        return lowercased(eight: text.word(count - 8)) == word.word(count - 8)
    }
    if count >= 4 { return lowercased(eight: fours(text)) == fours(word) }
    for index in 0..<count where lowercased(text.byte(index)) != word.byte(index) { return false }
    return true
}

/// Four to seven bytes as two fours that overlap.
@inline(__always)
private func fours(_ text: RawSpan) -> UInt64 {
    UInt64(text.quad(0)) | UInt64(text.quad(text.byteCount - 4)) << 32
}

/// Whether two texts are the same but for the case of ASCII letters.
public func equalsIgnoringCase(_ left: RawSpan, _ right: RawSpan) -> Bool {
    guard left.byteCount == right.byteCount else { return false }
    for index in 0..<left.byteCount
    where lowercased(left.byte(index)) != lowercased(right.byte(index)) {
        return false
    }
    return true
}

/// The same where one of them is a string. Allocates nothing.
public func equalsIgnoringCase(_ text: RawSpan, string: String) -> Bool {
    guard text.byteCount == string.utf8.count else { return false }
    var at = 0
    for byte in string.utf8 {
        guard lowercased(text.byte(at)) == lowercased(byte) else { return false }
        at += 1
    }
    return true
}

/// Whether two texts are the same, byte for byte.
public func equalsExactly(_ left: RawSpan, _ right: RawSpan) -> Bool {
    guard left.byteCount == right.byteCount else { return false }
    for index in 0..<left.byteCount where left.byte(index) != right.byte(index) { return false }
    return true
}

/// Whether `text` is `word`, byte for byte.
public func equalsExactly(_ text: RawSpan, _ word: StaticString) -> Bool {
    guard text.byteCount == word.utf8CodeUnitCount else { return false }
    for index in 0..<text.byteCount where text.byte(index) != word.byte(index) {
        return false
    }
    return true
}
