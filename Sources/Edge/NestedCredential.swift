import HTTP

/// Finds a credential in a URL that is a parameter's value, as sites hand on where to go:
/// `url=http%3A%2F%2Fh%2Fwms%3Faccess_token%3D…` (law 6).
enum NestedCredential {
    /// Whether a query, or one parameter of it, holds such a URL, escaped as often as it may be.
    /// The names of the query's own parameters are not looked at. Allocates nothing.
    @inline(__always)
    static func isIn(_ text: UnsafeRawBufferPointer) -> Bool {
        for index in 0..<text.count {
            let byte = unsafe text[index]
            let isSign = byte == UInt8(ascii: "%") || byte == UInt8(ascii: "?") || byte == 35
            if isSign, unsafe begins(text.bytes, index) { return true }
        }
        return false
    }

    /// Whether a sign that parts parameters stands there, and behind it a credential's name.
    @inline(never)
    private static func begins(_ text: RawSpan, _ start: Int) -> Bool {
        let sign = byte(text, start)
        guard isAmong("?&;#", sign.byte) else { return false }
        var at = start + sign.width
        var name = InlineArray<20, UInt8>(repeating: 0)
        var length = 0
        while at < text.byteCount {
            let next = byte(text, at)
            if next.byte == UInt8(ascii: "=") {
                return unsafe SecretParameter.isCredential(
                    name.span.bytes.extracting(0..<length))
            }
            guard length < name.count, next.byte > 32, !isAmong("?&;#/", next.byte) else { break }
            name[length] = next.byte
            length += 1
            at += next.width
        }
        return false
    }

    private static func isAmong(_ signs: StaticString, _ byte: UInt8) -> Bool {
        for index in 0..<signs.utf8CodeUnitCount where signs.byte(index) == byte { return true }
        return false
    }

    /// The byte that stands there and how many stand for it. Each time that `%3D` is escaped once
    /// more, its `%` is `%25`.
    private static func byte(_ text: RawSpan, _ start: Int) -> (byte: UInt8, width: Int) {
        var read = PercentCoding.decoded(text, at: start)
        var at = start
        while read.byte == UInt8(ascii: "%"), read.width == 3, at + 4 < text.byteCount,
            let high = hexadecimalDigit(text.byte(at + 3)),
            let low = hexadecimalDigit(text.byte(at + 4))
        {
            read.byte = high << 4 | low
            at += 2
        }
        return (read.byte, at - start + read.width)
    }
}
