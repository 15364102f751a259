import Caching

/// What became of a tile that was asked for.
enum SeedOutcome: Equatable, Sendable {
    /// The edge has fetched and stored it, or let it be confirmed.
    case stored
    /// It was there.
    case present
    /// It was there, too old, and is being fetched behind the answer: stale-while-revalidate.
    case stale
    /// The store takes nothing more.
    case full
    /// Nobody has time for it now; the time after which to ask again, if one was said.
    case busy(String, retryAfter: Milliseconds?)
    /// This tile cannot be had; for good where it would be answered the same each time.
    case failed(String, isFinal: Bool)

    /// Why a tile is not stored that will be another time: a member lags behind its cluster, the
    /// store's writer or its memory is behind, what it shows was changed meanwhile.
    private static let passing = ["out-of-step", "not-kept"]

    /// - Parameter reply: nil: there was no whole one.
    init(_ reply: HTTPReply?) {
        guard let reply else {
            self = .busy("no whole answer", retryAfter: nil)
            return
        }
        let words = Self.ownWords(reply)
        if [429, 502, 503, 504].contains(reply.status) {
            let seconds = reply.field("retry-after").flatMap { Milliseconds($0) }
            self = .busy(
                "status \(reply.status)\(Self.detail(words))",
                retryAfter: seconds.map { min(max($0, 0), 86_400) * 1_000 })
        } else if reply.field("x-edge-degraded") != nil {
            self = .busy("an old tile, because the pool fails", retryAfter: nil)
        } else if reply.status != 200 {
            self = .failed(
                "status \(reply.status)\(Self.detail(words))", isFinal: reply.status < 500)
        } else if !(reply.field("content-type") ?? "").lowercased().hasPrefix("image/") {
            let type = printable(reply.field("content-type") ?? "no type")
            self = .failed("\(type) in a tile's place", isFinal: false)
        } else if words.contains("hit") {
            self = words.contains("detail=stale-while-revalidate") ? .stale : .present
        } else if words.contains("stored") {
            self = .stored
        } else if let why = Self.passing.first(where: { words.contains("detail=\($0)") }) {
            self = .busy("answered, but not stored (\(why))", retryAfter: nil)
        } else if words.contains("detail=store-full") {
            self = .full
        } else if words.contains("fwd-status=304") {
            self = .failed("answered, but not stored\(Self.detail(words))", isFinal: false)
        } else {
            self = .failed("answered, but not stored\(Self.detail(words))", isFinal: true)
        }
    }

    /// The parameters of the last member of Cache-Status, which is the edge's (RFC 9211 §2).
    private static func ownWords(_ reply: HTTPReply) -> [Substring] {
        let last = reply.fields.last { $0.name == "cache-status" }?.value ?? ""
        let member = last.split(separator: ",").last ?? ""
        return member.split(separator: ";").dropFirst().map { $0.drop { $0 == " " } }
            .map { $0[..<($0.lastIndex { $0 != " " }.map($0.index(after:)) ?? $0.startIndex)] }
    }

    private static func detail(_ words: [Substring]) -> String {
        let details = words.filter { $0.hasPrefix("detail=") }.map {
            printable("\($0.dropFirst(7))")
        }
        return details.isEmpty ? "" : " (\(details.joined(separator: ", ")))"
    }
}
