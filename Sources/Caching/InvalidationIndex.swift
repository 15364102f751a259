import HTTP
import Tiles

/// The invalidations in force, by what they reach: which number is the highest that kills a target,
/// and which the highest that makes it stale.
///
/// An entry is dead if a rule that matches it has a higher number than the entry, which carries the
/// number in force when its fetch began (law 3); a soft rule only ends its lifetime. A value of its
/// own for each loop and for the writer, kept in step through a journal; the cost of a look does
/// not depend on how many rules name targets, prefixes or tags.
public struct InvalidationIndex: Sendable {
    /// The number of the latest rule.
    public private(set) var latest: UInt64
    /// Rules up to this one have done their work and are forgotten: what was fetched before cannot
    /// be judged any more and must not be stored.
    public private(set) var horizon: UInt64
    private var killing = InvalidationTable()
    private var softening = InvalidationTable()
    /// The response fields that live rules find tags in, in small letters, and the latest rule of
    /// each: one, but for a while after the distribution named another.
    private var tagFields: [(name: [UInt8], latest: UInt64)] = []
    /// What writes touched.
    private var scopes = ScopeIndex()
    /// How an entry's subject is read from its key, for `scopes`.
    public var reading = ScopeReading.standard

    /// Numbers of the latest rules that match something; 0 where none does.
    public struct Numbers: Sendable, Equatable, BitwiseCopyable {
        /// What was fetched before is as good as not there.
        public var dead: UInt64
        /// What was fetched before is stale.
        public var stale: UInt64
        /// A write may have changed what was fetched before: it is stale, and not served while it
        /// is revalidated. Never more than `stale`.
        public var doubtful: UInt64 = 0

        public init(dead: UInt64, stale: UInt64) {
            self.dead = dead
            self.stale = stale
        }

        /// What must not answer for something that was asked for now has a lower number.
        public var highest: UInt64 { max(dead, stale) }

        /// Takes in what else matches.
        public mutating func formMaximum(_ other: Numbers) {
            dead = max(dead, other.dead)
            stale = max(stale, other.stale)
            doubtful = max(doubtful, other.doubtful)
        }
    }

    /// More prefixes of one kind than this are taken together: everything is meant then.
    public static var prefixLimit: Int { InvalidationTable.prefixLimit }

    /// Nothing is invalid; numbers go on behind `latest`.
    public init(latest: UInt64 = 0, horizon: UInt64 = 0) {
        self.latest = latest
        self.horizon = horizon
    }

    /// How many rules are in force.
    public var count: Int { killing.count + softening.count + scopes.count }

    /// Numbers up to this one are known, with or without rules.
    public mutating func note(latest number: UInt64) { latest = max(latest, number) }

    /// Takes a rule. Numbers never fall; several rules may have the same.
    public mutating func insert(_ rule: InvalidationRule, number: UInt64) {
        latest = max(latest, number)
        if let field = rule.tag?.field { note(tagField: field, number) }
        if var scope = rule.scope {
            scope.isHard = !rule.isSoft
            scopes.insert(scope, number: number)
        } else if rule.isSoft {
            softening.insert(rule, number: number)
        } else {
            killing.insert(rule, number: number)
        }
    }

    /// Forgets rules up to a number: nothing stored that they match is older than they are, or
    /// fresh.
    public mutating func retire(upTo number: UInt64) {
        guard number > horizon else { return }
        horizon = number
        killing.retire(upTo: number)
        softening.retire(upTo: number)
        scopes.retire(upTo: number)
        tagFields.removeAll { $0.latest <= number }
    }

    private mutating func note(tagField name: ArraySlice<UInt8>, _ number: UInt64) {
        if let at = tagFields.firstIndex(where: { $0.name.elementsEqual(name) }) {
            tagFields[at].latest = number
        } else {
            tagFields.append((Array(name), number))
        }
    }

    /// The numbers of the latest rules that match what is stored under a canonical key. A key whose
    /// parts cannot be told, such as a digest, counts as killed by every rule, soft ones too.
    ///
    /// - Parameter fields: those of the response; nil: not at hand, or not known yet, and then a
    ///   page may show anything.
    public func numbers(of canonical: RawSpan, fields: RawSpan? = nil) -> Numbers {
        var numbers = namedNumbers(of: canonical)
        // What is not younger than the horizon was looked for among all that is stored.
        if scopes.latest > horizon {
            var touched = scopes.numbers(of: canonical, fields: fields, reading, since: horizon)
            touched.doubtful = touched.stale
            numbers.formMaximum(touched)
        }
        return numbers
    }

    /// The same for a list of variants, which shows nothing by itself: what a write touched is told
    /// of each variant.
    public func numbers(ofVariants canonical: RawSpan) -> Numbers { namedNumbers(of: canonical) }

    /// The number of the latest rule for which the fields of a response have to be looked at; 0 if
    /// there is none: what was fetched since is judged by its key alone.
    public var latestShown: UInt64 { reading.tagField.isEmpty ? 0 : scopes.latest }

    private func namedNumbers(of canonical: RawSpan) -> Numbers {
        guard let target = InvalidationTarget(in: canonical) else {
            return Numbers(dead: latest, stale: latest)
        }
        let all = Numbers(dead: killing.everything, stale: softening.everything)
        if killing.needsNoTarget, softening.needsNoTarget { return all }
        return Numbers(
            dead: killing.number(of: target, in: canonical),
            stale: softening.number(of: target, in: canonical))
    }

    /// How many slots, and bytes of prefixes, the rules for a target are found by: so that it can
    /// be seen that this does not grow with the rules.
    func looks(of canonical: RawSpan) -> Int {
        guard let target = InvalidationTarget(in: canonical) else { return 0 }
        return killing.look(for: target, in: canonical).looks
            + softening.look(for: target, in: canonical).looks
    }

    /// The highest number of a rule that kills what is stored under a canonical key; 0 if none
    /// does.
    public func number(of canonical: RawSpan) -> UInt64 { numbers(of: canonical).dead }

    /// The numbers of the latest rules that reach any tag: what counts for a response whose tags
    /// are not known.
    public var anyTag: Numbers {
        Numbers(dead: killing.latestTag, stale: softening.latestTag)
    }

    /// The number of the latest rule that reaches a tag; 0 if there is none. What was fetched since
    /// need not be asked for its tags.
    public var latestTag: UInt64 { max(killing.latestTag, softening.latestTag) }

    /// How many response fields have tags that a rule may match.
    public var tagFieldCount: Int { tagFields.count }

    /// The name of one of them, in small letters.
    public func tagField(_ index: Int) -> [UInt8] { tagFields[index].name }

    /// The numbers of the latest rules that match what has a tag in a field, both without regard to
    /// case. Allocates nothing for a tag of 256 bytes.
    public func numbers(ofTag tag: RawSpan, in field: RawSpan) -> Numbers {
        let start = field.byteCount + 1
        // Without the index in it: what a closure takes hold of is retained.
        let name = unsafe withUnsafeTemporaryAllocation(
            byteCount: start + tag.byteCount, alignment: 1
        ) {
            for at in 0..<field.byteCount { unsafe $0[at] = lowercased(field[at]) }
            unsafe $0[start - 1] = InvalidationRule.tagMark
            for at in 0..<tag.byteCount { unsafe $0[start + at] = lowercased(tag[at]) }
            return unsafe InvalidationTable.name(ofTag: UnsafeRawBufferPointer($0).bytes)
        }
        return Numbers(
            dead: killing.number(ofTag: name), stale: softening.number(ofTag: name))
    }
}
