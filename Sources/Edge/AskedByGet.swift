import Caching
import HTTP

/// A HEAD request as a GET: what is stored is to be replaced whole, whoever found it stale.
struct AskedByGet {
    let bytes: [UInt8]
    let head: RequestHead
    let facts: RequestFacts

    /// - Parameters:
    ///   - bytes: of a whole head that was accepted; any other method stays what it is.
    init(
        _ bytes: UnsafeRawBufferPointer, _ head: RequestHead, _ facts: RequestFacts,
        limits: HeadLimits
    ) {
        var asked = RequestHead()
        var scan = HeadScan()
        let rest = unsafe UnsafeRawBufferPointer(
            rebasing: bytes[min(head.methodName.end, bytes.count)...])
        let text = unsafe [UInt8]("GET".utf8) + rest
        let result = unsafe text.withUnsafeBytes {
            unsafe parseRequest($0.bytes, &scan, limits: limits, into: &asked)
        }
        guard head.method == .head, result == .complete else {
            (self.bytes, self.head, self.facts) = unsafe ([UInt8](bytes), head, facts)
            return
        }
        var facts = facts
        facts.method = .get
        (self.bytes, self.head, self.facts) = (text, asked, facts)
    }
}
