import HTTP

/// Writes the chunks of a PNG.
///
/// Source: PNG 3rd edition §5 (chunks) and §11; RFC 1950 and RFC 1951 §3.2.6 for blank data.
struct PNGWriter {
    private var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    init(_ header: PNGHeader) { append(.header, header.content) }

    /// The image data: `count` zero bytes as one zlib stream of a fixed-Huffman block.
    mutating func writeZeros(count: Int) { write([], zeros: count) }

    /// The image data: some bytes, in which those alike stand side by side, and zeros behind them,
    /// as one zlib stream of a fixed-Huffman block.
    mutating func write(_ bytes: [UInt8], zeros: Int) {
        var data: [UInt8] = [0x78, 0x01]
        var bits = BitWriter()
        bits.appendLow(1, count: 1)  // the last block
        bits.appendLow(1, count: 2)  // fixed codes
        var at = 0
        while at < bytes.count {
            let end = bytes[at...].firstIndex { $0 != bytes[at] } ?? bytes.count
            Self.append(bytes[at], count: end - at, to: &bits)
            at = end
        }
        if zeros > 0 { Self.append(0, count: zeros, to: &bits) }
        bits.appendHigh(0, count: 7)  // end of the block
        data += bits.finish()
        // Adler-32; zeros leave its low sum as it is, which the high one counts for each of them.
        var (low, high) = (1, 0)
        for byte in bytes {
            low = (low + Int(byte)) % 65_521
            high = (high + low) % 65_521
        }
        high = (high + zeros % 65_521 * low) % 65_521
        data.appendBigEndian(UInt32(high) << 16 | UInt32(low))
        append(.data, data)
    }

    /// A literal, and matches that repeat it.
    private static func append(_ byte: UInt8, count: Int, to bits: inout BitWriter) {
        func appendLiteral() {
            if byte < 144 {
                bits.appendHigh(0b0011_0000 + UInt32(byte), count: 8)
            } else {
                bits.appendHigh(0b1_1001_0000 + UInt32(byte) - 144, count: 9)
            }
        }
        appendLiteral()
        var rest = count - 1
        while rest >= 258 {
            bits.appendHigh(0b1100_0101, count: 8)  // length 258
            bits.appendHigh(0, count: 5)  // distance 1
            rest -= 258
        }
        while rest >= 10 {
            bits.appendHigh(0b000_1000, count: 7)  // length 10
            bits.appendHigh(0, count: 5)
            rest -= 10
        }
        for _ in 0..<rest { appendLiteral() }
    }

    consuming func finish() -> [UInt8] {
        append(.end, [])
        return bytes
    }

    mutating func append(_ type: PNGChunkType, _ content: [UInt8]) {
        bytes.appendBigEndian(UInt32(content.count))
        let start = bytes.count
        bytes.appendBigEndian(type.code)
        bytes += content
        bytes.appendBigEndian(unsafe crc32(bytes.span.bytes.extracting(start...)))
    }
}

/// Packs codes into bytes from the least significant bit up, as RFC 1951 §3.1.1 and GIF do.
struct BitWriter {
    private var bytes: [UInt8] = []
    private var pending: UInt32 = 0
    private var pendingBits = 0

    /// A number, least significant bit first.
    mutating func appendLow(_ value: UInt32, count: Int) {
        pending |= value << UInt32(pendingBits)
        pendingBits += count
        while pendingBits >= 8 {
            bytes.append(UInt8(truncatingIfNeeded: pending))
            pending >>= 8
            pendingBits -= 8
        }
    }

    /// A Huffman code, most significant bit first.
    mutating func appendHigh(_ code: UInt32, count: Int) {
        for bit in (0..<count).reversed() { appendLow(code >> UInt32(bit) & 1, count: 1) }
    }

    /// The bytes, the last one filled up with zero bits.
    consuming func finish() -> [UInt8] {
        if pendingBits > 0 { bytes.append(UInt8(truncatingIfNeeded: pending)) }
        return bytes
    }
}

extension [UInt8] {
    mutating func appendBigEndian(_ value: UInt32) {
        for shift in stride(from: 24, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> UInt32(shift)))
        }
    }
}
