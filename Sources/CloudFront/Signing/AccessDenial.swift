/// Why a request to private content is refused, as CloudFront words it.
///
/// Source: answers of CloudFront; the words for the two absent parts are our reading.
public enum AccessDenial: Error, Sendable, CaseIterable {
    /// Not signed at all, or no key is named.
    case missingKey
    /// The key is in none of the behavior's key groups.
    case invalidKey
    case malformedSignature
    case malformedPolicy
    case missingSignature
    case missingPolicy
    /// Those from here on CloudFront does not tell apart, lest who guesses learns from it.
    case wrongSignature
    case unknownAlgorithm
    case expired
    case notYetValid
    case otherAddress
    case otherResource

    /// The word in the answer.
    public var code: StaticString {
        switch self {
        case .missingKey: "MissingKey"
        case .invalidKey: "InvalidKey"
        case .malformedSignature: "MalformedSignature"
        case .malformedPolicy: "MalformedPolicy"
        case .missingSignature: "MissingSignature"
        case .missingPolicy: "MissingPolicy"
        default: "AccessDenied"
        }
    }

    public var status: Int { 403 }

    /// Unless somebody knows better: see `DistributionReadings`.
    public var message: StaticString {
        switch self {
        case .missingKey: "Missing Key-Pair-Id query parameter or cookie value"
        case .invalidKey: "Unknown Key"
        case .malformedSignature: "Could not unencode Signature"
        case .malformedPolicy: "Malformed Policy"
        case .missingSignature: "Missing Signature query parameter or cookie value"
        case .missingPolicy: "Missing Policy query parameter or cookie value"
        default: "Access denied"
        }
    }

    /// What the answer leaves out, for who may know; nil: the message says it.
    public var cause: StaticString? {
        switch self {
        case .wrongSignature:
            "the key did not sign this policy or, without one, this URL and time"
        case .unknownAlgorithm: "Hash-Algorithm is neither SHA1 nor SHA256"
        case .expired: "it has expired"
        case .notYetValid: "its policy is not valid yet (DateGreaterThan)"
        case .otherAddress: "its policy is for other viewer addresses (SourceIp)"
        case .otherResource: "its policy is for another Resource"
        default: nil
        }
    }

    public static var contentType: StaticString { "text/xml" }

    /// The answer's body, byte for byte.
    public var body: String { body(saying: "\(message)") }

    /// The same with another message, which must be fit to stand in XML.
    public func body(saying message: String) -> String {
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>\(code)</Code>"
            + "<Message>\(message)</Message></Error>"
    }
}
