/// Any lines as names, a query and Cookie fields. See ``SelectionProperty``.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzKeySelection(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let faults = SelectionProperty.faults(Array(UnsafeBufferPointer(start: data, count: size)))
    precondition(faults.isEmpty, "\(faults)")
    return 0
}
