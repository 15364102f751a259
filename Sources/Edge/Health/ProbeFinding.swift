import Tiles

/// What a check of a member came to.
enum ProbeFinding: Equatable, Sendable {
    case passed
    /// No connection, or none in time.
    case notConnected
    /// A connection, but no TLS on it.
    case notSecured
    /// A connection, and not a byte of an answer in time, or an end before one.
    case silent
    /// The answer had begun, and was not there to its end in time.
    case slow
    /// What came is no HTTP.
    case malformed
    case status(Int)
    /// The text that was asked for is not in the body.
    case textMissing
    /// Fewer bytes than the framing promised.
    case cutShort
    /// More bytes than are read.
    case tooLong(limit: Int)
    /// Another type, or an exception, by the head and the first bytes.
    case content(TileVerdict)
    case image(ImageFinding)
    case capabilities(CapabilitiesError)
    case fewLayers(Int, wanted: Int)
    case layerMissing(String)

    var hasPassed: Bool { self == .passed }

    /// Whether somebody was there who speaks the protocol: the member is alive, if not well.
    var hasAnswered: Bool {
        switch self {
        case .notConnected, .notSecured, .silent, .malformed: false
        default: true
        }
    }

    /// The word for `/status`, metrics and log.
    var word: String {
        switch self {
        case .passed: "passed"
        case .notConnected: "check-not-connected"
        case .notSecured: "check-tls-failed"
        case .silent: "check-silent"
        case .slow: "check-slow"
        case .malformed: "check-malformed"
        case .status(let status): "check-status \(status)"
        case .textMissing: "check-text-missing"
        case .cutShort: "check-cut-short"
        case .tooLong: "check-too-long"
        case .content(let verdict): "check-\(verdict.word)"
        case .image(let finding): "check-\(finding.word)"
        case .capabilities(.exception): "check-service-exception"
        case .capabilities: "check-capabilities-malformed"
        case .fewLayers: "check-few-layers"
        case .layerMissing: "check-layer-missing"
        }
    }

    /// A clause for the operator's log.
    var sentence: String {
        switch self {
        case .passed: "passed"
        case .notConnected: "no connection in time"
        case .notSecured: "TLS failed, or was not agreed on in time"
        case .silent: "it took the connection and answered nothing in time"
        case .slow: "the answer was not there to its end in time"
        case .malformed: "the answer is no HTTP"
        case .status(let status): "the status is \(status)"
        case .textMissing: "the body lacks the text that it must hold"
        case .cutShort: "the answer ended before its framing said so"
        case .tooLong(let limit): "the answer is longer than health.bodyLimit (\(limit) bytes)"
        case .content(let verdict): "the answer is no picture: \(verdict.word)"
        case .image(let finding): finding.description
        case .capabilities(let error): error.description
        case .fewLayers(let count, let wanted):
            "the capabilities list \(count) layers, and should list \(wanted)"
        case .layerMissing(let name): "the capabilities do not list the layer \"\(name)\""
        }
    }
}

/// What a check learned, to be told to the pool.
struct ProbeResult: Equatable, Sendable {
    var finding: ProbeFinding
    /// What the member says of its layers, where it was asked and told it whole.
    var capabilities: Capabilities?

    init(_ finding: ProbeFinding, _ capabilities: Capabilities? = nil) {
        self.finding = finding
        self.capabilities = capabilities
    }
}
