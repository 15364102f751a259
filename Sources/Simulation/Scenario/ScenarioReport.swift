/// What came of a scenario.
public struct ScenarioReport: Sendable {
    public enum Outcome: Sendable {
        case ok
        /// It is not to hold yet, and does not.
        case pending(String)
        case failed(Difference)
        /// It was not to hold yet, but does: `pending` has to go.
        case holdsAlready
    }

    public var scenario: Scenario
    public var outcome: Outcome

    /// Whether nobody has to look at it.
    public var isGood: Bool {
        switch outcome {
        case .ok, .pending: true
        case .failed, .holdsAlready: false
        }
    }
}

/// The first thing in a scenario that was not as it should be.
public struct Difference: Sendable {
    /// The line of the expectation.
    public var place: Scenario.Place
    /// Number of the step, from 1, and what it did.
    public var number: Int
    public var step: String
    public var subject: String
    public var expected: String
    public var got: String
    /// The viewer's answer, head and body, in lines; empty where there was none.
    public var answer: [String]
    /// What the origins saw in this step, a line for each request.
    public var seen: [String]
}
