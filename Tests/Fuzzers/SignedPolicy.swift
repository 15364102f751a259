/// Any bytes as a signed policy, as its base64 and as a query. See ``SignatureProperty``.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSignedPolicy(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    let faults = SignatureProperty.faults(Array(UnsafeBufferPointer(start: data, count: size)))
    precondition(faults.isEmpty, "\(faults)")
    return 0
}
