/// Writes a message head into memory that the caller owns and keeps alive.
///
/// Never writes past the end: what does not fit, or holds a byte that no field value may hold,
/// sets `overflowed` or `isMalformed`, and from then on nothing more is written. The caller asks
/// once, at the end, `isIntact`. No allocation, no copy but the bytes themselves.
@safe  // `reserve` keeps every write inside; only `init` has to trust the caller
public struct HeadWriter {
    private let memory: UnsafeMutableRawBufferPointer
    /// Bytes written so far.
    public private(set) var count = 0
    /// Whether something did not fit.
    public private(set) var overflowed = false
    /// Whether a value given at run time held CR, LF, NUL or another control character.
    public private(set) var isMalformed = false

    /// A writer that stands at the start of `memory`.
    public init(_ memory: UnsafeMutableRawBufferPointer) { unsafe self.memory = memory }

    /// Whether all that was asked for has been written.
    public var isIntact: Bool { !overflowed && !isMalformed }

    /// Text known when the edge was built, CRLF and all.
    public mutating func append(_ text: StaticString) {
        unsafe append(
            bytes: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Bytes as they are: a part of a head that was checked when it was parsed or stored.
    public mutating func append(_ bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { unsafe append(bytes: $0) }
    }

    /// Bytes as they are, likewise.
    public mutating func append(bytes: UnsafeRawBufferPointer) {
        guard let target = unsafe reserve(bytes.count) else { return }
        if let source = bytes.baseAddress {
            unsafe target.copyMemory(from: source, byteCount: bytes.count)
        }
    }

    /// A number in decimal digits.
    public mutating func appendDecimal(_ number: UInt64) {
        var digits = 1
        var rest = number
        while rest >= 10 {
            rest /= 10
            digits &+= 1
        }
        guard let target = unsafe reserve(digits) else { return }
        rest = number
        var at = digits
        while at > 0 {
            at &-= 1
            unsafe target.storeBytes(
                of: UInt8(truncatingIfNeeded: rest % 10) &+ 0x30, toByteOffset: at, as: UInt8.self)
            rest /= 10
        }
    }

    /// A number in lower-case hexadecimal digits, without leading zeros.
    public mutating func appendHex(_ number: UInt64) {
        let digits = max(1, (64 - number.leadingZeroBitCount + 3) / 4)
        guard let target = unsafe reserve(digits) else { return }
        for at in 0..<digits {
            let digit = UInt8(truncatingIfNeeded: number >> UInt64((digits - 1 - at) * 4)) & 15
            unsafe target.storeBytes(
                of: digit < 10 ? digit + 0x30 : digit + 0x57, toByteOffset: at, as: UInt8.self)
        }
    }

    /// A date as HTTP writes it, 29 bytes (RFC 9110 §5.6.7).
    public mutating func appendDate(epochSeconds: Int64) {
        guard let target = unsafe reserve(HTTPDate.byteCount) else { return }
        unsafe HTTPDate.write(
            epochSeconds,
            into: UnsafeMutableRawBufferPointer(start: target, count: HTTPDate.byteCount))
    }

    /// A value that came from outside: refused as a whole if it could end the line early.
    public mutating func appendValue(_ value: RawSpan) {
        guard isFieldValue(value) else {
            isMalformed = true
            return
        }
        append(value)
    }

    /// A field line with a value that came from outside.
    public mutating func field(_ name: StaticString, _ value: RawSpan) {
        append(name)
        append(": ")
        appendValue(value)
        append("\r\n")
    }

    /// A field line with a value known when the edge was built.
    public mutating func field(_ name: StaticString, _ value: StaticString) {
        append(name)
        append(": ")
        append(value)
        append("\r\n")
    }

    /// A field line with a number.
    public mutating func field(_ name: StaticString, decimal value: UInt64) {
        append(name)
        append(": ")
        appendDecimal(value)
        append("\r\n")
    }

    /// A field line with a date.
    public mutating func field(_ name: StaticString, epochSeconds: Int64) {
        append(name)
        append(": ")
        appendDate(epochSeconds: epochSeconds)
        append("\r\n")
    }

    @inline(__always)
    private mutating func reserve(_ size: Int) -> UnsafeMutableRawPointer? {
        guard isIntact, unsafe size <= memory.count &- count, let base = unsafe memory.baseAddress
        else {
            if !isMalformed { overflowed = overflowed || size > 0 }
            return nil
        }
        let target = unsafe base + count
        count &+= size
        return unsafe target
    }
}
