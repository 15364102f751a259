/// Writes a GIF whose pixels are all of colour 0.
///
/// Source: GIF89a specification §§17–24 and appendix F.
struct GIFWriter {
    private var bytes: [UInt8] = Array("GIF89a".utf8)

    init(width: Int, height: Int, color: RGBA) {
        let size = [
            UInt8(truncatingIfNeeded: width), UInt8(width >> 8),
            UInt8(truncatingIfNeeded: height), UInt8(height >> 8),
        ]
        // A global table of two colours, the second of no use; background colour 0; square pixels.
        bytes += size + [0x80, 0, 0] + [color.red, color.green, color.blue, 0, 0, 0]
        if color.alpha < 255 { bytes += [0x21, 0xF9, 4, 0x01, 0, 0, 0, 0] }
        bytes += [0x2C, 0, 0, 0, 0] + size + [0]
    }

    /// The image data: LZW codes for `count` pixels of colour 0.
    ///
    /// In a run of one colour each code is one pixel longer than the last, and is the one that the
    /// last one defined. The table is given up before its codes would need a thirteenth bit.
    mutating func writeRun(count: Int) {
        let minimum = 2
        let clear = 1 << minimum
        var bits = BitWriter()
        var rest = count
        var width = minimum + 1
        while rest > 0 {
            bits.appendLow(UInt32(clear), count: width)
            width = minimum + 1
            var length = 1
            while rest > 0, length < 4096 - clear - 2 {
                let taken = min(length, rest)
                bits.appendLow(UInt32(taken == 1 ? 0 : clear + taken), count: width)
                rest -= taken
                // The decoder defines its next code one step behind; both widen when it is full.
                if clear + length + 1 >= 1 << width, width < 12 { width += 1 }
                length += 1
            }
        }
        bits.appendLow(UInt32(clear + 1), count: width)
        let data = bits.finish()
        bytes.append(UInt8(minimum))
        for start in stride(from: 0, to: data.count, by: 255) {
            let block = data[start..<min(start + 255, data.count)]
            bytes.append(UInt8(block.count))
            bytes += block
        }
        bytes.append(0)
    }

    consuming func finish() -> [UInt8] {
        bytes.append(0x3B)
        return bytes
    }
}
