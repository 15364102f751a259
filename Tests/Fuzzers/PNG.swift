import HTTP
import Tiles

/// Any bytes as a PNG: they are refused, or are a picture within the limits that is the same when
/// it was written and read again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPNG(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    examine(bytes)
    // With the checksums made right, what lies behind them is reached as well.
    examine(withChecksums(bytes))
    let check = ImageCheck(format: .png)
    _ = check.check(bytes.span.bytes)
    return 0
}

private let limits = PNGLimits(side: 64, pixels: 1_024, fileBytes: 4_096)

private func examine(_ file: [UInt8]) {
    let decoded: PixelBuffer
    do throws(PNGError) {
        decoded = try PNG.decode(file.span.bytes, limits: limits)
    } catch {
        precondition(!error.description.isEmpty)
        return
    }
    precondition(decoded.width <= 64 && decoded.height <= 64)
    precondition(ImageCheck(format: .png).check(file.span.bytes) == .whole)
    guard let written = PNG.encode(decoded, level: 1),
        let again = try? PNG.decode(written.span.bytes)
    else { preconditionFailure("what was decoded can be encoded") }
    precondition(again.rgba == decoded.rgba)
    if let part = TilePart(levels: 2, column: 1, row: 3) {
        _ = decoded.enlarged(part)
        _ = decoded.enlarged(part, .bilinear)
    }
}

private func withChecksums(_ file: [UInt8]) -> [UInt8] {
    var file = file
    var at = 8
    while at + 12 <= file.count {
        let count = file[at..<(at + 4)].reduce(0) { $0 << 8 | Int($1) }
        guard at + 12 + count <= file.count else { return file }
        let end = at + 8 + count
        let sum = crc32(file.span.bytes.extracting((at + 4)..<end))
        for index in 0..<4 {
            file[end + index] = UInt8(truncatingIfNeeded: sum >> UInt32(24 - 8 * index))
        }
        at = end + 4
    }
    return file
}
