import Edge

/// How long a viewer may have to wait, by what its edge is configured to.
struct LongestWait {
    /// For the first byte of an answer, from when its request is the connection's next one.
    let first: UInt64
    /// From one byte of it to the next, or to the end of its connection.
    let between: UInt64

    /// Nanoseconds that bytes are under way, there and back, and a body that is sent in small
    /// pieces with them.
    private static let way: UInt64 = 5_000_000_000

    /// The sum of all that may happen one after the other: a fetch is joined and waited for in
    /// vain, and each member is asked, one of them twice, up to a picture that cannot be one.
    ///
    /// - Parameters:
    ///   - members: the most that the pool ever has.
    ///   - isAlone: it may have but one, whom a request tries to connect to more than once.
    init(_ origin: OriginSettings, collapseTimeout: Int, members: Int, isAlone: Bool) {
        let connects = isAlone ? max(1, origin.attempts) : 1
        let queue = origin.memberConcurrency > 0 ? origin.queueTimeout : 0
        let attempt =
            queue + connects * origin.connectTimeout + origin.firstByteTimeout
            + origin.betweenBytesTimeout
        var fetch = (members + 1) * attempt
        if origin.totalTimeout > 0 { fetch = min(fetch, origin.totalTimeout) }
        first = UInt64(collapseTimeout + fetch) * 1_000_000 + Self.way
        between = UInt64(origin.betweenBytesTimeout) * 1_000_000 + Self.way
    }
}

/// Counts how long one viewer waits, and says so when that is too long.
struct Waiting {
    private let longest: LongestWait
    /// Since when, in nanoseconds; nil: it waits for nothing.
    private var since: UInt64?
    private var hasBegun = false

    init(_ longest: LongestWait) { self.longest = longest }

    /// A request is the next that the edge has to answer on a connection that stands.
    mutating func begin(at now: UInt64) { (since, hasBegun) = (now, false) }

    /// Something of its answer has come, or the connection has ended.
    ///
    /// - Returns: how long it took, and the bound, if it took longer than that.
    mutating func hear(at now: UInt64) -> String? {
        guard let since else { return nil }
        let (waited, bound) = (now - since, hasBegun ? longest.between : longest.first)
        let what = hasBegun ? "the next byte" : "an answer"
        (self.since, hasBegun) = (now, true)
        guard waited > bound else { return nil }
        return "waited \(waited / 1_000_000) ms for \(what), longer than \(bound / 1_000_000) ms"
    }

    mutating func end() { since = nil }
}
