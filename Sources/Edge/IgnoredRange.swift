import Caching
import HTTP
import Reactor

// Ranges that CloudFront does not take for such.
extension LoopState where N: ~Copyable {
    /// CloudFront answers with the whole where ranges overlap, fall or are none.
    ///
    /// Source: CloudFront, "How CloudFront processes partial requests for an object".
    func ignoreRange(
        _ bytes: UnsafeRawBufferPointer, _ behavior: Int, _ facts: inout RequestFacts
    ) {
        guard hot[behavior].policy.mode == .cloudfront else { return }
        if let line = head.fields.first(.range), head.fields.next(after: line, .range) == nil,
            unsafe ByteRanges.areAscending(bytes.bytes.extracting(head.fields[line].value.range))
        {
            return
        }
        (facts.hasRange, facts.range, facts.hasIfRange) = (false, .none, false)
    }
}
