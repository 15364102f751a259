import HTTP

/// Numbers of a GML geometry, read from text that comes in pieces, and the rectangle they span.
///
/// Total: whatever is not exactly as its form says makes `isSound` false, and nothing else.
struct CoordinateText: Sendable {
    enum Form: Sendable, Equatable {
        /// GML 2 `coordinates`: tuples, with the characters that separate (OGC 02-069 §4.3.4).
        case tuples(decimal: UInt8, coordinate: UInt8, tuple: UInt8)
        /// GML 3 `posList`: places of so many numbers, one behind the other.
        case list(dimension: Int)
        /// `pos`, `lowerCorner`, `upperCorner`: the numbers of one place.
        case position
    }

    /// The longest number, in bytes: more digits than any of Earth needs.
    private static var numberBytesMax: Int { 64 }

    private let form: Form
    private var number: [UInt8] = []
    /// Numbers of the place in progress, and its first two.
    private var count = 0
    private var first = 0.0
    private var second = 0.0
    /// The corners of what was read; nil before the first place.
    private(set) var corners: (low: (Double, Double), high: (Double, Double))?
    private(set) var isSound = true

    init(_ form: Form) {
        self.form = form
    }

    mutating func take(_ piece: String) {
        for byte in piece.utf8 where isSound { take(byte) }
    }

    /// The text ends.
    mutating func finish() {
        if !number.isEmpty { endNumber() }
        switch form {
        case .tuples, .position: endPlace()
        case .list: if count != 0 { isSound = false }
        }
        if corners == nil { isSound = false }
    }

    private mutating func take(_ byte: UInt8) {
        let isBlank = byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d
        guard case .tuples(let decimal, let coordinate, let tuple) = form else {
            if !isBlank { return append(byte) }
            if !number.isEmpty { endNumber() }
            return
        }
        if byte == tuple || isBlank && tuple == 0x20 {
            // Blanks between tuples may be many.
            if number.isEmpty, count == 0, isBlank { return }
            endNumber()
            endPlace()
        } else if byte == coordinate || isBlank && coordinate == 0x20 {
            if number.isEmpty, isBlank { return }
            endNumber()
        } else if byte == decimal {
            append(UInt8(ascii: "."))
        } else if byte == UInt8(ascii: ".") {
            isSound = false
        } else {
            append(byte)
        }
    }

    private mutating func append(_ byte: UInt8) {
        let isPart =
            isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
            || byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e")
        guard isPart, number.count < Self.numberBytesMax else {
            isSound = false
            return
        }
        number.append(byte)
    }

    private mutating func endNumber() {
        // Only digits, signs, points and e: no spelling of infinity, and no hexadecimal.
        guard let value = Double(String(decoding: number, as: UTF8.self)), value.isFinite else {
            isSound = false
            return
        }
        number.removeAll(keepingCapacity: true)
        if count == 0 { first = value }
        if count == 1 { second = value }
        count += 1
        guard count <= 4 else {
            isSound = false
            return
        }
        if case .list(let dimension) = form, count == dimension { endPlace() }
    }

    private mutating func endPlace() {
        guard count >= 2 else {
            // The end of `coordinates` may have blanks before it.
            if count > 0 { isSound = false }
            return
        }
        include(first, second)
        count = 0
    }

    private mutating func include(_ x: Double, _ y: Double) {
        guard let (low, high) = corners else {
            corners = ((x, y), (x, y))
            return
        }
        corners = (
            (min(low.0, x), min(low.1, y)), (max(high.0, x), max(high.1, y))
        )
    }
}
