import Edge
import Simulation

/// One request and its answer, of a viewer or at an origin, as a tape holds them.
struct RecordedExchange {
    enum Peer: Equatable {
        /// `isTrusted`: what it says of whom it asks for is believed.
        /// `isSouthbound`: it is the site, which makes a call of its own.
        case viewer(isSecured: Bool, isTrusted: Bool, isSouthbound: Bool)
        case origin(String)
    }

    var peer: Peer
    var request: MessageReader.Message
    /// nil while there is no whole one.
    var answer: MessageReader.Message?
    /// How much came of an answer that broke off.
    var part: MessageReader.Message?
    /// Why the edge gave it up; of an origin.
    var failure: FetchFailure?
    /// What an origin said that the edge could not take for an answer, byte by byte.
    var garbage: [UInt8]?
    /// The viewer went away before it was answered.
    var hasLeft = false
    /// The edge broke off its answer; `part` is what came of it.
    var isCut = false
    /// An origin had closed its kept connection by the time it was asked over it. The edge asked
    /// anew and did not count this; whoever plays the case has no connection from before.
    var wasClosedBefore = false
    /// Numbers of the tape's entries, for order; and the edge's own time in milliseconds.
    var began: (entry: Int, time: Int64)
    /// When the connection was begun, where it was made for this request of an origin's.
    var sought: (entry: Int, time: Int64)?
    /// When it is asked when it is played, where connections are made at once: no sooner than here,
    /// unless this one took long.
    var played: Int64 {
        guard let sought, began.time - sought.time > 100 else { return began.time }
        return sought.time
    }
    /// When the first byte of the answer came.
    var answered: Int64?
    /// When an Age in the answer was so much.
    var told: Int64 { answered ?? began.time }
    var ended: (entry: Int, time: Int64)?

    var hasTrustedViewer: Bool {
        if case .viewer(_, isTrusted: true, _) = peer { true } else { false }
    }
    /// The edge did as an operator asks with `X-Edge-Cache`, or may have.
    var isOperators: Bool {
        request.head["x-edge-cache"] != nil && answer?.head.isPlainHit != true
    }
    var isSouthbound: Bool {
        if case .viewer(_, _, isSouthbound: true) = peer { true } else { false }
    }
    var method: String { request.head.start[0] }
    /// Path and query.
    var target: String { request.head.start[1] }

    /// The answer, or as much as came of it.
    var said: MessageReader.Message? { answer ?? part }
    var heads: [PlainHead] { [request.head] + (said.map { [$0.head] } ?? []) }

    /// What came before it may have caused it.
    var cause: Int { sought?.entry ?? began.entry }

    /// At an origin: what a viewer may have asked for, since a path may have been put before it.
    var viewersTargets: [String] {
        let path = target.prefix { $0 != "?" }
        return path.indices.filter { path[$0] == "/" }.map { String(target[$0...]) }
    }

    func isAt(_ origin: String) -> Bool { peer == .origin(origin) }
}

/// Exchanges, failures and invalidations of a tape, each kind in order.
struct TapeReading {
    /// An origin that could not be connected to, or had not been when the recording ended.
    struct Unreachable {
        var origin: String
        var failure: FetchFailure
        /// When it was first tried.
        var entry: Int
    }

    struct Invalidated {
        var items: [String]
        var isSoft: Bool
        var entry: Int
        var time: Int64
    }

    private(set) var viewers: [RecordedExchange] = []
    private(set) var origins: [RecordedExchange] = []
    private(set) var unreachable: [Unreachable] = []
    private(set) var invalidations: [Invalidated] = []
    /// Connections of which not all could be understood: a tunnel, or one that was in the middle of
    /// an exchange when the recording began.
    private(set) var skipped = 0
    /// Fetches that failed for want of the edge's own places or time, which a scenario cannot play.
    private(set) var crowded = 0
    /// When the first entry was written, or the configuration came into force that counts.
    private(set) var start: Int64
    /// The last change of the configuration: what was before it cannot be played on what is now.
    private(set) var change: Int?

