/// Any bytes as a write's body and answer. See ``TransactionProperty``.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTransaction(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let faults = TransactionProperty.faults(Array(UnsafeBufferPointer(start: data, count: size)))
    precondition(faults.isEmpty, "\(faults)")
    return 0
}
