import Testing
import WireTesting

/// One rule of a document and the exchanges that show whether the edge follows it.
struct Case: Sendable, CustomTestStringConvertible {
    /// How much the document asks for.
    enum Kind: String, Sendable {
        /// MUST, or what the protocol means nothing without.
        case must
        /// SHOULD, "ought to", "is encouraged to".
        case should
        /// A cache may do without it; ours does it.
        case optimal
    }

    /// Names the case and, in a request's path, its room at the origin: `a-z`, `0-9` and `-`.
    var id: String
    var prose: String
    /// Document and section.
    var anchor: String
    var kind: Kind
    var exchanges: [Exchange]

    init(_ id: String, _ prose: String, _ anchor: String, _ kind: Kind, _ exchanges: Exchange...) {
        self.init(id, prose, anchor, kind, exchanges)
    }

    init(
        _ id: String, _ prose: String, _ anchor: String, _ kind: Kind, _ exchanges: [Exchange]
    ) {
        self.id = id
        self.prose = prose
        self.anchor = anchor
        self.kind = kind
        self.exchanges = exchanges
    }

    var testDescription: String { "\(id) (\(kind.rawValue), \(anchor)): \(prose)" }
}

/// One request of a viewer, what the origin has ready for it, and what must come of it.
struct Exchange: Sendable {
    /// Where the answer has to come from.
    enum Source: Sendable {
        /// The origin is asked exactly once before the viewer is answered, with its own answer.
        case origin
        /// As `origin`, by a conditional request, and the viewer gets what was stored.
        case revalidation
        /// The origin is asked by a condition, answers about another response, is asked again
        /// without one, and the viewer gets that second answer.
        case originTwice
        /// The origin is asked, and the viewer gets what was stored all the same.
        case storedInstead
        /// The viewer gets what was stored and the origin is asked afterwards.
        case storedMeanwhile
        /// The origin is not asked and the viewer gets what was stored.
        case cache
        /// The origin is not asked and the edge answers by itself.
        case edge
        /// Whether the origin is asked is the edge's choice; the checks say what matters.
        case any
    }

    var ask: Ask
    /// What comes before the reply, where the origin is asked twice.
    var first: Reply?
    var reply: Reply?
    var source: Source
    var checks: [Check]

    static func asks(_ ask: Ask, _ reply: Reply, _ checks: Check...) -> Exchange {
        Exchange(ask: ask, reply: reply, source: .origin, checks: checks)
    }

    static func asks(_ reply: Reply, _ checks: Check...) -> Exchange {
        Exchange(ask: get(), reply: reply, source: .origin, checks: checks)
    }

    static func revalidates(_ ask: Ask, _ reply: Reply, _ checks: Check...) -> Exchange {
        Exchange(ask: ask, reply: reply, source: .revalidation, checks: checks)
    }

    static func revalidates(_ reply: Reply, _ checks: Check...) -> Exchange {
        Exchange(ask: get(), reply: reply, source: .revalidation, checks: checks)
    }

    static func asksTwice(_ first: Reply, _ reply: Reply, _ checks: Check...) -> Exchange {
        Exchange(ask: get(), first: first, reply: reply, source: .originTwice, checks: checks)
    }

    static func staleAfterAsking(_ reply: Reply, _ checks: Check...) -> Exchange {
        Exchange(ask: get(), reply: reply, source: .storedInstead, checks: checks)
    }

    static func staleAndRefreshes(_ reply: Reply, _ checks: Check...) -> Exchange {
        Exchange(ask: get(), reply: reply, source: .storedMeanwhile, checks: checks)
    }

    static func hits(_ ask: Ask = get(), _ checks: Check...) -> Exchange {
        Exchange(ask: ask, reply: .response(598), source: .cache, checks: checks)
    }

    static func answersItself(_ ask: Ask = get(), _ checks: Check...) -> Exchange {
        Exchange(ask: ask, reply: .response(598), source: .edge, checks: checks)
    }

    static func any(_ ask: Ask, _ reply: Reply, _ checks: Check...) -> Exchange {
        Exchange(ask: ask, reply: reply, source: .any, checks: checks)
    }
}

/// A request, relative to its case's room. `{room}` in fields stands for the room's name.
struct Ask: Sendable {
    var method: String
    var path = "it"
    var version = "1.1"
    var host = "edge.test"
    var fields: [String] = []
    var body: String?

    func text(in room: Room) -> String {
        var lines = ["\(method) \(room.path(path)) HTTP/\(version)", "Host: \(host)"] + fields
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        return lines.joined(separator: "\r\n").inRoom(room) + "\r\n\r\n" + (body ?? "")
    }
}

func get(_ fields: String..., at path: String = "it") -> Ask {
    Ask(method: "GET", path: path, fields: fields)
}

func head(_ fields: String..., at path: String = "it") -> Ask {
    Ask(method: "HEAD", path: path, fields: fields)
}

func post(_ fields: String..., at path: String = "it") -> Ask {
    Ask(method: "POST", path: path, fields: fields, body: "a=1")
}

func ask(_ method: String, _ fields: String..., at path: String = "it", body: String? = nil)
    -> Ask
{
    Ask(method: method, path: path, fields: fields, body: body)
}

extension String {
    /// `{room}` replaced by the room's name.
    func inRoom(_ room: Room) -> String {
        split(separator: "{room}", omittingEmptySubsequences: false).joined(separator: room.name)
    }
}

/// An expectation beyond the source of the answer.
enum Check: Sendable {
    case status(Int)
    case body(String)
    /// The response has the field with exactly this value.
    case field(String, String)
    case has(String)
    case lacks(String)
    case contains(String, String)
    case age(ClosedRange<Int>)
    /// `Cache-Status` has this parameter, such as `hit` or `fwd=stale`.
    case cacheStatus(String)
    /// What `Cache-Status` says is left of the lifetime, give or take what a test takes.
    case ttl(Int)
    /// The field is there so many times.
    case count(String, Int)
    /// A 1xx of this status came before.
    case interim(Int)
    case noInterim
    case trailer(String, String)
    /// The origin got the field with exactly this value.
    case sent(String, String)
    case sentHas(String)
    case sentLacks(String)
    case sentContains(String, String)
    case sentMethod(String)
    /// The request's target ends in this segment.
    case sentTarget(String)
    case sentBody(String)
    /// The edge ends the connection behind the response.
    case closes
    /// The response must not look complete.
    case cut

    /// It says itself what to make of the body, so that the source's own rule does not apply.
    var concernsBody: Bool {
        switch self {
        case .body, .cut: true
        case .status(let status): status == 304 || status == 206 || status == 416 || status >= 400
        default: false
        }
    }
}
