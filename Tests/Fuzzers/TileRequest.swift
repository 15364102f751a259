/// Any bytes as path and query of a map. See ``TileProperty``.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTileRequest(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let faults = TileProperty.faults(Array(UnsafeBufferPointer(start: data, count: size)))
    precondition(faults.isEmpty, "\(faults)")
    return 0
}
