/// When an entry is fresh, and how long it may be used when it is not. Wall clock, milliseconds.
public struct EntryTimes: Sendable, Equatable {
    /// When the response was received, or last confirmed.
    public var storedAt: Milliseconds
    /// Its age then (RFC 9111 §4.2.3, corrected_initial_age).
    public var initialAge: Milliseconds
    /// Fresh before this.
    public var freshUntil: Milliseconds
    /// May be served stale while it is revalidated, before this. Never before `freshUntil`.
    public var swrUntil: Milliseconds
    /// May be served stale when the origin fails, before this. Never before `freshUntil`.
    public var sieUntil: Milliseconds

    public init(
        storedAt: Milliseconds, initialAge: Milliseconds, freshUntil: Milliseconds,
        swrUntil: Milliseconds, sieUntil: Milliseconds
    ) {
        self.storedAt = storedAt
        self.initialAge = initialAge
        self.freshUntil = freshUntil
        self.swrUntil = swrUntil
        self.sieUntil = sieUntil
    }

    /// Age now (RFC 9111 §4.2.3, current_age); a clock set back makes nobody younger.
    @inlinable
    public func age(at now: Milliseconds) -> Milliseconds {
        initialAge.adding(max(0, now.subtracting(storedAt)))
    }

    /// The whole seconds for an `Age` field.
    @inlinable
    public func ageSeconds(at now: Milliseconds) -> UInt64 {
        UInt64(age(at: now) / 1_000)
    }

    @inlinable
    public func isFresh(at now: Milliseconds) -> Bool { now < freshUntil }

    /// How long it stays fresh; 0 when it is not.
    @inlinable
    public func remaining(at now: Milliseconds) -> Milliseconds {
        max(0, freshUntil.subtracting(now))
    }

    /// The whole freshness lifetime, as counted from the origin.
    @inlinable
    public var lifetime: Milliseconds {
        max(0, freshUntil.subtracting(storedAt)).adding(initialAge)
    }

    /// Ends the lifetime now, if it lasts longer. What may be served stale stays so until the time
    /// that the response gave, where it gave one: a window of no length does not open early.
    @inlinable
    public mutating func end(at now: Milliseconds) {
        guard now < freshUntil else { return }
        if swrUntil <= freshUntil { swrUntil = now }
        if sieUntil <= freshUntil { sieUntil = now }
        freshUntil = now
    }

    /// The same, and the time is over in which it may be served while it is revalidated: a write
    /// may have changed what it shows. Served when the origin fails it still may be.
    @inlinable
    public mutating func doubt(at now: Milliseconds) {
        end(at: now)
        swrUntil = max(freshUntil, min(swrUntil, now))
    }

    /// Until when it answers requests without a question to the origin, by its own word (RFC 9111
    /// §4, §5.2.2.4; RFC 5861 §3).
    public func reusableUntil(under flags: EntryFlags) -> Milliseconds {
        if flags.contains(.noCache) { return .min }
        return flags.forbidsStale ? freshUntil : max(freshUntil, swrUntil)
    }

    /// From then on it is of no use and may go first.
    @inlinable
    public var usefulUntil: Milliseconds { max(freshUntil, swrUntil, sieUntil) }
}
