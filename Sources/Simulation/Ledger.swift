import Glibc
import HTTP

/// What an origin sent under one serial number, which it writes into every response's `X-Serial`.
struct SentResponse {
    var resource: Resource?
    var variant: String
    /// What an invalidation names it by: its path, and the query that its key has.
    var target: String
    var version: Int
    var status: Int
    /// The representation's bytes, which the viewer of a 200 gets whole and of a 206 in part.
    var body: [UInt8]
    /// False for one that the origin did not complete: nobody may take it for whole.
    var isWhole = true
    /// When its origin made it.
    var madeAt: UInt64 = 0
}

/// Knows what was true when, and judges what viewers get by it.
final class Ledger {
    private var sent: [Int: SentResponse] = [:]
    private var writes: [String: [(time: UInt64, version: Int)]] = [:]
    private var ages: [Int: [(time: UInt64, age: Int)]] = [:]
    private var running: [String: [RunningFetch]] = [:]
    private var posts: Set<Int> = []
    let world: World
    /// Invalidations, in the order in which they were asked for.
    var orders: [Order] = []
    /// What the edge was told of keys and lifetimes; nil: no distribution.
    var distribution: SimulatedDistribution?
    /// The edge goes by RFC 9111.
    var isLetter = false
    /// Responses that nobody may have once somebody had them.
    var spent: Set<Int> = []
    /// Something in this world fails, so that what is stale may be served for an error.
    var mayFail = true
    /// How long a behavior lets what is stale be served while it is revalidated, in seconds.
    var staleWhileRevalidate = 0
    /// What a viewer has had whole, by its key: who asks for it next needs no origin.
    var held: [String: Held] = [:]
    /// A waiter gives up waiting after so long and fetches for itself, in nanoseconds.
    var collapseTimeout: UInt64 = .max
    private var serials = 0
    /// Responses that were judged, and those among them that came out of the cache.
    private(set) var judged = 0
    private(set) var hits = 0
    private(set) var cuts = 0

    init(_ world: World) { self.world = world }

    /// Something happened that must never happen.
    func violate(_ rule: String) { world.violate(rule) }

    // MARK: the origins' side

    func register(_ response: SentResponse) -> Int {
        serials += 1
        sent[serials] = response
        sent[serials]?.madeAt = world.now
        return serials
    }

    /// A request for what one fetch at a time suffices for has reached an origin.
    func began(_ fetch: RunningFetch, of key: String, for target: String) {
        var others = (running[key] ?? []).filter { !$0.isOver }
        // Who asks after an invalidation must not join what began before it.
        let young = others.filter {
            fetch.began - $0.began < collapseTimeout
                && !hasOrder(for: target, since: $0.began - Self.longestWay)
        }
        if !young.isEmpty { violate("\(young.count + 1) fetches of \(key) at a time") }
        others.append(fetch)
        running[key] = others
    }

    /// A request reaches its origin at most so long after the edge decided to send it.
    static let longestWay: UInt64 = 30_000_000_000

    /// A write must reach an origin once at most.
    func wrote(_ number: Int) {
        if !posts.insert(number).inserted { violate("write \(number) was sent twice") }
    }

    // MARK: the viewers' side

    /// A write's answer is with its viewer: from now on nothing older is right.
    func acknowledged(_ name: String, _ version: Int) {
        writes[name, default: []].append((world.now, version))
    }

    func noteCut() { cuts += 1 }

    private func oldest(_ name: String, askedAt time: UInt64) -> Int {
        (writes[name] ?? []).reduce(0) { $1.time < time ? max($0, $1.version) : $0 }
    }

    /// Judges a response. `isCut`: the connection broke before its end, as its viewer sees.
    func judge(_ message: MessageReader.Message, of ask: Ask, isCut: Bool) {
        judged += 1
        let head = message.head
        let place = "\(ask.method) \(ask.resource.name) of viewer \(ask.viewer): \(head.status)"
        guard let serial = head["x-serial"].flatMap({ Int($0) }), let response = sent[serial] else {
            judgeOwn(message, of: ask, place)
            return
        }
        if head["x-cache"]?.hasPrefix("Hit") == true { hits += 1 }
        guard let resource = response.resource, resource === ask.resource else {
            violate("\(place), but of \(response.resource?.name ?? "nothing"), serial \(serial)")
            return
        }
        if response.variant != ask.variant {
            violate("\(place) for \(response.variant), asked for by \(ask.variant)")
        }
        let least = oldest(resource.name, askedAt: ask.sentAt)
        if response.status < 400, response.version < least {
            violate(
                "\(place) has version \(response.version) after a write of \(least) was answered")
        }
        judgeOrders(response, ask, place + ", serial \(serial)")
        judgeTimes(message, response, ask, isCut: isCut, place + ", serial \(serial)")
        judgeReuse(response, serial, ask, place + ", serial \(serial)")
        judgeAge(head, serial, ask, place)
        judgeBody(message, response, ask, isCut: isCut, place + ", serial \(serial)")
    }

