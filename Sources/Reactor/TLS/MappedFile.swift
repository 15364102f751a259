/// A file that is mapped into memory, and must not be read there by this process itself.
///
/// Where the disk fails under a mapping, or the file is cut, a plain socket's send returns an
/// error, since the kernel reads; a program that reads gets a SIGBUS instead. A secured connection
/// has to read what it sends, so it reads bytes that lie in here from the file.
public struct MappedFile: Hashable, Sendable {
    public var addresses: Range<UInt>
    /// Stays its owner's, and open while this is in use.
    public var descriptor: Int32

    public init(addresses: Range<UInt>, descriptor: Int32) {
        self.addresses = addresses
        self.descriptor = descriptor
    }

    /// Where in the file these bytes are; nil for other memory.
    @safe
    func offset(of pointer: UnsafeRawPointer?) -> Int? {
        let address = UInt(bitPattern: pointer)
        guard addresses.contains(address) else { return nil }
        return Int(address - addresses.lowerBound)
    }
}
