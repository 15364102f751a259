/// Any bytes as gzip, and through gzip. See ``GzipProperty``.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzGzipReader(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let faults = GzipProperty.faults(Array(UnsafeBufferPointer(start: data, count: size)))
    precondition(faults.isEmpty, "\(faults)")
    return 0
}
