extension FairLife {
    /// What came of one.
    public struct Report: LifeReport {
        public var seed: UInt64
        public var violations: [String]
        /// Requests of viewers that were answered, and refusals of members.
        public var answered: Int
        public var refusals: Int
        /// The longest that one of the others waited while no member refused, in milliseconds.
        public var longestWait: UInt64
        public var fingerprint: UInt64
    }
}
