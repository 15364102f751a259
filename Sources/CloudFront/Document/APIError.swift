/// An error as the CloudFront API answers it: a code with its HTTP status, and a sentence.
///
/// Source: CloudFront API Reference, "Errors" of each operation.
public struct APIError: Error, Sendable, Equatable {
    public enum Code: String, Sendable, CaseIterable {
        case accessDenied = "AccessDenied"
        case batchTooLarge = "BatchTooLarge"
        case distributionAlreadyExists = "DistributionAlreadyExists"
        case distributionNotDisabled = "DistributionNotDisabled"
        case illegalUpdate = "IllegalUpdate"
        case inconsistentQuantities = "InconsistentQuantities"
        case invalidArgument = "InvalidArgument"
        case invalidDefaultRootObject = "InvalidDefaultRootObject"
        case invalidIfMatchVersion = "InvalidIfMatchVersion"
        case invalidTTLOrder = "InvalidTTLOrder"
        case malformedXML = "MalformedXML"
        case missingBody = "MissingBody"
        case noSuchCachePolicy = "NoSuchCachePolicy"
        case noSuchDistribution = "NoSuchDistribution"
        case noSuchInvalidation = "NoSuchInvalidation"
        case noSuchOrigin = "NoSuchOrigin"
        case noSuchOriginRequestPolicy = "NoSuchOriginRequestPolicy"
        case noSuchResponseHeadersPolicy = "NoSuchResponseHeadersPolicy"
        case preconditionFailed = "PreconditionFailed"
        case tooManyInvalidationsInProgress = "TooManyInvalidationsInProgress"

        /// The HTTP status of the answer. Never 5xx: clients would try again.
        public var status: Int {
            switch self {
            case .accessDenied: 403
            case .batchTooLarge: 413
            case .distributionAlreadyExists, .distributionNotDisabled: 409
            case .noSuchCachePolicy, .noSuchDistribution, .noSuchInvalidation, .noSuchOrigin,
                .noSuchOriginRequestPolicy, .noSuchResponseHeadersPolicy:
                404
            case .preconditionFailed: 412
            default: 400
            }
        }
    }

    public var code: Code
    public var message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public static var noSuchDistribution: APIError {
        APIError(.noSuchDistribution, "The specified distribution does not exist.")
    }

    public static var noSuchInvalidation: APIError {
        APIError(.noSuchInvalidation, "The specified invalidation does not exist.")
    }

    public static var invalidIfMatchVersion: APIError {
        APIError(
            .invalidIfMatchVersion,
            "The If-Match version is missing or not valid for the resource.")
    }

    /// What the API answers to a document with findings: its first error.
    public init?(_ findings: [ConfigFinding]) {
        guard let first = findings.first(where: { $0.kind == .error }) else { return nil }
        self.init(first.code, first.message)
    }
}

extension APIError {
    /// The namespace of every document of the API.
    public static var namespace: String { "http://cloudfront.amazonaws.com/doc/2020-05-31/" }
    public static var contentType: StaticString { "text/xml" }

    /// The answer's body. `requestID` is the one in `x-amzn-RequestId`.
    public func body(requestID: String) -> String {
        "<?xml version=\"1.0\"?>\n<ErrorResponse xmlns=\"\(Self.namespace)\"><Error>"
            + "<Type>Sender</Type><Code>\(code.rawValue)</Code>"
            + "<Message>\(Self.escaped(message))</Message></Error>"
            + "<RequestId>\(Self.escaped(requestID))</RequestId></ErrorResponse>"
    }

    /// Messages quote what the user wrote. Controls are left out: XML 1.0 cannot hold them.
    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\t", "\n", "\r": escaped.unicodeScalars.append(scalar)
            default: if scalar.value >= 0x20 { escaped.unicodeScalars.append(scalar) }
            }
        }
        return escaped
    }
}
