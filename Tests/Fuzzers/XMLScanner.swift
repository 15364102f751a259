import HTTP

/// Any bytes as a document: however they are split, they mean the same; no step takes more than
/// there is; tags are balanced, and nothing is longer than its limit.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzXMLScanner(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let bytes = UnsafeRawBufferPointer(start: data, count: size)
    let whole = outcome(bytes, pieceBytes: max(size, 1))
    precondition(whole == outcome(bytes, pieceBytes: 1))
    precondition(whole == outcome(bytes, pieceBytes: 7))
    return 0
}

// Small, so that a fuzzer reaches each of them.
private let limits = XMLLimits(
    depth: 8, nameBytes: 16, attributeCount: 4, attributeBytes: 32, textBytes: 64, pieceBytes: 16,
    documentBytes: 1_024, documentTypeBytes: 128)

private struct Outcome: Equatable {
    var tags: [XMLStep.Event] = []
    /// The text before each tag.
    var texts: [String] = [""]
    var failure: XMLError?
}

private func outcome(_ bytes: UnsafeRawBufferPointer, pieceBytes: Int) -> Outcome {
    var scanner = XMLScanner(limits: limits)
    var result = Outcome()
    var open: [XMLName] = []
    var at = 0
    var end = 0
    do throws(XMLError) {
        while end < bytes.count {
            end = min(end + pieceBytes, bytes.count)
            var isHungry = false
            while !isHungry {
                let input = UnsafeRawBufferPointer(rebasing: bytes[at..<end])
                let step = try scanner.next(input.bytes)
                precondition(step.consumed <= input.count)
                at += step.consumed
                switch step.event {
                case .needMore:
                    precondition(at == end)
                    isHungry = true
                case .text(let piece):
                    precondition(!piece.isEmpty && piece.utf8.count <= limits.pieceBytes + 4)
                    result.texts[result.texts.count - 1] += piece
                    precondition(result.texts[result.texts.count - 1].utf8.count <= 64)
                case .start(let element):
                    open.append(element.name)
                    precondition(open.count <= limits.depth)
                    precondition(element.attributes.count <= limits.attributeCount)
                    result.tags.append(step.event)
                    result.texts.append("")
                case .end(let name):
                    precondition(open.popLast() == name)
                    result.tags.append(step.event)
                    result.texts.append("")
                }
            }
        }
        try scanner.finish()
        precondition(open.isEmpty && !result.tags.isEmpty)
    } catch {
        result.failure = error
        // How much of an unfinished run was told depends on the cuts.
        result.texts.removeLast()
    }
    return result
}
