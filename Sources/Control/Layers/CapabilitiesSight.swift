import Tiles

/// What a pool's capabilities said when they were read last: whether they say anything else now.
///
/// The fingerprint leaves out what differs between readings of one catalog. A server that counts
/// its changes (`updateSequence`) tells more: of its other services', too, and that no more than
/// its data has moved on. It counts for itself alone, and what the edge has passed on to it, too.
struct CapabilitiesSight {
    private var member = ""
    /// Of each service, in their order; nil: nothing was read yet.
    private var seen: [Capabilities]?
    private var writes: UInt64 = 0
    /// The last reading said something else than the one before.
    private var isMoving = false
    /// It did so again, which was not told.
    private var isUntold = false

    /// Takes in a reading.
    ///
    /// - Parameters:
    ///   - found: of each service.
    ///   - member: who said so.
    ///   - writes: how many have passed that may have changed them; nil: one may go on still.
    /// - Returns: whether what is stored of them has to be asked for anew. The first reading is
    ///   what others are compared with. One that says something else each time is a clock: what it
    ///   says counts again when it has stood still.
    mutating func takes(_ found: [Capabilities], of member: String, writes: UInt64?) -> Bool {
        defer {
            (self.member, seen) = (member, found)
            self.writes = writes ?? .max
        }
        guard let seen, seen.count == found.count else { return false }
        let isSame = self.member == member
        let isQuiet = writes == self.writes
        let differs = zip(seen, found).contains { old, new in
            Self.differs(old, new, countsSequence: isSame, isQuiet: isQuiet)
        }
        defer { isMoving = differs }
        guard differs else {
            defer { isUntold = false }
            return isUntold
        }
        isUntold = isMoving
        return !isMoving
    }

    private static func differs(
        _ old: Capabilities, _ new: Capabilities, countsSequence: Bool, isQuiet: Bool
    ) -> Bool {
        let isOther = old.fingerprint != new.fingerprint
        guard countsSequence, let former = old.updateSequence, let sequence = new.updateSequence
        else { return isOther }
        guard former != sequence else { return false }
        // A server that began anew counts from the beginning. What a write through the edge has
        // raised it by was made stale with that.
        let isBack = Int(former).flatMap { last in Int(sequence).map { $0 < last } } ?? false
        return isOther || isQuiet && !isBack
    }
}

/// What capabilities say of a service's layers, and what they are compared by.
struct WatchedLayersReader: CapabilitiesReading {
    private var layers: ServiceLayersReader
    private var print = CapabilitiesReader()

    init(systems: Set<ReferenceSystem>) { layers = ServiceLayersReader(systems: systems) }

    mutating func take(_ bytes: RawSpan) throws(CapabilitiesError) {
        try layers.take(bytes)
        try print.take(bytes)
    }

    mutating func finish() throws(CapabilitiesError) -> (layers: [ServiceLayer], said: Capabilities)
    {
        (try layers.finish(), try print.finish())
    }
}
