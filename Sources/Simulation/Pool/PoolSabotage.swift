/// A rule of the pool broken on purpose, to see that it is noticed.
public enum PoolSabotage: String, BrokenRule {
    /// Neither checks nor failures take a member out.
    case neverTakesOut
    /// A member that was taken out once stays away.
    case neverReturns
    /// A member that flaps is out at once and back at once each time.
    case forgivesFlapping
    /// The trial of a member on probation may take as long as any request.
    case waitsForTrials
    /// A member may take as long for an answer as it likes.
    case waitsForever
}
