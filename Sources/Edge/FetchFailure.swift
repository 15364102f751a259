import Caching
import HTTP

/// Why a fetch gave no response; each with the status a viewer gets when there is nothing better.
public enum FetchFailure: UInt8, Error, Sendable, CaseIterable {
    /// The member refused the connection or cannot be reached.
    case connectFailed
    /// The member did not take the connection in time.
    case connectTimeout
    /// Connected, but no response head in time.
    case firstByteTimeout
    /// The body stopped coming.
    case betweenBytesTimeout
    /// The whole exchange took longer than the origin's total time-out.
    case totalTimeout
    /// The member closed or reset the connection before the response was complete.
    case cutShort
    /// The response head or framing is not HTTP as RFC 9112 has it.
    case malformed
    /// Every member is at its limit and the queue is full.
    case queueFull
    /// No member became free in time.
    case queueTimeout
    /// Its turn would come only after it is no use any more.
    case queueDeadline
    /// Every member asked not to be asked for a while.
    case memberHeld
    /// The pool has no members.
    case noMember
    /// The edge ran out of descriptors or memory for the fetch.
    case exhausted
    /// Nobody waits for the response any more.
    case abandoned
    /// The member's name has no address, or none yet.
    case unresolved
    /// Connected, but no TLS: its certificate is not believed, or the handshake failed.
    case tlsFailed
    /// The response head is larger than the edge reads, as a whole or one of its names, or has
    /// too many fields.
    case headTooLarge

    /// `Content-Length` and `Content-Range` of a part say different lengths.
    case rangeMismatch
    /// The member closed or reset the connection before it had taken the whole request.
    case notTaken

    /// 502 for a broken answer, 503 for want of capacity, 504 for want of time.
    public var status: Int {
        switch self {
        case .connectFailed, .cutShort, .malformed, .unresolved, .tlsFailed, .headTooLarge,
            .rangeMismatch, .notTaken:
            502
        case .queueFull, .queueTimeout, .queueDeadline, .memberHeld, .noMember, .exhausted,
            .abandoned:
            503
        case .connectTimeout, .firstByteTimeout, .betweenBytesTimeout, .totalTimeout: 504
        }
    }

    /// CloudFront's `x-edge-detailed-result-type`.
    public var detailedResult: StaticString {
        switch self {
        case .connectFailed, .connectTimeout, .noMember, .tlsFailed: "OriginConnectError"
        case .firstByteTimeout, .betweenBytesTimeout, .totalTimeout: "OriginReadError"
        case .cutShort: "OriginCommError"
        case .notTaken: "OriginWriteError"
        case .malformed: "OriginInvalidResponseError"
        case .headTooLarge: "OriginHeaderTooBigError"
        case .rangeMismatch: "OriginContentRangeLengthError"
        case .queueFull, .queueTimeout, .queueDeadline, .exhausted: "CapacityExceeded"
        // It has answered so a moment ago, by 429 or 503.
        case .memberHeld: "OriginError"
        case .abandoned: "ClientHungUpRequest"
        case .unresolved: "OriginDnsError"
        }
    }

    /// What is answered with it, where there is nothing better.
    var result: ResultType {
        switch self {
        case .queueFull, .queueTimeout, .queueDeadline, .exhausted: .capacityExceeded
        default: .error
        }
    }

    /// The word for logs, `Cache-Status` details and `/status`.
    public var word: StaticString {
        switch self {
        case .connectFailed: "connect-failed"
        case .connectTimeout: "connect-timeout"
        case .firstByteTimeout: "first-byte-timeout"
        case .betweenBytesTimeout: "between-bytes-timeout"
        case .totalTimeout: "total-timeout"
        case .cutShort: "cut-short"
        case .malformed: "malformed"
        case .queueFull: "queue-full"
        case .queueTimeout: "queue-timeout"
        case .queueDeadline: "queue-deadline"
        case .memberHeld: "member-held"
        case .noMember: "no-member"
        case .exhausted: "exhausted"
        case .abandoned: "abandoned"
        case .unresolved: "unresolved"
        case .tlsFailed: "tls-failed"
        case .headTooLarge: "head-too-large"
        case .rangeMismatch: "range-mismatch"
        case .notTaken: "not-taken"
        }
    }

    /// Whether the member is to blame, for passive health.
    public var blamesMember: Bool {
        switch self {
        case .connectFailed, .connectTimeout, .firstByteTimeout, .betweenBytesTimeout, .cutShort,
            .malformed, .unresolved, .tlsFailed, .headTooLarge, .rangeMismatch, .notTaken:
            true
        case .totalTimeout, .queueFull, .queueTimeout, .queueDeadline, .memberHeld, .noMember,
            .exhausted, .abandoned:
            false
        }
    }

    /// Whether a member was asked, or tried to be: want of room or of members asks nobody.
    var wasForwarded: Bool { blamesMember || self == .totalTimeout }

    /// Whether another member may be asked, when the request allows it and nothing was sent yet.
    public var mayTryAnother: Bool { blamesMember }

    var isTimeout: Bool { status == 504 }

    /// What a head that the parser refused is called.
    init(_ rejection: HeadRejection) {
        switch rejection {
        case .headTooLarge, .tooManyFields, .fieldNameTooLong: self = .headTooLarge
        default: self = .malformed
        }
    }
}

extension Exchange {
    /// The status of a failure where there is nothing better.
    ///
    /// A pool that nobody is left in is 503 for who asks the edge for tiles and pages: want of
    /// capacity, to be asked again. To CloudFront it is an origin that cannot be reached, 502, and
    /// a behavior without a class is CloudFront's. Source: CloudFront, "HTTP 502 status code".
    func status(of failure: FetchFailure) -> Int {
        let isCloudFront = imported != nil && policy.mapClass == .none
        return failure == .noMember && isCloudFront ? 502 : failure.status
    }
}
