extension PoolLife {
    /// What came of one.
    public struct Report: LifeReport {
        public var seed: UInt64
        public var violations: [String]
        /// Requests that were answered, and times a member was taken out.
        public var answered: Int
        public var outs: Int
        /// Times that one which flaps came back, the most of any.
        public var returns: Int
        public var fingerprint: UInt64
    }
}
