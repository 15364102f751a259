import HTTP

/// Rules of one kind, by what they reach; one half of an `InvalidationIndex`.
struct InvalidationTable: Sendable {
    /// The number of the latest rule that reaches everything, also when that rule is forgotten.
    private(set) var everything: UInt64 = 0
    /// The number of the latest rule that reaches a tag; 0 if there is none.
    private(set) var latestTag: UInt64 = 0
    private var horizon: UInt64 = 0
    private var targets: [CacheKey: UInt64] = [:]
    private var tags: [CacheKey: UInt64] = [:]
    private var prefixes: [Prefix] = []

    private struct Prefix: Sendable {
        var host: [UInt8]?
        var bytes: [UInt8]
        var number: UInt64
    }

    static var prefixLimit: Int { 4_096 }
    /// Hashes are compared in place of targets: one too many found equal only costs a fetch.
    private static var seed: (UInt64, UInt64) { (0x6d61_7065_6467_6531, 0x696e_7661_6c69_6431) }

    var count: Int {
        targets.count + tags.count + prefixes.count + (everything > horizon ? 1 : 0)
    }

    /// Whether `everything` is all that can be said of any target.
    var needsNoTarget: Bool { targets.isEmpty && prefixes.isEmpty }

    mutating func insert(_ rule: InvalidationRule, number: UInt64) {
        switch rule.reach {
        case .everything: everything = max(everything, number)
        case .target: targets[Self.hash(rule.host, unsafe rule.bytes.span.bytes)] = number
        case .tag:
            tags[Self.hash(nil, unsafe rule.bytes.span.bytes)] = number
            latestTag = max(latestTag, number)
        case .prefix: insertPrefix(rule, number)
        // The index has a place of its own for them.
        case .scope: break
        }
    }

    private mutating func insertPrefix(_ rule: InvalidationRule, _ number: UInt64) {
        // `/*` is by far the most frequent one, and needs no comparing.
        if rule.host == nil, rule.bytes == [UInt8(ascii: "/")] || rule.bytes.isEmpty {
            everything = max(everything, number)
        } else if let index = prefixes.firstIndex(where: {
            $0.bytes == rule.bytes && $0.host == rule.host
        }) {
            prefixes[index].number = number
        } else if prefixes.count < Self.prefixLimit {
            prefixes.append(Prefix(host: rule.host, bytes: rule.bytes, number: number))
        } else {
            everything = max(everything, number)
        }
    }

    mutating func retire(upTo number: UInt64) {
        horizon = number
        targets = targets.filter { $0.value > number }
        tags = tags.filter { $0.value > number }
        prefixes.removeAll { $0.number <= number }
        if latestTag <= number { latestTag = 0 }
    }

    /// The highest number of a rule that matches a target; 0 if none does. A target of no host, as
    /// maps are, is at each.
    func number(host: RawSpan, target: RawSpan) -> UInt64 {
        var highest = everything
        if !targets.isEmpty {
            highest = max(highest, targets[Self.hash(nil, target)] ?? 0)
            highest = max(highest, targets[Self.hash(host, target)] ?? 0)
        }
        for prefix in prefixes where prefix.number > highest {
            let isSame =
                prefix.bytes.count <= target.byteCount
                && equalsExactly(
                    unsafe prefix.bytes.span.bytes, target.extracting(0..<prefix.bytes.count))
                && (host.isEmpty
                    || prefix.host.map { equalsExactly(unsafe $0.span.bytes, host) } ?? true)
            if isSame { highest = prefix.number }
        }
        return highest
    }

    /// The same for a tag, in small letters.
    func number(ofTag tag: RawSpan) -> UInt64 {
        max(everything, tags.isEmpty ? 0 : tags[Self.hash(nil, tag)] ?? 0)
    }

    private static func hash(_ host: [UInt8]?, _ bytes: RawSpan) -> CacheKey {
        guard let host else { return CacheKey.hash(bytes, seed: seed) }
        return hash(unsafe host.span.bytes, bytes)
    }

    /// The host chooses the seed, so that the two need not be put together.
    private static func hash(_ host: RawSpan, _ bytes: RawSpan) -> CacheKey {
        let own = CacheKey.hash(host, seed: seed)
        return CacheKey.hash(bytes, seed: (own.high, own.low))
    }
}
