public import Caching

/// How many requests one party may make in a time, as settings for `TokenBucket`.
public struct RateLimit: Equatable, Sendable {
    /// Nanoseconds that each request uses up.
    let interval: Int64
    /// Nanoseconds that may be used up in advance.
    let tolerance: Int64

    /// So many requests in so many milliseconds on average, and `burst` of them at once after a
    /// pause.
    ///
    /// - Parameters:
    ///   - requests: 1 to 1,000,000.
    ///   - milliseconds: 1 to 86,400,000, a day.
    ///   - burst: 1 to 1,000,000. What is outside of a range is moved to its nearer end.
    public init(requests: Int, per milliseconds: Int, burst: Int) {
        let requests = Int64(min(max(requests, 1), 1_000_000))
        let span = Int64(min(max(milliseconds, 1), 86_400_000)) * 1_000_000
        // Rounded up, so that the limit is never exceeded.
        interval = (span + requests - 1) / requests
        // A day's interval a million times over passes 64 bits: a century is no limit any more.
        let (product, overflow) = interval.multipliedReportingOverflow(
            by: Int64(min(max(burst, 1), 1_000_000)))
        tolerance = overflow ? Self.toleranceMax : min(product, Self.toleranceMax)
    }

    private static let toleranceMax: Int64 = 100 * 365 * 86_400 * 1_000_000_000
}

/// What one party has left of its rate: eight bytes, the clock in the caller's hand.
///
/// A token bucket without a refill to be made: it holds the moment at which the bucket will be
/// full again (the generic cell rate algorithm, ITU-T I.371 annex A). In whole nanoseconds, so
/// that nothing is lost however often it is asked. One value for each class and party.
public struct TokenBucket: Equatable, Sendable {
    /// Nanoseconds of the caller's clock.
    private(set) var fullAt: Int64 = .min

    /// A full bucket.
    public init() {}

    /// One that was put away as eight bytes.
    init(fullAt: Int64) { self.fullAt = fullAt }

    /// Takes a token, if there is one.
    ///
    /// - Parameters:
    ///   - limit: may differ from call to call: a new setting holds at once.
    ///   - now: a monotonic clock; one that runs backwards gives nothing back.
    /// - Returns: 0: it was taken; else in how many milliseconds there will be one. For
    ///   Retry-After, rounded up to seconds.
    public mutating func take(_ limit: RateLimit, at now: Milliseconds) -> Milliseconds {
        let now = Int64(now) * 1_000_000
        let fullAfter = max(fullAt, now) + limit.interval
        let excess = fullAfter - now - limit.tolerance
        guard excess <= 0 else { return Milliseconds((excess + 999_999) / 1_000_000) }
        fullAt = fullAfter
        return 0
    }

    /// Whether the bucket is full, so that a table of parties may forget this one.
    public func isFull(at now: Milliseconds) -> Bool { fullAt <= Int64(now) * 1_000_000 }
}
