import CLMDB

/// Calls for bytes of the map that will be read soon, so that they are in the processor's cache by
/// then. Waits for nothing; an instruction for each 64 bytes.
@inline(__always)
public func prefetch(_ bytes: UnsafeRawBufferPointer) {
    unsafe lmdb_prefetch(bytes.baseAddress, UInt(bytes.count))
}
