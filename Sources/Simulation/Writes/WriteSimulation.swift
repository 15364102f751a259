/// One simulated life of an edge whose viewers look at maps while writers change them: the real
/// loops, exchanges, write observer, store and metatiles, before map servers that number each
/// change and draw that number into their pictures.
///
/// So an answer tells by itself how old it is, and the ledger knows whether a write that its writer
/// has been told of touched what it shows.
public struct WriteSimulation {
    public let seed: UInt64
    public let sabotage: WriteSabotage?
    private let trace: ((String) -> Void)?

    public init(
        seed: UInt64, sabotage: WriteSabotage? = nil, trace: ((String) -> Void)? = nil
    ) {
        self.seed = seed
        self.sabotage = sabotage
        self.trace = trace
    }

    /// What came of it.
    public struct Report: Sendable {
        public var seed: UInt64
        /// Broken invariants, in words; empty when all held.
        public var violations: [String]
        /// Answers that were judged, and those of them that came out of the store.
        public var judged: Int
        public var hits: Int
        /// Writes that were done, that were refused, and of which their writers cannot know.
        public var done: Int
        public var refused: Int
        public var unknown: Int
        /// Entries that were asked for again after writes elsewhere, and those still there.
        public var expected: Int
        public var kept: Int
        /// Of `expected`, those with none but refused writes in between.
        public var beside: Int
        /// Metatiles that servers drew; times that the edge began anew.
        public var blocks: Int
        public var restarts: Int
        /// Differs between two runs in which not quite the same things happened.
        public var fingerprint: UInt64
    }

    /// Lives it through.
    ///
    /// - Throws: when the cache directory cannot be made.
    public func run() throws -> Report { try WriteLife(seed, sabotage, trace).run() }
}

/// An invariant of writes broken on purpose, to see that it is noticed.
public enum WriteSabotage: String, CaseIterable, Sendable {
    /// A transaction does one more thing than its body says.
    case hidesFeature
    /// Servers do a write and say that they refused it.
    case deniesWrites
    /// The edge believes that what is never answered was done at once, or not at all.
    case forgetsRepeats
    /// The edge does not know which layers a group has.
    case forgetsGroups
    /// The edge takes pictures to show nothing from beyond their edges.
    case seesNoSymbols
    /// Writes go by a path that the edge does not know for one.
    case writesAside
    /// A server draws what it had before the latest write.
    case drawsOld
    /// Every write, refused ones as well, empties the store.
    case purgesAll
    /// Only refused ones do.
    case purgesOnRefusal
    /// A server draws a neighbour in place of what was asked for.
    case mixesPlaces
    /// Each loop has blocks of tiles drawn for itself.
    case drawsTwice

    /// What is said of it, among other things.
    public var sign: String {
        switch self {
        case .hidesFeature, .deniesWrites, .forgetsRepeats, .forgetsGroups, .seesNoSymbols,
            .writesAside, .drawsOld:
            "was touched by"
        case .purgesAll: "entries were left"
        case .purgesOnRefusal: "but refused writes"
        case .mixesPlaces: "shows another"
        case .drawsTwice: "at a time"
        }
    }
}
