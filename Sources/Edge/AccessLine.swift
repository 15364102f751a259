import Caching
import Glibc
import HTTP
import Reactor

// One JSON line for each exchange, in CloudFront's field names; last, no step follows.
extension LoopState where N: ~Copyable {
    /// Counts and logs an exchange that went the slow way.
    mutating func account(_ exchange: Exchange) {
        latencies.record(nanoseconds: network.monotonicNow &- exchange.started)
        guard log != nil else { return }
        let slot = Slot(index: exchange.id.slot, generation: exchange.id.generation)
        exchange.outcome.receivedBytes = Int(clamping: exchange.intake.received)
        let asked = exchange.page?.original ?? exchange
        asked.bytes.withUnsafeBytes { bytes in
            exchange.sentHead.withUnsafeBytes {
                writeLine(
                    viewers.contains(slot) ? slot.index : nil, asked.head, bytes,
                    exchange.outcome, exchange.started, $0)
            }
        }
    }

    mutating func account(_ slot: UInt32, _ record: DeferredRecord) {
        latencies.record(nanoseconds: network.monotonicNow &- record.started)
        guard log != nil else { return }
        record.bytes.withUnsafeBytes { bytes in
            record.sentHead.withUnsafeBytes {
                writeLine(slot, record.head, bytes, record.outcome, record.started, $0)
            }
        }
    }

    /// A request that was refused. Of a head that was not understood only what is certain is said,
    /// and in CloudFront's form nothing at all of one that was too large, as CloudFront does.
    mutating func logRefusal(
        _ slot: UInt32, _ outcome: Outcome, _ request: UnsafeRawBufferPointer?
    ) {
        guard let log else { return }
        let sent = UnsafeRawBufferPointer(rebasing: scratch.head[..<outcome.framingBytes])
        if let request {
            writeLine(slot, head, request, outcome, network.monotonicNow, sent)
        } else if log.style.isStandard {
            if [414, 431, 494].contains(outcome.status) { return }
            writeLine(
                slot, RequestHead(), UnsafeRawBufferPointer(start: nil, count: 0), outcome,
                network.monotonicNow, sent)
        } else {
            var line = LineWriter(scratch.line)
            line.begin(network.wallNow)
            line.address(viewers[slot].address)
            line.outcome(outcome, seconds: 0)
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
            writeStandardLine(log, slot, head, bytes, outcome, started, sent)
            return
        }
        let peer = slot.map { viewers[$0].address } ?? .unspecified
        var line = LineWriter(scratch.line)
        line.begin(network.wallNow)
        line.address(viewerAddress(head, bytes, peer))
        line.member("cs-method", UnsafeRawBufferPointer(rebasing: bytes[head.methodName.range]))
        line.member("x-host-header", UnsafeRawBufferPointer(rebasing: bytes[head.authority.range]))
        line.member("cs-uri-stem", UnsafeRawBufferPointer(rebasing: bytes[head.path.range]))
        line.query(UnsafeRawBufferPointer(rebasing: bytes[head.query.range]))
        line.field(head, bytes, .referer, "cs(Referer)")
        line.field(head, bytes, .userAgent, "cs(User-Agent)")
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
        exchange.sentHead = [UInt8](scratch.head[..<count])
    }

    /// The same, for a stored response that a viewer takes slowly.
    func keepHead(_ record: DeferredRecord, _ count: Int) {
        guard log?.style.isStandard == true else { return }
        record.sentHead = [UInt8](scratch.head[..<count])
    }

    /// Who asked, behind the proxies that are trusted: the last in X-Forwarded-For who is none of
    /// them. What stands before that is the viewer's own word.
    func viewerAddress(
        _ head: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer, _ peer: SocketAddress
    ) -> SocketAddress {
        guard head.fields.contains(.xForwardedFor), hot.trusts(peer) else { return peer }
        var viewer: SocketAddress?
        var line = head.fields.first(.xForwardedFor)
        while let index = line {
            let value = UnsafeRawBufferPointer(rebasing: bytes[head.fields[index].value.range])
            var start = 0
            while start < value.count {
                var end = start
                while end < value.count, value[end] != 44 { end += 1 }
                var from = start
                while from < end, value[from] == 32 || value[from] == 9 { from += 1 }
                var to = end
                while to > from, value[to - 1] == 32 || value[to - 1] == 9 { to -= 1 }
                let hop = UnsafeRawBufferPointer(rebasing: value[from..<to])
                let address = SocketAddress(ip: hop.bytes)
                if address.map({ hot.trusts($0) }) != true { viewer = address }
                start = end + 1
            }
            line = head.fields.next(after: index, .xForwardedFor)
        }
        return viewer ?? peer
    }

