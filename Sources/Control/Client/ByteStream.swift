/// A connection whose calls wait, until a deadline of its own.
protocol ByteStream: AnyObject {
    /// Bytes that were read; 0 at the end of the stream, nil after an error or the deadline.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int?
    /// Whether all bytes went out.
    func write(_ bytes: [UInt8]) -> Bool
}

extension TimedSocket: ByteStream {}
