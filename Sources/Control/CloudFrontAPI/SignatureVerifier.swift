public import CloudFront
import Glibc
import HTTP
import Reactor

/// Checks AWS Signature Version 4 on requests to the control API.
///
/// The region is not checked: with `--endpoint-url` clients sign with their own. What is signed
/// may not be more than 15 minutes from now. Source: "Signature Version 4 signing process".
public struct SignatureVerifier: Sendable {
    /// How far a client's clock may be from ours, in milliseconds.
    static var skewMax: Int64 { 15 * 60_000 }

    /// By access key id.
    private let secrets: [String: Secret]

    public init(_ credentials: [APICredential]) {
        secrets = Dictionary(credentials.map { ($0.accessKeyID, $0.secret) }) { first, _ in first }
    }

    /// - Parameter now: in milliseconds since 1970.
    /// - Throws: what AWS answers to a request that is not signed, or not well.
    public func verify(_ request: APIRequest, now: Int64) throws(APIError) {
        let (claim, secret) = try identify(request, now: now)
        let expected = try claim.signing.signature(of: request, with: secret)
        guard SHA256.isSame(expected, claim.signature) else {
            throw APIError(
                .signatureDoesNotMatch,
                "The request signature we calculated does not match the signature you provided. "
                    + "Check your AWS Secret Access Key and signing method. Consult the service "
                    + "documentation for details.")
        }
    }

    /// Who claims to have signed, and whether that was lately and by one who is known: all that can
    /// be said before the body is there, so that no stranger makes us take a long one.
    func identify(
        _ request: APIRequest, now: Int64
    ) throws(APIError) -> (claim: SignatureClaim, secret: Secret) {
        guard let header = request.header("authorization") else {
            throw APIError(.missingAuthenticationToken, "Missing Authentication Token")
        }
        guard let date = request.header("x-amz-date"), let signed = moment(date) else {
            throw .incompleteSignature("X-Amz-Date must be present and signed.")
        }
        let claim = try SignatureClaim(header, date: date)
        let names = claim.signing.headers
        guard names.contains("host"), names.contains("x-amz-date") else {
            throw .incompleteSignature("Host and X-Amz-Date must be present and signed.")
        }
        guard date.hasPrefix(claim.signing.day) else {
            throw APIError(
                .signatureDoesNotMatch,
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
                    + "from HTTP: '\(claim.signing.day)' != '\(date.prefix(8))', from '\(date)'.")
        }
        guard abs(now - signed) <= Self.skewMax else {
            throw APIError(
                .requestExpired,
                "The request was signed at \(date), more than 15 minutes from the edge's time.")
        }
        guard let secret = secrets[claim.accessKeyID] else {
            throw APIError(
                .invalidClientTokenId,
                "The security token included in the request is invalid.")
        }
        return (claim, secret)
    }
}

/// What an Authorization header of Signature Version 4 claims.
struct SignatureClaim {
    var accessKeyID: String
    var signing: RequestSigning
    var signature: [UInt8]

    /// - Throws: `IncompleteSignature`, if it is no such header or signed for another service.
    init(_ header: String, date: String) throws(APIError) {
        let algorithm = RequestSigning.algorithm + " "
        guard header.hasPrefix(algorithm) else {
            throw .incompleteSignature("Authorization is not \(RequestSigning.algorithm).")
        }
        var fields: [String: String] = [:]
        for part in header.dropFirst(algorithm.count).split(separator: ",") {
            let pair = part.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { fields[String(pair[0])] = String(pair[1]) }
        }
        let scope = (fields["Credential"] ?? "").split(
            separator: "/", omittingEmptySubsequences: false
        ).map(String.init)
        guard scope.count == 5, scope[3] == RequestSigning.controlService,
            scope[4] == RequestSigning.ending, let headers = fields["SignedHeaders"],
            let signature = bytes(ofHexadecimal: fields["Signature"] ?? "")
        else {
            throw .incompleteSignature(
                "Authorization lacks Credential for cloudfront, SignedHeaders or Signature.")
        }
        accessKeyID = scope[0]
        signing = RequestSigning(
            date: date, day: scope[1], region: scope[2], service: scope[3],
            headers: headers.split(separator: ";").map(String.init))
        self.signature = signature
    }
}

/// `20261123T184435Z` in milliseconds since 1970; nil if it is no such moment.
private func moment(_ text: String) -> Int64? {
    let parts = Array(text)
    guard text.utf8.count == 16, parts.count == 16 else { return nil }
    func piece(_ range: Range<Int>) -> String { String(parts[range]) }
    return milliseconds(
        ofTimestamp: "\(piece(0..<4))-\(piece(4..<6))-\(piece(6..<8))\(parts[8])"
            + "\(piece(9..<11)):\(piece(11..<13)):\(piece(13..<15))\(parts[15])")
}

private func bytes(ofHexadecimal text: String) -> [UInt8]? {
    let digits = text.utf8.compactMap(hexadecimalDigit)
    guard digits.count == text.utf8.count, digits.count == 64 else { return nil }
    return stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
