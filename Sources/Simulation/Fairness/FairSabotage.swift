/// A rule broken on purpose, to see that it is noticed.
public enum FairSabotage: String, BrokenRule {
    /// Tiles have no limit at a member.
    case hasNoLimits
    /// All viewers are one, so that whoever asks most gets most.
    case seesOneViewer
    /// Whoever asks to be left alone is asked all the same.
    case disobeys
}