    private var talks: [Tape.Connection: Talk] = [:]
    /// Connections that were begun, and over which nobody has been asked.
    private var sought: [Tape.Connection: (origin: String, moment: (entry: Int, time: Int64))] = [:]

    init(_ entries: [Tape.Entry]) {
        start = entries.first?.time ?? 0
        for (index, entry) in entries.enumerated() { take(entry, index) }
        // Whatever was still under way has no end.
        for talk in talks.values { collect(talk) }
        // Whoever plays it must not reach them either.
        unreachable += sought.values.map {
            Unreachable(origin: $0.origin, failure: .connectTimeout, entry: $0.moment.entry)
        }
        unreachable.sort { $0.entry < $1.entry }
        viewers.sort { $0.began.entry < $1.began.entry }
        origins.sort { $0.began.entry < $1.began.entry }
        if let change { forget(before: change) }
    }

    /// But viewers, who are counted still.
    private mutating func forget(before change: Int) {
        origins.removeAll { $0.cause < change }
        unreachable.removeAll { $0.entry < change }
        invalidations.removeAll { $0.entry < change }
    }

    private mutating func take(_ entry: Tape.Entry, _ index: Int) {
        let moment = (entry: index, time: entry.time)
        switch entry.event {
        case .viewerSaid(let bytes, let isSecured, let isTrusted, let isSouthbound):
            talks[entry.connection, default: Talk()].asked(
                bytes,
                .viewer(
                    isSecured: isSecured, isTrusted: isTrusted, isSouthbound: isSouthbound),
                moment)
        case .originSought(let origin): sought[entry.connection] = (origin, moment)
        case .originAsked(let bytes, let origin):
            if let begun = sought.removeValue(forKey: entry.connection) {
                talks[entry.connection, default: Talk()].sought = begun.moment
            }
            talks[entry.connection, default: Talk()].asked(bytes, .origin(origin), moment)
        case .viewerHeard(let bytes), .originSaid(let bytes):
            talks[entry.connection, default: Talk()].answered(bytes, moment)
        case .viewerLeft(let isCut): end(entry.connection, moment, isCut: isCut)
        case .originLeft: end(entry.connection, moment)
        case .originFailed(let failure, let origin):
            if talks[entry.connection]?.fail(failure, moment) == true { return }
            switch failure {
            case .connectFailed, .connectTimeout, .unresolved, .tlsFailed:
                let begun = sought.removeValue(forKey: entry.connection)?.moment
                unreachable.append(
                    Unreachable(origin: origin, failure: failure, entry: begun?.entry ?? index))
            case .abandoned: break
            default: crowded += 1
            }
        case .invalidated(let items, let isSoft):
            invalidations.append(
                Invalidated(items: items, isSoft: isSoft, entry: index, time: entry.time))
        case .changed: (change, start) = (index, entry.time)
        }
    }

    private mutating func end(
        _ connection: Tape.Connection, _ moment: (entry: Int, time: Int64), isCut: Bool = false
    ) {
        guard var talk = talks.removeValue(forKey: connection) else { return }
        talk.ended(moment, isCut: isCut)
        collect(talk)
    }

    private mutating func collect(_ talk: Talk) {
        if talk.isLost { skipped += 1 }
        for exchange in talk.exchanges where !exchange.wasClosedBefore {
            if case .origin = exchange.peer {
                origins.append(exchange)
            } else {
                viewers.append(exchange)
            }
        }
    }
}

/// What was said on one connection, put together to messages.
private struct Talk {
    private(set) var exchanges: [RecordedExchange] = []
    /// Nothing more of it can be understood.
    private(set) var isLost = false
    /// When the connection was begun; told of the first request.
    var sought: (entry: Int, time: Int64)?
    private var requests = MessageReader()
    private var answers = MessageReader()
    /// The first exchange that waits for its answer.
    private var open = 0
    /// All that an origin said to the last request.
    private var heard: [UInt8] = []

