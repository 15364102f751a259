/// A number as decimal digits, written in place: two digits a step, and no division but by
/// constants.
@frozen
public struct DecimalDigits {
    @usableFromInline let number: UInt64
    /// How many digits there are, 1 to 20.
    public let count: Int

    @inlinable @inline(__always)
    public init(_ number: UInt64) {
        self.number = number
        var rest = number
        var digits = 1
        while rest >= 10_000 {
            rest /= 10_000
            digits &+= 4
        }
        count = digits &+ (rest < 100 ? (rest < 10 ? 0 : 1) : (rest < 1_000 ? 2 : 3))
    }

    /// Writes all digits to memory that has room for `count` of them.
    @inlinable @inline(__always)
    public func write(to target: UnsafeMutableRawPointer) {
        unsafe Self.write(number, count: count, to: target)
    }

    /// Writes the last `count` digits, with zeros in front where the number has fewer.
    @inlinable @inline(__always)
    public static func write(_ number: UInt64, count: Int, to target: UnsafeMutableRawPointer) {
        var rest = number
        var at = count
        while at >= 2 {
            at &-= 2
            let next = rest / 100
            unsafe target.storeBytes(
                of: pair(rest &- next &* 100), toByteOffset: at, as: UInt16.self)
            rest = next
        }
        if at == 1 {
            unsafe target.storeBytes(
                of: UInt8(truncatingIfNeeded: rest % 10) &+ 0x30, as: UInt8.self)
        }
    }

    /// Two digits as they lie in memory; `number` is below 100.
    @inlinable @inline(__always)
    static func pair(_ number: UInt64) -> UInt16 {
        let tens = (number &* 103) >> 10
        return (UInt16(truncatingIfNeeded: tens | (number &- tens &* 10) << 8) | 0x3030)
            .littleEndian
    }
}
