/// Writes a white grey-scale baseline JPEG.
///
/// Source: ITU-T T.81 annexes B and F; the application marker is JFIF 1.02's.
enum JPEGWriter {
    static func white(width: Int, height: Int) -> [UInt8] {
        var bytes: [UInt8] = [0xFF, 0xD8]
        append(0xE0, Array("JFIF".utf8) + [0, 1, 2, 0, 0, 1, 0, 1, 0, 0], to: &bytes)
        append(0xDB, [0] + [UInt8](repeating: 8, count: 64), to: &bytes)
        append(0xC0, frame(width: width, height: height), to: &bytes)
        // The codes 0 and 10 for the DC categories 0 and 7; the code 0 for the end of a block.
        append(0xC4, [0x00, 1, 1] + [UInt8](repeating: 0, count: 14) + [0, 7], to: &bytes)
        append(0xC4, [0x10, 1] + [UInt8](repeating: 0, count: 15) + [0], to: &bytes)
        append(0xDA, [1, 1, 0x00, 0, 63, 0], to: &bytes)
        appendBlocks((width + 7) / 8 * ((height + 7) / 8), to: &bytes)
        bytes += [0xFF, 0xD9]
        return bytes
    }

    private static func frame(width: Int, height: Int) -> [UInt8] {
        [
            8, UInt8(height >> 8), UInt8(truncatingIfNeeded: height), UInt8(width >> 8),
            UInt8(truncatingIfNeeded: width), 1, 1, 0x11, 0,
        ]
    }

    /// The scan. White is 127 above the middle grey, which is the DC coefficient 127 in steps of
    /// eight; each block after the first says that nothing changed, in two zero bits. No byte of
    /// it is 0xFF, so nothing has to be stuffed.
    private static func appendBlocks(_ count: Int, to bytes: inout [UInt8]) {
        bytes += [0b1011_1111, 0b1000_0000]
        // The first block took ten bits, the last two zero bits of these bytes aside.
        let bits = 10 + 2 * (count - 1)
        let whole = (bits + 7) / 8
        if whole > 2 { bytes += [UInt8](repeating: 0, count: whole - 2) }
        // Unused bits of the last byte are ones.
        let unused = whole * 8 - bits
        bytes[bytes.count - 1] |= UInt8(1 << unused - 1)
    }

    private static func append(_ marker: UInt8, _ content: [UInt8], to bytes: inout [UInt8]) {
        let count = content.count + 2
        bytes += [0xFF, marker, UInt8(count >> 8), UInt8(truncatingIfNeeded: count)]
        bytes += content
    }
}
