package import HTTP

/// A response body as an origin frames it: how much is still to come, and whether it came whole.
package struct ResponseIntake {
    package private(set) var framing = BodyFraming.none
    package private(set) var isComplete = false
    package private(set) var isMalformed = false
    private(set) var remaining: UInt64 = 0
    /// Trailer fields worth forwarding, in wire form.
    private(set) var trailers: [UInt8] = []
    private var decoder = ChunkedDecoder()
    /// Names, as a list, of trailers that go no further.
    private var dropped: [UInt8] = []

    package init() {}

    package mutating func begin(_ framing: BodyFraming, dropping dropped: [UInt8] = []) {
        self.framing = framing
        self.dropped = dropped
        switch framing {
        case .none: isComplete = true
        case .length(let count):
            remaining = count
            isComplete = count == 0
        case .chunked, .untilClose: break
        }
    }

    /// What the last segment should have room for; nil when nobody knows.
    var expected: Int? { if case .length = framing { Int(clamping: remaining) } else { nil } }

    /// Whether bytes may be received straight into the body's memory.
    var isPlain: Bool { framing != .chunked }

    /// Body bytes were received straight into place. Returns how many belong to this body.
    mutating func took(_ count: Int) -> Int {
        switch framing {
        case .none: return 0
        case .untilClose, .chunked: return count
        case .length: break
        }
        let own = Int(min(UInt64(count), remaining))
        remaining -= UInt64(own)
        isComplete = remaining == 0
        return own
    }

    /// The next run of body bytes in `input`, or nil when more input is needed or it is over.
    package mutating func next(_ input: UnsafeRawBufferPointer, consumed: inout Int) -> Range<Int>?
    {
        if isPlain {
            let own = took(input.count - consumed)
            defer { consumed += own }
            return own == 0 ? nil : consumed..<(consumed + own)
        }
        while !isComplete, !isMalformed, consumed < input.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: input[consumed...])
            let step = unsafe decoder.next(rest.bytes)
            let start = consumed
            consumed += step.consumed
            switch step.event {
            case .data(let range): return (start + range.lowerBound)..<(start + range.upperBound)
            case .trailer(let name, let value): unsafe keep(rest, name, value)
            case .end: isComplete = true
            case .malformed: isMalformed = true
            case .needMore: return nil
            }
        }
        return nil
    }

    private mutating func keep(
        _ bytes: UnsafeRawBufferPointer, _ name: Range<Int>, _ value: Range<Int>
    ) {
        let text = unsafe UnsafeRawBufferPointer(rebasing: bytes[name]).bytes
        guard KnownField.mayBeTrailer(name: text), unsafe !isListed(text, in: dropped.span.bytes)
        else { return }
        unsafe trailers.append(contentsOf: bytes[name])
        trailers += [58, 32]
        unsafe trailers.append(contentsOf: bytes[value])
        trailers += [13, 10]
    }

    /// The member closed the connection: whether the body is whole all the same.
    package mutating func endOfStream() -> Bool {
        if framing == .untilClose { isComplete = true }
        return isComplete
    }
}
