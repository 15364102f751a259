import CloudFront
import HTTP
import Reactor

// CONNECT, TRACE, TRACK and PRI are no methods of a head that is taken. To a distribution all but
// the first are like any other that its behaviors do not allow.
extension LoopState where N: ~Copyable {
    /// Reads such a head as one with a method of no name, which every behavior refuses: with the
    /// distribution's page, and with target and fields in the log.
    ///
    /// - Returns: the length of the head, which is at hand from now on; nil: it is not whole or
    ///   not of the usual form, or there is no distribution.
    ///   CONNECT is not taken: with a page it could be answered by 200, by which its client would
    ///   know that it has a tunnel (RFC 9110 §9.3.6).
    mutating func takesRefusedMethod(_ bytes: UnsafeRawBufferPointer) -> Int? {
        if unsafe bytes.starts(with: Array("CONNECT ".utf8)) { return nil }
        for behavior in 0..<hot.count where !refusesUnknown(behavior) { return nil }
        // One head at most, however much is behind it.
        var text = unsafe [UInt8](bytes.prefix(limits.head.headBytes + 1))
        guard text.count > 8 else { return nil }
        text[0] = UInt8(ascii: "X")
        var scan = HeadScan()
        let result = unsafe parseRequest(
            text.span.bytes, &scan, limits: limits.head, into: &head)
        guard case .complete = result, head.method == .other else { return nil }
        return head.length
    }

    private func refusesUnknown(_ behavior: Int) -> Bool {
        guard hot[behavior].traits.contains(.screens),
            let imported = unsafe hot[behavior].imported
        else { return false }
        return unsafe imported._withUnsafeGuaranteedRef { !$0.allowedMethods.contains(.other) }
    }
}
