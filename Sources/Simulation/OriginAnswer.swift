import HTTP

/// One answer of an origin: what it says, in which pieces, and how the connection goes on.
struct OriginAnswer {
    enum Ending { case keeps, closes, resets, stalls }

    enum Manner {
        case silent, resets, closes
        case inPieces([[UInt8]], Ending)
    }

    private(set) var manner = Manner.silent
    private let site: OriginSite
    private let resource: Resource
    private let request: MessageReader.Message
    private let variant: String
    private var dice: Dice { site.world.dice }

    init(_ site: OriginSite, _ resource: Resource, _ request: MessageReader.Message) {
        self.site = site
        self.resource = resource
        self.request = request
        variant = Self.variant(of: request.head, resource, site.ledger.distribution)
        manner = request.head.start[0] == "POST" ? write() : read()
    }

    /// For whom a body is: a session's own, or a language's, or everybody's.
    static func variant(
        of head: PlainHead, _ resource: Resource, _ distribution: SimulatedDistribution?
    ) -> String {
        if let distribution { return distribution.variant(of: head) }
        if let cookie = head["cookie"], let mark = cookie.utf8.firstIndex(of: UInt8(ascii: "=")) {
            return String(cookie[cookie.index(after: mark)...])
        }
        return resource.varies ? head["accept-language"] ?? "none" : "all"
    }

    /// What tells the answers to a request from all others, and what an invalidation names them by.
    static func key(
        of head: PlainHead, _ resource: Resource, _ distribution: SimulatedDistribution?
    ) -> (key: String, target: String) {
        guard let distribution else { return (resource.name, resource.target) }
        let parts = [resource.name, distribution.variant(of: head), distribution.coding(of: head)]
        return (parts.joined(separator: " "), distribution.target(of: head.start[1]))
    }

    private var target: String {
        Self.key(of: request.head, resource, site.ledger.distribution).target
    }

    // MARK: writing

    /// A write changes the resource, unless it fails.
    private func write() -> Manner {
        let number = request.head["x-post"].flatMap { Int($0) } ?? 0
        site.ledger.wrote(number)
        if request.body != Ask.writing(number) {
            site.ledger.violate("write \(number) came with \(request.body.count) other bytes")
        }
        let habits = site.habits
        if dice.chance(habits.fails) {
            return dice.pick([.resets, .closes, .silent, whole(503, 0, [], "", "")])
        }
        let forgets = habits.sabotage == .forgetsWrites
        let version = forgets ? resource.version + 1 : resource.change()
        let status = dice.pick([200, 201, 204, 303])
        let body = status == 204 ? [] : Array("written \(resource.name)".utf8)
        var fields = status == 204 ? "" : "Content-Length: \(body.count)\r\n"
        if status == 303 { fields += "Location: \(resource.target)\r\n" }
        return whole(status, version, body, fields, "written")
    }

    private func whole(
        _ status: Int, _ version: Int, _ body: [UInt8], _ fields: String, _ variant: String
    ) -> Manner {
        let sent = SentResponse(
            resource: resource, variant: self.variant, target: target, version: version,
            status: status, body: body)
        let serial = site.ledger.register(sent)
        let length = fields.isEmpty && status != 204 ? "Content-Length: \(body.count)\r\n" : fields
        let head =
            "HTTP/1.1 \(status) X\r\nX-Serial: \(serial)\r\nX-Version: \(version)\r\n"
            + "\(resource.tagLine)\(length)\r\n"
        return .inPieces([Array(head.utf8) + body], .keeps)
    }

    // MARK: reading

    private func read() -> Manner {
        switch site.habits.sabotage {
        case .neverAnswers: return .silent
        case .waitsLonger where dice.chance(30): return .silent
        default: break
        }
        if dice.chance(site.habits.fails) { return failing() }
        let version = resource.version
        if let status = resource.failure { return refusal(status, version) }
        let tag = resource.hasTag ? resource.tag(variant, version) : nil
        let date = resource.hasDate ? Self.date(version) : nil
        let asked = request.head
        if let tag, let condition = asked["if-none-match"] {
            if condition == tag { return notModified(version) }
        } else if let date, asked["if-modified-since"] == date {
            return notModified(version)
        }
        let body = resource.body(variant, version)
        if let range = asked["range"], asked["if-range"].map({ $0 == tag || $0 == date }) ?? true,
            asked.start[0] == "GET"
        {
            if let bounds = Self.bounds(range, body.count) { return part(version, body, bounds) }
            if range.hasPrefix("bytes=") { return unsatisfiable(version, body.count) }
        }
        return full(version, body)
    }

