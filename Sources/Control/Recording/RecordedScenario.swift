import CloudFront
import Edge
import Simulation

/// Writes what a tape holds as a scenario that `mapedge scenario run` plays.
struct RecordedScenario {
    /// What the recording is to become.
    struct Wish {
        var name = "Recorded"
        var pattern: String?
        var showsSecrets = false
        /// The edge's time stood still between moves.
        var hasManualClock = false
    }

    private let steps: RecordedSteps
    private let stage: RecordedStage
    private let limits: RecordingLimits
    private let wish: Wish
    private let isFull: Bool
    private var redaction: Redaction
    /// Of the configuration's own secrets alone: a viewer's word may stand there for what it means.
    private let stageRedaction: Redaction
    private var text = YAMLText()
    /// Where the scenario's clock stands, in milliseconds from its beginning.
    private var now: Int64 = 0
    /// Origins that do not take connections just now.
    private var closed: Set<String> = []
    /// Bodies that origins sent, since only those are the same again.
    private var sent: Set<[UInt8]> = []
    /// Bodies that stood near a credential; they are written nowhere.
    private var personal: Set<[UInt8]> = []
    /// When something about a target came from an origin, by what viewers may call it.
    private var fetched: [String: Int64] = [:]

    init(
        _ tape: Tape, _ stage: RecordedStage, _ wish: Wish = Wish(),
        limits: RecordingLimits = RecordingLimits()
    ) {
        let reading = TapeReading(tape.entries)
        steps = RecordedSteps(
            reading, pattern: wish.pattern, most: limits.exchanges, errorPages: stage.errorPages)
        self.stage = stage
        self.limits = limits
        self.wish = wish
        isFull = tape.isFull
        var redaction = Redaction(isOff: wish.showsSecrets)
        for secret in stage.secrets { redaction.learn(secret) }
        stageRedaction = redaction
        for exchange in reading.viewers + reading.origins {
            for head in exchange.heads { redaction.learn(head) }
        }
        self.redaction = redaction
        sent = Set(reading.origins.compactMap { $0.answer?.body })
        for exchange in reading.viewers + reading.origins where Self.isPersonal(exchange) {
            if let body = exchange.said?.body, !body.isEmpty { personal.insert(body) }
        }
    }

    /// The file.
    mutating func written() -> String {
        text.line(0, "# Written by \"mapedge scenario record\"; credentials are \(credentials).")
        if isFull { text.line(0, "# The recording was full before its end.") }
        for (reason, count) in steps.leftOut.sorted(by: { $0.key < $1.key }) {
            text.line(0, "# Left out, \(reason): \(count).")
        }
        text.member(0, "name", wish.name)
        let clock = timestampText(steps.start)
        text.member(0, "clock", wish.hasManualClock ? "manual=\(clock)" : clock)
        let trusted = tellsTrust ? "\(RecordedStage.proxy)/32" : RecordedStage.viewers
        stage.write(
            to: &text, stageRedaction, trusted: steps.haveTrustedViewer ? trusted : nil)
        text.line(0, "steps:")
        for step in steps.steps { write(step) }
        if steps.steps.isEmpty { text.line(1, "[]") }
        return text.text
    }

    /// Some viewers are trusted and others are not, so that each trusted one says where it is.
    private var tellsTrust: Bool { steps.haveTrustedViewer && steps.haveOtherViewer }

    private var credentials: String { wish.showsSecrets ? "as they were" : "replaced" }

    private mutating func write(_ step: RecordedSteps.Step) {
        switch step {
        case .warmUp(let exchange, let part, let time):
            wait(until: time)
            warmUp(exchange, part)
        case .aging(let time):
            wait(until: time)
            text.line(1, "# What was stored until then was stale when the recording began.")
            text.line(1, "- invalidate: [\"/*\"]")
            text.line(2, "soft: true")
        case .invalidation(let invalidation):
            wait(until: invalidation.time)
            write(invalidation, 1)
        case .group(let group):
            wait(until: group.viewers[0].began.time)
            prepare(group)
            if group.viewers.count == 1, group.invalidations.isEmpty {
                write(group.viewers[0], in: group, 1)
                if !group.viewers[0].hasLeft { seen(in: group, 3) }
            } else {
                writeTogether(group)
            }
            for exchange in group.origins where exchange.answer != nil {
                for target in exchange.viewersTargets { fetched[target] = exchange.ended?.time }
            }
        }
    }

