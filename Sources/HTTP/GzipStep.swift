/// What one call of a `GzipWriter` or `GzipReader` has done.
public struct GzipStep: Sendable, Equatable {
    /// Bytes of the input that need not be shown again.
    public var consumed: Int
    /// Bytes written at the start of the output.
    public var produced: Int
    /// All that was asked for is done; if not, the caller comes again with the rest of the input
    /// and new room.
    public var isDone: Bool
}

/// Why bytes cannot be read as gzip.
public enum GzipError: Error, Sendable, Equatable {
    /// They do not begin as gzip does (RFC 1952 §2.3.1), at the start or behind a member.
    case notGzip
    /// Their data or their checksum is wrong.
    case corrupt
    /// There is more in them than the reader's limit allows.
    case overLimit
}

/// How many bytes zlib may be shown at once.
let zlibPieceMax = 1 << 30
