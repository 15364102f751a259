/// Why a request to private content is refused, as CloudFront words it.
///
/// Source: answers of CloudFront; the words for the two absent parts are our reading.
public enum AccessDenial: String, Error, Sendable, CaseIterable {
    /// Not signed at all, or no key is named.
    case missingKey = "MissingKey"
    /// The key is in none of the behavior's key groups.
    case invalidKey = "InvalidKey"
    case malformedSignature = "MalformedSignature"
    case malformedPolicy = "MalformedPolicy"
    case missingSignature = "MissingSignature"
    case missingPolicy = "MissingPolicy"
    /// Expired, not yet valid, from another address, for another resource, or signed wrongly.
    case accessDenied = "AccessDenied"

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
        case .accessDenied: "Access denied"
        }
    }

    public static var contentType: StaticString { "text/xml" }

    /// The answer's body, byte for byte.
    public var body: String { body(saying: "\(message)") }

    /// The same with another message, which must be fit to stand in XML.
    public func body(saying message: String) -> String {
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>\(rawValue)</Code>"
            + "<Message>\(message)</Message></Error>"
    }
}