    private mutating func wait(until time: Int64) {
        let elapsed = time - steps.start
        guard elapsed > now else { return }
        now = elapsed
        text.line(1, "- at: \(elapsed)ms")
    }

    private mutating func write(_ invalidation: TapeReading.Invalidated, _ depth: Int) {
        let items = invalidation.items.map { YAMLText.quoted(redaction.hidden($0)) }
        text.line(depth, "- invalidate: [\(items.joined(separator: ", "))]")
        if invalidation.isSoft { text.line(depth + 1, "soft: true") }
    }

    private mutating func writeTogether(_ group: RecordedSteps.Group) {
        text.line(1, "- concurrently:")
        var invalidations = group.invalidations[...]
        for viewer in group.viewers {
            while let next = invalidations.first, next.entry < viewer.began.entry {
                write(next, 3)
                invalidations.removeFirst()
            }
            write(viewer, in: group, 3)
        }
        for invalidation in invalidations { write(invalidation, 3) }
        text.line(2, "expect:")
        seen(in: group, 3)
    }

    // MARK: viewers

    private static let dropped: Set<String> = [
        "host", "connection", "content-length", "transfer-encoding", "keep-alive", "expect",
    ]

    /// - Parameter target: in place of the exchange's own.
    private mutating func ask(
        _ exchange: RecordedExchange, _ method: String, _ depth: Int, of target: String? = nil
    ) {
        let target = redaction.hidden(target ?? exchange.target)
        if exchange.isSouthbound {
            text.line(depth, "# The site's own call: its deadline and breaker are not played.")
        }
        switch method {
        case "GET", "HEAD": text.line(depth, "- \(method.lowercased()): \(YAMLText.quoted(target))")
        default: text.line(depth, "- request: \(YAMLText.quoted("\(method) \(target)"))")
        }
        let head = exchange.request.head
        if let host = head["host"] { text.member(depth + 1, "host", redaction.hidden(host)) }
        if case .viewer(isSecured: true, _, _) = exchange.peer {
            text.line(depth + 1, "https: true")
        }
        if tellsTrust, exchange.hasTrustedViewer {
            text.line(depth + 1, "from: \(RecordedStage.proxy)")
        } else if !steps.haveTrustedViewer, exchange.isOperators {
            text.line(depth + 1, "from: \(RecordedStage.machine)")
        }
    }

    private mutating func write(
        _ exchange: RecordedExchange, in group: RecordedSteps.Group, _ depth: Int
    ) {
        ask(exchange, exchange.method, depth)
        let head = exchange.request.head
        text.fields(
            depth + 1, "headers",
            shown(head.lines) { !Self.dropped.contains($0) })
        if !exchange.request.body.isEmpty {
            text.member(depth + 1, "body", shownBody(of: exchange))
        }
        guard let answer = exchange.answer ?? (exchange.isCut ? exchange.part : nil) else {
            let time = max(1, (exchange.ended?.time ?? 0) - exchange.began.time)
            text.line(depth + 1, "leaves: \(time)ms")
            text.line(depth + 1, "expect: any")
            return
        }
        text.line(depth + 1, "expect:")
        expect(answer, of: exchange, depth + 2)
    }

    /// Somebody's own words are not needed to play the case.
    private func shownBody(of exchange: RecordedExchange) -> String {
        let body = exchange.request.body
        if wish.showsSecrets, let text = readable(body) { return text }
        return String(repeating: "x", count: min(body.count, limits.body))
    }

    private static let told: Set<String> = [
        "cache-control", "content-type", "content-encoding", "content-range", "etag", "expires",
        "last-modified", "location", "set-cookie", "vary", "access-control-allow-origin",
        "www-authenticate", "allow",
    ]

