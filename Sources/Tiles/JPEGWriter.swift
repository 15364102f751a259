/// Writes a baseline JPEG of one colour.
///
/// Only DC coefficients are coded, in steps of eight, so that each block holds its mean exactly.
/// Grey colours take one component; others three, with chroma at half the resolution. The Huffman
/// tables are the picture's own: the code 0 says that nothing changed, or that a block ends.
///
/// Source: ITU-T T.81 annexes B and F; ITU-T T.871 (JFIF) for the marker and the colours.
struct JPEGWriter {
    private var bytes: [UInt8] = [0xFF, 0xD8]
    private var pending: UInt32 = 0
    private var pendingBits = 0

    /// - Parameter color: alpha is passed over; the format knows no transparency.
    static func uniform(width: Int, height: Int, color: RGBA) -> [UInt8] {
        let isGrey = color.red == color.green && color.green == color.blue
        var writer = JPEGWriter()
        writer.appendHeader(width: width, height: height, components: isGrey ? 1 : 3)
        let (luma, blue, red) = components(of: color)
        if isGrey {
            writer.appendBlock(Int(color.red) - 128)
            writer.appendUnchanged(blocks: (width + 7) / 8 * ((height + 7) / 8) - 1)
        } else {
            writer.appendBlock(luma)
            writer.appendUnchanged(blocks: 3)
            writer.appendBlock(blue)
            writer.appendBlock(red)
            let units = (width + 15) / 16 * ((height + 15) / 16)
            writer.appendUnchanged(blocks: 6 * (units - 1))
        }
        return writer.finish()
    }

    /// Luma and the two chromas, each less 128 (T.871 §7), in whole numbers scaled by 65,536.
    private static func components(of color: RGBA) -> (luma: Int, blue: Int, red: Int) {
        let (r, g, b) = (Int(color.red), Int(color.green), Int(color.blue))
        let half = 1 << 15
        let luma = (19_595 * r + 38_470 * g + 7_471 * b + half) >> 16
        let blue = (-11_059 * r - 21_709 * g + 32_768 * b + half) >> 16
        let red = (32_768 * r - 27_439 * g - 5_329 * b + half) >> 16
        return (luma - 128, min(blue, 127), min(red, 127))
    }

    private mutating func appendHeader(width: Int, height: Int, components: Int) {
        append(0xE0, Array("JFIF".utf8) + [0, 1, 2, 0, 0, 1, 0, 1, 0, 0])
        append(0xDB, [0] + [UInt8](repeating: 8, count: 64))
        var frame: [UInt8] = [
            8, UInt8(height >> 8), UInt8(truncatingIfNeeded: height), UInt8(width >> 8),
            UInt8(truncatingIfNeeded: width), UInt8(components),
        ]
        var scan = [UInt8(components)]
        for component in 1...components {
            // Luma has twice the samples of each chroma in either direction.
            let sampling: UInt8 = components == 3 && component == 1 ? 0x22 : 0x11
            frame += [UInt8(component), sampling, 0]
            scan += [UInt8(component), 0x00]
        }
        append(0xC0, frame)
        // DC categories: one bit says 0; five bits, 10000 and up, say 1 to 11.
        let lengths: [UInt8] = [1, 0, 0, 0, 11] + [UInt8](repeating: 0, count: 11)
        append(0xC4, [0x00] + lengths + Array(0...11))
        append(0xC4, [0x10, 1] + [UInt8](repeating: 0, count: 15) + [0])
        append(0xDA, scan + [0, 63, 0])
    }

    /// A block whose DC coefficient differs so much from the component's last (§F.1.2.1).
    private mutating func appendBlock(_ difference: Int) {
        let category = Int.bitWidth - difference.magnitude.leadingZeroBitCount
        if category == 0 {
            append(bits: 0, count: 1)
        } else {
            append(bits: UInt32(0b10000 + category - 1), count: 5)
            let low = difference > 0 ? difference : difference - 1
            append(bits: UInt32(low & (1 << category - 1)), count: category)
        }
        append(bits: 0, count: 1)
    }

    /// Blocks like the ones before: two zero bits each.
    private mutating func appendUnchanged(blocks: Int) {
        var bits = blocks * 2
        while bits > 0, pendingBits > 0 {
            append(bits: 0, count: 1)
            bits -= 1
        }
        bytes += [UInt8](repeating: 0, count: bits / 8)
        append(bits: 0, count: bits % 8)
    }

    /// Codes go out from the most significant bit; a zero is stuffed behind 0xFF (§F.1.2.3).
    private mutating func append(bits: UInt32, count: Int) {
        pending = pending << UInt32(count) | bits
        pendingBits += count
        while pendingBits >= 8 {
            let byte = UInt8(truncatingIfNeeded: pending >> UInt32(pendingBits - 8))
            bytes.append(byte)
            if byte == 0xFF { bytes.append(0) }
            pendingBits -= 8
        }
    }

    private consuming func finish() -> [UInt8] {
        // Unused bits of the last byte are ones.
        if pendingBits > 0 {
            let unused = 8 - pendingBits
            append(bits: UInt32(1 << unused - 1), count: unused)
        }
        return bytes + [0xFF, 0xD9]
    }

    private mutating func append(_ marker: UInt8, _ content: [UInt8]) {
        let count = content.count + 2
        bytes += [0xFF, marker, UInt8(count >> 8), UInt8(truncatingIfNeeded: count)]
        bytes += content
    }
}
