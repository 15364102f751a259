import HTTP

/// Any bytes as gzip, and any bytes through gzip: however they are split they mean the same,
/// nothing is written outside of the room, and never more comes out than the limit allows.
struct GzipProperty {
    private static let limit = 1 << 10

    static func faults(_ input: [UInt8]) -> [String] {
        var faults: [String] = []
        let whole = outcome(input, pieceBytes: max(input.count, 1), roomBytes: limit + 1)
        for (piece, room) in [(1, 1), (3, 7), (64, 4_096)] {
            let pieces = outcome(input, pieceBytes: piece, roomBytes: room)
            // Which of two reasons is met first depends on the room.
            if pieces != whole, !(pieces.isRefused && whole.isRefused) {
                faults.append("\(pieces) in pieces, \(whole) at once")
            }
        }
        if whole.content.count > limit { faults.append("\(whole.content.count) bytes came out") }
        for (piece, room) in [(max(input.count, 1), 1 << 12), (5, 16), (100, 23)] {
            let member = compressed(input, pieceBytes: piece, roomBytes: room)
            let back = outcome(member, pieceBytes: room, roomBytes: piece)
            let fits = input.count <= limit
            if fits, back != Outcome(content: input, ending: "complete") {
                faults.append("\(back) of what was compressed in pieces of \(piece)")
            }
            if !fits, back.ending != "overLimit" { faults.append("the limit is no limit") }
        }
        return faults
    }

    struct Outcome: Equatable, CustomStringConvertible {
        var content: [UInt8] = []
        var ending = "hungry"
        var isRefused: Bool { ending != "hungry" && ending != "complete" }
        var description: String { "\(content.count) bytes, \(ending)" }
    }

    static func outcome(_ input: [UInt8], pieceBytes: Int, roomBytes: Int) -> Outcome {
        guard var reader = GzipReader(limit: limit) else { return Outcome(ending: "no memory") }
        var result = Outcome()
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: roomBytes + 8, alignment: 1)
        defer { memory.deallocate() }
        memory.copyBytes(from: repeatElement(0xA5, count: memory.count))
        let room = UnsafeMutableRawBufferPointer(rebasing: memory[..<roomBytes])
        var (at, end) = (0, 0)
        do throws(GzipError) {
            while end < input.count {
                end = min(end + pieceBytes, input.count)
                var isDone = false
                while !isDone || at < end {
                    let input = Array(input[at..<end])
                    let step = try reader.read(input.span.bytes, into: room)
                    guard step.consumed <= input.count, step.produced <= roomBytes,
                        memory[roomBytes...].allSatisfy({ $0 == 0xA5 })
                    else { return Outcome(ending: "out of bounds") }
                    result.content += room[..<step.produced]
                    at += step.consumed
                    isDone = step.isDone
                }
            }
            if reader.isComplete { result.ending = "complete" }
        } catch {
            // What came out before is not vouched for.
            return Outcome(ending: "\(error)")
        }
        return result
    }

    /// One member, some of it flushed on the way.
    private static func compressed(_ input: [UInt8], pieceBytes: Int, roomBytes: Int) -> [UInt8] {
        guard var writer = GzipWriter(level: 1 + input.count % 9) else { return [] }
        var member: [UInt8] = []
        var room = [UInt8](repeating: 0, count: roomBytes)
        var end = 0
        repeat {
            let piece = Array(input[end..<min(end + pieceBytes, input.count)])
            end += piece.count
            let ending: GzipWriter.Ending =
                end == input.count ? .finished : end % 3 == 0 ? .flushed : .open
            var (at, isDone) = (0, false)
            while !isDone {
                let rest = Array(piece[at...])
                let step = room.withUnsafeMutableBytes {
                    writer.write(rest.span.bytes, ending, into: $0)
                }
                member += room[..<step.produced]
                at += step.consumed
                isDone = step.isDone
            }
        } while end < input.count
        return member
    }
}