    private mutating func expect(
        _ answer: MessageReader.Message, of exchange: RecordedExchange, _ depth: Int
    ) {
        text.member(depth, "status", answer.head.status)
        if exchange.isCut { text.line(depth, "cut: true") }
        if let word = answer.head["x-cache"] { text.member(depth, "x-cache", word) }
        let isSure = isSure(ofAgeIn: exchange)
        // In role tier a Hit's Cache-Control tells the seconds that are left.
        let counts =
            (!isSure || fetched[exchange.target] == nil)
            && answer.head["x-cache"]?.hasPrefix("Hit") == true
        var fields = shown(answer.head.lines) {
            Self.told.contains($0) && !(counts && $0 == "cache-control")
                // Its boundary is another one each time.
                && !($0 == "content-type" && answer.head[$0]?.hasPrefix("multipart/") == true)
        }
        if isSure, let age = answer.head["age"] { fields.append(("Age", age)) }
        // One value of several lines is joined by commas, as the scenario does.
        var joined: [(name: String, value: String)] = []
        for field in fields {
            if let at = joined.firstIndex(where: { $0.name.lowercased() == field.name.lowercased() }
            ) {
                joined[at].value += ", \(field.value)"
            } else {
                joined.append(field)
            }
        }
        text.fields(depth, "headers", joined)
        guard !exchange.isCut, sent.contains(answer.body), !answer.body.isEmpty else { return }
        if isOpen(exchange), answer.body.count <= limits.body, let body = readable(answer.body) {
            text.member(depth, "body", body)
        } else {
            text.member(depth, "size", answer.body.count)
        }
    }

    /// Whether no millisecond could make the Age another one.
    private func isSure(ofAgeIn exchange: RecordedExchange) -> Bool {
        guard let time = fetched[exchange.target] else { return true }
        let part = (exchange.began.time - time) % 1_000
        return part > 30 && part < 970
    }

    // MARK: origins

    /// What origins are going to answer, the latest first, since that is what counts.
    private mutating func prepare(_ group: RecordedSteps.Group) {
        // An origin has several members: while one of them answers, it can be reached.
        let answering = Set(
            group.origins.compactMap { exchange -> String? in
                guard case .origin(let id) = exchange.peer, exchange.answer != nil
                else { return nil }
                return stage.name(of: id)
            })
        var refused: Set<String> = []
        for failure in group.unreachable {
            let name = stage.name(of: failure.origin)
            guard !answering.contains(name), refused.insert(name).inserted,
                closed.insert(name).inserted
            else { continue }
            connect(name, failure.failure == .connectTimeout ? "silent" : "refused")
        }
        for exchange in group.origins.reversed() {
            guard case .origin(let id) = exchange.peer else { continue }
            let name = stage.name(of: id)
            if !refused.contains(name), closed.remove(name) != nil { connect(name, "works") }
            script(exchange, id)
        }
    }

    private mutating func connect(_ name: String, _ manner: String) {
        text.line(1, "- origin: { name: \(YAMLText.quoted(name)), connect: \(manner) }")
    }

    private mutating func script(_ exchange: RecordedExchange, _ id: String) {
        text.line(1, "- origin:")
        if stage.origins.count > 1 { text.member(3, "name", stage.name(of: id)) }
        text.member(3, "path", pattern(redaction.hidden(exchange.target)))
        if exchange.method != "GET" { text.member(3, "method", exchange.method) }
        if let answered = exchange.answered, answered > exchange.played {
            text.line(3, "delay: \(answered - exchange.played)ms")
        }
        if let bytes = exchange.garbage {
            text.line(3, "fault: garbage")
            garbage(bytes, isOpen(exchange, garbage: bytes))
        } else if let answer = exchange.said {
            reply(answer, to: exchange)
            if exchange.answer == nil { text.line(3, "fault: cut") }
        } else {
            // What was not answered until the end may have been later.
            let isLate = exchange.failure.map { $0.status == 504 || $0 == .abandoned } ?? true
            text.line(3, "fault: \(isLate ? "hang" : "close")")
        }
        text.line(3, "conditional: false")
        text.line(3, "once: true")
    }

