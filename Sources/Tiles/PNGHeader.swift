import HTTP

/// What IHDR says of a picture. Source: PNG 3rd edition §11.2.1.
struct PNGHeader: Equatable {
    enum ColorType: UInt8 {
        case grey = 0
        case trueColor = 2
        case palette = 3
        case greyAlpha = 4
        case trueColorAlpha = 6

        /// Samples of one pixel.
        var channels: Int {
            switch self {
            case .grey, .palette: 1
            case .greyAlpha: 2
            case .trueColor: 3
            case .trueColorAlpha: 4
            }
        }

        func allows(bitDepth: Int) -> Bool {
            switch self {
            case .grey: [1, 2, 4, 8, 16].contains(bitDepth)
            case .palette: [1, 2, 4, 8].contains(bitDepth)
            default: bitDepth == 8 || bitDepth == 16
            }
        }
    }

    var width: Int
    var height: Int
    /// Bits of one sample: 1, 2, 4, 8 or 16.
    var bitDepth: Int
    var colorType: ColorType
    var isInterlaced: Bool

    var bitsPerPixel: Int { bitDepth * colorType.channels }

    /// Whole bytes of one pixel, at least 1: how far back a filter looks.
    var filterDistance: Int { max(1, bitsPerPixel / 8) }

    /// Bytes of one row without its filter byte.
    func rowBytes(width: Int) -> Int { (width * bitsPerPixel + 7) / 8 }

    init(width: Int, height: Int, bitDepth: Int, colorType: ColorType) {
        (self.width, self.height) = (width, height)
        (self.bitDepth, self.colorType, isInterlaced) = (bitDepth, colorType, false)
    }

    /// Reads the 13 bytes of an IHDR; nil if no PNG says so.
    init?(_ content: RawSpan) {
        guard content.byteCount == 13 else { return nil }
        width = Int(content.bigEndian(at: 0))
        height = Int(content.bigEndian(at: 4))
        guard 1...0x7FFF_FFFF ~= width, 1...0x7FFF_FFFF ~= height else { return nil }
        bitDepth = Int(content.byte(8))
        guard let type = ColorType(rawValue: content.byte(9)), type.allows(bitDepth: bitDepth),
            content.byte(10) == 0, content.byte(11) == 0, content.byte(12) < 2
        else { return nil }
        colorType = type
        isInterlaced = content.byte(12) == 1
    }

    /// The 13 bytes of the IHDR.
    var content: [UInt8] {
        var content: [UInt8] = []
        content.appendBigEndian(UInt32(width))
        content.appendBigEndian(UInt32(height))
        content += [UInt8(bitDepth), colorType.rawValue, 0, 0, isInterlaced ? 1 : 0]
        return content
    }

    /// The passes that the picture's rows come in: one, or the seven of Adam7 without those that
    /// have no pixel. Source: PNG 3rd edition §8.1.
    var passes: [PNGPass] {
        guard isInterlaced else {
            return [PNGPass(x: 0, y: 0, xStep: 1, yStep: 1, width: width, height: height)]
        }
        let adam7 = [
            (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
            (0, 1, 1, 2),
        ]
        return adam7.compactMap { x, y, xStep, yStep in
            guard width > x, height > y else { return nil }
            return PNGPass(
                x: x, y: y, xStep: xStep, yStep: yStep, width: (width - x + xStep - 1) / xStep,
                height: (height - y + yStep - 1) / yStep)
        }
    }

    /// How many bytes the data has when it is no longer compressed.
    var filteredBytes: Int {
        passes.reduce(0) { $0 + $1.height * (1 + rowBytes(width: $1.width)) }
    }
}

/// Where the pixels of one pass stand in the picture.
struct PNGPass: Equatable {
    var x: Int
    var y: Int
    var xStep: Int
    var yStep: Int
    var width: Int
    var height: Int
}

extension RawSpan {
    /// The four bytes at an offset that the caller knows to be four before the end.
    func bigEndian(at offset: Int) -> UInt32 {
        assert(offset >= 0 && offset + 4 <= byteCount, "no such bytes")
        return UInt32(
            bigEndian: unsafe unsafeLoadUnaligned(
                fromUncheckedByteOffset: offset, as: UInt32.self))
    }
}
