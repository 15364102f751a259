public import Caching
import HTTP
import Reactor
import Synchronization

/// Who has written something gets pages past the store for a while, so that he sees it.
public struct OwnWriteSettings: Sendable, Hashable {
    /// For how long, in milliseconds; 0: not at all. Default 60 s: as long as a page that was
    /// stored before may be served.
    public var window: Milliseconds = 60_000
    /// Windows that are remembered, 16 bytes each. Default 65,536.
    public var places = 65_536
    /// Who shows no cookie is known by his address. Default: no, since many share one.
    public var byAddress = false

    public init() {}
}

/// The windows that are open: one table for all loops, which outlives configurations.
///
/// In force for every loop when `open` returns. While no window is open, a page hit looks at one
/// number; else it takes a lock for the time of eight comparisons.
package final class OwnWriteBook: Sendable {
    private let windows: Mutex<OwnWrites>
    private let lastEnds = Atomic<Milliseconds>(.min)
    private let seed: (UInt64, UInt64)

    /// - Parameter seed: a secret, so that nobody can choose whose window he shares.
    init(places: Int, seed: (UInt64, UInt64)) {
        windows = Mutex(OwnWrites(places: places))
        self.seed = seed
    }

    /// Whether anybody's window is open.
    func isOpen(at now: Milliseconds) -> Bool { lastEnds.load(ordering: .acquiring) > now }

    /// Opens the window of each of them.
    ///
    /// - Returns: how many others gave way.
    func open(_ parties: [UInt64], until: Milliseconds, at now: Milliseconds) -> Int {
        windows.withLock { windows in
            var displaced = 0
            for party in parties where windows.open(party, until: until, at: now) { displaced += 1 }
            lastEnds.store(windows.lastEnds, ordering: .releasing)
            return displaced
        }
    }

    /// The windows of an edge that ended are not known: whoever shows a credential counts as one
    /// who has written.
    func openForAll(until: Milliseconds) {
        windows.withLock { windows in
            windows.openForAll(until: until)
            lastEnds.store(windows.lastEnds, ordering: .releasing)
        }
    }

    func windowEnd(of party: UInt64, at now: Milliseconds) -> Milliseconds? {
        windows.withLock { $0.windowEnd(of: party, at: now) }
    }

    /// The number that stands for a cookie's `name=value`, or for another credential.
    func party(_ credential: RawSpan) -> UInt64 { CacheKey.hash(credential, seed: seed).low }
}

extension Exchange {
    /// What names its reader, as parties of the book: cookies of sessions and forms, Authorization,
    /// tokens in the query.
    func parties(_ book: OwnWriteBook) -> [UInt64] {
        var parties = pairs([.session, .csrf]).map { unsafe book.party($0.span.bytes) }
        var line = head.fields.first(.authorization)
        while let at = line {
            let value = [UInt8](bytes[head.fields[at].value.range])
            parties.append(unsafe book.party(value.span.bytes))
            line = head.fields.next(after: at, .authorization)
        }
        let query = bytes[head.query.range]
        parties += query.split(separator: 38).map { Array($0) }.filter { parameter in
            unsafe parameter.withUnsafeBytes { unsafe Credentials.areIn($0) }
        }.map { unsafe book.party($0.span.bytes) }
        if snapshot.settings.ownWrites.byAddress { parties.append(peer.key) }
        return parties
    }

    /// Cookies of those classes that a response sets, as `name=value`.
    func cookiesSet(_ head: FetchedHead, _ classes: [CookieClass]) -> [[UInt8]] {
        var pairs: [[UInt8]] = []
        var line = head.head.fields.first(.setCookie)
        while let at = line {
            let pair = Array(
                head.bytes[head.head.fields[at].value.range].prefix { $0 != UInt8(ascii: ";") })
            if classes.contains(cookieClass(pair)) { pairs.append(pair) }
            line = head.head.fields.next(after: at, .setCookie)
        }
        return pairs
    }
}

extension LoopState where N: ~Copyable {
    /// A write has succeeded, or may have, as behind an answer that could not be drawn: whoever
    /// made it gets pages past the store from now on, under the names that it had and under those
    /// that it is given. Before the answer goes out.
    func noteOwnWrite(_ fetch: Fetch, _ head: FetchedHead) {
        guard head.status >= 200, WriteOutcome.mayHaveHappened(answeredBy: head.status) else {
            return
        }
        openWindow(fetch.exchange, given: fetch.exchange.cookiesSet(head, [.session, .csrf]))
    }

    /// A write's answer did not come, or nobody was there to hear it: it may have been done.
    func noteLostWrite(_ exchange: Exchange) {
        if !exchange.hasResponded { openWindow(exchange, given: []) }
    }

    private func openWindow(_ exchange: Exchange, given: [[UInt8]]) {
        let settings = exchange.snapshot.settings.ownWrites
        guard exchange.policy.mapClass == .pages, !exchange.head.method.isSafe, settings.window > 0
        else { return }
        let book = shared.ownWrites
        // One name is enough to know a reader by, and nobody takes up all of the book.
        let parties = Array(
            (given.map { unsafe book.party($0.span.bytes) } + exchange.parties(book)).prefix(8))
        guard !parties.isEmpty else { return }
        let now = network.wallNow
        let displaced = book.open(parties, until: now.adding(settings.window), at: now)
        counters.add(.ownWrites)
        counters.add(.ownWritesDisplaced, displaced)
    }
}
