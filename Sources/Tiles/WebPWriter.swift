/// Writes a lossless WebP of one colour: 32 bytes, whatever its size.
///
/// Each of the five prefix codes has one symbol only, so that a pixel takes no bit at all.
/// Source: RFC 9649 §2 (container) and §3 (lossless bitstream, §3.7.2.1.1 for simple codes).
enum WebPWriter {
    /// - Parameters: width, height: pixels, 1...16,384.
    static func uniform(width: Int, height: Int, color: RGBA) -> [UInt8] {
        var bits = BitWriter()
        bits.appendLow(0x2F, count: 8)
        bits.appendLow(UInt32(width - 1), count: 14)
        bits.appendLow(UInt32(height - 1), count: 14)
        bits.appendLow(color.alpha < 255 ? 1 : 0, count: 1)
        bits.appendLow(0, count: 3)  // the version
        bits.appendLow(0, count: 3)  // no transform, no colour cache, one group of codes
        for symbol in [color.green, color.red, color.blue, color.alpha] {
            // A simple code, of one symbol, which has eight bits.
            bits.appendLow(0b101, count: 3)
            bits.appendLow(UInt32(symbol), count: 8)
        }
        // Likewise for distances, which do not occur: the symbol 0, in one bit.
        bits.appendLow(0b0001, count: 4)
        let data = bits.finish()
        var bytes = Array("RIFF".utf8)
        bytes.appendLittleEndian(UInt32(12 + data.count + data.count & 1))
        bytes += Array("WEBPVP8L".utf8)
        bytes.appendLittleEndian(UInt32(data.count))
        bytes += data
        if data.count & 1 == 1 { bytes.append(0) }
        return bytes
    }
}

extension [UInt8] {
    fileprivate mutating func appendLittleEndian(_ value: UInt32) {
        for shift in stride(from: 0, to: 32, by: 8) {
            append(UInt8(truncatingIfNeeded: value >> UInt32(shift)))
        }
    }
}
