import Caching
import Glibc
import HTTP
import Reactor

// One JSON line for each exchange, in CloudFront's field names; last, no step follows.
extension LoopState where N: ~Copyable {
    /// Counts and logs an exchange that went the slow way.
    mutating func account(_ exchange: Exchange) {
        // A page in place of an error took as long as the error and the page.
        let asked = exchange.page?.original ?? exchange
        latencies.record(nanoseconds: network.monotonicNow &- asked.started)
        guard log != nil else { return }
        let slot = Slot(index: exchange.id.slot, generation: exchange.id.generation)
        exchange.outcome.receivedBytes = Int(clamping: asked.intake.received)
        unsafe asked.bytes.withUnsafeBytes { bytes in
            unsafe exchange.sentHead.withUnsafeBytes {
                unsafe writeLine(
                    viewers.contains(slot) ? slot.index : nil, asked.head, bytes,
                    exchange.outcome, asked.started, $0)
            }
        }
    }

    mutating func account(_ slot: UInt32, _ record: DeferredRecord) {
        latencies.record(nanoseconds: network.monotonicNow &- record.started)
        guard log != nil else { return }
        unsafe record.bytes.withUnsafeBytes { bytes in
            unsafe record.sentHead.withUnsafeBytes {
                unsafe writeLine(slot, record.head, bytes, record.outcome, record.started, $0)
            }
        }
    }

    /// A request that was refused. Of a head that was not understood only what is certain is said,
    /// and in CloudFront's form nothing at all of one that was too large, as CloudFront does.
    mutating func logRefusal(
        _ slot: UInt32, _ outcome: Outcome, _ request: UnsafeRawBufferPointer?
    ) {
        guard let log else { return }
        let sent = unsafe UnsafeRawBufferPointer(rebasing: scratch.head[..<outcome.framingBytes])
        // A head that did not come at once began with its first byte.
        let now = network.monotonicNow
        let started = viewers[slot].rateFrom == 0 ? now : viewers[slot].rateFrom
        if let request = unsafe request {
            unsafe writeLine(slot, head, request, outcome, now, sent)
        } else if log.style.isStandard {
            if [414, 431, 494].contains(outcome.status) { return }
            unsafe writeLine(
                slot, RequestHead(), UnsafeRawBufferPointer(start: nil, count: 0), outcome,
                started, sent)
        } else {
            var line = beginLine(viewers[slot].address)
            line.outcome(outcome, seconds: now &- started)
            push(&line)
        }
    }

    /// The whole line; allocates nothing. `slot` is nil when the viewer is gone, `sent` holds the
    /// response's head where the log's form tells of it.
    mutating func writeLine(
        _ slot: UInt32?, _ head: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer,
        _ outcome: Outcome, _ started: UInt64, _ sent: UnsafeRawBufferPointer
    ) {
        if let log, log.style.isStandard {
            unsafe writeStandardLine(log, slot, head, bytes, outcome, started, sent)
            return
        }
        var viewer = SocketAddress.unspecified
        if let slot { viewer = unsafe viewerAddress(slot, head, bytes) }
        var line = beginLine(viewer)
        unsafe line.parsed(
            ",\"cs-method\":\"", UnsafeRawBufferPointer(rebasing: bytes[head.methodName.range]))
        unsafe line.parsed(
            ",\"x-host-header\":\"", UnsafeRawBufferPointer(rebasing: bytes[head.authority.range]))
        unsafe line.path(head, bytes)
        unsafe line.query(
            head.hasQuery ? UnsafeRawBufferPointer(rebasing: bytes[head.query.range]) : nil)
        unsafe line.field(head, bytes, .referer, ",\"cs(Referer)\":\"")
        unsafe line.field(head, bytes, .userAgent, ",\"cs(User-Agent)\":\"")
        line.outcome(outcome, seconds: network.monotonicNow &- started)
        push(&line)
    }

    /// When the request of a stored response began.
    func started(_ outcome: Outcome) -> UInt64 {
        outcome.startedAt == 0 ? network.monotonicNow : outcome.startedAt
    }

    /// The head of the response lies in the scratch memory: what the log will say of it is kept.
    func noteHead(_ exchange: Exchange, _ count: Int) {
        exchange.outcome.framingBytes = count
        exchange.outcome.firstByteAt = network.monotonicNow
        guard log?.style.isStandard == true else { return }
        exchange.sentHead = unsafe [UInt8](scratch.head[..<count])
    }

    /// The same, for a stored response that a viewer takes slowly.
    func keepHead(_ record: DeferredRecord, _ count: Int) {
        guard log?.style.isStandard == true else { return }
        record.sentHead = unsafe [UInt8](scratch.head[..<count])
    }

    /// Who asked, behind the proxies that are trusted: the last in X-Forwarded-For who is none of
    /// them. What stands before that is the viewer's own word.
    func viewerAddress(
        _ slot: UInt32, _ head: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer
    ) -> SocketAddress {
        let peer = viewers[slot].address
        guard head.fields.contains(.xForwardedFor), viewers[slot].isTrusted else { return peer }
        var viewer: SocketAddress?
        var line = head.fields.first(.xForwardedFor)
        while let index = line {
            let value = unsafe UnsafeRawBufferPointer(
                rebasing: bytes[head.fields[index].value.range])
            var start = 0
            while start < value.count {
                var end = start
                while end < value.count, unsafe value[end] != 44 { end += 1 }
                var from = start
                while from < end, unsafe value[from] == 32 || value[from] == 9 { from += 1 }
                var to = end
                while to > from, unsafe value[to - 1] == 32 || value[to - 1] == 9 { to -= 1 }
                let hop = unsafe UnsafeRawBufferPointer(rebasing: value[from..<to])
                let address = unsafe SocketAddress(ip: hop.bytes)
                if address.map({ hot.trusts($0) }) != true { viewer = address }
                start = end + 1
            }
            line = head.fields.next(after: index, .xForwardedFor)
        }
        return viewer ?? peer
    }

    /// A line as far as the viewer's address. How it begins stays in the loop's memory, for all
    /// lines of the same millisecond.
    private mutating func beginLine(_ address: SocketAddress) -> LineWriter {
        var line = unsafe LineWriter(scratch.line, begun: lineStart, at: network.wallNow)
        lineStart = line.start
        line.address(address)
        return line
    }

    private mutating func push(_ line: inout LineWriter) {
        line.end()
        guard let log else { return }
        if unsafe !log.push(line.bytes) { counters.add(.accessLogDropped) }
    }
}
