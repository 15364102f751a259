import Synchronization

/// Every number a loop counts, with the help text `/metrics` prints.
public enum Counter: Int, CaseIterable, Sendable {
    case connectionsAccepted, connectionsRefused, connectionsClosed, idleClosed,
        acceptPauses
    case requests, requestBytes, responseBytes
    case hits, refreshHits, misses, errors, staleServed, passes, notModified, collapsed
    case uncollapsed, stored, storeSkippedMemory, storeSkippedBacklog, storeSkippedSize
    case bodiesCutShort, contentRejected, timeoutsHeader, timeoutsBody, timeoutsWrite, timeoutsIdle
    case slowPeers, viewerAborts, tunnels, invalidations
    case writesObserved, writesRefused, writesUnknown, olderTiles
    case originConnects, originReuses, originFailures, originRetries, originFailovers,
        originTimeouts
    case tlsFailures, originTLSFailures
    case memberHolds, slowPlaces, hedges, hedgesWon, hedgesLost, viewersLimited
    case originMalformed, queueRefusals, accessLogDropped, coldFaults, corruptRecords
    case southboundCalls, southboundRefusals, southboundDeadlines
    case metatilesCut, metatilesUncut, refusedToNobody
    case playbackTiles, prefetches, prefetchesReady, prefetchesLate, prefetchesLost,
        prefetchesRefused
    case fallbackStale, fallbackAncestors, fallbackBlanks, fallbackExceptions, fallbackPages
    case noticesShown, noticesLeftOut, degradedPages
    case ownWrites, ownWritesDisplaced, ownWritePages, pagesWithTokens, pagesFilled
    case sessionStartsShared, sessionStartsDiffering
    case systemCalls, ticks

    /// Name in the Prometheus exposition.
    public var name: String { "mapedge_\(words.0)_total" }
    public var help: String { words.1 }

