import HTTP

/// Whether a body is the image that was asked for, told from its first and last bytes.
///
/// For active checks, which ask for a tiny map, as for bodies that pass by: beside `TileBody`,
/// which judges a response by its head and beginning, this also sees that the picture has the
/// size and is there to its end. No pixel is decoded. Allocates nothing; a few dozen bytes are
/// looked at, of a JPEG as many as its markers before the frame.
///
/// Source: PNG 3rd edition §5, ITU-T T.81 annex B, GIF89a §§17–27, WebP container specification.
public struct ImageCheck: Sendable {
    /// Bytes at the beginning of a body that suffice for all formats; a JPEG whose frame header
    /// lies behind them is believed to have the size.
    public static let headBytes = 1_024
    /// Bytes at its end that suffice.
    public static let tailBytes = 12

    /// The format that was asked for.
    public var format: MapFormat
    /// The size that was asked for, in pixels; nil where the request does not say.
    public var size: (width: Int, height: Int)?

    public init(format: MapFormat, size: (width: Int, height: Int)? = nil) {
        self.format = format
        self.size = size
    }

    /// Checks a whole body.
    public func check(_ body: RawSpan) -> ImageFinding {
        check(
            head: body.extracting(first: Self.headBytes),
            tail: body.extracting(last: Self.tailBytes), length: body.byteCount)
    }

    /// Checks a body of which the middle is not at hand.
    ///
    /// - Parameters:
    ///   - head: its first `headBytes`, or all of it.
    ///   - tail: its last `tailBytes`, or all of it; it may overlap the head.
    ///   - length: how many bytes it has.
    public func check(head: RawSpan, tail: RawSpan, length: Int) -> ImageFinding {
        guard length > 0, !head.isEmpty else { return .empty }
        guard let signature = ImageSignature(head) else {
            if DocumentRoot(head) == .exception { return .serviceException }
            return ImageSignature.isBeginning(head) ? .truncated : .notImage
        }
        guard signature.fits(format) else { return .otherFormat(signature.format) }
        let layout: ImageLayout =
            switch signature {
            case .png: .png(head: head, tail: tail)
            case .jpeg: .jpeg(head: head, tail: tail, length: length)
            case .gif: .gif(head: head, tail: tail)
            case .webp: .webp(head: head, length: length)
            }
        if let finding = layout.finding { return finding }
        guard let size, let width = layout.width, let height = layout.height else { return .whole }
        guard width == size.width, height == size.height else {
            return .otherSize(width: width, height: height)
        }
        return .whole
    }
}

/// What a format's first and last bytes tell.
private struct ImageLayout {
    /// What is wrong; nil if nothing is.
    var finding: ImageFinding?
    /// nil where it is not among the bytes at hand.
    var width: Int?
    var height: Int?

    static func png(head: RawSpan, tail: RawSpan) -> ImageLayout {
        guard head.byteCount >= 33 else { return ImageLayout(finding: .truncated) }
        // The header's length, name and checksum hold before its numbers are believed.
        guard head.bigEndian(at: 8) == 13, head.bigEndian(at: 12) == PNGChunkType.header.code,
            head.bigEndian(at: 29) == crc32(head.extracting(12..<29)),
            let header = PNGHeader(head.extracting(16..<29))
        else { return ImageLayout(finding: .damaged) }
        let isEnded =
            tail.byteCount >= 12 && tail.endsWith([0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44])
        return ImageLayout(
            finding: isEnded ? nil : .truncated, width: header.width, height: header.height)
    }

    static func gif(head: RawSpan, tail: RawSpan) -> ImageLayout {
        guard head.byteCount >= 13 else { return ImageLayout(finding: .truncated) }
        let width = head.littleEndian(at: 6)
        let height = head.littleEndian(at: 8)
        guard width > 0, height > 0 else { return ImageLayout(finding: .damaged) }
        let isEnded = tail.byteCount > 0 && tail.byte(tail.byteCount - 1) == 0x3B
        return ImageLayout(finding: isEnded ? nil : .truncated, width: width, height: height)
    }

    static func jpeg(head: RawSpan, tail: RawSpan, length: Int) -> ImageLayout {
        let count = tail.byteCount
        let isEnded =
            length >= 4 && count >= 2 && tail.byte(count - 2) == 0xFF
            && tail.byte(count - 1) == 0xD9
        guard isEnded else { return ImageLayout(finding: .truncated) }
        var at = 2
        while at + 4 <= head.byteCount {
            guard head.byte(at) == 0xFF else { return ImageLayout(finding: .damaged) }
            let marker = head.byte(at + 1)
            // Fill bytes may precede a marker (§B.1.1.2).
            if marker == 0xFF {
                at += 1
                continue
            }
            let segment = Int(head.byte(at + 2)) << 8 | Int(head.byte(at + 3))
            guard marker >= 0xC0, !(0xD0...0xD9 ~= marker), marker != 0xDA, segment >= 2 else {
                return ImageLayout(finding: .damaged)
            }
            // SOF0 to SOF15; DHT, JPG and DAC share the range.
            if 0xC0...0xCF ~= marker, marker != 0xC4, marker != 0xC8, marker != 0xCC {
                return frame(head, at: at + 4, segment)
            }
            at += 2 + segment
        }
        // The whole body was seen and has no frame.
        return ImageLayout(finding: head.byteCount == length ? .damaged : nil)
    }

