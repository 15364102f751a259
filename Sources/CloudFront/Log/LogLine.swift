public import Caching
import HTTP

/// Writes one line of a standard access log into the caller's memory, field by field.
///
/// Fields come in the order of `LogField`; which is next is checked, so that a line never has a
/// value in another's column. Allocates nothing.
@safe  // `put` keeps every write inside; only `init` has to trust the caller
public struct LogLine {
    private let memory: UnsafeMutableRawBufferPointer
    private var next = 0
    /// Bytes written.
    public private(set) var count = 0
    /// Something did not fit: the line must not be used.
    public private(set) var overflowed = false

    /// A line that begins at the start of `memory`.
    public init(_ memory: UnsafeMutableRawBufferPointer) { unsafe self.memory = memory }

    /// Both fields of the moment at which the response ended, in UTC; milliseconds since 1970.
    public mutating func append(moment: Milliseconds) {
        var text = InlineArray<29, UInt8>(repeating: 0)
        let seconds = moment >= 0 ? moment / 1_000 : 0
        var span = text.mutableSpan
        unsafe span.withUnsafeMutableBytes { unsafe HTTPDate.write(seconds, into: $0) }
        begin(.date)
        for at in 12...15 { put(text[at]) }
        put(UInt8(ascii: "-"))
        let month = Self.month(text[8], text[9], text[10])
        put(UInt8(ascii: "0") + month / 10)
        put(UInt8(ascii: "0") + month % 10)
        put(UInt8(ascii: "-"))
        for at in 5...6 { put(text[at]) }
        begin(.time)
        for at in 17...24 { put(text[at]) }
    }

    /// From 1, by the letters of its name.
    private static func month(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> UInt8 {
        let names: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"
        for index in 0..<12 {
            let name = unsafe names.utf8Start + index * 3
            if unsafe name[0] == first, unsafe name[1] == second, unsafe name[2] == third {
                return UInt8(truncatingIfNeeded: index + 1)
            }
        }
        return 0
    }

    /// A text, percent-encoded where the log cannot hold it; `-` for an empty one.
    public mutating func append(_ field: LogField, _ value: RawSpan) {
        begin(field)
        if value.byteCount == 0 { return put(UInt8(ascii: "-")) }
        extend(value)
    }

    /// More of the text that was appended last, which was not empty.
    public mutating func extend(_ value: RawSpan) {
        for at in 0..<value.byteCount {
            let byte = value[at]
            if Self.isPlain(byte) {
                put(byte)
            } else {
                put(UInt8(ascii: "%"))
                put(Self.digit(byte >> 4))
                put(Self.digit(byte & 15))
            }
        }
    }

    /// A word of ours.
    public mutating func append(_ field: LogField, _ value: StaticString) {
        let bytes = unsafe UnsafeRawBufferPointer(
            start: value.utf8Start, count: value.utf8CodeUnitCount)
        append(field, unsafe bytes.bytes)
    }

    /// More of it, in words of ours.
    public mutating func extend(_ value: StaticString) {
        let bytes = unsafe UnsafeRawBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount)
        unsafe extend(bytes.bytes)
    }

    /// `-`: there is no value.
    public mutating func append(absent field: LogField) {
        begin(field)
        put(UInt8(ascii: "-"))
    }

    public mutating func append(_ field: LogField, decimal: UInt64) {
        begin(field)
        put(decimal: decimal, leastDigits: 1)
    }

    /// Three digits; a viewer who left before the answer leaves `000`.
    public mutating func append(status: Int) {
        begin(.status)
        put(decimal: UInt64(max(0, status)), leastDigits: 3)
    }

    /// A duration, in seconds with three decimals.
    public mutating func append(_ field: LogField, milliseconds: Milliseconds) {
        begin(field)
        let value = UInt64(max(0, milliseconds))
        put(decimal: value / 1_000, leastDigits: 1)
        put(UInt8(ascii: "."))
        put(decimal: value % 1_000, leastDigits: 3)
    }

    /// Ends the line. How many bytes it has; nil when it did not fit.
    public mutating func end() -> Int? {
        precondition(next == LogField.allCases.count, "the line lacks fields")
        put(UInt8(ascii: "\n"))
        return overflowed ? nil : count
    }

    private mutating func begin(_ field: LogField) {
        precondition(field.rawValue == next, "another field is next")
        if next > 0 { put(UInt8(ascii: "\t")) }
        next += 1
    }

    private mutating func put(_ byte: UInt8) {
        guard unsafe count < memory.count else {
            overflowed = true
            return
        }
        unsafe memory[count] = byte
        count += 1
    }

    private mutating func put(decimal: UInt64, leastDigits: Int) {
        var scale: UInt64 = 1
        var digits = 1
        while decimal / scale >= 10 || digits < leastDigits {
            scale *= 10
            digits += 1
        }
        while scale > 0 {
            put(UInt8(truncatingIfNeeded: decimal / scale % 10) + UInt8(ascii: "0"))
            scale /= 10
        }
    }

    /// Source: CloudFront, "Standard log file fields": blanks and controls, what is not ASCII,
    /// and these. A `%` that is there already is encoded again.
    static func isPlain(_ byte: UInt8) -> Bool {
        guard (33...126).contains(byte) else { return false }
        switch byte {
        case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""), UInt8(ascii: "#"),
            UInt8(ascii: "%"), UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "|"),
            UInt8(ascii: "\\"), UInt8(ascii: "^"), UInt8(ascii: "~"), UInt8(ascii: "["),
            UInt8(ascii: "]"), UInt8(ascii: "`"), UInt8(ascii: "'"):
            return false
        default: return true
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? value + UInt8(ascii: "0") : value - 10 + UInt8(ascii: "A")
    }
}
