public import Caching

/// What an origin answers to some of its requests, from the moment it is played.
public struct OriginScript: Sendable {
    public enum Manner: String, Sendable, CaseIterable {
        case answers
        /// Takes the request and says nothing.
        case hangs
        /// Breaks the connection, or closes it, without an answer.
        case resets
        case closes
        /// Sends the head and half of the body, then closes.
        case cuts
        /// Sends the head and half of the body, and nothing more.
        case stalls
        /// Sends the body without a head, so that the body may be any bytes at all, then closes.
        case garbles
    }

    public enum Framing: String, Sendable, CaseIterable { case length, chunked, close }

    /// The origin's name; nil: all of them.
    public var origin: String?
    /// A pattern as of a behavior, compared with the path, and with path and query.
    public var path = "*"
    /// nil: every method.
    public var method: String?
    public var manner = Manner.answers
    public var status = 200
    public var fields: [(name: String, value: ScenarioText)] = []
    public var body = ScenarioText("")
    /// Bytes of a made-up body in place of `body`, and what it begins with.
    public var size: Int?
    public var beginning: [UInt8] = []
    public var framing = Framing.length
    /// Between the request and the answer.
    public var delay: Milliseconds = 0
    /// Answers a condition that holds with 304.
    public var isConditional = true
    /// Answers a range with 206.
    public var servesRanges = false
    /// Holds for one request only; the script before it holds again afterwards.
    public var isOnce = false

    public init() {}
}

/// A text with places that are filled in when it is used.
public struct ScenarioText: Sendable, Hashable {
    public enum Part: Sendable, Hashable {
        case literal(String)
        /// An HTTP date so many milliseconds from now.
        case date(Milliseconds)
        /// How many requests the origin has had, this one included.
        case count
        /// The request's path and query.
        case target
        /// A field of the request; empty where it has none.
        case field(String)
    }

    public var parts: [Part]

    public init(_ literal: String) { parts = literal.isEmpty ? [] : [.literal(literal)] }
    public init(parts: [Part]) { self.parts = parts }

    /// The text at a moment, for a request where there is one.
    func filled(now: Milliseconds, count: Int = 0, _ request: PlainHead? = nil) -> String {
        parts.map { part in
            switch part {
            case .literal(let text): text
            case .date(let offset): OriginAnswer.text(of: (now + offset) / 1_000)
            case .count: "\(count)"
            case .target: request.map { $0.start[1] } ?? ""
            case .field(let name): request?[name.lowercased()] ?? ""
            }
        }.joined()
    }
}
