import Caching
import CloudFront
import HTTP

/// What CloudFront does to the letter and its owner seldom means, as a running edge sees it happen:
/// in imported behaviors without a class, since a class keeps from it.
///
/// Of what `check` warns of, these happen to single responses. Counted when an origin has answered,
/// so that a hit pays nothing.
enum Trap: Int, CaseIterable, Sendable {
    /// Stored with a Set-Cookie, which everybody gets who gets the response.
    case setCookie
    /// Stored although it answers who showed a credential that is not in the key.
    case authorization
    /// Stored although it answers a request with cookies that are not in the key.
    case cookies
    /// Stored although it is not to be: MinTTL overrides no-store, no-cache and private.
    case minTTL
    /// Stored as one, and varies by a field that the origin sees and the key does not have.
    case vary
    /// Stored by a Cache-Control of which a part means nothing, such as `max-age: 0`.
    case directive
    /// The viewer's Authorization did not reach the origin.
    case lostAuthorization

    static let slotCount = Trap.allCases.count

    /// The value of the `trap` label; where `mapedge explain` warns of the same, its word.
    var name: StaticString {
        switch self {
        case .setCookie: "set-cookie"
        case .authorization: "authorization-shared"
        case .cookies: "cookies-shared"
        case .minTTL: "min-ttl"
        case .vary: "vary"
        case .directive: "directive"
        case .lostAuthorization: "authorization"
        }
    }
}

extension Server {
    /// The traps of all loops.
    static func traps(_ loops: [LoopCounters]) -> [CounterSample] {
        Trap.allCases.map { trap in
            CounterSample(
                name: "mapedge_traps_total",
                help: "answers of origins by whose head a trap of CloudFront's was met, in "
                    + "imported behaviors without a class; mapedge explain tells what to do",
                kind: .counter, labels: [("trap", trap.name.description)],
                value: Double(loops.reduce(0) { $0 + $1.value(trap) }))
        }
    }
}

private let authorization = Array("authorization".utf8)

extension LoopState where N: ~Copyable {
    /// Counts what the answer shows.
    ///
    /// - Parameter isKept: it goes into the store, for all who ask alike.
    func countTraps(_ exchange: Exchange, _ head: FetchedHead, isKept: Bool) {
        guard let behavior = exchange.imported?.behavior, exchange.policy.mapClass == .none
        else { return }
        if exchange.facts.hasAuthorization { countAuthorization(exchange, behavior, isKept) }
        guard isKept else { return }
        let (facts, forwarding) = (head.facts, behavior.forwarding)
        if forwarding.forwardsCookies {
            if facts.hasSetCookie, !facts.excludesSetCookie { counters.add(.setCookie) }
            if exchange.head.fields.contains(.cookie), behavior.key.cookies != forwarding.cookies {
                counters.add(.cookies)
            }
        }
        let forbids = !facts.cacheControl.flags.isDisjoint(with: [.noStore, .noCache, .private])
        if exchange.policy.minTTL > 0, forbids { counters.add(.minTTL) }
        if head.head.fields.contains(.vary), !unkeyedVary(head.blob, exchange).isEmpty {
            counters.add(.vary)
        }
        if head.hasMalformedDirective { counters.add(.directive) }
    }

    private func countAuthorization(_ exchange: Exchange, _ behavior: Behavior, _ isKept: Bool) {
        let name = unsafe authorization.span.bytes
        let fate = behavior.forwarding.fate(
            of: name, .authorization, method: exchange.head.method)
        if fate == .removed {
            counters.add(.lostAuthorization)
        } else if isKept, !behavior.key.headers.contains(name) {
            counters.add(.authorization)
        }
    }
}

extension FetchedHead {
    /// Whether a Cache-Control has a part that is no directive.
    fileprivate var hasMalformedDirective: Bool {
        unsafe bytes.withUnsafeBytes { raw in
            var index = head.fields.first(.cacheControl)
            var isFound = false
            while let at = index {
                let value = unsafe raw.bytes.extracting(head.fields[at].value.range)
                CacheControl.forEachMalformed(in: value) { _ in isFound = true }
                index = head.fields.next(after: at, .cacheControl)
            }
            return isFound
        }
    }
}
