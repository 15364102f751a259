import HTTP

/// The invalidations in force, by what they reach: which number is the highest that kills a target.
///
/// An entry is dead if a rule that matches it has a higher number than the entry, which carries the
/// number in force when its fetch began (law 3). A value of its own for each loop and for the
/// writer, kept in step through a journal; the cost of a look does not depend on how many rules
/// name single targets or tags, and grows with the number of prefixes.
public struct InvalidationIndex: Sendable {
    /// The number of the latest rule.
    public private(set) var latest: UInt64
    /// Rules up to this one have done their work and are forgotten: what was fetched before cannot
    /// be judged any more and must not be stored.
    public private(set) var horizon: UInt64
    private var everything: UInt64 = 0
    private var targets: [CacheKey: UInt64] = [:]
    private var tags: [CacheKey: UInt64] = [:]
    private var prefixes: [Prefix] = []

    private struct Prefix: Sendable {
        var host: [UInt8]?
        var bytes: [UInt8]
        var number: UInt64
    }

    /// More prefixes than this are taken together: everything is stale then.
    public static var prefixLimit: Int { 4_096 }
    /// Hashes are compared in place of targets: one too many found equal only costs a fetch.
    private static var seed: (UInt64, UInt64) { (0x6d61_7065_6467_6531, 0x696e_7661_6c69_6431) }

    /// Nothing is invalid; numbers go on behind `latest`.
    public init(latest: UInt64 = 0, horizon: UInt64 = 0) {
        self.latest = latest
        self.horizon = horizon
    }

    /// How many rules are in force.
    public var count: Int {
        targets.count + tags.count + prefixes.count + (everything > horizon ? 1 : 0)
    }

    /// Numbers up to this one are known, with or without rules.
    public mutating func note(latest number: UInt64) { latest = max(latest, number) }

    /// Takes a rule. Numbers never fall; several rules may have the same.
    public mutating func insert(_ rule: InvalidationRule, number: UInt64) {
        latest = max(latest, number)
        switch rule.reach {
        case .everything: everything = max(everything, number)
        case .target: targets[Self.hash(rule.host, unsafe rule.bytes.span.bytes)] = number
        case .tag: tags[Self.hash(nil, unsafe rule.bytes.span.bytes)] = number
        case .prefix: insertPrefix(rule, number)
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

    /// Forgets rules up to a number: nothing stored that they match is older than they are.
    public mutating func retire(upTo number: UInt64) {
        guard number > horizon else { return }
        horizon = number
        targets = targets.filter { $0.value > number }
        tags = tags.filter { $0.value > number }
        prefixes.removeAll { $0.number <= number }
    }

    /// The highest number of a rule that kills what is stored under a canonical key; 0 if none
    /// does. A key whose parts cannot be told, such as a digest, counts as matched by every rule.
    public func number(of canonical: RawSpan) -> UInt64 {
        guard let target = InvalidationTarget(in: canonical) else { return latest }
        if targets.isEmpty, prefixes.isEmpty { return everything }
        return unsafe withUnsafeTemporaryAllocation(byteCount: max(target.length, 1), alignment: 1)
        {
            unsafe target.write(canonical, to: $0)
            let bytes = unsafe UnsafeRawBufferPointer(rebasing: $0[..<target.length])
            return number(host: canonical.extracting(target.host), target: unsafe bytes.bytes)
        }
    }

    private func number(host: RawSpan, target: RawSpan) -> UInt64 {
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
                && (prefix.host.map { equalsExactly(unsafe $0.span.bytes, host) } ?? true)
            if isSame { highest = prefix.number }
        }
        return highest
    }

    /// The same for a tag, in small letters.
    public func number(ofTag tag: RawSpan) -> UInt64 {
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
