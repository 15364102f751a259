/// A picture of a text, for whoever asked for the words of an error within the map: INIMAGE.
///
/// Source: OGC 06-042 §7.3.3.11.3, "the error messages are graphically returned as part of the
/// content", and OGC 01-068r3 §7.2.3.11. Work is linear in the text, of which no more is drawn than
/// has room, and in what a blank picture of the size takes.
public enum TextPicture {
    /// Dots between the words and the picture's edges.
    static let margin = 2
    /// Longest text that is drawn.
    public static let lettersMax = 2_048

    /// The words on what a blank picture shows; nil: a format without a writer for more than one
    /// colour, or no room for a letter.
    public static func picture(for request: MapRequest, text: String) -> BlankTile.Picture? {
        switch request.format {
        case .jpeg, .gif, .webp: return nil
        default: break
        }
        var color = request.background
        if request.isTransparent { color.alpha = 0 }
        let (width, height) = (Int(request.width), Int(request.height))
        guard let bytes = png(width: width, height: height, color: color, text: text) else {
            return nil
        }
        return BlankTile.Picture(bytes: bytes, contentType: "image/png")
    }

    /// A PNG of one bit per pixel.
    static func png(width: Int, height: Int, color: RGBA, text: String) -> [UInt8]? {
        let columns = (width - 2 * margin + 1) / DotFont.advance
        let room = (height - 2 * margin + 2) / DotFont.lineHeight
        guard columns > 0, room > 0 else { return nil }
        let lines = lines(of: text, columns: columns, most: room)
        let header = PNGHeader(width: width, height: height, bitDepth: 1, colorType: .palette)
        // Each row is a filter byte and its pixels; behind the last line all are zero.
        let rowBytes = 1 + (width + 7) / 8
        let drawn = min(height, 2 * margin + lines.count * DotFont.lineHeight)
        var rows = [UInt8](repeating: 0, count: drawn * rowBytes)
        for (line, letters) in lines.enumerated() {
            for (column, letter) in letters.enumerated() {
                for x in 0..<DotFont.width {
                    let pixel = margin + column * DotFont.advance + x
                    for y in 0..<DotFont.height where DotFont.isSet(letter, x: x, y: y) {
                        let row = margin + line * DotFont.lineHeight + y
                        rows[row * rowBytes + 1 + pixel / 8] |= 0x80 >> UInt8(pixel % 8)
                    }
                }
            }
        }
        let ink = ink(on: color)
        var picture = PNGWriter(header)
        picture.append(.palette, [color.red, color.green, color.blue, ink, ink, ink])
        if color.alpha < 255 { picture.append(.transparency, [color.alpha]) }
        picture.write(rows, zeros: (height - drawn) * rowBytes)
        return picture.finish()
    }

    /// Black, but on a dark colour that shows.
    private static func ink(on color: RGBA) -> UInt8 {
        let light = 299 * Int(color.red) + 587 * Int(color.green) + 114 * Int(color.blue)
        return color.alpha == 255 && light < 100_000 ? 255 : 0
    }

    /// The words in lines of letters that can be drawn; a word that no line holds is broken, and
    /// dots stand for what has no room.
    static func lines(of text: String, columns: Int, most: Int) -> [[UInt8]] {
        let letters = text.unicodeScalars.prefix(lettersMax).map { scalar in
            switch scalar.value {
            case 0x21..<0x7F: UInt8(scalar.value)
            case 0...0x20: UInt8(ascii: " ")
            default: UInt8(ascii: "?")
            }
        }
        var lines: [[UInt8]] = []
        var line: [UInt8] = []
        for word in letters.split(separator: UInt8(ascii: " ")) {
            var rest = word
            if !line.isEmpty {
                if line.count + 1 + rest.count <= columns {
                    line += [UInt8(ascii: " ")] + rest
                    continue
                }
                lines.append(line)
                line = []
            }
            while rest.count > columns {
                lines.append(Array(rest.prefix(columns)))
                rest = rest.dropFirst(columns)
            }
            line = Array(rest)
        }
        if !line.isEmpty { lines.append(line) }
        guard lines.count > most else { return lines }
        lines.removeLast(lines.count - most)
        let dots = min(3, columns)
        let kept = lines[most - 1].prefix(columns - dots)
        lines[most - 1] = kept + [UInt8](repeating: UInt8(ascii: "."), count: dots)
        return lines
    }
}
