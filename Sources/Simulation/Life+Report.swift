extension Life {
    /// What came of one.
    public struct Report: LifeReport {
        public var seed: UInt64
        public var violations: [String]
        /// Responses that viewers judged, how many came out of the cache, how many were cut off.
        public var judged: Int
        public var hits: Int
        public var cuts: Int
        public var fingerprint: UInt64
        /// Simulated seconds and turns of the loops that it took.
        public var seconds: Int
        public var ticks: Int
    }
}
