/// Whether a page is the same for all, although each answer starts a session of its own: what its
/// latest answers have shown.
///
/// It is, once the origin has given the same to so many who got sessions of different names, one
/// after the other. What differs begins anew; what differs before it was proved, and what comes
/// back after something else, as of a page that is one of two by chance, rests for a while. Clock
/// in hand, in milliseconds; of bounded size: where it is full, what does not rest is forgotten.
public struct AlikeAnswers: Sendable {
    /// One answer to somebody who showed no session.
    public struct Answer: Sendable {
        /// A keyed hash of all that would be stored.
        public var fingerprint: CacheKey
        /// The same of the session's name.
        public var session: UInt64
        /// The latest invalidation when it was asked for, and the latest that touches the page.
        public var invalidation: UInt64
        public var least: UInt64

        public init(
            fingerprint: CacheKey, session: UInt64, invalidation: UInt64 = 0, least: UInt64 = 0
        ) {
            (self.fingerprint, self.session) = (fingerprint, session)
            (self.invalidation, self.least) = (invalidation, least)
        }
    }

    public enum Verdict: Sendable, Equatable {
        /// It is the same for all.
        case proved
        /// Nothing speaks against it; so many were alike.
        case unproved(Int)
        /// It was another one before: what is stored may be somebody's own.
        case differs
        /// It was lately; until then nothing is proved.
        case rests(until: Milliseconds)
    }

    private struct Record {
        var fingerprint: CacheKey
        var former: CacheKey?
        /// Those who got it, as many as had to be.
        var sessions: [UInt64]
        var invalidation: UInt64
        var seenAt: Milliseconds
        var restsUntil: Milliseconds = .min
        /// How often in a row it had to rest.
        var rests = 0
    }

    /// Pages that are remembered, about 200 bytes each, and for how long since they were seen.
    public static let places = 4_096
    public static let lifetime: Milliseconds = 7_200_000
    public static let leastRest: Milliseconds = 60_000
    public static let longestRest: Milliseconds = 3_600_000

    private var records: [CacheKey: Record] = [:]

    public init() {}

    public var count: Int { records.count }

    /// Notes an answer, and says what is known of the page with it.
    ///
    /// - Parameter needed: as many have to be alike; two at least.
    public mutating func judge(
        _ page: CacheKey, _ answer: Answer, needed: Int, at now: Milliseconds
    ) -> Verdict {
        // It may be from before a write, and what comes next another for that.
        guard answer.invalidation >= answer.least else { return .unproved(0) }
        guard var record = records[page], now < record.seenAt.adding(Self.lifetime) else {
            makeRoom(at: now)
            records[page] = Record(
                fingerprint: answer.fingerprint, sessions: [answer.session],
                invalidation: answer.invalidation, seenAt: now)
            return .unproved(1)
        }
        let needed = max(2, needed)
        let verdict =
            record.fingerprint == answer.fingerprint
            ? Self.sameCame(answer, needed, now, &record)
            : Self.otherCame(answer, needed, now, &record)
        record.seenAt = now
        record.invalidation = max(record.invalidation, answer.invalidation)
        records[page] = record
        return verdict
    }

    /// What is known of a page; nil: nothing.
    public func verdict(
        of page: CacheKey, needed: Int, at now: Milliseconds
    ) -> Verdict? {
        guard let record = records[page], now < record.seenAt.adding(Self.lifetime) else {
            return nil
        }
        if now < record.restsUntil { return .rests(until: record.restsUntil) }
        return record.sessions.count >= max(2, needed) ? .proved : .unproved(record.sessions.count)
    }

    private static func sameCame(
        _ answer: Answer, _ needed: Int, _ now: Milliseconds, _ record: inout Record
    ) -> Verdict {
        if now < record.restsUntil { return .rests(until: record.restsUntil) }
        // Of a session that is given twice, the page may be that one's.
        if record.sessions.count < needed, !record.sessions.contains(answer.session) {
            record.sessions.append(answer.session)
        }
        return record.sessions.count >= needed ? .proved : .unproved(record.sessions.count)
    }

    private static func otherCame(
        _ answer: Answer, _ needed: Int, _ now: Milliseconds, _ record: inout Record
    ) -> Verdict {
        let isWritten = record.invalidation < answer.least
        let comesBack = record.former == answer.fingerprint
        if !isWritten, comesBack || record.sessions.count < needed {
            if now >= max(record.restsUntil, 0).adding(lifetime) { record.rests = 0 }
            let rest = comesBack ? longestRest : min(leastRest << record.rests, longestRest)
            record.rests = min(record.rests + 1, 6)
            record.restsUntil = max(record.restsUntil, now.adding(rest))
        }
        record.former = isWritten ? nil : record.fingerprint
        (record.fingerprint, record.sessions) = (answer.fingerprint, [answer.session])
        return isWritten ? .unproved(1) : .differs
    }

    private mutating func makeRoom(at now: Milliseconds) {
        guard records.count >= Self.places else { return }
        records = records.filter { now < $0.value.restsUntil }
        if records.count >= Self.places { records.removeAll(keepingCapacity: true) }
    }
}
