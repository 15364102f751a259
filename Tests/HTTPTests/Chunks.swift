import HTTP

/// What a chunked body came to.
struct DecodedBody: Equatable {
    var content = ""
    var trailers: [String] = []
    var error: ChunkError?
    var hasEnded = false
    /// Bytes that were consumed.
    var consumed = 0
}

func decode(_ text: String) -> DecodedBody { decode(Array(text.utf8), endingAt: []) }

/// Decodes a body that arrives in pieces ending at the given offsets, and then to its end, the
/// way a connection does it: what is not consumed is offered again with what follows.
func decode(_ bytes: [UInt8], endingAt ends: some Sequence<Int>) -> DecodedBody {
    var decoder = ChunkedDecoder()
    var body = DecodedBody()
    var content: [UInt8] = []
    for end in Array(ends) + [bytes.count] {
        var isHungry = false
        while !isHungry {
            let input = bytes[body.consumed..<end]
            let step = input.withUnsafeBytes { decoder.next($0.bytes) }
            let base = body.consumed
            body.consumed += step.consumed
            switch step.event {
            case .data(let range):
                content += bytes[(base + range.lowerBound)..<(base + range.upperBound)]
            case .needMore: isHungry = true
            case .trailer(let name, let value):
                let parts = [name, value].map {
                    String(
                        decoding: bytes[(base + $0.lowerBound)..<(base + $0.upperBound)],
                        as: UTF8.self)
                }
                body.trailers.append(parts.joined(separator: "="))
            case .end:
                body.hasEnded = true
                body.content = String(decoding: content, as: UTF8.self)
                return body
            case .malformed(let error):
                body.error = error
                body.content = String(decoding: content, as: UTF8.self)
                return body
            }
        }
    }
    body.content = String(decoding: content, as: UTF8.self)
    return body
}
