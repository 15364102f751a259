import HTTP

/// Rules of one kind, by what they reach; one half of an `InvalidationIndex`.
struct InvalidationTable: Sendable {
    /// The number of the latest rule that reaches everything, also when that rule is forgotten.
    private(set) var everything: UInt64 = 0
    /// The number of the latest rule that reaches a tag; 0 if there is none.
    private(set) var latestTag: UInt64 = 0
    private var horizon: UInt64 = 0
    // By hashes: one too many that is found equal only costs a fetch.
    private var targets: [CacheKey: UInt64] = [:]
    private var hostedTargets: [CacheKey: UInt64] = [:]
    private var tags: [CacheKey: UInt64] = [:]
    private var prefixes = PrefixTree()
    /// Those of single hosts.
    private var hostedPrefixes: [CacheKey: UInt64] = [:]

    static var prefixLimit: Int { 4_096 }

    var count: Int {
        targets.count + hostedTargets.count + tags.count + prefixCount
            + (everything > horizon ? 1 : 0)
    }

    /// On any host, and on single ones.
    private var prefixCount: Int { prefixes.count + hostedPrefixes.count }

    /// Whether `everything` is all that can be said of any target.
    var needsNoTarget: Bool { targets.isEmpty && hostedTargets.isEmpty && prefixes.isEmpty }

    mutating func insert(_ rule: InvalidationRule, number: UInt64) {
        switch rule.reach {
        case .everything: everything = max(everything, number)
        case .target:
            if rule.host == nil {
                targets[rule.name] = number
            } else {
                hostedTargets[rule.name] = number
            }
        case .tag:
            guard rule.tag != nil else {
                everything = max(everything, number)
                return
            }
            tags[rule.name] = number
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
        } else if !hasPrefix(rule), prefixCount == Self.prefixLimit {
            everything = max(everything, number)
        } else if rule.host != nil {
            hostedPrefixes[rule.name] = number
            prefixes.insert(rule.bytes, PrefixTree.Numbers(hosted: number))
        } else {
            prefixes.insert(rule.bytes, PrefixTree.Numbers(anywhere: number))
        }
    }

    private func hasPrefix(_ rule: InvalidationRule) -> Bool {
        rule.host == nil
            ? prefixes.contains(rule.bytes)
            : hostedPrefixes[rule.name] != nil
    }

    mutating func retire(upTo number: UInt64) {
        horizon = number
        targets = targets.filter { $0.value > number }
        hostedTargets = hostedTargets.filter { $0.value > number }
        tags = tags.filter { $0.value > number }
        if !prefixes.isEmpty { prefixes.retire(upTo: number) }
        hostedPrefixes = hostedPrefixes.filter { $0.value > number }
        if latestTag <= number { latestTag = 0 }
    }

    /// The highest number of a rule that matches a target of a canonical key; 0 if none does. A
    /// target of no host, as maps are, is at each.
    func number(of target: InvalidationTarget, in canonical: RawSpan) -> UInt64 {
        look(for: target, in: canonical).number
    }

    /// The same, and how much of the table had to be looked at.
    @inline(__always)
    func look(
        for target: InvalidationTarget, in canonical: RawSpan
    ) -> (number: UInt64, looks: Int) {
        var (highest, looks) = (everything, 0)
        if !targets.isEmpty {
            highest = max(highest, targets[target.hash(in: canonical)] ?? 0)
            looks += 1
        }
        if !hostedTargets.isEmpty {
            highest = max(highest, hostedTargets[target.hash(onHostIn: canonical)] ?? 0)
            looks += 1
        }
        if prefixes.isEmpty { return (highest, looks) }
        var (place, length) = (PrefixTree.Place(), 0)
        repeat {
            let numbers = prefixes.numbers(at: place)
            highest = max(highest, numbers.anywhere)
            if numbers.hosted > highest {
                let number =
                    target.host.isEmpty
                    ? numbers.hosted
                    : hostedPrefixes[target.hash(onHostIn: canonical, first: length)] ?? 0
                highest = max(highest, number)
                looks += 1
            }
            length += 1
        } while length <= target.length
            && prefixes.goOn(&place, target.byte(length - 1, in: canonical))
        return (highest, looks + place.looks)
    }

    /// The same for a tag.
    func number(ofTag name: CacheKey) -> UInt64 {
        max(everything, tags.isEmpty ? 0 : tags[name] ?? 0)
    }

    /// What a rule's tag is called here, by its bytes.
    static func name(ofTag tag: RawSpan) -> CacheKey { InvalidationTarget.hash(tag) }
}

extension InvalidationRule {
    /// Its name in tables by host and bytes.
    fileprivate var name: CacheKey {
        guard let host else { return unsafe InvalidationTarget.hash(bytes.span.bytes) }
        return unsafe InvalidationTarget.hash(bytes.span.bytes, onHost: host.span.bytes)
    }
}

extension InvalidationTarget {
    private static var seed: (UInt64, UInt64) { (0x6d61_7065_6467_6531, 0x696e_7661_6c69_6431) }

    /// On any host.
    fileprivate static func hash(_ bytes: RawSpan) -> CacheKey { CacheKey.hash(bytes, seed: seed) }

    /// The host chooses the seed, so that the two need not be put together.
    fileprivate static func hash(_ bytes: RawSpan, onHost host: RawSpan) -> CacheKey {
        let own = CacheKey.hash(host, seed: seed)
        return CacheKey.hash(bytes, seed: (own.high, own.low))
    }

    fileprivate func hash(in canonical: RawSpan) -> CacheKey {
        hash(in: canonical, first: length, seed: Self.seed)
    }

    /// - Parameter count: bytes of path, `?` and query that count; nil: all.
    fileprivate func hash(onHostIn canonical: RawSpan, first count: Int? = nil) -> CacheKey {
        let own = CacheKey.hash(canonical.extracting(host), seed: Self.seed)
        return hash(in: canonical, first: count ?? length, seed: (own.high, own.low))
    }

    private func hash(
        in canonical: RawSpan, first count: Int, seed: (UInt64, UInt64)
    ) -> CacheKey {
        if count <= path.count {
            let first = path.lowerBound..<path.lowerBound + count
            return CacheKey.hash(canonical.extracting(first), seed: seed)
        }
        return unsafe withUnsafeTemporaryAllocation(byteCount: length, alignment: 1) {
            unsafe write(canonical, to: $0)
            let first = unsafe UnsafeRawBufferPointer(rebasing: $0[..<count])
            return unsafe CacheKey.hash(first.bytes, seed: seed)
        }
    }
}