    private mutating func reply(_ answer: MessageReader.Message, to exchange: RecordedExchange) {
        let head = answer.head
        text.member(3, "status", head.status)
        let hasBody = exchange.method != "HEAD" && head.status != 304 && head.status != 204
        var fields = shown(head.lines) { name in
            !Self.dropped.contains(name) || !hasBody && name == "content-length"
        }
        if !hasBody, head["content-length"] == nil { fields.append(("Content-Length", "absent")) }
        text.fields(3, "headers", fields)
        guard hasBody else { return }
        let isChunked = head["transfer-encoding"] != nil
        if isChunked || head["content-length"] == nil {
            text.line(3, "framing: \(isChunked ? "chunked" : "close")")
        }
        body(answer.body, isOpen(exchange))
    }

    /// What stands for it has an end that shows it to be no answer, lest it is asked for again.
    private mutating func garbage(_ bytes: [UInt8], _ isOpen: Bool) {
        if isOpen { return body(bytes, true) }
        let word = Array("x\r\n\r\n".utf8)
        text.member(3, "bytes", Base64.encode(word))
        text.member(3, "size", max(word.count, bytes.count))
    }

    private mutating func body(_ bytes: [UInt8], _ isOpen: Bool) {
        if isOpen, bytes.count <= limits.body, let body = readable(bytes) {
            if !bytes.isEmpty { text.member(3, "body", body) }
        } else if isOpen, bytes.count <= limits.body {
            text.member(3, "bytes", Base64.encode(bytes))
        } else {
            if isOpen {
                text.member(3, "bytes", Base64.encode(Array(bytes.prefix(limits.beginning))))
            }
            text.member(3, "size", bytes.count)
        }
    }

    /// Had been stored when the recording began; how it was fetched nobody has seen.
    private mutating func warmUp(_ exchange: RecordedExchange, _ part: RecordedSteps.StoredPart) {
        guard let answer = exchange.answer else { return }
        text.line(1, "# Stored before the recording began.")
        text.line(1, "- origin:")
        switch part {
        case .answer:
            let isPart = answer.head.status == 206 || answer.head.status == 304
            stored(answer, isPart ? 200 : answer.head.status, of: exchange)
        case .page: stored(answer, 200, of: exchange)
        case .error(let page): text.member(3, "status", page.code)
        case .stale(let asked):
            stored(answer, 200, of: exchange, StaleCopies.validators(asked.request.head))
        }
        text.line(3, "conditional: false")
        text.line(3, "once: true")
        if case .page(let page) = part {
            ask(exchange, "GET", 1, of: page.path)
        } else {
            ask(exchange, "GET", 1)
        }
        let conditions: Set<String> = [
            "range", "if-range", "if-none-match", "if-modified-since", "if-match",
        ]
        text.fields(
            2, "headers",
            shown(exchange.request.head.lines) {
                !Self.dropped.contains($0) && !conditions.contains($0)
            })
        text.line(2, "expect: any")
    }

    /// What an origin must have said for that answer.
    ///
    /// - Parameter others: fields in place of the answer's own.
    private mutating func stored(
        _ answer: MessageReader.Message, _ status: Int, of exchange: RecordedExchange,
        _ others: [(name: String, value: String)] = []
    ) {
        let added: Set<String> = [
            "age", "x-cache", "via", "x-amz-cf-id", "x-amz-cf-pop", "cache-status",
            "content-range", "accept-ranges",
        ]
        let replaced = Set(others.map { $0.name.lowercased() })
        let fields = shown(
            answer.head.lines.filter { !replaced.contains($0.name.lowercased()) } + others
        ) {
            !Self.dropped.contains($0) && !added.contains($0)
        }
        text.member(3, "status", status)
        text.fields(3, "headers", fields)
        let total = answer.head["content-range"]?.split(separator: "/").last.flatMap { Int($0) }
        let isHead = exchange.method == "HEAD"
        let length = isHead ? answer.head["content-length"].flatMap { Int($0) } : nil
        if let size = total ?? length {
            text.member(3, "size", size)
        } else {
            body(answer.body, isOpen(exchange))
        }
    }