    /// An answer that bears no origin's number.
    private func judgeOwn(_ message: MessageReader.Message, of ask: Ask, _ place: String) {
        let head = message.head
        switch head.status {
        case 304:
            if !ask.isConditional { violate("\(place) to a request without a condition") }
            let version = head["etag"].flatMap { Resource.version(ofTag: $0) }
            let least = oldest(ask.resource.name, askedAt: ask.sentAt)
            if let version, version < least {
                violate("\(place) confirms \(version) after a write of \(least) was answered")
            }
        case 416:
            if !ask.isRange { violate("\(place) to a request without a range") }
        case 400...599:
            if ask.mustSucceed { violate("\(place) although nothing fails: \(head.fields)") }
        default: violate("\(place) that no origin sent: \(head.fields)")
        }
    }

    private func judgeAge(_ head: PlainHead, _ serial: Int, _ ask: Ask, _ place: String) {
        let age = head["age"].flatMap { Int($0) } ?? 0
        let known = (ages[serial] ?? []).reduce(0) { $1.time < ask.sentAt ? max($0, $1.age) : $0 }
        // A clock that is set back takes so much off; a second more, since ages are rounded.
        let allowed = Int((world.clock.setBackTotal + 999) / 1_000)
        if age + allowed < known {
            violate("\(place), serial \(serial), has Age \(age) after it had \(known)")
        }
        ages[serial, default: []].append((world.now, age))
    }

    private func judgeBody(
        _ message: MessageReader.Message, _ response: SentResponse, _ ask: Ask, isCut: Bool,
        _ place: String
    ) {
        let head = message.head
        if head.status == 304, !ask.isConditional {
            violate("\(place) to a request without a condition")
        }
        if head.status == 206, !ask.isRange { violate("\(place) to a request without a range") }
        if ask.method == "HEAD" || head.status == 304 {
            if !message.body.isEmpty { violate("\(place) with a body") }
            return
        }
        // Made from what is stored, whose number it then bears.
        if head.status == 416, ask.isRange { return }
        if head.status != response.status, !(head.status == 206 && response.status == 200),
            !(head.status == 200 && response.status == 206)
        {
            violate("\(place), sent as \(response.status)")
            return
        }
        if ask.mustSucceed, head.status >= 400 { violate("\(place) although nothing fails") }
        var expected = response.body[...]
        if head.status == 206 {
            guard let range = Self.contentRange(head), range.upperBound <= response.body.count
            else {
                violate("\(place) with Content-Range \(head["content-range"] ?? "-")")
                return
            }
            expected = response.body[range]
        }
        guard let body = plain(message, ask, isCut: isCut, place) else { return }
        if isCut { expected = expected.prefix(body.count) }
        if !isCut, !response.isWhole { violate("\(place) taken for whole, but it was cut short") }
        if !Self.same(body, expected) {
            let at = zip(body, expected).prefix { $0 == $1 }.count
            violate(
                "\(place): \(body.count) bytes, expected \(expected.count); from \(at) on "
                    + "\(Self.text(body.dropFirst(at))) in place of "
                    + "\(Self.text(expected.dropFirst(at)))")
        }
    }

    /// The body without the coding that the edge gave it; nil when it is none, or not one that the
    /// viewer takes.
    private func plain(
        _ message: MessageReader.Message, _ ask: Ask, isCut: Bool, _ place: String
    ) -> [UInt8]? {
        guard let coding = message.head["content-encoding"] else { return message.body }
        guard coding == "gzip", ask.takesGzip else {
            violate("\(place) as \(coding), which the viewer does not take")
            return nil
        }
        guard let body = Self.decompressed(message.body, isCut: isCut) else {
            violate("\(place) is no gzip")
            return nil
        }
        return body
    }

    /// As far as the bytes go; nil where they lack the end and were not cut.
    private static func decompressed(_ bytes: [UInt8], isCut: Bool) -> [UInt8]? {
        guard var reader = GzipReader(limit: 1 << 20) else { return nil }
        var room = [UInt8](repeating: 0, count: 1 << 16)
        var body: [UInt8] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest)
            let step = unsafe room.withUnsafeMutableBytes {
                unsafe try? reader.read(piece.span.bytes, into: $0)
            }
            guard let step else { return nil }
            rest = rest.dropFirst(step.consumed)
            body += room[..<step.produced]
            if step.isDone, rest.isEmpty { break }
        }
        return isCut || reader.isComplete ? body : nil
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        "\"" + String(decoding: bytes.prefix(48), as: UTF8.self) + "\""
    }

    private static func same(_ left: [UInt8], _ right: ArraySlice<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        return unsafe left.withUnsafeBytes { left in
            unsafe right.withUnsafeBytes { right in
                guard let one = left.baseAddress, let other = right.baseAddress else { return true }
                return unsafe memcmp(one, other, left.count) == 0
            }
        }
    }

    /// `bytes 3-5/10` as 3..<6.
    private static func contentRange(_ head: PlainHead) -> Range<Int>? {
        guard let text = head["content-range"], text.hasPrefix("bytes ") else { return nil }
        let numbers = text.dropFirst(6).split { $0 == "-" || $0 == "/" }.map { Int($0) }
        guard numbers.count == 3, let first = numbers[0], let last = numbers[1], first <= last
        else { return nil }
        return first..<last + 1
    }
}
