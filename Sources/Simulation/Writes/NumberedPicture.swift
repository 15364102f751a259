import Tiles

/// Pictures that say of what and how old they are: rows of pixels tell in turn the number of the
/// latest change that was drawn and what it is a picture of, so that a part of one tells the same.
enum NumberedPicture {
    /// - Parameters:
    ///   - firstRow: the first row's number in the grid, so that rows of tiles begin alike.
    ///   - identity: of the pixel at a place.
    static func draw(
        width: Int, height: Int, number: Int, firstRow: Int = 0,
        identity: (_ x: Int, _ y: Int) -> UInt32
    ) -> [UInt8] {
        var bytes = [UInt8](repeating: 255, count: width * height * 4)
        for y in 0..<height {
            var told = UInt32(truncatingIfNeeded: number)
            for x in 0..<width {
                if (firstRow + y) & 1 != 0 { told = identity(x, y) }
                let at = (y * width + x) * 4
                bytes[at] = UInt8(truncatingIfNeeded: told >> 16)
                bytes[at + 1] = UInt8(truncatingIfNeeded: told >> 8)
                bytes[at + 2] = UInt8(truncatingIfNeeded: told)
            }
        }
        return PNG.encode(PixelBuffer(width: width, height: height, rgba: bytes), level: 1) ?? []
    }

    /// What a picture tells; nil where it is none, or tells several things.
    static func read(_ file: [UInt8]) -> (number: Int, identity: UInt32)? {
        guard let picture = unsafe (try? PNG.decode(file.span.bytes))?.rgba, picture.height > 1
        else {
            return nil
        }
        let (bytes, width) = (picture.bytes, picture.width)
        func told(_ x: Int, _ y: Int) -> UInt32 {
            let at = (y * width + x) * 4
            return UInt32(bytes[at]) << 16 | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2])
        }
        let (number, identity) = (told(0, 0), told(0, 1))
        for y in 0..<picture.height {
            let expected = y & 1 == 0 ? number : identity
            for x in 0..<width where told(x, y) != expected { return nil }
        }
        return (Int(number), identity)
    }
}
