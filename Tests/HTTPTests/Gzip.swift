import HTTP

/// What a reader made of some bytes, and what it was left with.
struct Unzipped: Equatable {
    var bytes: [UInt8] = []
    var isComplete = false
    var error: GzipError?
}

/// Compresses pieces one after the other, each ending as `ending` says and the last one finished,
/// with `room` bytes of output at a time.
func gzip(
    _ pieces: [[UInt8]], level: Int = 6, ending: GzipWriter.Ending = .open, room: Int = 64
) -> [UInt8] {
    guard var writer = GzipWriter(level: level) else { return [] }
    var output: [UInt8] = []
    for (index, piece) in pieces.enumerated() {
        output += write(
            &writer, piece, index == pieces.count - 1 ? .finished : ending, room: room)
    }
    return output
}

/// Writes one piece to its end.
func write(
    _ writer: inout GzipWriter, _ piece: [UInt8], _ ending: GzipWriter.Ending, room: Int
) -> [UInt8] {
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0xAA, count: room)
    var at = 0
    while true {
        let step = piece[at...].withUnsafeBytes { input in
            buffer.withUnsafeMutableBytes { writer.write(input.bytes, ending, into: $0) }
        }
        at += step.consumed
        output += buffer[..<step.produced]
        if step.isDone { return output }
    }
}

/// Decompresses bytes that arrive in pieces of a size, with `room` bytes of output at a time.
func gunzip(
    _ bytes: [UInt8], limit: Int = 1 << 20, piece: Int = .max, room: Int = 64
) -> Unzipped {
    var result = Unzipped()
    guard var reader = GzipReader(limit: limit) else { return result }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 1)
    defer { buffer.deallocate() }
    var at = 0
    do throws(GzipError) {
        while at < bytes.count {
            let end = piece < bytes.count - at ? at + piece : bytes.count
            var isDone = false
            while !isDone {
                let step = try reader.read(bytes.span.bytes.extracting(at..<end), into: buffer)
                at += step.consumed
                result.bytes += buffer[..<step.produced]
                isDone = step.isDone
            }
        }
    } catch {
        result.error = error
        return result
    }
    result.isComplete = reader.isComplete
    return result
}
