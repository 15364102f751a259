/// Whether a write took effect, as far as its response shows.
public enum WriteOutcome: UInt8, Sendable {
    case happened
    /// It definitely changed nothing: it was refused, or there was nothing to change.
    case refused
    /// Nobody can tell, so that it counts as happened: no answer, a server's error, an answer that
    /// cannot be read or was cut short.
    case unknown

    /// Whether what it touched has to be made stale.
    public var mayHaveHappened: Bool { self != .refused }

    /// What a status says by itself (RFC 9110 §15): nil when the body decides.
    static func of(status: Int, form: ObservedWrite.ResponseForm) -> WriteOutcome? {
        switch status {
        case 200...299: form == .status ? .happened : nil
        // WFS 2.0 reports an exception so, of which `divisible` says what it is worth.
        case 400 where form == .divisible: .unknown
        // A form's usual answer, or the way to sign in: not told apart here.
        case 300...399: .happened
        // The client was too slow, or left: what had arrived may have been done.
        case 408, 499: .unknown
        case 400...499: .refused
        default: .unknown
        }
    }
}
