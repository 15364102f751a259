extension WriteLife {
    /// What came of one.
    public struct Report: LifeReport {
        public var seed: UInt64
        public var violations: [String]
        /// Answers that were judged, and those of them that came out of the store.
        public var judged: Int
        public var hits: Int
        /// Writes that were done, that were refused, and of which their writers cannot know.
        public var done: Int
        public var refused: Int
        public var unknown: Int
        /// Of what no write touched: tiles and other maps; legends, features and capabilities.
        public var maps: Survival
        public var documents: Survival
        /// Of these, those with none but refused writes in between.
        public var beside: Int
        /// Metatiles that servers drew; times that the edge began anew.
        public var blocks: Int
        public var restarts: Int
        /// Before servers with one catalog: entries still there behind writes of it elsewhere,
        /// what was written past the edge, and answers of servers that had not read the catalog.
        public var narrow: Int
        public var passed: Int
        public var behind: Int
        public var fingerprint: UInt64
    }
}
