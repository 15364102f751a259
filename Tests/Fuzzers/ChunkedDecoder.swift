import HTTP

/// Any bytes as a chunked body: however they are split, they mean the same, and no step takes
/// more than there is.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzChunkedDecoder(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: data, count: size)
    let whole = outcome(bytes, pieceBytes: max(size, 1))
    precondition(whole == outcome(bytes, pieceBytes: 1))
    precondition(whole == outcome(bytes, pieceBytes: 7))
    return 0
}

private struct Outcome: Equatable {
    var consumed = 0
    var content: [UInt8] = []
    var trailers: [[UInt8]] = []
    var ending = ChunkedStep.Event.needMore
}

private func outcome(_ bytes: UnsafeRawBufferPointer, pieceBytes: Int) -> Outcome {
    var decoder = ChunkedDecoder()
    var result = Outcome()
    var end = 0
    while end < bytes.count {
        end = min(end + pieceBytes, bytes.count)
        var isHungry = false
        while !isHungry {
            let input = UnsafeRawBufferPointer(rebasing: bytes[result.consumed..<end])
            let step = decoder.next(input.bytes)
            precondition(step.consumed <= input.count)
            result.consumed += step.consumed
            switch step.event {
            case .data(let range):
                precondition(!range.isEmpty && range.upperBound <= step.consumed)
                result.content += input[range]
            case .trailer(let name, let value):
                precondition(name.upperBound < value.lowerBound || value.isEmpty)
                precondition(value.upperBound <= step.consumed)
                result.trailers += [Array(input[name]), Array(input[value])]
            case .needMore: isHungry = true
            case .end, .malformed:
                result.ending = step.event
                return result
            }
        }
    }
    return result
}