    /// Whether a part is asked for that lies behind the end.
    static func isUnsatisfiable(
        _ head: PlainHead, _ resource: Resource, _ distribution: SimulatedDistribution?
    ) -> Bool {
        guard let range = head["range"] else { return false }
        let variant = variant(of: head, resource, distribution)
        return bounds(range, resource.body(variant, resource.version).count) == nil
    }

    /// Seconds of a time long past, another one for each version.
    private static func date(_ version: Int) -> String {
        text(of: SimulatedClock.wallStart / 1_000 - 1_000_000 + Int64(version))
    }

    static func text(of seconds: Int64) -> String {
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: HTTPDate.byteCount) {
            buffer, count in
            unsafe HTTPDate.write(seconds, into: UnsafeMutableRawBufferPointer(buffer))
            count = HTTPDate.byteCount
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `bytes=3-5` within a body; nil if it is not satisfiable or of another form.
    private static func bounds(_ text: String, _ count: Int) -> Range<Int>? {
        guard text.hasPrefix("bytes="), !text.contains(",") else { return nil }
        let parts = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        guard let first = Int(parts[0]) else {
            guard let length = Int(parts[1]), length > 0, count > 0 else { return nil }
            return max(0, count - length)..<count
        }
        let last = min(Int(parts[1]) ?? Int.max, count - 1)
        return first <= last ? first..<last + 1 : nil
    }

    // MARK: heads

    private func fields(_ version: Int, _ serial: Int) -> String {
        var text = "X-Serial: \(serial)\r\nX-Version: \(version)\r\n\(resource.tagLine)"
        if let control = resource.cacheControl { text += "Cache-Control: \(control)\r\n" }
        if resource.hasTag { text += "ETag: \(resource.tag(variant, version))\r\n" }
        if resource.hasDate { text += "Last-Modified: \(Self.date(version))\r\n" }
        if resource.varies { text += "Vary: Accept-Language\r\n" }
        if dice.chance(80) {
            text += "Date: \(Self.text(of: site.world.clock.wall / 1_000))\r\n"
        }
        return text
    }

    private func register(_ version: Int, _ status: Int, _ body: [UInt8], isWhole: Bool = true)
        -> Int
    {
        if site.habits.sabotage == .rejuvenates, let serial = site.lastSerial[resource.name] {
            return serial
        }
        let serial = site.ledger.register(
            SentResponse(
                resource: resource, variant: variant, target: target, version: version,
                status: status, body: body, isWhole: isWhole))
        site.lastSerial[resource.name] = serial
        return serial
    }

    private func notModified(_ version: Int) -> Manner {
        let serial = register(version, 200, resource.body(variant, version))
        let head = "HTTP/1.1 304 Not Modified\r\n\(fields(version, serial))\r\n"
        return .inPieces([Array(head.utf8)], .keeps)
    }

    private func part(_ version: Int, _ body: [UInt8], _ bounds: Range<Int>) -> Manner {
        let serial = register(version, 200, body)
        let head =
            "HTTP/1.1 206 Partial Content\r\n\(fields(version, serial))Content-Range: bytes "
            + "\(bounds.lowerBound)-\(bounds.upperBound - 1)/\(body.count)\r\n"
            + "Content-Length: \(bounds.count)\r\n\r\n"
        return .inPieces([Array(head.utf8), Array(body[bounds])], .keeps)
    }

    private func unsatisfiable(_ version: Int, _ count: Int) -> Manner {
        let serial = register(version, 416, [])
        let head =
            "HTTP/1.1 416 Range Not Satisfiable\r\nX-Serial: \(serial)\r\n"
            + "Content-Range: bytes */\(count)\r\nContent-Length: 0\r\n\r\n"
        return .inPieces([Array(head.utf8)], .keeps)
    }

    /// What this resource always says.
    private func refusal(_ status: Int, _ version: Int) -> Manner {
        let body = resource.body(variant, version)
        let serial = register(version, status, body)
        let fields = fields(version, serial).replacingTag()
        return framed("HTTP/1.1 \(status) X\r\n\(fields)Content-Type: text/plain\r\n", body)
    }

    // MARK: bodies

    private func full(_ version: Int, _ body: [UInt8]) -> Manner {
        let serial = register(version, 200, body)
        var sent = body
        if let other = site.resources.first(where: { $0 !== resource }),
            site.habits.sabotage == .mixesKeys
        {
            sent = other.body(variant, version)
        } else if site.habits.sabotage == .mixesVersions {
            let next = resource.body(variant, version + 1)
            sent = Array(body.prefix(body.count / 2) + next.dropFirst(body.count / 2))
        }
        var head = "HTTP/1.1 200 OK\r\n\(fields(version, serial))"
        head += resource.isMap ? "Content-Type: image/png\r\n" : "Content-Type: text/plain\r\n"
        return framed(head, sent)
    }

    /// By length, in chunks, or by the end of the connection.
    private func framed(_ head: String, _ body: [UInt8]) -> Manner {
        let isHead = request.head.start[0] == "HEAD"
        switch isHead ? 0 : dice.below(10) {
        case 0...5:
            let closes = dice.chance(10)
            // A write that meets an end nobody spoke of may fail: not where nothing does.
            let word = closes && !site.habits.mayFail ? "Connection: close\r\n" : ""
            let whole = Array("\(head)\(word)Content-Length: \(body.count)\r\n\r\n".utf8)
            return .inPieces([whole] + (isHead ? [] : pieces(body)), closes ? .closes : .keeps)
        case 6...8:
            let start = Array("\(head)Transfer-Encoding: chunked\r\n\r\n".utf8)
            let chunks = pieces(body).map { piece in
                Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [13, 10]
            }
            let trailer = dice.chance(20) ? "X-Trailer: 1\r\n" : ""
            return .inPieces([start] + chunks + [Array("0\r\n\(trailer)\r\n".utf8)], .keeps)
        default:
            let start = Array("\(head)Connection: close\r\n\r\n".utf8)
            return .inPieces([start] + pieces(body), .closes)
        }
    }

    private func pieces(_ body: [UInt8]) -> [[UInt8]] {
        let count = dice.chance(60) ? 1 : dice.pick(2...5)
        let step = max(1, (body.count + count - 1) / count)
        return stride(from: 0, to: body.count, by: step).map {
            Array(body[$0..<min($0 + step, body.count)])
        }
    }

    // MARK: failing

    private func failing() -> Manner {
        let version = resource.version
        let body = resource.body(variant, version)
        let half = Array(body.prefix(dice.below(body.count + 1)))
        switch dice.below(resource.isSteady ? 6 : 10) {
        case 0: return .silent
        case 1: return .resets
        case 2: return .closes
        case 3:
            return unfinished(
                version, half, body.count + 1, dice.pick([.closes, .resets, .stalls]))
        case 4:
            return .inPieces([(0..<dice.pick(1...90)).map { _ in UInt8(dice.below(256)) }], .closes)
        case 5:
            let serial = register(version, 200, body, isWhole: false)
            let head =
                "HTTP/1.1 200 OK\r\n\(fields(version, serial))Transfer-Encoding: chunked\r\n\r\n"
            return .inPieces([Array("\(head)ff\r\n".utf8) + half.prefix(200)], .resets)
        case 6: return exception(version)
        default:
            let text = Array("failed".utf8)
            return whole(dice.pick([500, 502, 503, 504, 404]), version, text, "", "")
        }
    }

    /// Says that more comes than does.
    private func unfinished(_ version: Int, _ half: [UInt8], _ length: Int, _ ending: Ending)
        -> Manner
    {
        let serial = register(version, 200, half, isWhole: false)
        let fields = fields(version, serial).replacingTag()
        let head = "HTTP/1.1 200 OK\r\n\(fields)Content-Length: \(length)\r\n\r\n"
        return .inPieces([Array(head.utf8), half], ending)
    }

    /// What a map service says when it fails: 200, and a document in place of the image.
    private func exception(_ version: Int) -> Manner {
        let text = Array("<?xml version=\"1.0\"?><ServiceExceptionReport version=\"1.1.1\"/>".utf8)
        let serial = register(version, 200, text, isWhole: !resource.isMap)
        var head = "HTTP/1.1 200 OK\r\n\(fields(version, serial).replacingTag())"
        if !resource.isMap { head += "Cache-Control: no-store\r\n" }
        head += "Content-Type: application/vnd.ogc.se_xml\r\nContent-Length: \(text.count)\r\n\r\n"
        return .inPieces([Array(head.utf8) + (request.head.start[0] == "HEAD" ? [] : text)], .keeps)
    }
}

extension String {
    /// Without validators: what was said of the true representation does not hold of this one.
    fileprivate func replacingTag() -> String {
        split(separator: "\r\n").filter { !$0.hasPrefix("ETag") && !$0.hasPrefix("Last-Modified") }
            .map { $0 + "\r\n" }.joined()
    }
}

extension Ask {
    /// The body of a write, so that its origin can tell whether it came through.
    static func writing(_ number: Int) -> [UInt8] {
        let unit = Array("write \(number);".utf8)
        return (0..<(number * 37) % 400).flatMap { _ in unit }
    }
}
