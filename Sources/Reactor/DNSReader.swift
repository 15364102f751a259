/// Reads the parts of a DNS message at a position that moves on.
///
/// Time is linear in the message but for compressed names, each of which costs at most 255 bytes
/// and 128 jumps, as pointers must lead backwards.
struct DNSReader {
    private let bytes: [UInt8]
    private(set) var position = 0

    /// The longest name in bytes as sent, the closing zero included. Source: RFC 1035 §2.3.4.
    static let nameBytesMax = 255
    /// The most pointers in one name: a name of 255 bytes has at most 127 labels.
    static let jumpsMax = 128

    init(_ message: RawSpan) { bytes = unsafe message.withUnsafeBytes { unsafe Array($0) } }

    mutating func byte() throws(DNSError) -> UInt8 {
        guard position < bytes.count else { throw .truncated }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func uint16() throws(DNSError) -> UInt16 {
        let high = try byte()
        return UInt16(high) << 8 | UInt16(try byte())
    }

    mutating func uint32() throws(DNSError) -> UInt32 {
        let high = try uint16()
        return UInt32(high) << 16 | UInt32(try uint16())
    }

    mutating func uint64() throws(DNSError) -> UInt64 {
        let high = try uint32()
        return UInt64(high) << 32 | UInt64(try uint32())
    }

    mutating func skip(_ count: Int) throws(DNSError) {
        guard bytes.count - position >= count else { throw .truncated }
        position += count
    }

    /// A name, compressed or not. Source: RFC 1035 §3.1, §4.1.4.
    ///
    /// Letters of ASCII become lower case, since names are compared so (RFC 4343); a dot or a
    /// backslash within a label, and what is not printable, is escaped as in zone files (§5.1).
    mutating func name() throws(DNSError) -> String {
        var name: [UInt8] = []
        var length = 1
        var at = position
        var end: Int?
        // Every pointer must lead to before the part of the name that it ends.
        var bound = position
        var jumps = 0
        while true {
            guard at < bytes.count else { throw .truncated }
            let count = Int(bytes[at])
            if count >= 0xC0 {
                guard at + 1 < bytes.count else { throw .truncated }
                let target = (count & 0x3F) << 8 | Int(bytes[at + 1])
                guard target < bound, jumps < Self.jumpsMax else { throw .badName }
                jumps += 1
                if end == nil { end = at + 2 }
                at = target
                bound = target
                continue
            }
            guard count < 0x40 else { throw .badName }
            at += 1
            if count == 0 { break }
            length += count + 1
            guard length <= Self.nameBytesMax else { throw .badName }
            guard bytes.count - at >= count else { throw .truncated }
            if !name.isEmpty { name.append(UInt8(ascii: ".")) }
            for index in at..<(at + count) { Self.append(bytes[index], to: &name) }
            at += count
        }
        position = end ?? at
        return String(decoding: name, as: UTF8.self)
    }

    private static func append(_ byte: UInt8, to name: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "\\"):
            name.append(UInt8(ascii: "\\"))
            name.append(byte)
        case 0x41...0x5A: name.append(byte | 0x20)
        case 0x21...0x7E: name.append(byte)
        default:
            name.append(UInt8(ascii: "\\"))
            for scale: UInt8 in [100, 10, 1] { name.append(0x30 + byte / scale % 10) }
        }
    }
}