    // A name in the exposition's spelling, and what the number means to who reads it.
    private var words: (String, String) {
        switch self {
        case .connectionsAccepted: ("connections_accepted", "viewer connections accepted")
        case .connectionsRefused:
            (
                "connections_refused",
                "viewer connections closed at once: a connection limit was reached"
            )
        case .connectionsClosed: ("connections_closed", "viewer connections closed, for any reason")
        case .idleClosed:
            (
                "idle_closed",
                "idle viewer connections closed to make room for new ones; raise LimitNOFILE, or "
                    + "limits.connectionsPerLoop"
            )
        case .acceptPauses:
            (
                "accept_pauses",
                "times accepting stopped for want of descriptors; raise LimitNOFILE when it grows"
            )
        case .requests: ("requests", "requests whose head was complete and valid")
        case .requestBytes: ("request_bytes", "bytes received from viewers")
        case .responseBytes: ("response_bytes", "bytes sent to viewers")
        case .hits: ("hits", "responses from the cache, fresh")
        case .refreshHits:
            ("refresh_hits", "responses from the cache after the origin confirmed them or failed")
        case .misses: ("misses", "responses fetched from an origin")
        case .errors: ("errors", "error responses, the origin's and the edge's own")
        case .staleServed:
            (
                "stale_served",
                "stale responses served, while refreshing or because the origin failed"
            )
        case .passes: ("passes", "requests that may not use the cache")
        case .notModified: ("not_modified", "304 answers made from the cache")
        case .collapsed: ("collapsed", "requests that waited for another request's fetch")
        case .uncollapsed:
            ("uncollapsed", "waiters sent on their own because the response could not be shared")
        case .stored: ("stored", "responses handed to the store")
        case .storeSkippedMemory:
            (
                "store_skipped_memory",
                "responses not stored: fetches in progress held cache.fillMemory"
            )
        case .storeSkippedBacklog:
            ("store_skipped_backlog", "responses not stored: the writer's backlog was full")
        case .storeSkippedSize:
            ("store_skipped_size", "responses not stored: larger than cache.objectSize")
        case .olderTiles:
            (
                "older_tiles",
                "tiles not stored: GeoWebCache had them from before a write that touched them"
            )
        case .bodiesCutShort:
            ("bodies_cut_short", "origin responses that ended before their declared length")
        case .contentRejected:
            (
                "content_rejected",
                "origin responses with status 200 that were no valid tile, OGC exceptions too"
            )
        case .tlsFailures:
            ("tls_failures", "viewer connections that ended because TLS failed, certificates too")
        case .originTLSFailures:
            ("origin_tls_failures", "connections to members that failed in TLS; the log says why")
        case .timeoutsHeader:
            ("timeouts_header", "viewers that did not complete a request head in time")
        case .timeoutsBody: ("timeouts_body", "viewers that stopped sending a request body")
        case .timeoutsWrite: ("timeouts_write", "viewers that stopped taking a response")
        case .timeoutsIdle:
            (
                "timeouts_idle",
                "connections closed after limits.idleTimeout or tunnelTimeout, or without a byte"
            )
        case .slowPeers: ("slow_peers", "viewers given up for a rate under limits.minimumRate")
        case .viewerAborts:
            ("viewer_aborts", "viewers that left before their response was complete")
        case .tunnels: ("tunnels", "connections switched to another protocol")
        case .invalidations: ("invalidations", "entries invalidated by successful unsafe requests")
        case .writesObserved:
            ("writes_observed", "writes that were logged before they were forwarded")
        case .writesRefused:
            ("writes_refused", "observed writes that changed nothing, by their answer")
        case .writesUnknown:
            (
                "writes_unknown",
                "observed writes that may have happened: no answer, or one that does not tell"
            )
        case .originConnects: ("origin_connects", "connections opened to origins")
        case .originReuses: ("origin_reuses", "fetches sent on a kept connection")
        case .originFailures:
            (
                "origin_failures",
                "fetches that a member failed: refused, reset, timed out or malformed"
            )
        case .originRetries: ("origin_retries", "fetches repeated at another member")
        case .originFailovers:
            ("origin_failovers", "fetches that went on at the second origin of a group")
        case .originTimeouts: ("origin_timeouts", "fetches given up for a time-out")
        case .originMalformed:
            ("origin_malformed", "origin responses refused for their framing or syntax")
        case .queueRefusals:
            ("queue_refusals", "requests answered 503: the queue for a member was full or too slow")
        case .memberHolds:
            ("member_holds", "answers 429 or 503 by which a member asked to be left alone a while")
        case .slowPlaces:
            ("slow_places", "responses cut short: their viewers took nothing, others waited")
        case .hedges: ("hedges", "slow tiles that were asked of a second member")
        case .hedgesWon: ("hedges_won", "slow tiles that the second member answered first")
        case .hedgesLost: ("hedges_lost", "slow tiles that the first member answered after all")
        case .viewersLimited:
            (
                "viewers_limited",
                "requests answered 429: more of their class than viewerRates allows"
            )
        case .accessLogDropped:
            ("access_log_dropped", "access log lines dropped: the disk was slower than the traffic")
        case .coldFaults: ("cold_faults", "hits whose pages had to be read from disk first")
        case .corruptRecords:
            ("corrupt_records", "stored records that failed verification and were not served")
        case .southboundCalls:
            ("southbound_calls", "the site's own calls that the cache could not answer")
        case .southboundRefusals:
            ("southbound_refusals", "the site's own calls refused at once: the breaker was open")
        case .southboundDeadlines:
            ("southbound_deadlines", "the site's own calls given up after southbound.deadline")
        case .metatilesCut: ("metatiles_cut", "pictures of many tiles that were cut into them")
        case .metatilesUncut:
            (
                "metatiles_uncut",
                "pictures of many tiles that were none, or not to be stored: tiles came one by one"
            )
        case .refusedToNobody:
            (
                "maps_refused_to_nobody",
                "maps that were asked for once more with their viewers' credentials"
            )
        case .playbackTiles:
            ("playback_tiles", "tiles that viewers asked for while they stepped a map through TIME")
        case .prefetches:
            (
                "prefetches",
                "tiles of next frames asked for ahead; for nothing, if not ready, late or lost"
            )
        case .prefetchesReady:
            ("prefetches_ready", "tiles fetched ahead that were stored when a viewer came for them")
        case .prefetchesLate:
            ("prefetches_late", "viewers that came while their tile was being fetched ahead")
        case .prefetchesLost:
            (
                "prefetches_lost",
                "fetches ahead that came to nothing: refused, failed, or given up for a viewer"
            )
        case .prefetchesRefused:
            (
                "prefetches_refused",
                "tiles not fetched ahead in time: the budget was used up, or no place to spare"
            )
        case .fallbackStale:
            ("fallback_stale", "stale responses of a class served because the origin failed")
        case .fallbackAncestors:
            ("fallback_ancestors", "tiles made of a stored one further up: the origin failed")
        case .fallbackBlanks:
            ("fallback_blanks", "blank pictures in place of tiles: the origin failed")
        case .fallbackExceptions:
            ("fallback_exceptions", "exception documents of the edge's own: the origin failed")
        case .fallbackPages:
            ("fallback_pages", "pages of the edge's own with the notice: the origin failed")
        case .noticesShown: ("notices_shown", "pages that a notice was put into as they were sent")
        case .noticesLeftOut:
            (
                "notices_left_out",
                "pages served without a notice: too large, of another coding, or too many at once"
            )
        case .degradedPages:
            ("degraded_pages", "pages that the origin marked as lacking something, not stored")
        case .ownWrites:
            ("own_writes", "writes after which their author gets pages past the store for a while")
        case .ownWritesDisplaced:
            (
                "own_writes_displaced",
                "such authors forgotten early, and all treated like them; raise ownWrites.places"
            )
        case .ownWritePages:
            ("own_write_pages", "pages that went past the store to show an author his own write")
        case .pagesWithTokens:
            ("pages_with_tokens", "pages that were not shared: a token was found in them")
        case .pagesFilled:
            ("pages_filled", "shared pages that got their readers' own tokens as they were sent")
        case .sessionStartsShared:
            (
                "session_starts_shared",
                "pages stored without the session they start: proved to be the same for all"
            )
        case .sessionStartsDiffering:
            (
                "session_starts_differing",
                "pages that start sessions and were another one than for the reader before"
            )
        case .systemCalls: ("system_calls", "system calls made by the loops")
        case .ticks: ("ticks", "turns of the event loops")
        }
    }
}

