/// CRC-32C (Castagnoli), as storage systems use it: finds every single flipped bit and every
/// burst of up to 32 bits.
///
/// Software, sixteen bytes in a step: about 2 bytes for each nanosecond.
public struct Checksum: Sendable {
    private var state: UInt32 = .max

    public init() {}

    /// The checksum of all bytes given so far.
    public var value: UInt32 { ~state }

    /// The checksum of `bytes` alone.
    public static func of(_ bytes: RawSpan) -> UInt32 {
        var checksum = Checksum()
        checksum.update(bytes)
        return checksum.value
    }

    /// Takes more bytes in, behind those given before.
    public mutating func update(_ bytes: RawSpan) {
        let tables = ChecksumTables.shared
        state = tables.advance(state, over: bytes)
    }
}
