/// Any bytes as a value of TIME. See ``TimeProperty``.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTimeValue(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let faults = TimeProperty.faults(Array(UnsafeBufferPointer(start: data, count: size)))
    precondition(faults.isEmpty, "\(faults)")
    return 0
}
