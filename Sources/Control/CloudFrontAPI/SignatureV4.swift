import Glibc
import HTTP

/// Checks AWS Signature Version 4 on requests to the control API.
///
/// The region is not checked: with `--endpoint-url` clients sign with their own. What is signed
/// may not be more than 15 minutes from now. Source: "Signature Version 4 signing process".
public struct SignatureVerifier: Sendable {
    /// SHA-256 of the bytes: 32 bytes.
    public typealias Hash = @Sendable ([UInt8]) -> [UInt8]

    /// How far a client's clock may be from ours, in milliseconds.
    static var skewMax: Int64 { 15 * 60_000 }

    /// Secret access keys by access key ids.
    private let secrets: [String: String]
    private let hash: Hash

    public init(secrets: [String: String], hash: @escaping Hash) {
        self.secrets = secrets
        self.hash = hash
    }

    /// - Parameter now: in milliseconds since 1970.
    /// - Throws: what AWS answers to a request that is not signed, or not well.
    public func verify(_ request: APIRequest, now: Int64) throws(APIFault) {
        guard let header = request.header("authorization") else {
            throw APIFault("MissingAuthenticationToken", 403, "Missing Authentication Token")
        }
        let claim = try SignatureClaim(header)
        guard let date = request.header("x-amz-date"), let signed = moment(date),
            claim.signedHeaders.contains("host"), claim.signedHeaders.contains("x-amz-date"),
            date.hasPrefix(claim.day)
        else {
            throw .incompleteSignature("Host and X-Amz-Date must be present and signed.")
        }
        guard abs(now - signed) <= Self.skewMax else {
            throw APIFault(
                "RequestExpired", 400,
                "The request was signed at \(date), more than 15 minutes from the edge's time.")
        }
        guard let secret = secrets[claim.accessKeyID] else {
            throw APIFault(
                "InvalidClientTokenId", 403,
                "The security token included in the request is invalid.")
        }
        let canonical = try canonicalRequest(request, claim)
        let text = "AWS4-HMAC-SHA256\n\(date)\n\(claim.scope)\n\(hexadecimal(hash(canonical)))"
        let expected = hmac(key(secret, claim), Array(text.utf8))
        guard isEqual(expected, claim.signature) else {
            throw APIFault(
                "SignatureDoesNotMatch", 403,
                "The request signature we calculated does not match the signature you provided. "
                    + "Check your AWS Secret Access Key and signing method. Consult the service "
                    + "documentation for details.")
        }
    }

    /// Bytes that two requests share only if they ask for the same.
    private func canonicalRequest(
        _ request: APIRequest, _ claim: SignatureClaim
    ) throws(APIFault) -> [UInt8] {
        // The path is encoded a second time: only S3 does without.
        let path = percentEncoded(request.path.isEmpty ? "/" : request.path, keepsSlash: true)
        let query = request.parameters
            .map { (percentEncoded($0.name), percentEncoded($0.value)) }
            .sorted { $0 < $1 }
            .map { "\($0)=\($1)" }.joined(separator: "&")
        var lines = [methodName(request.method), path, query]
        for name in claim.signedHeaders {
            let values = request.headers.filter { $0.name.lowercased() == name }
            guard !values.isEmpty else {
                throw .incompleteSignature("The signed header \(name) is missing.")
            }
            // Runs of spaces count as one.
            let words = values.map { $0.value.split(separator: " ").joined(separator: " ") }
            lines.append("\(name):\(words.joined(separator: ","))")
        }
        lines += ["", claim.signedHeaders.joined(separator: ";")]
        lines.append(hexadecimal(hash(request.body)))
        return Array(lines.joined(separator: "\n").utf8)
    }

    private func key(_ secret: String, _ claim: SignatureClaim) -> [UInt8] {
        [claim.day, claim.region, SignatureClaim.service, SignatureClaim.ending]
            .reduce(Array("AWS4\(secret)".utf8)) { hmac($0, Array($1.utf8)) }
    }

    /// HMAC-SHA-256 (RFC 2104).
    private func hmac(_ key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        let short = key.count > 64 ? hash(key) : key
        let padded = short + [UInt8](repeating: 0, count: 64 - short.count)
        let inner = hash(padded.map { $0 ^ 0x36 } + message)
        return hash(padded.map { $0 ^ 0x5c } + inner)
    }

