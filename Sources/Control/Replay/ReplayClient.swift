import Reactor

/// Asks one request on a connection of its own, and reads the answer to its end.
struct ReplayClient {
    /// Connection, answer and body together.
    private static let limit = Duration.seconds(60)

    struct Answer {
        var status = 0
        /// `X-Cache` up to its first space; empty without one.
        var result = ""
        var cacheStatus = ""
        var location = ""
        /// `Age`, in seconds.
        var age: Int64 = 0
        /// By its age, the edge had it before the replay began.
        private(set) var isOlder = false

        mutating func noteStart(
            _ start: ContinuousClock.Instant, at now: ContinuousClock.Instant
        ) {
            // An age is rounded up, from a Date that was rounded down.
            isOlder = .seconds(age - 2) > now - start
        }
    }

    let targets: ReplayTargets
    /// What is not in a log and chooses among compressed responses.
    let acceptEncoding: String

    /// nil when there was no whole answer.
    func ask(_ request: ReplayRequest) -> Answer? {
        guard let target = targets[request] else { return nil }
        let encoding = acceptEncoding.isEmpty ? "" : "Accept-Encoding: \(acceptEncoding)\r\n"
        let head =
            "\(request.method) \(request.target) HTTP/1.1\r\nHost: \(request.host)\r\n"
            + "\(request.fields)\(encoding)Connection: close\r\n\r\n"
        for endpoint in target.endpoints {
            guard
                let stream = try? target.connect(
                    to: endpoint, host: request.serverName, within: Self.limit),
                stream.write(Array(head.utf8))
            else { continue }
            // The body is of no interest, but has to come.
            var reading = ResponseReading(bytesMax: nil, isToHead: request.method == "HEAD")
            return reading.read(from: stream).map(Answer.init)
        }
        return nil
    }
}

extension ReplayClient.Answer {
    init(_ reply: HTTPReply) {
        status = reply.status
        result = reply.field("x-cache").map { String($0.prefix { $0 != " " }) } ?? ""
        cacheStatus = reply.field("cache-status") ?? ""
        location = reply.field("location") ?? ""
        // More than a clock can tell is no age of an edge's.
        age = reply.field("age").flatMap { Int64($0) }.map { min($0, 1 << 40) } ?? 0
    }
}
