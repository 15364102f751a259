/// What became of the bytes given to a head parser.
public enum HeadResult: Equatable, Sendable {
    /// No error so far, but the head's end has not arrived.
    case needMore
    /// The head is parsed; the body, or the next message, starts at its `length`.
    case complete
    /// The message breaks a rule. Answer, close, and forward nothing.
    case rejected(HeadRejection)
}