    /// In a time that tells nothing about where two texts differ.
    private func isEqual(_ expected: [UInt8], _ claimed: [UInt8]) -> Bool {
        guard expected.count == claimed.count else { return false }
        var difference: UInt8 = 0
        for index in expected.indices { difference |= expected[index] ^ claimed[index] }
        return difference == 0
    }
}

/// What an Authorization header of Signature Version 4 claims.
struct SignatureClaim {
    static let service = "cloudfront"
    static let ending = "aws4_request"

    var accessKeyID: String
    /// `20261123`
    var day: String
    var region: String
    /// In lower case and sorted, as they were signed.
    var signedHeaders: [String]
    var signature: [UInt8]

    var scope: String { "\(day)/\(region)/\(Self.service)/\(Self.ending)" }

    /// - Throws: `IncompleteSignature`, if it is no such header or signed for another service.
    init(_ header: String) throws(APIFault) {
        let algorithm = "AWS4-HMAC-SHA256 "
        guard header.hasPrefix(algorithm) else {
            throw .incompleteSignature("Authorization is not AWS4-HMAC-SHA256.")
        }
        var fields: [String: String] = [:]
        for part in header.dropFirst(algorithm.count).split(separator: ",") {
            let pair = part.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { fields[String(pair[0])] = String(pair[1]) }
        }
        let scope = (fields["Credential"] ?? "").split(
            separator: "/", omittingEmptySubsequences: false
        ).map(String.init)
        guard scope.count == 5, scope[3] == Self.service, scope[4] == Self.ending,
            let headers = fields["SignedHeaders"],
            let signature = bytes(ofHexadecimal: fields["Signature"] ?? "")
        else {
            throw .incompleteSignature(
                "Authorization lacks Credential for cloudfront, SignedHeaders or Signature.")
        }
        accessKeyID = scope[0]
        day = scope[1]
        region = scope[2]
        signedHeaders = headers.split(separator: ";").map(String.init)
        self.signature = signature
    }
}

extension APIFault {
    fileprivate static func incompleteSignature(_ message: String) -> APIFault {
        APIFault("IncompleteSignature", 400, message)
    }
}

/// `20261123T184435Z` in milliseconds since 1970; nil if it is no such moment.
private func moment(_ text: String) -> Int64? {
    let bytes = Array(text.utf8)
    guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z") else {
        return nil
    }
    func number(_ range: Range<Int>) -> Int32? {
        bytes[range].allSatisfy(isDigit)
            ? bytes[range].reduce(0) { $0 * 10 + Int32($1 - 0x30) } : nil
    }
    guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8),
        let hour = number(9..<11), let minute = number(11..<13), let second = number(13..<15)
    else { return nil }
    var parts = tm()
    parts.tm_year = year - 1_900
    parts.tm_mon = month - 1
    parts.tm_mday = day
    parts.tm_hour = hour
    parts.tm_min = minute
    parts.tm_sec = second
    return Int64(timegm(&parts)) * 1_000
}

/// RFC 3986: everything but unreserved characters.
private func percentEncoded(_ text: String, keepsSlash: Bool = false) -> String {
    var result = ""
    for byte in text.utf8 {
        let isUnreserved =
            (byte | 0x20) &- 0x61 < 26 || isDigit(byte) || "-._~".utf8.contains(byte)
            || keepsSlash && byte == UInt8(ascii: "/")
        if isUnreserved {
            result.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
            result += "%" + hexadecimal([byte]).uppercased()
        }
    }
    return result
}

private func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: text, as: UTF8.self)
}

private func bytes(ofHexadecimal text: String) -> [UInt8]? {
    let digits = text.utf8.compactMap(hexadecimalDigit)
    guard digits.count == text.utf8.count, digits.count == 64 else { return nil }
    return stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

private func methodName(_ method: HTTP.Method) -> String {
    switch method {
    case .get: "GET"
    case .head: "HEAD"
    case .post: "POST"
    case .put: "PUT"
    case .delete: "DELETE"
    default: "OTHER"
    }
}