    private static let forwarded: Set<String> = [
        "host", "if-none-match", "if-modified-since", "range", "cookie", "authorization",
        "accept-encoding", "accept-language", "origin",
    ]

    /// What origins must see of a step.
    private mutating func seen(in group: RecordedSteps.Group, _ depth: Int) {
        var names = Set(
            group.origins.compactMap { exchange -> String? in
                if case .origin(let id) = exchange.peer { stage.name(of: id) } else { nil }
            }
        ).sorted()
        if stage.origins.count <= 1 || names.isEmpty { names = [] }
        guard !names.isEmpty else {
            text.line(depth, "origin:")
            return seen(group.origins, depth + 1)
        }
        text.line(depth, "origins:")
        for name in names {
            text.line(depth + 1, "\(YAMLText.quoted(name)):")
            let own = group.origins.filter { exchange in
                if case .origin(let id) = exchange.peer {
                    stage.name(of: id) == name
                } else {
                    false
                }
            }
            seen(own, depth + 2)
        }
    }

    /// As a script's path may be: of a longer one how it begins.
    private func pattern(_ target: String) -> String {
        let limit = BehaviorSettings.patternBytesMax
        if target.utf8.count <= limit { return target }
        return String(decoding: target.utf8.prefix(limit - 1), as: UTF8.self) + "*"
    }

    private mutating func seen(_ exchanges: [RecordedExchange], _ depth: Int) {
        text.member(depth, "requests", exchanges.count)
        guard exchanges.count == 1, let last = exchanges.last else { return }
        text.member(depth, "method", last.method)
        text.member(depth, "path", redaction.hidden(last.target))
        text.fields(
            depth, "headers",
            shown(last.request.head.lines) { Self.forwarded.contains($0) })
    }

    // MARK: texts

    /// Whether the body may be written out: nobody's credentials are near, or in it.
    private func isOpen(_ exchange: RecordedExchange) -> Bool {
        if wish.showsSecrets { return true }
        // In what is coded nobody would find them.
        guard let answer = exchange.said, answer.head["content-encoding"] == nil
        else { return false }
        return !Self.isPersonal(exchange) && !personal.contains(answer.body)
            && !redaction.isIn(answer.body)
    }

    /// The same of what is no answer: nobody knows where in it a credential would stand.
    private func isOpen(_ exchange: RecordedExchange, garbage: [UInt8]) -> Bool {
        wish.showsSecrets
            || !Self.isPersonal(exchange) && !Redaction.isPersonal(garbage)
                && !redaction.isIn(garbage)
    }

    private static func isPersonal(_ exchange: RecordedExchange) -> Bool {
        !["GET", "HEAD"].contains(exchange.method)
            || exchange.heads.contains(where: Redaction.isPersonal)
    }

    /// Fields as they are written, with lower-case names that `keeps` wants.
    private func shown(
        _ lines: [(name: String, value: String)], _ keeps: (String) -> Bool
    ) -> [(name: String, value: String)] {
        lines.compactMap { name, value in
            let value = redaction.hidden(value)
            // A scenario fills places in, and knows no bytes that are no text.
            guard keeps(name.lowercased()), !value.contains("${"), !value.contains("\u{FFFD}")
            else { return nil }
            return (name, value)
        }
    }

    private func readable(_ bytes: [UInt8]) -> String? {
        guard let text = String(validating: bytes, as: UTF8.self), !text.contains("${"),
            text.utf8.allSatisfy({ $0 >= 32 && $0 != 127 || [9, 10, 13].contains($0) }),
            !["absent", "present"].contains(text)
        else { return nil }
        return redaction.hidden(text) == text ? text : nil
    }
}
