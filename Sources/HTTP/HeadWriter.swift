/// Writes a message head into memory that the caller owns and keeps alive.
///
/// Never writes past the end: what does not fit, or holds a byte that no field value may hold,
/// sets `overflowed` or `isMalformed`, and from then on nothing more is written. The caller asks
/// once, at the end, `isIntact`. No allocation, no copy but the bytes themselves.
@safe  // `reserve` keeps every write inside; only `init` has to trust the caller
public struct HeadWriter {
    @usableFromInline let memory: UnsafeMutableRawPointer?
    /// Where writing ends: the memory does, or something went wrong here.
    @usableFromInline var limit: Int
    @usableFromInline var written = 0
    /// Whether something did not fit.
    public private(set) var overflowed = false
    /// Whether a value given at run time held CR, LF, NUL or another control character.
    public private(set) var isMalformed = false

    /// A writer that stands at the start of `memory`.
    public init(_ memory: UnsafeMutableRawBufferPointer) {
        unsafe self.memory = memory.baseAddress
        limit = memory.count
    }

    /// Bytes written so far.
    @inlinable
    public var count: Int { written }

    /// What was written, valid as long as the memory is.
    @inlinable
    public var bytes: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: memory, count: written)
    }

    /// Whether all that was asked for has been written.
    public var isIntact: Bool { !overflowed && !isMalformed }

    /// Text known when the edge was built, CRLF and all. A few stores where the text is a literal.
    @inlinable @inline(__always)
    public mutating func append(_ text: StaticString) {
        let size = text.utf8CodeUnitCount
        guard let target = unsafe reserve(size) else { return }
        unsafe target.copyMemory(from: text.utf8Start, byteCount: size)
    }

    /// Bytes as they are: a part of a head that was checked when it was parsed or stored.
    public mutating func append(_ bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { unsafe append(bytes: $0) }
    }

    /// Bytes as they are, likewise.
    @inlinable
    public mutating func append(bytes: UnsafeRawBufferPointer) {
        guard let target = unsafe reserve(bytes.count) else { return }
        if let source = bytes.baseAddress {
            unsafe target.copyMemory(from: source, byteCount: bytes.count)
        }
    }

    /// Has what was written from `start` on made shorter where it lies; `edit` tells how long it is
    /// now.
    public mutating func shorten(
        from start: Int, _ edit: (UnsafeMutableRawBufferPointer) -> Int
    ) {
        guard isIntact, let memory = unsafe memory, start <= written else { return }
        let length = unsafe edit(
            UnsafeMutableRawBufferPointer(start: memory + start, count: written - start))
        written = start + min(max(0, length), written - start)
    }

    /// A number in decimal digits.
    public mutating func appendDecimal(_ number: UInt64) {
        let digits = DecimalDigits(number)
        guard let target = unsafe reserve(digits.count) else { return }
        unsafe digits.write(to: target)
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
            limit = written
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

    @inlinable @inline(__always)
    mutating func reserve(_ size: Int) -> UnsafeMutableRawPointer? {
        guard size <= limit &- written, let base = unsafe memory else {
            stop(size)
            return nil
        }
        let target = unsafe base + written
        written &+= size
        return unsafe target
    }

    /// Nothing more is written.
    @usableFromInline @inline(never)
    mutating func stop(_ size: Int) {
        if !isMalformed { overflowed = overflowed || size > 0 }
        limit = written
    }
}
