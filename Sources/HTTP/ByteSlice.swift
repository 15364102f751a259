/// A run of bytes inside a message head: offsets, so that a parsed head owns and copies nothing.
///
/// Sixteen bits suffice, because no head is longer than 65,535 bytes. It means something only
/// together with the bytes that were parsed; `bytes.extracting(slice.range)` shows them.
public struct ByteSlice: Equatable, Sendable {
    /// Offset of the first byte from the start of the parsed bytes.
    public var start: UInt16
    /// Number of bytes.
    public var count: UInt16

    /// The empty slice at offset 0, which stands for "absent" where absence has no flag.
    @inlinable
    public init() {
        start = 0
        count = 0
    }

    /// The slice that covers `range`, both of whose bounds are at most 65,535.
    @inlinable
    public init(_ range: Range<Int>) {
        start = UInt16(truncatingIfNeeded: range.lowerBound)
        count = UInt16(truncatingIfNeeded: range.upperBound &- range.lowerBound)
    }

    @inlinable
    init(from start: Int, to end: Int) {
        self.start = UInt16(truncatingIfNeeded: start)
        count = UInt16(truncatingIfNeeded: end &- start)
    }

    /// Whether there are no bytes.
    @inlinable
    public var isEmpty: Bool { count == 0 }

    /// Offset behind the last byte.
    @inlinable
    public var end: Int { Int(start) &+ Int(count) }

    /// The offsets, for subscripts and `extracting`.
    @inlinable
    public var range: Range<Int> {
        // `end` is never below `start`: no comparison is needed.
        unsafe Range(uncheckedBounds: (Int(start), end))
    }
}
