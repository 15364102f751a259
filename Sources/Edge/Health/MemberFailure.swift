import Tiles

/// What a member is blamed for.
enum MemberFailure: Sendable, Equatable {
    case fetch(FetchFailure)
    /// It answered with a gateway's error.
    case status(Int)
    /// It did not pass an active check.
    case check(ProbeFinding)
    /// An exception, or no picture or whole document, where another member gave it.
    case content(TileVerdict)
    /// A picture without its end.
    case image(ImageFinding)
    /// The head, or after it the body, began later than is allowed.
    case slowHead, slowBody
    /// It does not know a layer that another member serves.
    case layer

    /// The word in `/status` and in metrics.
    var word: String {
        switch self {
        case .fetch(let failure): failure.word.description
        case .status(let status): "status \(status)"
        case .check(let finding): finding.word
        case .content(let verdict): verdict.word.description
        case .image(let finding): finding.word.description
        case .slowHead: "slow-head"
        case .slowBody: "slow-body"
        case .layer: "layer-unknown"
        }
    }

    /// A member took the connection.
    var isReached: Bool {
        switch self {
        case .fetch(.connectFailed), .fetch(.connectTimeout), .fetch(.unresolved), .check: false
        default: true
        }
    }

    /// Whether it shows that somebody is there.
    var hasAnswered: Bool {
        switch self {
        case .fetch(let failure): failure == .betweenBytesTimeout || failure == .cutShort
        case .check(let finding): finding.hasAnswered
        default: true
        }
    }
}

/// What a bad answer to a map request would say of its member, if another one answers well.
///
/// A viewer can ask for what nobody has, and one crawler with bad URLs must not take a pool down.
/// So the rule has two parts. By its code, an exception that is the request's own fault says
/// nothing of anybody. What remains is a suspicion: the request goes to another member, within the
/// retry budget, and only if that one answers it well is the first one blamed; if both answer
/// alike, nobody is. An unknown layer counts against readiness, everything else as a failed
/// exchange.
enum Suspicion: Sendable, Equatable {
    case failure(MemberFailure)
    case unknownLayer(String)

    /// - Parameters:
    ///   - verdict: what is wrong with the body.
    ///   - report: what it says, where it is an exception.
    ///   - layers: what the request names.
    /// - Returns: nil: the member is not suspected of anything.
    static func of(
        _ verdict: TileVerdict, _ report: ExceptionReport, layers: String?,
        _ settings: PassiveSettings
    ) -> Suspicion? {
        switch verdict {
        case .fits: return nil
        case .wrongStatus, .wrongType, .wrongSignature, .wrongSize, .wrongDocument, .empty:
            return settings.wrongContent ? .failure(.content(verdict)) : nil
        case .incomplete: return settings.truncated ? .failure(.content(verdict)) : nil
        case .exception:
            guard settings.exceptions else { return nil }
            switch report.fault {
            case .request: return nil
            case .layer: return layers.map { .unknownLayer($0) }
            case .open: return .failure(.content(verdict))
            }
        }
    }
}
