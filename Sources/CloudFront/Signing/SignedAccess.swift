public import HTTP

/// Judges signed URLs and cookies. Source: CloudFront, "Serve private content with signed URLs
/// and signed cookies".
public struct SignedAccess: Sendable {
    /// Whether `signature` of `signedBytes` is good under a key of the behavior's groups.
    ///
    /// RSA with PKCS #1 v1.5, or ECDSA on P-256, over the algorithm's digest.
    public typealias Verifier = (
        _ keyID: String, _ algorithm: SignatureParameters.Algorithm, _ signedBytes: [UInt8],
        _ signature: [UInt8]
    ) -> Bool

    /// Ids of the keys in the behavior's groups.
    public var keyIDs: Set<String>

    public init(keyIDs: Set<String>) { self.keyIDs = keyIDs }

    /// Lets the request pass, or says why not.
    ///
    /// `scheme` is the viewer's, `viewer` its address, `now` seconds since 1970 at the request's
    /// start: a transfer that lasts longer is not cut.
    public func judge(
        _ head: borrowing RequestHead, bytes: RawSpan, scheme: String, viewer: String, now: Int64,
        verify: Verifier
    ) throws(AccessDenial) {
        let parameters = SignatureParameters(head, bytes: bytes)
        let url = Self.url(head, bytes, scheme)
        try judge(parameters, url: url, viewer: viewer, now: now, verify: verify)
    }

    /// The same for a URL that is already without the signature's parameters.
    public func judge(
        _ parameters: SignatureParameters, url: String, viewer: String, now: Int64,
        verify: Verifier
    ) throws(AccessDenial) {
        guard let keyID = parameters.keyID, !keyID.isEmpty else { throw .missingKey }
        guard let text = parameters.signature, !text.isEmpty else { throw .missingSignature }
        guard keyIDs.contains(keyID) else { throw .invalidKey }
        let encoded = Array(text.utf8)
        guard let signature = CloudFrontBase64.decode(unsafe encoded.span.bytes) else {
            throw .malformedSignature
        }
        guard let algorithm = parameters.algorithm else { throw .unknownAlgorithm }
        let grant = try Self.grant(parameters, url: url)
        // What the policy says counts only once it is known to be the signer's.
        guard verify(keyID, algorithm, grant.signedBytes, signature) else { throw .wrongSignature }
        guard now < grant.until else { throw .expired }
        guard let policy = grant.policy else { return }
        guard policy.isValid(at: now) else { throw .notYetValid }
        if let range = policy.sourceIp, !range.contains(viewer) { throw .otherAddress }
        if let resource = policy.resource, !SignedResource.matches(resource, url: url) {
            throw .otherResource
        }
    }

    /// What was signed, and what it grants. A canned policy names exactly the URL, so that it
    /// needs no second look.
    private struct Grant {
        var signedBytes: [UInt8]
        var until: Int64
        var policy: SignedPolicy?
    }

    /// Where both are given, the custom policy counts.
    private static func grant(
        _ parameters: SignatureParameters, url: String
    ) throws(AccessDenial) -> Grant {
        if let text = parameters.policy {
            let encoded = Array(text.utf8)
            guard let json = CloudFrontBase64.decode(unsafe encoded.span.bytes),
                let policy = SignedPolicy(json: json)
            else { throw .malformedPolicy }
            return Grant(signedBytes: json, until: policy.dateLessThan, policy: policy)
        }
        guard let expires = parameters.expires else { throw .missingPolicy }
        guard let until = Int64(expires), expires.utf8.allSatisfy({ isDigit($0) }) else {
            throw .malformedPolicy
        }
        // The URL stands in the JSON as it is, so that a quote could end its text early.
        guard !url.utf8.contains(UInt8(ascii: "\"")), !url.utf8.contains(UInt8(ascii: "\\")) else {
            throw .wrongSignature
        }
        let canned = SignedPolicy.canned(resource: url, expires: expires)
        return Grant(signedBytes: Array(canned.utf8), until: until, policy: nil)
    }

    /// `scheme://host/path?own-query`, as the viewer asked for it.
    static func url(_ head: borrowing RequestHead, _ bytes: RawSpan, _ scheme: String) -> String {
        var url = Array("\(scheme)://".utf8)
        append(bytes.extracting(head.authority.range), to: &url)
        append(bytes.extracting(head.path.range), to: &url)
        var walk = QueryParameters()
        let query = bytes.extracting(head.query.range)
        var separator = UInt8(ascii: "?")
        while let parameter = walk.next(in: query) {
            if SignatureNames.hasParameter(query.extracting(parameter.name)) { continue }
            url.append(separator)
            separator = UInt8(ascii: "&")
            append(query.extracting(parameter.name), to: &url)
            if parameter.hasValue {
                url.append(UInt8(ascii: "="))
                append(query.extracting(parameter.value), to: &url)
            }
        }
        return String(decoding: url, as: UTF8.self)
    }

    private static func append(_ span: RawSpan, to bytes: inout [UInt8]) {
        unsafe span.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }
}