/// One loop's counters: written by its loop alone, read by anyone.
///
/// Relaxed atomics with a single writer: an increment is a load, an add and a store.
@safe  // indexed by cases; never freed
public struct LoopCounters: @unchecked Sendable {  // the memory is atomics and stays
    private let slots: UnsafeMutablePointer<Atomic<UInt64>>

    private static let slotCount =
        Counter.allCases.count + RejectionRule.slotCount + Trap.slotCount

    /// The memory lives as long as the process: one page for each loop.
    public init() {
        unsafe slots = .allocate(capacity: Self.slotCount)
        for index in 0..<Self.slotCount { unsafe (slots + index).initialize(to: Atomic(0)) }
    }

    @inline(__always)
    public func add(_ counter: Counter, _ amount: Int = 1) { add(counter.rawValue, amount) }

    /// Counts a refused request under its rule.
    public func reject(_ rule: RejectionRule) { add(Counter.allCases.count + rule.slot, 1) }

    public func value(_ rule: RejectionRule) -> UInt64 {
        unsafe slots[Counter.allCases.count + rule.slot].load(ordering: .relaxed)
    }

    /// Counts what walked into a trap.
    func add(_ trap: Trap) { add(Self.slot(trap), 1) }

    func value(_ trap: Trap) -> UInt64 {
        unsafe slots[Self.slot(trap)].load(ordering: .relaxed)
    }

    private static func slot(_ trap: Trap) -> Int {
        Counter.allCases.count + RejectionRule.slotCount + trap.rawValue
    }

    @inline(__always)
    private func add(_ index: Int, _ amount: Int) {
        let slot = unsafe slots + index
        unsafe slot.pointee.store(
            slot.pointee.load(ordering: .relaxed) &+ UInt64(truncatingIfNeeded: amount),
            ordering: .relaxed)
    }

    @inline(__always)
    public func set(_ counter: Counter, _ value: UInt64) {
        unsafe slots[counter.rawValue].store(value, ordering: .relaxed)
    }

    public func value(_ counter: Counter) -> UInt64 {
        unsafe slots[counter.rawValue].load(ordering: .relaxed)
    }
}

/// Seconds from request head to last byte, in powers of two of a millisecond's eighth.
@safe  // indexed by buckets; never freed
public struct LoopLatencies: @unchecked Sendable {  // as LoopCounters
    /// Upper bounds in nanoseconds: 125 µs doubled seventeen times, about 16 s.
    public static let bucketCount = 18
    public static func upperBound(_ bucket: Int) -> UInt64 { 125_000 << UInt64(bucket) }

    private let slots: UnsafeMutablePointer<Atomic<UInt64>>

    public init() {
        unsafe slots = .allocate(capacity: Self.bucketCount + 2)
        for index in 0..<Self.bucketCount + 2 { unsafe (slots + index).initialize(to: Atomic(0)) }
    }

    @inline(__always)
    public func record(nanoseconds: UInt64) {
        let scaled = nanoseconds / 125_000
        let bucket = min(scaled == 0 ? 0 : 64 - scaled.leadingZeroBitCount, Self.bucketCount)
        bump(bucket, 1)
        bump(Self.bucketCount + 1, nanoseconds)
    }

    @inline(__always)
    private func bump(_ index: Int, _ amount: UInt64) {
        let slot = unsafe slots + index
        unsafe slot.pointee.store(
            slot.pointee.load(ordering: .relaxed) &+ amount, ordering: .relaxed)
    }

    /// Counts by bucket (the last one is "longer") and the sum in nanoseconds.
    public func snapshot() -> (counts: [UInt64], sum: UInt64) {
        let counts = (0...Self.bucketCount).map { unsafe slots[$0].load(ordering: .relaxed) }
        return unsafe (counts, slots[Self.bucketCount + 1].load(ordering: .relaxed))
    }
}

/// One number for `/metrics`.
public struct CounterSample: Sendable {
    public enum Kind: String, Sendable { case counter, gauge }
    public var name: String
    public var help: String
    public var kind: Kind
    public var labels: [(String, String)]
    public var value: Double

    public init(
        name: String, help: String, kind: Kind, labels: [(String, String)] = [], value: Double
    ) {
        self.name = name
        self.help = help
        self.kind = kind
        self.labels = labels
        self.value = value
    }
}

/// A latency distribution for `/metrics`.
public struct HistogramSample: Sendable {
    public var name: String
    public var help: String
    /// Upper bounds in seconds with cumulative counts; the last bound is infinity.
    public var buckets: [(bound: Double, count: UInt64)]
    public var sum: Double
    public var count: UInt64 { buckets.last?.count ?? 0 }
}
