import Caching

/// Where an edge and CloudFront agree and where not.
public struct ReplayReport: Sendable {
    /// What most likely made the two disagree.
    enum Cause: String, CaseIterable {
        case unanswered = "the edge gave no whole answer"
        case untrusted = """
            the edge takes https for http, as it does not believe this client's \
            X-Forwarded-Proto: its trustedProxies (--trusted-proxy) must have the address that \
            replay asks from, or --to name its https:// address
            """
        case noWord = "the answer has no X-Cache"
        case status = "the edge answered with another status"
        case warm = "the first request for it in these logs: CloudFront may have had it before"
        case moved = "another edge location of CloudFront than for the request before"
        case early = "the edge had it before the replay began; start it on an empty cache"
        case hidden = "the log leaves out values of cookies or credentials, which may be in the key"
        case pace = """
            a lifetime that ended in the log did not at this pace, or it was invalidated then
            """
        case cookies = "the log tells of no cookies (IncludeCookies), which may be in the key"
        case policy = "the edge decided otherwise"
    }

    struct Disagreement {
        let request: ReplayRequest
        let answer: ReplayClient.Answer?
        let cause: Cause
    }

    private let total: Int
    private let omissions: [(reason: String, count: Int)]
    private let pairs: [(log: String, edge: String, count: Int)]
    private let causes: [(cause: Cause, count: Int)]
    private let first: [Disagreement]
    /// Requests about which the two disagree.
    public let disagreements: Int

    /// `answers` are in the order of the plan's requests; `shown` disagreements are told singly.
    init(
        _ plan: ReplayPlan, _ answers: [ReplayClient.Answer?], pace: ReplayPace, shown: Int
    ) {
        total = plan.requests.count
        omissions = ReplayRequest.Omission.allCases.compactMap { reason in
            plan.omissions[reason].map { (reason.rawValue, $0) }
        }
        var pairs: [String: (log: String, edge: String, count: Int)] = [:]
        var causes: [Cause: Int] = [:]
        var first: [Disagreement] = []
        var count = 0
        for (request, answer) in zip(plan.requests, answers) {
            let edge = answer.map { $0.result.isEmpty ? "-" : $0.result } ?? "none"
            pairs["\(request.expected) \(edge)", default: (request.expected, edge, 0)].count += 1
            guard let cause = Self.cause(request, answer, plan, pace) else { continue }
            count += 1
            causes[cause, default: 0] += 1
            if first.count < shown {
                first.append(Disagreement(request: request, answer: answer, cause: cause))
            }
        }
        disagreements = count
        self.pairs = pairs.values.sorted {
            ($1.count, $0.log, $0.edge) < ($0.count, $1.log, $1.edge)
        }
        self.causes = Cause.allCases.compactMap { cause in causes[cause].map { (cause, $0) } }
        self.first = first
    }

    /// nil when both say the same.
    private static func cause(
        _ request: ReplayRequest, _ answer: ReplayClient.Answer?, _ plan: ReplayPlan,
        _ pace: ReplayPace
    ) -> Cause? {
        guard let answer else { return .unanswered }
        // Before the words are compared: an origin's own way to https is a miss as well.
        if takesForPlain(request, answer) { return .untrusted }
        if answer.result == request.expected { return nil }
        if answer.result.isEmpty { return .noWord }
        let hadIt = request.expected == "Hit" || request.expected == "RefreshHit"
        if answer.status != request.status, answer.status >= 400 || request.status >= 400 {
            return .status
        }
        if request.isFirst, hadIt, answer.result == "Miss" { return .warm }
        if request.hasMoved { return .moved }
        if answer.result == "Hit", answer.isOlder || request.isFirstOfPath { return .early }
        if request.hidesValues { return .hidden }
        let isKnown = pace != .original && answer.result == "Hit" && !request.isFirst
        if isKnown, mayHaveEnded(request, answer) { return .pace }
        if answer.result == "Hit", !plan.tellsCookies { return .cookies }
        return .policy
    }

    /// Whether a lifetime can have ended in the log: it did where it was confirmed; before a fetch
    /// as much must have passed as the edge has left of it.
    private static func mayHaveEnded(
        _ request: ReplayRequest, _ answer: ReplayClient.Answer
    ) -> Bool {
        guard request.expected == "Miss", let since = request.sinceFetch,
            let ttl = answer.cacheStatus.firstRange(of: "; ttl="),
            let left = Milliseconds(
                answer.cacheStatus[ttl.upperBound...].prefix { $0.isASCII && $0.isNumber })
        else { return true }
        return since / 1_000 >= left
    }

    /// Whether a viewer who came by https is sent there, by the edge or by an origin that it told
    /// so, or is refused for not having come by it.
    private static func takesForPlain(
        _ request: ReplayRequest, _ answer: ReplayClient.Answer
    ) -> Bool {
        guard request.isSecured, answer.status != request.status else { return false }
        return (300...399).contains(answer.status) && answer.location == request.securedURL
            || answer.status == 403 && answer.cacheStatus.contains("detail=\"https-only\"")
    }

    /// The share of requests about which the two disagree, from 0 to 100.
    public var percent: Double { total == 0 ? 0 : Double(disagreements) * 100 / Double(total) }

    /// The report, line by line.
    public var lines: [String] {
        let omitted = omissions.map { "\($0.count) \($0.reason)" }.joined(separator: ", ")
        var lines = [
            "\(total) requests replayed" + (omitted.isEmpty ? "" : "; left out: \(omitted)"),
            "\(disagreements) disagree (\(Self.shown(percent)) %)", "",
        ]
        let rows = pairs.map { pair in
            [pair.log, pair.edge, pair.log == pair.edge ? "same" : "differs", "\(pair.count)"]
        }
        lines += aligned([["LOG", "EDGE", "", "REQUESTS"]] + rows)
        if !causes.isEmpty {
            lines += ["", "why, most likely:"]
            lines += causes.map { "  \($0.count) \($0.cause.rawValue)" }
        }
        if !first.isEmpty {
            lines += ["", "the first \(first.count):"]
            lines += first.map(Self.line)
        }
        return lines
    }

    private static func line(_ item: Disagreement) -> String {
        let request = item.request
        let said = item.answer.map {
            "\($0.result.isEmpty ? "no X-Cache" : $0.result) \($0.status)"
        }
        let why = item.answer.map { $0.cacheStatus.isEmpty ? "" : " (\($0.cacheStatus))" } ?? ""
        return "  \(request.place): \(request.method) \(printable(request.url)): log "
            + "\(request.expected) \(request.status), edge \(said ?? "no answer")"
            + "\(printable(why)); \(item.cause.rawValue)"
    }

    /// One decimal, as far as one is needed.
    private static func shown(_ percent: Double) -> String {
        let tenths = Int((percent * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}
