/// What one look at the bytes of a chunked body brought.
public struct ChunkedStep: Equatable, Sendable {
    /// What the input held.
    public enum Event: Equatable, Sendable {
        /// Content, at these offsets of the input; never empty.
        case data(Range<Int>)
        /// The input holds nothing more to tell.
        case needMore
        /// A trailer field, at these offsets of the input. Whether it is passed on is
        /// `KnownField.mayBeTrailer(name:)`'s to say; it is never merged into the header.
        case trailer(name: Range<Int>, value: Range<Int>)
        /// The body has ended; what follows `consumed` belongs to the next message.
        case end
        /// The framing is broken: nothing behind it can be understood. Close the connection.
        case malformed(ChunkError)
    }

    /// Bytes at the start of the input that are done with.
    public var consumed: Int
    /// What was found.
    public var event: Event

    /// A step of that size that found that.
    public init(consumed: Int, event: Event) {
        self.consumed = consumed
        self.event = event
    }
}

/// Why a chunked body is refused (400 to a viewer; a truncated body from an origin).
public enum ChunkError: UInt8, Error, CaseIterable, Sendable {
    case sizeMalformed, sizeTooLarge, extensionMalformed, extensionTooLong, dataEndMissing
    case overheadTooLarge, trailerMalformed, tooManyTrailers, trailersTooLarge

    /// What was wrong, for the log.
    public var reason: StaticString {
        switch self {
        case .sizeMalformed: "a chunk size is not hexadecimal digits and CRLF"
        case .sizeTooLarge: "a chunk size is not below 2^63"
        case .extensionMalformed: "a chunk extension contains a control character or open quote"
        case .extensionTooLong: "a chunk extension is longer than 256 bytes"
        case .dataEndMissing: "chunk data is not followed by CRLF"
        case .overheadTooLarge: "the chunks carry too little data for their framing"
        case .trailerMalformed: "a trailer line is not a field line"
        case .tooManyTrailers: "there are more than 32 trailer fields"
        case .trailersTooLarge: "the trailer section is larger than 8192 bytes"
        }
    }

    /// The value of the `rule` label under which the case is counted.
    public var counterName: StaticString {
        switch self {
        case .sizeMalformed: "chunk_size_malformed"
        case .sizeTooLarge: "chunk_size_too_large"
        case .extensionMalformed: "chunk_extension_malformed"
        case .extensionTooLong: "chunk_extension_too_long"
        case .dataEndMissing: "chunk_data_end_missing"
        case .overheadTooLarge: "chunk_overhead_too_large"
        case .trailerMalformed: "trailer_malformed"
        case .tooManyTrailers: "too_many_trailers"
        case .trailersTooLarge: "trailers_too_large"
        }
    }
}
