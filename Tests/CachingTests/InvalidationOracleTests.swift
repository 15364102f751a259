import HTTP
import Testing

@testable import Caching

/// What an invalidation reaches, by comparing each rule with each target.
private struct SlowIndex {
    private var rules: [(rule: InvalidationRule, number: UInt64)] = []
    private var everything: [Bool: UInt64] = [:]

    mutating func insert(_ rule: InvalidationRule, _ number: UInt64) {
        let isEverything =
            rule.reach == .everything
            || rule.reach == .prefix && rule.host == nil
                && (rule.bytes.isEmpty || rule.bytes == [47])
        if isEverything { everything[rule.isSoft] = number }
        rules.append((rule, number))
    }

    mutating func retire(upTo number: UInt64) { rules.removeAll { $0.number <= number } }

    /// How many are told apart.
    var count: Int {
        Set(
            rules.map { one -> InvalidationRule in
                guard one.rule.host == nil, one.rule.reach == .prefix, one.rule.bytes.count < 2,
                    one.rule.bytes.isEmpty || one.rule.bytes == [47]
                else { return one.rule }
                var rule = InvalidationRule.everything
                rule.isSoft = one.rule.isSoft
                return rule
            }
        ).count
    }

    func number(host: [UInt8], target: [UInt8], isSoft: Bool) -> UInt64 {
        let matching = rules.filter { rule, _ in
            guard rule.isSoft == isSoft else { return false }
            return switch rule.reach {
            case .target: rule.bytes == target && (rule.host == nil || rule.host == host)
            case .prefix:
                target.starts(with: rule.bytes)
                    && (rule.host == nil || rule.host == host || host.isEmpty)
            default: false
            }
        }
        return max(everything[isSoft] ?? 0, matching.map(\.number).max() ?? 0)
    }
}

@Suite("Law 3: invalidations found at once are those found one by one")
struct InvalidationOracleTests {
    /// Few letters, so that prefixes part in the middle of one another, and go on from each other.
    private static func text(_ length: Int, _ random: inout Seeded) -> [UInt8] {
        [47] + (0..<length).map { _ in Array("aab/?".utf8).randomElement(using: &random)! }
    }

    private static let hosts: [[UInt8]] = [Array("h".utf8), Array("other.test".utf8), []]

    private static func rule(_ random: inout Seeded) -> InvalidationRule {
        let reach: InvalidationRule.Reach =
            Int.random(in: 0..<200, using: &random) == 0
            ? .everything : Bool.random(using: &random) ? .prefix : .target
        var bytes = text(.random(in: 0..<9, using: &random), &random)
        let hasHost = Int.random(in: 0..<4, using: &random) == 0
        if reach == .everything || hasHost && bytes.count == 1 { bytes = [] }
        var rule = InvalidationRule(
            reach,
            host: hasHost && reach != .everything
                ? hosts[Int.random(in: 0..<2, using: &random)] : nil,
            bytes)
        rule.isSoft = Int.random(in: 0..<3, using: &random) == 0
        return rule
    }

    private static func canonical(_ host: [UInt8], _ target: [UInt8]) -> [UInt8] {
        withUnsafeTemporaryAllocation(byteCount: 1_024, alignment: 8) { memory in
            var key = CanonicalKey(memory)
            key.append(host: host.span.bytes)
            let parts = target.split(
                separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
            key.append(.path, Array(parts[0]).span.bytes)
            if parts.count > 1 { key.append(.query, Array(parts[1]).span.bytes) }
            return [UInt8](key.bytes)
        }
    }

    @Test("of many rules, as they come and go", arguments: UInt64(0)..<20)
    func oracle(_ seed: UInt64) {
        var random = Seeded(seed)
        var (index, slow) = (InvalidationIndex(), SlowIndex())
        var matched = 0
        for number in UInt64(1)...400 {
            let rule = Self.rule(&random)
            index.insert(rule, number: number)
            slow.insert(rule, number)
            if number % 97 == 0 {
                let horizon = number - UInt64.random(in: 0..<60, using: &random)
                index.retire(upTo: horizon)
                slow.retire(upTo: horizon)
            }
            guard number % 20 == 0 else { continue }
            #expect(index.count == slow.count)
            for _ in 0..<40 {
                let host = Self.hosts.randomElement(using: &random)!
                let target = Self.text(.random(in: 0..<12, using: &random), &random)
                let numbers = index.numbers(of: Self.canonical(host, target).span.bytes)
                let dead = slow.number(host: host, target: target, isSoft: false)
                let stale = slow.number(host: host, target: target, isSoft: true)
                #expect(
                    numbers == InvalidationIndex.Numbers(dead: dead, stale: stale),
                    "\(String(decoding: target, as: UTF8.self)) on \(String(decoding: host, as: UTF8.self))"
                )
                if dead > 0, stale > 0 { matched += 1 }
            }
        }
        #expect(matched > 50)
    }

    @Test("as many prefixes as are told apart, one below the other")
    func nested() {
        var index = InvalidationIndex()
        let path = [UInt8](repeating: UInt8(ascii: "/"), count: InvalidationIndex.prefixLimit + 9)
        // The longest first, so that each one parts those before it.
        for length in (2..<InvalidationIndex.prefixLimit + 2).reversed() {
            index.insert(InvalidationRule(.prefix, Array(path[..<length])), number: UInt64(length))
        }
        for length in [1, 2, 3, 1_000, InvalidationIndex.prefixLimit + 1] {
            let key = withUnsafeTemporaryAllocation(byteCount: 8_192, alignment: 8) { memory in
                var key = CanonicalKey(memory)
                key.append(host: Array("h".utf8).span.bytes)
                key.append(.path, Array(path[..<length]).span.bytes)
                return [UInt8](key.bytes)
            }
            #expect(index.number(of: key.span.bytes) == (length > 1 ? UInt64(length) : 0))
        }
        index.retire(upTo: 1_000)
        #expect(index.count == InvalidationIndex.prefixLimit + 1 - 1_000)
    }
}
