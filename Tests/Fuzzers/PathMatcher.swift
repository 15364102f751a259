/// Any two lines as a path pattern and a path. See ``PathProperty``.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPathMatcher(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let faults = PathProperty.faults(Array(UnsafeBufferPointer(start: data, count: size)))
    precondition(faults.isEmpty, "\(faults)")
    return 0
}
