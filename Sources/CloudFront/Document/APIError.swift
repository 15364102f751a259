/// An error as the CloudFront API answers it: a code, of which clients make an exception, with its
/// HTTP status, and a sentence.
///
/// Source: CloudFront API Reference, "Errors" of each operation and "Common Error Types"; the
/// service's model of 2020-05-31.
public struct APIError: Error, Sendable, Equatable {
    public enum Code: String, Sendable, CaseIterable {
        case accessDenied = "AccessDenied"
        case batchTooLarge = "BatchTooLarge"
        case distributionAlreadyExists = "DistributionAlreadyExists"
        case distributionNotDisabled = "DistributionNotDisabled"
        case entityNotFound = "EntityNotFound"
        case illegalUpdate = "IllegalUpdate"
        case incompleteSignature = "IncompleteSignature"
        case inconsistentQuantities = "InconsistentQuantities"
        case invalidArgument = "InvalidArgument"
        case invalidClientTokenId = "InvalidClientTokenId"
        case invalidDefaultRootObject = "InvalidDefaultRootObject"
        case invalidErrorCode = "InvalidErrorCode"
        case invalidForwardCookies = "InvalidForwardCookies"
        case invalidGeoRestrictionParameter = "InvalidGeoRestrictionParameter"
        case invalidHeadersForS3Origin = "InvalidHeadersForS3Origin"
        case invalidIfMatchVersion = "InvalidIfMatchVersion"
        case invalidLocationCode = "InvalidLocationCode"
        case invalidMinimumProtocolVersion = "InvalidMinimumProtocolVersion"
        case invalidOriginKeepaliveTimeout = "InvalidOriginKeepaliveTimeout"
        case invalidOriginReadTimeout = "InvalidOriginReadTimeout"
        case invalidQueryStringParameters = "InvalidQueryStringParameters"
        case invalidRelativePath = "InvalidRelativePath"
        case invalidResponseCode = "InvalidResponseCode"
        case invalidTagging = "InvalidTagging"
        case invalidTTLOrder = "InvalidTTLOrder"
        case invalidationBatchAlreadyExists = "InvalidationBatchAlreadyExists"
        case malformedInput = "MalformedInput"
        case malformedXML = "MalformedXML"
        case missingAuthenticationToken = "MissingAuthenticationToken"
        case missingBody = "MissingBody"
        case noSuchCachePolicy = "NoSuchCachePolicy"
        case noSuchDistribution = "NoSuchDistribution"
        case noSuchInvalidation = "NoSuchInvalidation"
        case noSuchOrigin = "NoSuchOrigin"
        case noSuchOriginRequestPolicy = "NoSuchOriginRequestPolicy"
        case noSuchPublicKey = "NoSuchPublicKey"
        case noSuchResource = "NoSuchResource"
        case noSuchResponseHeadersPolicy = "NoSuchResponseHeadersPolicy"
        case preconditionFailed = "PreconditionFailed"
        case requestExpired = "RequestExpired"
        case serviceUnavailable = "ServiceUnavailable"
        case signatureDoesNotMatch = "SignatureDoesNotMatch"
        case tooManyInvalidationsInProgress = "TooManyInvalidationsInProgress"
        case trustedKeyGroupDoesNotExist = "TrustedKeyGroupDoesNotExist"

        /// The HTTP status of the answer. 5xx only for what may work when it is tried again, as
        /// clients then do.
        public var status: Int {
            switch self {
            case .accessDenied, .invalidClientTokenId, .missingAuthenticationToken,
                .signatureDoesNotMatch:
                403
            case .batchTooLarge: 413
            case .distributionAlreadyExists, .distributionNotDisabled: 409
            case .entityNotFound, .noSuchCachePolicy, .noSuchDistribution, .noSuchInvalidation,
                .noSuchOrigin, .noSuchOriginRequestPolicy, .noSuchPublicKey, .noSuchResource,
                .noSuchResponseHeadersPolicy:
                404
            case .preconditionFailed: 412
            case .serviceUnavailable: 503
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

    /// What the API answers to a document with findings: its first error.
    public init?(_ findings: [ConfigFinding]) {
        guard let first = findings.first(where: { $0.kind == .error }) else { return nil }
        self.init(first.code, first.message)
    }
}
