/// Puts rows whose filters were undone into a pixel buffer.
struct PNGRows {
    private let header: PNGHeader
    private let palette: [RGBA]
    /// The samples that tRNS makes clear; for grey the same three times.
    private let clear: (red: Int, green: Int, blue: Int)?
    private var output: [UInt8]

    init(_ structure: PNGStructure) {
        header = structure.header
        palette = structure.palette
        let samples = structure.clearSamples.map { Int($0) }
        switch samples.count {
        case 1: clear = (samples[0], samples[0], samples[0])
        case 3: clear = (samples[0], samples[1], samples[2])
        default: clear = nil
        }
        let size = header.colorType == .palette ? 1 : 4
        output = [UInt8](repeating: 0, count: header.width * header.height * size)
    }

    func finish() -> PixelBuffer {
        if header.colorType == .palette {
            return PixelBuffer(
                width: header.width, height: header.height, palette: palette, indices: output)
        }
        return PixelBuffer(width: header.width, height: header.height, rgba: output)
    }

    /// One row of a pass, whose bytes begin at `start`.
    mutating func take(
        _ raw: [UInt8], from start: Int, pass: PNGPass, row: Int
    ) throws(PNGError) {
        let first = (pass.y + row * pass.yStep) * header.width + pass.x
        switch header.colorType {
        case .palette:
            for column in 0..<pass.width {
                let index = sample(raw, start, column)
                guard index < palette.count else { throw .indexOutsidePalette }
                output[first + column * pass.xStep] = UInt8(index)
            }
        case .grey, .greyAlpha:
            let channels = header.colorType.channels
            for column in 0..<pass.width {
                let grey = sample(raw, start, column * channels)
                let alpha = channels == 2 ? scaled(sample(raw, start, column * 2 + 1)) : nil
                put(first + column * pass.xStep, grey, grey, grey, alpha)
            }
        case .trueColor, .trueColorAlpha:
            let channels = header.colorType.channels
            for column in 0..<pass.width {
                let place = column * channels
                let alpha = channels == 4 ? scaled(sample(raw, start, place + 3)) : nil
                put(
                    first + column * pass.xStep, sample(raw, start, place),
                    sample(raw, start, place + 1), sample(raw, start, place + 2), alpha)
            }
        }
    }

    /// A pixel of these samples; without an opacity of its own it is clear if tRNS says so, which
    /// counts before anything is rounded.
    @inline(__always)
    private mutating func put(_ pixel: Int, _ red: Int, _ green: Int, _ blue: Int, _ alpha: UInt8?)
    {
        let at = pixel * 4
        output[at] = scaled(red)
        output[at + 1] = scaled(green)
        output[at + 2] = scaled(blue)
        let isClear = clear.map { $0.red == red && $0.green == green && $0.blue == blue }
        output[at + 3] = alpha ?? (isClear == true ? 0 : 255)
    }

    /// The sample with this number in a row, as it stands there.
    @inline(__always)
    private func sample(_ raw: [UInt8], _ start: Int, _ number: Int) -> Int {
        switch header.bitDepth {
        case 8: return Int(raw[start + number])
        case 16: return Int(raw[start + number * 2]) << 8 | Int(raw[start + number * 2 + 1])
        default:
            let bit = number * header.bitDepth
            let byte = Int(raw[start + bit >> 3])
            return byte >> (8 - header.bitDepth - bit & 7) & (1 << header.bitDepth - 1)
        }
    }

    /// A sample as eight bits, rounded. Source: PNG 3rd edition §13.12.
    @inline(__always)
    private func scaled(_ sample: Int) -> UInt8 {
        if header.bitDepth == 8 { return UInt8(sample) }
        let largest = 1 << header.bitDepth - 1
        return UInt8((sample * 255 + largest / 2) / largest)
    }
}
