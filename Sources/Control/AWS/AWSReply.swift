import HTTP

/// An element of a reply of AWS's query services, with all below it.
struct AWSElement: Equatable {
    var name = ""
    /// Of an element without children; white space around others is no text.
    var text = ""
    var children: [AWSElement] = []

    /// The first child of that name; nil without one.
    subscript(name: String) -> AWSElement? { children.first { $0.name == name } }

    /// The text of a child; nil without one, or where it is empty.
    func value(_ name: String) -> String? {
        self[name].flatMap { $0.text.isEmpty ? nil : $0.text }
    }

    /// The items of a list, which the services call `member` or `item`.
    func items(_ name: String) -> [AWSElement] {
        (self[name]?.children ?? []).filter { $0.name == "member" || $0.name == "item" }
    }
}

extension AWSElement {
    /// What a reply may measure: some hundred instances with all that EC2 says of them.
    static var limits: XMLLimits {
        var limits = XMLLimits.document
        limits.documentBytes = HTTPCall.answerBytesMax
        return limits
    }

    /// Reads a whole document; nil if it is none.
    init?(reading bytes: [UInt8]) {
        var open: [AWSElement] = []
        var root: AWSElement?
        var scanner = XMLScanner(limits: Self.limits)
        let span = unsafe bytes.span.bytes
        var at = 0
        do throws(XMLError) {
            while true {
                let step = try scanner.next(span.extracting(at..<span.byteCount))
                at += step.consumed
                switch step.event {
                case .needMore:
                    try scanner.finish()
                    guard let root else { return nil }
                    self = root
                    return
                case .start(let element): open.append(AWSElement(name: element.name.local))
                case .text(let piece): open[open.count - 1].text += piece
                case .end:
                    var element = open.removeLast()
                    if !element.children.isEmpty { element.text = "" }
                    if open.isEmpty {
                        root = element
                    } else {
                        open[open.count - 1].children.append(element)
                    }
                }
            }
        } catch {
            return nil
        }
    }
}

/// Why a call of AWS brought nothing.
struct AWSError: Error, Equatable, CustomStringConvertible {
    enum Kind: Equatable {
        /// No answer, a server's error, or one that is no document: it may work later.
        case unavailable
        /// Too many calls: the next ones wait longer.
        case throttled
        /// The credentials are not good any more.
        case expired
        /// The call itself was refused; repeating it is of no use.
        case refused
    }

    var kind: Kind
    /// AWS's own code, such as `AccessDenied`; empty where there was none.
    var code = ""
    /// One line, with what to do.
    var description: String

    /// Codes by which services say that they are asked too often.
    private static let throttling: Set<String> = [
        "Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded",
        "RequestThrottled", "RequestThrottledException", "TooManyRequestsException",
        "ProvisionedThroughputExceededException", "BandwidthLimitExceeded", "SlowDown",
    ]
    private static let expiry: Set<String> = [
        "ExpiredToken", "ExpiredTokenException", "RequestExpired",
    ]

    /// The keys may have been replaced since they were read.
    var doubtsKeys: Bool {
        ["InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure"].contains(code)
    }

    /// What was sent is wrong, and would be wrong the next time.
    var blamesParameters: Bool {
        kind == .refused
            && (code == "ValidationError" || code == "MissingParameter"
                || code.hasPrefix("InvalidParameter"))
    }

    /// What a reply with an error says: `ErrorResponse/Error` of most services, `Response/Errors`
    /// of EC2.
    init(_ action: String, _ reply: HTTPReply) {
        let root = AWSElement(reading: reply.body)
        let error = root?["Error"] ?? root?["Errors"]?["Error"]
        let code = error?.value("Code") ?? ""
        self.code = code
        if reply.status == 429 || Self.throttling.contains(code) {
            kind = .throttled
        } else if Self.expiry.contains(code) {
            kind = .expired
        } else {
            kind = reply.status >= 500 ? .unavailable : .refused
        }
        let said = error?.value("Message").map { ": \(printable(String($0.prefix(300))))" } ?? ""
        let name = code.isEmpty ? "\(reply.status) without a document" : printable(code)
        description = "\(action) was answered \(name)\(said); \(Self.remedy(code))"
    }

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    private static func remedy(_ code: String) -> String {
        switch code {
        case "AccessDenied", "UnauthorizedOperation", "AccessDeniedException":
            "allow the action in the role's policy (Operating, \"Elastic pools\")"
        case "SignatureDoesNotMatch", "InvalidClientTokenId", "AuthFailure",
            "UnrecognizedClientException", "InvalidSignatureException":
            "check the credentials, and the machine's clock"
        case "ValidationError": "check the names in the configuration"
        default: "it is asked again"
        }
    }
}
