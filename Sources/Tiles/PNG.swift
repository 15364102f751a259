import HTTP

/// Reads and writes PNG. Source: PNG 3rd edition.
///
/// Cost and memory are linear in the pixels, which the limits bound: made for the slow way, off
/// the loops.
public enum PNG {
    /// Decodes a PNG of any colour type, bit depth and interlacing.
    ///
    /// Strict: every checksum is compared, chunks must be complete, in order and known where the
    /// picture depends on them, and the data must give just the pixels. A palette stays one; all
    /// else becomes RGBA. Samples of 16 bits are rounded to 8. Colour spaces and gamma are passed
    /// over, as the pixels are meant to go back into a PNG of the same service; so is animation.
    public static func decode(
        _ bytes: RawSpan, limits: PNGLimits = .tiles
    ) throws(PNGError) -> PixelBuffer {
        let structure = try PNGStructure(bytes, limits: limits)
        let header = structure.header
        var raw: [UInt8]
        do throws(Zlib.Problem) {
            raw = try Zlib.inflate(bytes, pieces: structure.data, count: header.filteredBytes)
        } catch {
            throw .badData(error)
        }
        var rows = PNGRows(structure)
        var at = 0
        for pass in header.passes {
            let count = header.rowBytes(width: pass.width)
            try PNGFilter.restore(
                &raw, from: at, height: pass.height, count: count,
                distance: header.filterDistance)
            for row in 0..<pass.height {
                try rows.take(raw, from: at + 1, pass: pass, row: row)
                at += count + 1
            }
        }
        return rows.finish()
    }

    /// Encodes a picture so that `decode` gives the same colours.
    ///
    /// A palette is written as one, with as few bits a pixel as it needs; RGBA pixels of 256
    /// colours or fewer get one; opaque ones are written without alpha. Not interlaced.
    ///
    /// - Parameter level: zlib's, 1 (fastest) to 9 (smallest).
    /// - Returns: nil when memory lacks.
    public static func encode(_ picture: PixelBuffer, level: Int = 6) -> [UInt8]? {
        if let indexed = picture.indexed { return encode(indexed: indexed, level: level) }
        let isOpaque = stride(from: 3, to: picture.bytes.count, by: 4).allSatisfy {
            picture.bytes[$0] == 255
        }
        return encode(rgba: picture, hasAlpha: !isOpaque, level: level)
    }

    private static func encode(indexed picture: PixelBuffer, level: Int) -> [UInt8]? {
        let colors = picture.palette.count
        let depth = colors <= 2 ? 1 : colors <= 4 ? 2 : colors <= 16 ? 4 : 8
        let header = PNGHeader(
            width: picture.width, height: picture.height, bitDepth: depth, colorType: .palette)
        // Neighbouring indices are not neighbouring colours, so filters would only harm (§12.7).
        var rows: [UInt8] = []
        rows.reserveCapacity(header.filteredBytes)
        for y in 0..<picture.height {
            rows.append(0)
            var pending: UInt8 = 0
            var bits = 0
            for index in picture.bytes[(y * picture.width)..<((y + 1) * picture.width)] {
                pending = depth == 8 ? index : pending << UInt8(depth) | index
                bits += depth
                guard bits == 8 else { continue }
                rows.append(pending)
                (pending, bits) = (0, 0)
            }
            if bits > 0 { rows.append(pending << UInt8(8 - bits)) }
        }
        guard let data = unsafe Zlib.deflate(rows.span.bytes, level: level) else { return nil }
        var writer = PNGWriter(header)
        writer.append(.palette, picture.palette.flatMap { [$0.red, $0.green, $0.blue] })
        if let last = picture.palette.lastIndex(where: { $0.alpha < 255 }) {
            writer.append(.transparency, picture.palette[...last].map { $0.alpha })
        }
        writer.append(.data, data)
        return writer.finish()
    }

    private static func encode(
        rgba picture: PixelBuffer, hasAlpha: Bool, level: Int
    ) -> [UInt8]? {
        let header = PNGHeader(
            width: picture.width, height: picture.height, bitDepth: 8,
            colorType: hasAlpha ? .trueColorAlpha : .trueColor)
        var pixels = picture.bytes
        if !hasAlpha {
            pixels = unsafe [UInt8](unsafeUninitializedCapacity: picture.width * picture.height * 3)
            {
                room, count in
                count = 0
                for (index, byte) in picture.bytes.enumerated() where index & 3 < 3 {
                    unsafe room[count] = byte
                    count += 1
                }
            }
        }
        let rows = PNGFilter.choose(
            pixels, height: picture.height, count: header.rowBytes(width: picture.width),
            distance: header.filterDistance)
        guard let data = unsafe Zlib.deflate(rows.span.bytes, level: level) else { return nil }
        var writer = PNGWriter(header)
        writer.append(.data, data)
        return writer.finish()
    }
}
