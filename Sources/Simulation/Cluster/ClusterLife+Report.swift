extension ClusterLife {
    /// What came of one.
    public struct Report: LifeReport {
        public var seed: UInt64
        public var violations: [String]
        public var judged: Int
        public var hits: Int
        public var writes: Int
        /// Answers of members out of step.
        public var marked: Int
        /// Followers that were brought into step.
        public var rounds: Int
        public var fingerprint: UInt64
    }
}
