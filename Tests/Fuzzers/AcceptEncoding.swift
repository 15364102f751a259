/// Any lines as values of Accept-Encoding. See ``CodingProperty``.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzAcceptEncoding(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let faults = CodingProperty.faults(Array(UnsafeBufferPointer(start: data, count: size)))
    precondition(faults.isEmpty, "\(faults)")
    return 0
}