    private mutating func push(_ line: inout LineWriter) {
        line.end()
        guard let log else { return }
        if !log.push(line.bytes) { counters.add(.accessLogDropped) }
    }
}

/// Writes one line of JSON into the loop's memory; a value that does not fit is cut short.
struct LineWriter {
    private let memory: UnsafeMutableRawBufferPointer
    private var count = 0
    /// Room that is kept for the members every line ends with: a value's closing quote, status,
    /// sizes, times and words. What comes from a peer stays out of it.
    private static let reserve = 512
    /// A single value is cut after so many bytes.
    private static let valueLimit = 4_096

    init(_ memory: UnsafeMutableRawBufferPointer) { self.memory = memory }

    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: memory.baseAddress, count: count)
    }

    mutating func begin(_ now: Milliseconds) {
        raw("{\"time\":")
        decimal(UInt64(max(0, now)) / 1_000)
        raw(".")
        let rest = UInt64(max(0, now)) % 1_000
        if rest < 100 { raw(rest < 10 ? "00" : "0") }
        decimal(rest)
    }

    mutating func address(_ address: SocketAddress) {
        raw(",\"c-ip\":\"")
        if address != .unspecified {
            count += address.writeIP(
                to: UnsafeMutableRawBufferPointer(
                    rebasing: memory[count..<(count + SocketAddress.textLengthMax)]))
        }
        raw("\"")
    }

    mutating func outcome(_ outcome: Outcome, seconds nanoseconds: UInt64) {
        raw(",\"sc-status\":")
        decimal(UInt64(max(0, outcome.status)))
        raw(",\"sc-bytes\":")
        decimal(UInt64(max(0, outcome.sentBytes)))
        raw(",\"time-taken\":")
        decimal(nanoseconds / 1_000_000_000)
        raw(".")
        let micros = nanoseconds / 1_000 % 1_000_000
        var scale: UInt64 = 100_000
        while scale > max(micros, 1) {
            raw("0")
            scale /= 10
        }
        decimal(micros)
        raw(",\"x-edge-result-type\":\"")
        raw(outcome.result.word)
        raw("\",\"x-edge-detailed-result-type\":\"")
        raw(outcome.detail)
        raw("\"")
    }

    mutating func end() { raw("}\n") }

    mutating func member(_ name: StaticString, _ value: UnsafeRawBufferPointer) {
        guard open(name) else { return }
        escape(value)
        raw("\"")
    }

    mutating func field(
        _ head: borrowing RequestHead, _ bytes: UnsafeRawBufferPointer, _ known: KnownField,
        _ name: StaticString
    ) {
        guard let index = head.fields.first(known) else { return }
        let value = UnsafeRawBufferPointer(rebasing: bytes[head.fields[index].value.range])
        guard open(name) else { return }
        // A referer's query may hold another site's tokens.
        if known == .referer, let mark = value.firstIndex(of: 63) {
            escape(UnsafeRawBufferPointer(rebasing: value[..<mark]))
        } else {
            escape(value)
        }
        raw("\"")
    }

    /// The query, with the values of credentials left out (law 6).
    mutating func query(_ query: UnsafeRawBufferPointer) {
        guard !query.isEmpty, open("cs-uri-query") else { return }
        var start = 0
        while start < query.count {
            var end = start
            while end < query.count, query[end] != 38 { end += 1 }
            let parameter = UnsafeRawBufferPointer(rebasing: query[start..<end])
            if start > 0 { plain(38) }
            if let length = Self.secretName(parameter) {
                escape(UnsafeRawBufferPointer(rebasing: parameter[..<length]))
                plain(61)
                plain(45)
            } else {
                escape(parameter)
            }
            start = end + 1
        }
        raw("\"")
    }

    /// Length of the name when the parameter carries a credential.
    static func secretName(_ parameter: UnsafeRawBufferPointer) -> Int? {
        guard parameter.count > 4 else { return nil }
        switch parameter[0] | 0x20 {
        case 97, 99, 105, 106, 107, 112, 115, 116: break  // a c i j k p s t, as below
        default: return nil
        }
        for index in secretNames.indices {
            if let length = named(parameter, secretNames[index]) { return length }
        }
        return nil
    }

    private static let secretNames: InlineArray<14, StaticString> = [
        "access_token", "authkey", "code", "state", "id_token", "jsessionid", "password", "token",
        "key",
        "signature", "api_key", "apikey", "secret", "ticket",
    ]

    private static func named(_ parameter: UnsafeRawBufferPointer, _ name: StaticString) -> Int? {
        let length = name.utf8CodeUnitCount
        guard parameter.count > length, parameter[length] == 61 else { return nil }
        for index in 0..<length where parameter[index] | 0x20 != name.utf8Start[index] | 0x20 {
            return nil
        }
        return length
    }

    /// Begins a member whose value is the peer's; false when there is no room for it. Room for the
    /// quote that closes it, and for the end of the line, is always left: see `reserve`.
    private mutating func open(_ name: StaticString) -> Bool {
        let needed = name.utf8CodeUnitCount + 5
        guard count + needed <= memory.count - Self.reserve else { return false }
        raw(",\"")
        raw(name)
        raw("\":\"")
        return true
    }

    /// One byte of a value that needs no escape.
    private mutating func plain(_ byte: UInt8) {
        guard count < memory.count - Self.reserve else { return }
        memory[count] = byte
        count += 1
    }

    private mutating func escape(_ value: UnsafeRawBufferPointer) {
        var room = min(Self.valueLimit, memory.count - Self.reserve - count)
        guard let target = memory.baseAddress else { return }
        var index = 0
        while index < value.count {
            // Most of a line needs no escape: eight bytes at a time.
            if value.count - index >= 8, room >= 8 {
                let word = value.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                if !Self.needsEscape(word) {
                    target.storeBytes(of: word, toByteOffset: count, as: UInt64.self)
                    count += 8
                    room -= 8
                    index += 8
                    continue
                }
            }
            let byte = value[index]
            index += 1
            if byte >= 0x20, byte < 0x7F, byte != 34, byte != 92 {
                guard room > 0 else { return }
                target.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
                count += 1
                room -= 1
            } else {
                guard room >= 6 else { return }
                unicode(byte)
                room -= 6
            }
        }
    }

    /// Whether one of eight bytes is none of 0x20–0x7E, a quote or a backslash.
    @inline(__always)
    private static func needsEscape(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let hasZero = { (word: UInt64) in (word &- ones) & ~word }
        let below = (word &- ones &* 0x20) & ~word
        let quote = hasZero(word ^ (ones &* 34))
        let slash = hasZero(word ^ (ones &* 92))
        let delete = hasZero(word ^ (ones &* 0x7F))
        return (word | below | quote | slash | delete) & (ones &* 0x80) != 0
    }

    /// Bytes that are not plain ASCII, as the code point of the same number (Latin-1).
    private mutating func unicode(_ byte: UInt8) {
        raw("\\u00")
        memory[count] = Self.hex(byte >> 4)
        memory[count + 1] = Self.hex(byte & 15)
        count += 2
    }

    private static func hex(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 48 + nibble : 87 + nibble }

    @inline(__always)
    private mutating func raw(_ text: StaticString) {
        let length = text.utf8CodeUnitCount
        guard count + length <= memory.count, let base = memory.baseAddress else { return }
        memcpy(base + count, text.utf8Start, length)
        count += length
    }

    @inline(__always)
    private mutating func decimal(_ number: UInt64) {
        guard count + 20 <= memory.count, let base = memory.baseAddress else { return }
        var digits = 1
        var rest = number
        while rest >= 10 {
            rest /= 10
            digits += 1
        }
        rest = number
        var at = count + digits
        repeat {
            at -= 1
            base.storeBytes(of: UInt8(48 + rest % 10), toByteOffset: at, as: UInt8.self)
            rest /= 10
        } while rest > 0
        count += digits
    }
}
