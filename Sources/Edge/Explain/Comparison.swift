/// Why two requests do not share one stored response.
public struct Comparison: Sendable, Equatable {
    public let first: Explanation
    public let second: Explanation
    /// Parts of the answering keys that differ: `wanted` is the first one, `found` the second.
    public let differences: [Explanation.KeyDifference]
    /// Why a request has nothing to share at all: each with a sentence.
    public let obstacles: [Explanation.Note]

    /// Whether one stored response answers both.
    public var isShared: Bool { differences.isEmpty && obstacles.isEmpty }

    public init(_ first: Explanation, _ second: Explanation) {
        self.first = first
        self.second = second
        differences =
            first.key.flatMap { key in
                second.key.map { key.asServed.parts.differences(from: $0.asServed.parts) }
            } ?? []
        obstacles = [("first", first), ("second", second)].compactMap { name, told in
            guard told.key == nil || told.decision.action == "pass" || told.refusal != nil
            else { return nil }
            return Explanation.Note(
                "\(name)",
                "\(told.decision.action) (\(told.decision.reason)): "
                    + told.decision.sentence)
        }
    }
}
