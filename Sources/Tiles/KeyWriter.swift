import HTTP

/// Writes canonical text into memory of the caller: each text has one spelling.
///
/// Nothing is written past the end; what did not fit is marked by `hasOverflowed`.
@safe  // `byte` compares with the memory's length before each store; `init` trusts the caller
struct KeyWriter {
    private let memory: UnsafeMutableRawBufferPointer
    private(set) var count = 0
    private(set) var hasOverflowed = false

    init(_ memory: UnsafeMutableRawBufferPointer) { unsafe self.memory = memory }

    /// The bytes so far; valid as long as the memory is.
    var written: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: memory[..<count])
    }

    /// A byte that has been written.
    @inline(__always)
    subscript(_ index: Int) -> UInt8 {
        get {
            assert(index >= 0 && index < count, "no such byte")
            return unsafe memory[index]
        }
        set {
            assert(index >= 0 && index < count, "no such byte")
            unsafe memory[index] = newValue
        }
    }

    @inline(__always)
    mutating func byte(_ value: UInt8) {
        guard unsafe count < memory.count else {
            hasOverflowed = true
            return
        }
        unsafe memory[count] = value
        count += 1
    }

    /// Forgets what was written behind `count`.
    mutating func rewind(to count: Int) {
        guard count < self.count else { return }
        self.count = count
    }

    @inline(__always)
    mutating func word(_ word: StaticString) {
        let length = word.utf8CodeUnitCount
        guard unsafe count + length <= memory.count else {
            hasOverflowed = true
            return
        }
        for index in 0..<length { unsafe memory[count + index] = word.byte(index) }
        count += length
    }

    /// `&NAME=`; without the `&` at the beginning of a query.
    @inline(__always)
    mutating func name(_ name: StaticString) {
        separator()
        word(name)
        byte(UInt8(ascii: "="))
    }

    /// Canonical text has neither `?` nor `#` but before a query.
    @inline(__always)
    mutating func separator() {
        guard count > 0, self[count - 1] != UInt8(ascii: "?"), self[count - 1] != UInt8(ascii: "#")
        else { return }
        byte(UInt8(ascii: "&"))
    }

    /// The first byte of a path's rest, in its one spelling; how many it takes there. What may
    /// divide a path, such as an encoded slash, stays encoded.
    mutating func pathByte(_ rest: QueryText, _ path: RawSpan) -> Int {
        let (value, width) = rest.byte(at: rest.start, in: path)
        if width == 1 || isUnreserved(value) { encoded(value) } else { escaped(value) }
        return width
    }

    /// Writes bytes once more that have been written.
    mutating func copy(_ range: Range<Int>) { for index in range { byte(self[index]) } }

    /// A decoded byte: as it is, or as `%XX` where it would mean something else.
    @inline(__always)
    mutating func encoded(_ value: UInt8) {
        if isVerbatim(value) {
            byte(value)
        } else {
            escaped(value)
        }
    }

    private mutating func escaped(_ value: UInt8) {
        byte(UInt8(ascii: "%"))
        byte(hexadecimal(value >> 4))
        byte(hexadecimal(value & 15))
    }

    private func hexadecimal(_ digit: UInt8) -> UInt8 {
        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") - 10 + digit
    }

    /// A text in its one spelling.
    mutating func text(_ text: QueryText, in bytes: RawSpan) {
        var at = text.start
        // Most texts are their own normal form.
        if text.isPlain, unsafe count + (text.end - at) <= memory.count {
            while at < text.end, isVerbatim(bytes.byte(at)) {
                unsafe memory[count] = bytes.byte(at)
                count += 1
                at += 1
            }
        }
        while at < text.end {
            let (value, width) = text.byte(at: at, in: bytes)
            encoded(value)
            at += width
        }
    }

    /// A text in its one spelling, in capital or small letters.
    mutating func text(_ text: QueryText, in bytes: RawSpan, isUpper: Bool) {
        var at = text.start
        while at < text.end {
            let (value, width) = text.byte(at: at, in: bytes)
            encoded(isUpper ? uppercase(value) : lowercased(value))
            at += width
        }
    }

    mutating func number(_ value: Int) {
        var rest = value.magnitude
        if value < 0 { byte(UInt8(ascii: "-")) }
        let start = count
        repeat {
            byte(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        reverse(start..<count)
    }

    /// A number with leading zeros up to `width` digits; not negative.
    mutating func padded(_ value: Int, _ width: Int) {
        var digits = 1
        var bound = 10
        while value >= bound, digits < 18 { (digits, bound) = (digits + 1, bound * 10) }
        if digits < width { for _ in digits..<width { byte(UInt8(ascii: "0")) } }
        number(value)
    }

    mutating func reverse(_ range: Range<Int>) {
        var (left, right) = (range.lowerBound, range.upperBound - 1)
        while left < right {
            (self[left], self[right]) = (self[right], self[left])
            left += 1
            right -= 1
        }
    }
}

/// Bit n is set where the byte n stands for itself in canonical text: letters, digits and
/// `!$'()*,-./:;@_~`.
private let verbatimLow: UInt64 = 0x0FFF_F792_0000_0000
private let verbatimHigh: UInt64 = 0x47FF_FFFE_87FF_FFFF

/// Whether a byte stands for itself in a canonical query: what RFC 3986 §3.4 lets stand there,
/// without the separators `&`, `=` and `+`, and without `?`.
@inline(__always)
func isVerbatim(_ value: UInt8) -> Bool {
    let bit: UInt64 = 1 << UInt64(value & 63)
    return value < 64 ? verbatimLow & bit != 0 : value < 128 && verbatimHigh & bit != 0
}

/// Whether a byte means the same encoded or not, anywhere (RFC 3986 §2.3).
func isUnreserved(_ value: UInt8) -> Bool {
    isDigit(value) || lowercased(value) &- 0x61 < 26 || value == UInt8(ascii: "-")
        || value == UInt8(ascii: ".") || value == UInt8(ascii: "_") || value == UInt8(ascii: "~")
}
