import HTTP

/// A decimal number without loss: `digits` times ten to the power of `exponent`.
///
/// Normal form: no zero at the end of `digits`; zero has no sign and no exponent.
struct WrittenDecimal: Equatable {
    private(set) var isNegative = false
    private(set) var digits: UInt64 = 0
    private(set) var exponent = 0

    /// Exponents beyond are no coordinates.
    static let exponentMax = 40

    init(isNegative: Bool, digits: UInt64, exponent: Int) {
        (self.isNegative, self.digits, self.exponent) = (isNegative, digits, exponent)
        normalise()
    }

    /// Reads `-12.50`, `1e7`, `.5` and the like, all of the text, spaces around it left out; nil
    /// for anything else, for more than 18 digits that count, and for `nan` and infinities.
    init?(_ text: QueryText, in bytes: RawSpan) {
        if text.isPlain, let plain = WrittenDecimal(plain: text, in: bytes) {
            self = plain
            return
        }
        var at = text.start
        var hasDigit = false
        var isFraction = false
        var hasSign = false
        var state = true
        while at < text.end, state {
            let (value, width) = text.byte(at: at, in: bytes)
            if isDigit(value) {
                hasDigit = true
                guard add(value &- 0x30, isFraction: isFraction) else { return nil }
            } else if value == UInt8(ascii: "."), !isFraction {
                isFraction = true
            } else if value == UInt8(ascii: " "), !hasDigit, !isFraction, !hasSign {
                // A space before the number; a `+` that was not encoded is one, too.
            } else if value == UInt8(ascii: "-") || value == UInt8(ascii: "+"),
                !hasDigit, !isFraction, !hasSign
            {
                (hasSign, isNegative) = (true, value == UInt8(ascii: "-"))
            } else {
                state = false
                continue
            }
            at += width
        }
        guard hasDigit, readRest(of: text, from: at, in: bytes) else { return nil }
        normalise()
        guard exponent.magnitude <= Self.exponentMax.magnitude else { return nil }
    }

    /// `-12.50` and the like, without a test for each digit; nil: it is to be read with care.
    private init?(plain text: QueryText, in bytes: RawSpan) {
        var at = text.start
        let end = text.end
        if at < end, bytes.byte(at) == UInt8(ascii: "-") {
            isNegative = true
            at += 1
        }
        let first = at
        while at < end, isDigit(bytes.byte(at)) {
            digits = digits &* 10 &+ UInt64(bytes.byte(at) &- 0x30)
            at += 1
        }
        var count = at - first
        if at < end, bytes.byte(at) == UInt8(ascii: ".") {
            at += 1
            let fraction = at
            while at < end, isDigit(bytes.byte(at)) {
                digits = digits &* 10 &+ UInt64(bytes.byte(at) &- 0x30)
                at += 1
            }
            exponent = fraction - at
            count -= exponent
        }
        // So few cannot have overflowed.
        guard at == end, count > 0, count <= 17 else { return nil }
        normalise()
    }

    private mutating func add(_ digit: UInt8, isFraction: Bool) -> Bool {
        // Zeros at the end of a long number need no room.
        if digits >= 100_000_000_000_000_000 {
            guard digit == 0 else { return false }
            if !isFraction { exponent += 1 }
            return exponent <= 1_000
        }
        digits = digits * 10 + UInt64(digit)
        if isFraction { exponent -= 1 }
        return exponent >= -1_000
    }

    /// The exponent, and spaces.
    private mutating func readRest(of text: QueryText, from start: Int, in bytes: RawSpan) -> Bool {
        var at = start
        guard at < text.end else { return true }
        let (letter, width) = text.byte(at: at, in: bytes)
        if letter | 0x20 == UInt8(ascii: "e") {
            at += width
            var isDown = false
            if at < text.end {
                let (sign, width) = text.byte(at: at, in: bytes)
                isDown = sign == UInt8(ascii: "-")
                // An unencoded + of an exponent arrives as a space.
                if isDown || sign == UInt8(ascii: "+") || sign == 0x20 { at += width }
            }
            let rest = QueryText(start: at, end: text.end, isPlain: text.isPlain)
            guard let power = rest.wholeNumber(atMost: 999, in: bytes) else { return false }
            exponent += isDown ? -power : power
            return true
        }
        while at < text.end {
            let (value, width) = text.byte(at: at, in: bytes)
            guard value == 0x20 else { return false }
            at += width
        }
        return true
    }

    private mutating func normalise() {
        guard digits > 0 else {
            (isNegative, exponent) = (false, 0)
            return
        }
        while digits % 10 == 0 {
            digits /= 10
            exponent += 1
        }
    }

    /// The nearest double or its neighbour.
    var value: Double {
        let power = powerOfTen(exponent < 0 ? -exponent : exponent)
        let size = exponent < 0 ? Double(digits) / power : Double(digits) * power
        return isNegative ? -size : size
    }

    /// A double to 8 decimals, or to 12 if it is below a thousand: less than a pixel's thousandth
    /// of any grid, and no more than a double knows. nil beyond 1e10, and for what is no number.
    init?(rounding value: Double) {
        guard value.magnitude < 1e10 else { return nil }
        let decimals = value.magnitude < 1_000 ? 12 : value.magnitude < 3e7 ? 8 : 5
        let scaled = rounded(value.magnitude * powerOfTen(decimals))
        self.init(isNegative: value < 0, digits: UInt64(scaled), exponent: -decimals)
    }
}

/// Exact up to 22. `exponent` is not negative.
func powerOfTen(_ exponent: Int) -> Double {
    var power = 1.0
    if exponent & 1 != 0 { power *= 1e1 }
    if exponent & 2 != 0 { power *= 1e2 }
    if exponent & 4 != 0 { power *= 1e4 }
    if exponent & 8 != 0 { power *= 1e8 }
    if exponent & 16 != 0 { power *= 1e16 }
    if exponent & 32 != 0 { power *= 1e32 }
    return exponent < 64 ? power : .infinity
}

extension KeyWriter {
    /// Plain decimals: no exponent, no zero that says nothing.
    mutating func decimal(_ number: WrittenDecimal) {
        if number.isNegative { byte(UInt8(ascii: "-")) }
        let start = count
        var rest = number.digits
        var exponent = number.exponent
        if exponent > 0 { for _ in 0..<exponent { byte(UInt8(ascii: "0")) } }
        repeat {
            byte(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
            exponent += 1
            if exponent == 0 {
                byte(UInt8(ascii: "."))
                if rest == 0 { byte(UInt8(ascii: "0")) }
            }
        } while rest > 0 || exponent < 0
        reverse(start..<count)
    }
}
