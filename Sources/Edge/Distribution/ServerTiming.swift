import Caching
import CloudFront
import HTTP
import Reactor

// How a response came about, for the viewer's developer tools. Source: CloudFront, "Server-Timing
// header"; the metrics that need a second tier of caches are not made up.
extension LoopState where N: ~Copyable {
    /// Adds Server-Timing where the behavior's policy has it: for its share of responses, and
    /// whenever the request asks for it. Allocates nothing.
    ///
    /// `upstream`: milliseconds until the origin's first byte, where it was asked.
    func appendServerTiming(
        _ behavior: Int, _ head: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer,
        _ outcome: Outcome, upstream: Milliseconds?, _ writer: inout HeadWriter
    ) {
        guard hot[behavior].traits.contains(.timesResponses),
            let rate = unsafe hot[behavior].imported?._withUnsafeGuaranteedRef({
                $0.responseHeaders.serverTimingPerMillion ?? 0
            }),
            // The clock's nanoseconds are chance enough for a sample.
            unsafe asksForTiming(head, bytes)
                || network.monotonicNow / 64 % 1_000_000 < UInt64(max(0, rate))
        else { return }
        writer.append("Server-Timing: ")
        if let upstream {
            // Names are looked up when the configuration is read.
            writer.append("cdn-upstream-layer;desc=\"EDGE\",cdn-upstream-dns;dur=0,")
            writer.append("cdn-upstream-connect;dur=")
            writer.appendDecimal(UInt64(max(0, outcome.connectTime)))
            writer.append(",cdn-upstream-fbl;dur=")
            writer.appendDecimal(UInt64(max(0, upstream)))
            writer.append(",")
        }
        switch outcome.result {
        case .hit: writer.append("cdn-cache-hit")
        case .refreshHit: writer.append("cdn-cache-refresh")
        case .miss, .error, .capacityExceeded, .redirect: writer.append("cdn-cache-miss")
        }
        writer.append(",cdn-pop;desc=\"")
        unsafe writer.append(bytes: hot.location)
        writer.append("\"")
        if !outcome.requestID.isEmpty {
            writer.append(",cdn-rid;desc=\"")
            unsafe writer.append(outcome.requestID.text.span.bytes)
            writer.append("\"")
        }
        if outcome.result == .hit { writer.append(",cdn-hit-layer;desc=\"EDGE\"") }
        // The head is what goes out next.
        writer.append(",cdn-downstream-fbl;dur=")
        writer.appendDecimal((network.monotonicNow &- started(outcome)) / 1_000_000)
        writer.append("\r\n")
    }

    private func asksForTiming(
        _ head: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer
    ) -> Bool {
        guard let line = head.fields.first(.pragma) else { return false }
        return unsafe ResponseHeadersPolicy.asksForServerTiming(
            pragma: bytes.bytes.extracting(head.fields[line].value.range))
    }
}