    private static func frame(_ head: RawSpan, at: Int, _ segment: Int) -> ImageLayout {
        guard segment >= 8 else { return ImageLayout(finding: .damaged) }
        guard at + 5 <= head.byteCount else { return ImageLayout() }
        let height = Int(head.byte(at + 1)) << 8 | Int(head.byte(at + 2))
        let width = Int(head.byte(at + 3)) << 8 | Int(head.byte(at + 4))
        guard width > 0 else { return ImageLayout(finding: .damaged) }
        // A height of 0 is said later, behind the first scan (§B.2.5).
        return ImageLayout(width: width, height: height > 0 ? height : nil)
    }

    static func webp(head: RawSpan, length: Int) -> ImageLayout {
        guard head.byteCount >= 30 else { return ImageLayout(finding: .truncated) }
        let riff = head.littleEndian(at: 4) | head.littleEndian(at: 6) << 16
        let stated = 8 + riff + riff & 1
        if length < stated { return ImageLayout(finding: .truncated) }
        if length > stated { return ImageLayout(finding: .wrongLength) }
        var layout = ImageLayout()
        if head.spells("vp8x", from: 12, to: 16) {
            layout.width = 1 + head.littleEndian(at: 24) + Int(head.byte(26)) << 16
            layout.height = 1 + head.littleEndian(at: 27) + Int(head.byte(29)) << 16
        } else if head.spells("vp8l", from: 12, to: 16) {
            guard head.byte(20) == 0x2F else { return ImageLayout(finding: .damaged) }
            let bits = head.littleEndian(at: 21) | head.littleEndian(at: 23) << 16
            layout.width = 1 + bits & 0x3FFF
            layout.height = 1 + bits >> 14 & 0x3FFF
        } else if head.spells("vp8 ", from: 12, to: 16) {
            guard head.byte(23) == 0x9D, head.byte(24) == 0x01, head.byte(25) == 0x2A else {
                return ImageLayout(finding: .damaged)
            }
            layout.width = head.littleEndian(at: 26) & 0x3FFF
            layout.height = head.littleEndian(at: 28) & 0x3FFF
        } else {
            layout.finding = .damaged
        }
        return layout
    }
}

extension ImageSignature {
    /// Whether so few bytes could yet become one of the signatures.
    static func isBeginning(_ bytes: RawSpan) -> Bool {
        let count = bytes.byteCount
        func begins(_ signature: StaticString) -> Bool {
            guard count < signature.utf8CodeUnitCount else { return false }
            for index in 0..<count where lowercased(bytes.byte(index)) != signature.byte(index) {
                return false
            }
            return true
        }
        let isPNG = count < 8 && bytes.matches([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A], at: 0)
        let isJPEG = count < 3 && bytes.matches([0xFF, 0xD8], at: 0)
        let isRIFF = 4..<12 ~= count && bytes.spells("riff", from: 0, to: 4)
        return isPNG || isJPEG || isRIFF || begins("gif8") || begins("riff")
            || count < 6 && bytes.spells("gif8", from: 0, to: 4)
    }

    var format: MapFormat {
        switch self {
        case .png: .png
        case .jpeg: .jpeg
        case .gif: .gif
        case .webp: .webp
        }
    }

    func fits(_ format: MapFormat) -> Bool {
        switch format {
        case .unstated: true
        case .jpegOrPNG: self == .png || self == .jpeg
        case .png8: self == .png
        case .png, .jpeg, .gif, .webp, .otherImage, .notImage: self.format == format
        }
    }
}

extension RawSpan {
    /// The two bytes at an offset that the caller knows to be two before the end.
    fileprivate func littleEndian(at offset: Int) -> Int {
        Int(byte(offset)) | Int(byte(offset + 1)) << 8
    }

    /// Whether the bytes from an offset on, as many as there are, are those of the pattern.
    fileprivate func matches<let count: Int>(_ pattern: InlineArray<count, UInt8>, at offset: Int)
        -> Bool
    {
        for index in 0..<min(count, byteCount - offset)
        where byte(offset + index) != pattern[index] { return false }
        return true
    }

    /// Whether the last chunk of a PNG is this, its checksum aside.
    fileprivate func endsWith(_ pattern: InlineArray<8, UInt8>) -> Bool {
        let start = byteCount - 12
        return matches(pattern, at: start) && bigEndian(at: start + 8) == 0xAE42_6082
    }
}