    mutating func asked(
        _ bytes: [UInt8], _ peer: RecordedExchange.Peer, _ moment: (entry: Int, time: Int64)
    ) {
        guard !isLost else { return }
        requests.append(bytes)
        while true {
            switch requests.next(answering: nil) {
            case .needMore: return
            case .malformed:
                isLost = true
                return
            case .whole(var message):
                heard = []
                if case .viewer = peer { message.head.settleTarget() }
                exchanges.append(
                    RecordedExchange(
                        peer: peer, request: message, began: moment, sought: sought))
                sought = nil
            }
        }
    }

    mutating func answered(_ bytes: [UInt8], _ moment: (entry: Int, time: Int64)) {
        if case .origin? = exchanges.last?.peer { heard += bytes }
        guard !isLost else { return }
        // Some were sent, which could not be read.
        if bytes.isEmpty { isLost = true }
        answers.append(bytes)
        while open < exchanges.count {
            exchanges[open].answered = exchanges[open].answered ?? moment.time
            switch answers.next(answering: exchanges[open].method) {
            case .needMore: return
            case .malformed:
                isLost = true
                return
            case .whole(let message):
                if message.head.status == 101 { isLost = true }
                if message.head.status < 200 { continue }
                close(message, moment)
            }
        }
        // An answer to a request that the tape has not seen.
        if answers.hasRest { isLost = true }
    }

    private mutating func close(
        _ message: MessageReader.Message, _ moment: (entry: Int, time: Int64)
    ) {
        exchanges[open].answer = message
        exchanges[open].ended = moment
        open += 1
    }

    mutating func ended(_ moment: (entry: Int, time: Int64), isCut: Bool) {
        guard !isLost, open < exchanges.count else { return }
        if let message = answers.end() { return close(message, moment) }
        exchanges[open].part = answers.part
        exchanges[open].isCut = isCut && answers.part != nil
        exchanges[open].hasLeft = !exchanges[open].isCut
        exchanges[open].ended = moment
    }

    /// False if no request waits here.
    mutating func fail(_ failure: FetchFailure, _ moment: (entry: Int, time: Int64)) -> Bool {
        // Only the edge knows what it could not take: the reader here may have found an answer.
        if failure.isOfForm, let last = exchanges.indices.last, !heard.isEmpty {
            exchanges[last].failure = failure
            exchanges[last].garbage = heard
            exchanges[last].part = exchanges[last].answer ?? answers.part
            exchanges[last].answer = nil
            exchanges[last].answered = exchanges[last].answered ?? moment.time
            exchanges[last].ended = moment
            (open, isLost) = (exchanges.count, false)
            return true
        }
        guard !isLost, open < exchanges.count else { return false }
        exchanges[open].wasClosedBefore =
            failure == .cutShort && exchanges.count == 1 && exchanges[0].sought == nil
            && heard.isEmpty
        exchanges[open].failure = failure
        exchanges[open].part = answers.part
        exchanges[open].ended = moment
        open += 1
        return true
    }
}

extension FetchFailure {
    /// The origin said something, and it was no answer.
    fileprivate var isOfForm: Bool {
        [.malformed, .headTooLarge, .rangeMismatch].contains(self)
    }
}

extension PlainHead {
    /// Puts a target in absolute form as path and Host, which mean the same: its authority counts
    /// in place of any Host (RFC 9112 §3.2.2).
    fileprivate mutating func settleTarget() {
        let scheme = "http://"
        guard start[1].lowercased().hasPrefix(scheme) else { return }
        let rest = start[1].dropFirst(scheme.count)
        let authority = String(rest.prefix { $0 != "/" && $0 != "?" })
        let target = rest.dropFirst(authority.count)
        start[1] = target.hasPrefix("/") ? String(target) : "/\(target)"
        fields["host"] = authority
        lines.removeAll { $0.name.lowercased() == "host" }
        lines.insert(("Host", authority), at: 0)
    }
}
