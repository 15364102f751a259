/// The header that a proxy sends before a connection's first byte, to say who is really there.
///
/// Source: "The PROXY protocol", versions 1 & 2, HAProxy, §2.2. Version 2 (binary) only.
public enum ProxyHeader: Equatable, Sendable {
    /// What arrived may be the beginning of a header.
    case needMore
    /// A whole header of `length` bytes, to be dropped; what follows is the viewer's.
    ///
    /// `source` is the viewer's address; nil if the proxy speaks for itself (LOCAL: a health
    /// check). Then the connection's own peer counts.
    case header(length: Int, source: SocketAddress?)
    /// The same of a viewer whose address is of no IP family: the connection's own peer stands for
    /// one of whom nothing is known.
    case unknown(length: Int)
    /// No header, or a wrong one; close the connection without an answer.
    case malformed

    /// Reads the header at the front of what arrived.
    ///
    /// - Parameters:
    ///   - bytes: all that arrived, which may go on behind the header.
    ///   - lengthMax: the longest header allowed, in bytes; real ones stay below 536.
    /// - Returns: ``malformed`` as soon as the bytes cannot become a header. O(length of TLVs).
    public static func parse(_ bytes: RawSpan, lengthMax: Int) -> ProxyHeader {
        let signature: InlineArray<12, UInt8> = [
            0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
        ]
        for index in 0..<min(12, bytes.byteCount) where bytes.byte(at: index) != signature[index] {
            return .malformed
        }
        guard bytes.byteCount > 12 else { return .needMore }
        let command = bytes.byte(at: 12)
        guard command == local || command == proxy else { return .malformed }
        guard bytes.byteCount > 13 else { return .needMore }
        let addresses = Addresses(rawValue: bytes.byte(at: 13))
        guard let addresses = command == local ? .unspecified : addresses
        else { return .malformed }
        guard bytes.byteCount >= prefixLength else { return .needMore }
        let length = prefixLength + bytes.bigEndian16(at: 14)
        let tail = prefixLength + addresses.length
        guard length <= lengthMax, command == local || length >= tail else { return .malformed }
        guard bytes.byteCount >= length else { return .needMore }
        // Of a LOCAL header everything behind the length is to be skipped unseen.
        if command == local { return .header(length: length, source: nil) }
        guard hasWholeFields(bytes, from: tail, to: length) else { return .malformed }
        guard let source = addresses.source(bytes) else { return .unknown(length: length) }
        return .header(length: length, source: source)
    }

    private static var local: UInt8 { 0x20 }
    private static var proxy: UInt8 { 0x21 }
    private static var prefixLength: Int { 16 }

    /// Whether type-length-value fields fill the range exactly.
    private static func hasWholeFields(_ bytes: RawSpan, from start: Int, to end: Int) -> Bool {
        var position = start
        while position < end {
            guard end - position >= 3 else { return false }
            position += 3 + bytes.bigEndian16(at: position + 1)
        }
        return position == end
    }

    /// Address family (high half) and transport (low half) of the connection to the proxy.
    private enum Addresses: UInt8 {
        case unspecified = 0x00
        case ipv4Stream = 0x11
        case ipv4Datagram = 0x12
        case ipv6Stream = 0x21
        case ipv6Datagram = 0x22
        case unixStream = 0x31
        case unixDatagram = 0x32

        /// Bytes of both addresses and ports.
        var length: Int {
            switch self {
            case .unspecified: 0
            case .ipv4Stream, .ipv4Datagram: 12
            case .ipv6Stream, .ipv6Datagram: 36
            case .unixStream, .unixDatagram: 216
            }
        }

        func source(_ bytes: RawSpan) -> SocketAddress? {
            switch self {
            case .unspecified, .unixStream, .unixDatagram: nil
            case .ipv4Stream, .ipv4Datagram:
                SocketAddress(
                    ipv4: UInt32(bytes.bigEndian16(at: 16)) << 16
                        | UInt32(bytes.bigEndian16(at: 18)),
                    port: UInt16(bytes.bigEndian16(at: 24)))
            case .ipv6Stream, .ipv6Datagram:
                SocketAddress(
                    high: bytes.bigEndian64(at: 16), low: bytes.bigEndian64(at: 24),
                    port: UInt16(bytes.bigEndian16(at: 48)))
            }
        }
    }
}

extension RawSpan {
    fileprivate func bigEndian16(at index: Int) -> Int {
        Int(byte(at: index)) << 8 | Int(byte(at: index + 1))
    }

    fileprivate func bigEndian64(at index: Int) -> UInt64 {
        var value: UInt64 = 0
        for offset in 0..<8 { value = value << 8 | UInt64(byte(at: index + offset)) }
        return value
    }
}
