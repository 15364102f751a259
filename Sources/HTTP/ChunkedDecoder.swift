/// Reads a chunked body (RFC 9112 §7.1) step by step, copying nothing.
///
/// The caller passes the bytes it has not yet been told to drop, drops `consumed` of them after
/// each step, and asks again until a step says `needMore`, `end` or `malformed`. Only a trailer
/// line must lie in one piece: until it is whole, nothing of it is consumed. Under eighty bytes of
/// state; linear whatever the sizes of chunks and pieces.
public struct ChunkedDecoder: Sendable {
    /// Longest extension of one chunk, in bytes.
    public static var extensionBytesMax: Int { 256 }
    /// Most trailer fields.
    public static var trailerCountMax: Int { 32 }
    /// Longest trailer section, in bytes.
    public static var trailerBytesMax: Int { 8_192 }
    /// How many bytes more than data and honest framing the framing may take. Bounds what a
    /// sender can make us read without sending anything (CVE-2024-25111 and its kin).
    public static var overheadBytesMax: Int { 16_384 }

    private enum State: Equatable {
        case size, chunkExtension, sizeLineFeed, data, dataReturn, dataLineFeed
        case trailers, ended, failed(ChunkError)
    }

    private var state = State.size
    /// The chunk's size while it is read, then how much of its data is still to come.
    private var remaining: UInt64 = 0
    private var digits = 0
    private var extensionBytes = 0
    private var quoting = Quoting.none
    private var overhead = 0
    private var trailerCount = 0
    private var trailerBytes = 0
    /// How much of the trailer line in progress is known to hold no CR or LF.
    private var scanned = 0

    private enum Quoting { case none, quoted, escaped }

    /// A decoder that stands before the first chunk size.
    public init() {}

    /// Whether the body, trailers included, has been read to its end.
    public var hasEnded: Bool { state == .ended }

    /// The next thing that `input` holds. Offsets in the step count from the start of `input`.
    public mutating func next(_ input: RawSpan) -> ChunkedStep {
        var at = 0
        while at < input.byteCount {
            switch state {
            case .data:
                let count = Int(min(remaining, UInt64(input.byteCount - at)))
                remaining -= UInt64(count)
                if remaining == 0 { state = .dataReturn }
                return ChunkedStep(consumed: at + count, event: .data(at..<(at + count)))
            case .trailers: return nextTrailer(input, at)
            case .ended: return ChunkedStep(consumed: at, event: .end)
            case .failed(let error): return ChunkedStep(consumed: at, event: .malformed(error))
            default:
                if let error = take(input.byte(at)) { return fail(error, at) }
                at += 1
            }
        }
        switch state {
        case .ended: return ChunkedStep(consumed: at, event: .end)
        case .failed(let error): return ChunkedStep(consumed: at, event: .malformed(error))
        default: return ChunkedStep(consumed: at, event: .needMore)
        }
    }

    private mutating func fail(_ error: ChunkError, _ at: Int) -> ChunkedStep {
        state = .failed(error)
        return ChunkedStep(consumed: at, event: .malformed(error))
    }

    /// One byte of framing around the data.
    private mutating func take(_ byte: UInt8) -> ChunkError? {
        switch state {
        case .size: return takeSize(byte)
        case .chunkExtension: return takeExtension(byte)
        case .sizeLineFeed:
            guard byte == 0x0a else { return .sizeMalformed }
            return beginData()
        case .dataReturn:
            guard byte == 0x0d else { return .dataEndMissing }
            state = .dataLineFeed
        case .dataLineFeed:
            guard byte == 0x0a else { return .dataEndMissing }
            state = .size
            remaining = 0
            digits = 0
            extensionBytes = 0
        case .data, .trailers, .ended, .failed: break
        }
        return nil
    }

    private mutating func takeSize(_ byte: UInt8) -> ChunkError? {
        if let digit = hexadecimalDigit(byte) {
            digits += 1
            // Sixteen digits fill the integer exactly, so that the shift loses nothing.
            guard digits <= 16 else { return .sizeTooLarge }
            remaining = remaining << 4 | UInt64(digit)
            return nil
        }
        guard digits > 0 else { return .sizeMalformed }
        guard remaining <= UInt64(Int64.max) else { return .sizeTooLarge }
        if byte == 0x0d {
            state = .sizeLineFeed
        } else if byte == UInt8(ascii: ";") {
            state = .chunkExtension
            quoting = .none
            extensionBytes = 1
        } else {
            return .sizeMalformed
        }
        return nil
    }

    /// An extension is ignored, but it must end where every other reader thinks it ends.
    private mutating func takeExtension(_ byte: UInt8) -> ChunkError? {
        if byte == 0x0d {
            guard quoting == .none else { return .extensionMalformed }
            state = .sizeLineFeed
            return nil
        }
        guard isFieldValue(byte) else { return .extensionMalformed }
        extensionBytes += 1
        guard extensionBytes <= Self.extensionBytesMax else { return .extensionTooLong }
        switch (quoting, byte) {
        case (.none, UInt8(ascii: "\"")): quoting = .quoted
        case (.quoted, UInt8(ascii: "\"")): quoting = .none
        case (.quoted, UInt8(ascii: "\\")): quoting = .escaped
        case (.escaped, _): quoting = .quoted
        default: break
        }
        return nil
    }

    /// The size line is complete.
    private mutating func beginData() -> ChunkError? {
        let line = digits + extensionBytes + 4
        // A chunk excuses its own framing, and sixteen bytes more; the rest must be made up for.
        let excused = 16 + Int(min(remaining, 1 << 20)) * 2
        overhead = max(0, overhead + line - excused)
        guard overhead <= Self.overheadBytesMax else { return .overheadTooLarge }
        state = remaining == 0 ? .trailers : .data
        return nil
    }

    /// A whole trailer line, or the empty line that ends the body.
    private mutating func nextTrailer(_ input: RawSpan, _ start: Int) -> ChunkedStep {
        var at = start + scanned
        while at < input.byteCount, input.byte(at) != 0x0d, input.byte(at) != 0x0a { at += 1 }
        guard trailerBytes + at - start <= Self.trailerBytesMax else {
            return fail(.trailersTooLarge, start)
        }
        guard at < input.byteCount, input.byte(at) == 0x0a || at + 1 < input.byteCount else {
            scanned = at - start
            return ChunkedStep(consumed: start, event: .needMore)
        }
        scanned = 0
        guard input.byte(at) == 0x0d, input.byte(at + 1) == 0x0a else {
            return fail(.trailerMalformed, start)
        }
        if at == start {
            state = .ended
            return ChunkedStep(consumed: at + 2, event: .end)
        }
        trailerCount += 1
        trailerBytes += at + 2 - start
        guard trailerCount <= Self.trailerCountMax else { return fail(.tooManyTrailers, start) }
        guard let colon = trailerColon(input, start..<at) else {
            return fail(.trailerMalformed, start)
        }
        let value = trimmingWhitespace(input, (colon + 1)..<at)
        return ChunkedStep(consumed: at + 2, event: .trailer(name: start..<colon, value: value))
    }

    /// The offset of the colon behind a token, if the rest of the line may be a field value.
    private func trailerColon(_ input: RawSpan, _ line: Range<Int>) -> Int? {
        var at = line.lowerBound
        while at < line.upperBound, isToken(input.byte(at)) { at += 1 }
        guard at > line.lowerBound, at < line.upperBound, input.byte(at) == UInt8(ascii: ":"),
            isFieldValue(input.extracting((at + 1)..<line.upperBound))
        else { return nil }
        return at
    }
}
