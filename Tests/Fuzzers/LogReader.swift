/// Any bytes as a standard access log, and as the values of a line. See ``LogProperty``.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLogReader(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let faults = LogProperty.faults(Array(UnsafeBufferPointer(start: data, count: size)))
    precondition(faults.isEmpty, "\(faults)")
    return 0
}
