/// A distribution that the dice make, and CloudFront's documentation applied to it slowly and
/// obviously: a second opinion on keys and lifetimes, made of nothing that the edge is made of.
///
/// Source: CloudFront, "Understand the cache key", "Managing how long content stays in the cache",
/// "How CloudFront caches HTTP 4xx and 5xx status codes".
struct SimulatedDistribution {
    /// Which names count.
    enum Kept: Equatable {
        case none, all
        case only([String])
        case but([String])

        func keeps(_ name: String) -> Bool {
            switch self {
            case .none: false
            case .all: true
            case .only(let names): names.contains(name)
            case .but(let names): !names.contains(name)
            }
        }
    }

    /// A behavior. Times in seconds.
    struct Rules {
        var pattern: String
        var least: Int
        var usual: Int
        var most: Int
        /// With ForwardedValues in place of a cache policy.
        var isLegacy: Bool
        var query: Kept
        var cookies: Kept
        /// The field X-Lang is in the key.
        var keysLanguage: Bool
        var gzip: Bool
        var brotli: Bool
    }

    /// In the order in which they are tried; the last one's pattern is `*`.
    var behaviors: [Rules]
    /// ErrorCachingMinTTL, in seconds, of the statuses that have one of their own.
    var errorTTLs: [Int: Int]

    init(_ dice: Dice) {
        let patterns = ["/k0", "/k?", "/k1*", "/*2", "/?3*", "*4"].filter { _ in dice.chance(25) }
        behaviors = patterns.map { Rules($0, dice) }
        behaviors.append(Rules("*", dice))
        errorTTLs = [:]
        for status in [403, 404, 500] where dice.chance(40) {
            errorTTLs[status] = dice.pick([0, 2, 30])
        }
    }

    // MARK: keys

    func rules(for target: String) -> Rules {
        let path = Array(target.prefix { $0 != "?" })
        return behaviors.first { Self.matches(Array($0.pattern), path) } ?? behaviors[0]
    }

    /// By trying everything that a star may stand for; patterns here begin with a slash or a star.
    private static func matches(_ pattern: [Character], _ path: [Character]) -> Bool {
        guard let first = pattern.first else { return path.isEmpty }
        let rest = Array(pattern.dropFirst())
        if first == "*" {
            return (0...path.count).contains { matches(rest, Array(path.dropFirst($0))) }
        }
        guard let letter = path.first, first == "?" || first == letter else { return false }
        return matches(rest, Array(path.dropFirst()))
    }

    /// The path, and what of the query is in the key: what an invalidation names.
    func target(of target: String) -> String {
        let parts = target.split(separator: "?", maxSplits: 1).map { String($0) }
        let rules = rules(for: target)
        let kept = (parts.count > 1 ? parts[1] : "").split(separator: "&").filter {
            rules.query.keeps(String($0.prefix { $0 != "=" }))
        }
        return kept.isEmpty ? parts[0] : parts[0] + "?" + kept.joined(separator: "&")
    }

    /// What tells the bodies of one path apart: everything in the key but the coding.
    func variant(of head: PlainHead) -> String {
        let rules = rules(for: head.start[1])
        let cookies = (head["cookie"] ?? "").split(separator: ";")
            .map { $0.filter { $0 != " " } }
            .filter { rules.cookies.keeps(String($0.prefix { $0 != "=" })) }.sorted()
        let language = rules.keysLanguage ? head["x-lang"] ?? "-" : "-"
        let key = [target(of: head.start[1]), language] + cookies
        var sum: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in key.joined(separator: " ").utf8 {
            sum = (sum ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        return "v" + String(sum, radix: 16)
    }

    /// The part of the key that Accept-Encoding makes; empty: none.
    func coding(of head: PlainHead) -> String {
        let rules = rules(for: head.start[1])
        let taken = Self.codings(head["accept-encoding"] ?? "")
        let gzip = rules.gzip && taken.contains("gzip")
        let brotli = rules.brotli && taken.contains("br")
        return brotli ? (gzip ? "br,gzip" : "br") : gzip ? "gzip" : ""
    }

    /// Those of an Accept-Encoding that are not refused.
    static func codings(_ field: String) -> [String] {
        field.split(separator: ",").map { $0.filter { $0 != " " } }
            .filter { !$0.hasSuffix(";q=0") }.map { String($0.prefix { $0 != ";" }) }
    }

    /// Whether requests for one key wait for one fetch: not where cookies go to the origin.
    func collapses(_ target: String) -> Bool { rules(for: target).cookies == .none }

    // MARK: lifetimes

    /// How long a response is fresh, in seconds; 0: it is not stored, or stale at once.
    func lifetime(of target: String, _ status: Int, _ wish: Wish) -> Int {
        let rules = rules(for: target)
        let wished = wish.lifetime.map { min($0, rules.most) }
        if status >= 400 { return errorLifetime(status, wish, wished) }
        if wish.forbidsReuse { return rules.least }
        return max(rules.least, wished ?? rules.usual)
    }

    private func errorLifetime(_ status: Int, _ wish: Wish, _ wished: Int?) -> Int {
        let least = errorTTLs[status] ?? 10
        switch status {
        case 404, 410, 414, 501: return wish.forbidsReuse ? 0 : max(least, wished ?? 0)
        case 500, 502, 503, 504: return max(least, wished ?? 0)
        case 400, 403, 405, 412, 415: return wished.map { max(least, $0) } ?? 0
        default: return 0
        }
    }
}

extension SimulatedDistribution.Rules {
    init(_ pattern: String, _ dice: Dice) {
        self.pattern = pattern
        (least, usual, most) = dice.pick([
            (0, 0, 60), (0, 5, 60), (1, 4, 10), (3, 3, 3), (0, 86_400, 31_536_000), (5, 10, 20),
            (1, 86_400, 31_536_000),
        ])
        isLegacy = dice.chance(30)
        query = dice.pick([.none, .all, .only(["a"]), .only(["a", "b"])])
        if !isLegacy, dice.chance(20) { query = .but(["utm"]) }
        cookies = dice.pick([.none, .none, .none, .only(["s"]), .all])
        if !isLegacy, dice.chance(10) { cookies = .but(["t"]) }
        keysLanguage = dice.chance(40)
        gzip = isLegacy || dice.chance(60)
        brotli = !isLegacy && dice.chance(50)
    }
}
