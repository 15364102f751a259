import Dispatch
import Reactor
import Synchronization

/// How fast a log is replayed.
enum ReplayPace: Equatable {
    /// As it happened.
    case original
    /// So many times as fast.
    case times(Double)
    /// As fast as the edge answers.
    case most

    /// `1x`, `10x`, `0.5x` or `max`.
    static var form: ValueForm<ReplayPace> {
        ValueForm { text throws(Complaint) in
            if text == "max" { return .most }
            guard text.hasSuffix("x"), let factor = Double(text.dropLast()), factor > 0,
                factor <= 1e6
            else { throw Complaint("is no pace", "write 1x, 10x or max") }
            return factor == 1 ? .original : .times(factor)
        }
    }

    /// How long after the first request one is due that came `milliseconds` behind it.
    func delay(_ milliseconds: Int64) -> Duration {
        switch self {
        case .original: .milliseconds(milliseconds)
        case .times(let factor): .milliseconds(Int64(Double(milliseconds) / factor))
        case .most: .zero
        }
    }
}

/// Asks an edge what CloudFront was asked, and compares what both say of their caches.
public struct Replay: Sendable {
    private let client: ReplayClient
    private let pace: ReplayPace
    private let connections: Int
    private let tolerance: Double
    private let shown: Int
    private let rootObject: String

    /// Each text as the command line has it.
    ///
    /// - Parameters:
    ///   - urls: of the edge: `http://HOST[:PORT]`, `https://HOST[:PORT]`, or one of each.
    ///   - pace: `1x`, `10x` or `max`.
    ///   - tolerance: per cent of the requests that may disagree, such as `2.5`.
    ///   - connections: at most so many requests at a time; those for one path go one by one.
    ///   - shown: how many disagreements are told singly.
    ///   - rootObject: the distribution's DefaultRootObject: one object with the root.
    ///   - authority: a PEM file of roots for TLS with the edge; nil: the system's.
    ///   - believesAnyone: the edge's certificate is not looked at.
    public init(
        to urls: [String], pace: String, tolerance: String, connections: Int, shown: Int,
        acceptEncoding: String, rootObject: String = "", authority: String? = nil,
        believesAnyone: Bool = false, resolver: some NameResolver = SystemNameResolver()
    ) throws(CommandMistake) {
        let trust: TLSTrust =
            believesAnyone ? .anyone : authority.map { .file($0) } ?? .system
        client = ReplayClient(
            targets: try ReplayTargets(urls, trust, resolver), acceptEncoding: acceptEncoding)
        do throws(Complaint) { self.pace = try ReplayPace.form.parse(pace) } catch {
            throw CommandMistake("--pace", pace, error)
        }
        let text = tolerance.hasSuffix("%") ? tolerance.dropLast() : tolerance[...]
        guard let percent = Double(text), (0...100).contains(percent) else {
            throw CommandMistake(
                "--tolerance", tolerance,
                Complaint("is no percentage", "write a number from 0 to 100"))
        }
        self.tolerance = percent
        guard shown >= 0 else {
            throw CommandMistake(
                "--show is \(shown), which is out of range; give 0 or more", isUsage: true)
        }
        guard (1...256).contains(connections) else {
            throw CommandMistake(
                "--connections is \(connections), which is out of range; give 1 to 256",
                isUsage: true)
        }
        self.connections = connections
        self.shown = shown
        self.rootObject = rootObject
    }

    /// Reads the logs, asks, and waits for all answers; `progress` is told how many there are.
    ///
    /// - Throws: for logs that cannot be read, when nothing listens at a URL, and when TLS is not
    ///   agreed on there.
    public func run(
        _ paths: [String], progress: @escaping @Sendable (Int, Int) -> Void
    ) throws(CommandMistake) -> ReplayReport {
        let plan = try ReplayPlan(
            paths, asksPlain: client.targets.plain != nil, rootObject: rootObject)
        try client.targets.check(plan.requests)
        let answers = ask(plan.requests, progress)
        return ReplayReport(plan, answers, pace: pace, shown: shown)
    }

    /// Whether so much disagreement is borne.
    public func tolerates(_ report: ReplayReport) -> Bool { report.percent <= tolerance }

    private struct Gathered { var answers: [ReplayClient.Answer?]; var count = 0 }

    /// One thread for each connection; what is asked for one path stays in its order.
    private func ask(
        _ requests: [ReplayRequest], _ progress: @escaping @Sendable (Int, Int) -> Void
    ) -> [ReplayClient.Answer?] {
        let gathered = Mutex(Gathered(answers: Array(repeating: nil, count: requests.count)))
        let shares = Self.shares(requests, connections)
        let start = ContinuousClock.now
        let begin = requests.first?.moment ?? 0
        let ended = DispatchGroup()
        let never = DispatchSemaphore(value: 0)
        for (number, share) in shares.enumerated() where !share.isEmpty {
            DispatchQueue(label: "replay.\(number)").async(group: ended) {
                for index in share {
                    let due = start + pace.delay(requests[index].moment - begin)
                    let wait = due - .now
                    if wait > .zero {
                        // Nobody signals it: this waits until the request is due.
                        let (seconds, attoseconds) = wait.components
                        let nanoseconds =
                            Int(seconds) * 1_000_000_000
                            + Int(attoseconds / 1_000_000_000)
                        _ = never.wait(timeout: .now() + .nanoseconds(nanoseconds))
                    }
                    var answer = client.ask(requests[index])
                    answer?.noteStart(start, at: .now)
                    let count = gathered.withLock { state in
                        state.answers[index] = answer
                        state.count += 1
                        return state.count
                    }
                    progress(count, requests.count)
                }
            }
        }
        ended.wait()
        return gathered.withLock { $0.answers }
    }

    /// The requests of each connection: those for one path on one, new paths in turn. Under other
    /// hosts and queries it may be the same object, which what is in no key does not tell apart.
    static func shares(_ requests: [ReplayRequest], _ count: Int) -> [[Int]] {
        var shares = [[Int]](repeating: [], count: count)
        var owner: [Substring: Int] = [:]
        for (index, request) in requests.enumerated() {
            let share = owner[request.path] ?? owner.count % count
            owner[request.path] = share
            shares[share].append(index)
        }
        return shares
    }
}
