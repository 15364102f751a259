import CloudFront
import HTTP
import Reactor

/// How a request is signed: AWS Signature Version 4, for CloudFront.
struct RequestSigning {
    static let algorithm = "AWS4-HMAC-SHA256"
    static let service = "cloudfront"
    static let ending = "aws4_request"

    /// `20261123T184435Z`, as in `X-Amz-Date`.
    var date: String
    /// `20261123`
    var day: String
    var region: String
    /// Names of those that are signed, in lower case and sorted.
    var headers: [String]

    var scope: String { "\(day)/\(region)/\(Self.service)/\(Self.ending)" }
}

/// The signature of a request: 32 bytes.
///
/// - Throws: `IncompleteSignature`, if a header that is to be signed is missing.
func signature(
    of request: APIRequest, as signing: RequestSigning, with secret: Secret
) throws(APIError) -> [UInt8] {
    let digest = SHA256.digest(of: try canonicalText(request, signing.headers))
    let text = [RequestSigning.algorithm, signing.date, signing.scope, hexadecimal(digest)]
        .joined(separator: "\n")
    let key = [signing.day, signing.region, RequestSigning.service, RequestSigning.ending]
        .reduce(Array("AWS4\(secret.text)".utf8)) { key, part in
            SHA256.code(of: Array(part.utf8), key: key)
        }
    return SHA256.code(of: Array(text.utf8), key: key)
}

/// Bytes that two requests share only if they ask for the same.
private func canonicalText(
    _ request: APIRequest, _ headers: [String]
) throws(APIError) -> [UInt8] {
    // The path is encoded a second time: only S3 does without.
    let path = percentEncoded(request.path.isEmpty ? "/" : request.path, keepsSlash: true)
    let query = request.parameters
        .map { (percentEncoded($0.name), percentEncoded($0.value)) }
        .sorted { $0 < $1 }
        .map { "\($0)=\($1)" }.joined(separator: "&")
    var lines = [methodName(request.method), path, query]
    for name in headers {
        let values = request.headers.filter { $0.name.lowercased() == name }
        guard !values.isEmpty else {
            throw .incompleteSignature("The signed header \(name) is missing.")
        }
        // Runs of spaces count as one.
        let words = values.map { $0.value.split(separator: " ").joined(separator: " ") }
        lines.append("\(name):\(words.joined(separator: ","))")
    }
    lines += ["", headers.joined(separator: ";")]
    lines.append(hexadecimal(SHA256.digest(of: request.body)))
    return Array(lines.joined(separator: "\n").utf8)
}

extension APIRequest {
    /// The same, signed as `aws` does it, with the headers that this adds.
    ///
    /// - Parameter now: in milliseconds since 1970.
    /// - Throws: if there is no `Host`, which has to be signed.
    func signed(by credential: APICredential, now: Int64) throws(APIError) -> APIRequest {
        // 2026-11-23T18:44:35.123Z
        let date = timestampText(now).prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
        var request = self
        request.headers.append(("X-Amz-Date", date))
        let signing = RequestSigning(
            date: date, day: String(date.prefix(8)), region: "us-east-1",
            headers: ["host", "x-amz-date"])
        let code = try signature(of: request, as: signing, with: credential.secret)
        request.headers.append(
            (
                "Authorization",
                "\(RequestSigning.algorithm) Credential=\(credential.accessKeyID)/"
                    + "\(signing.scope), SignedHeaders=\(signing.headers.joined(separator: ";")), "
                    + "Signature=\(hexadecimal(code))"
            ))
        return request
    }
}

extension APIError {
    static func incompleteSignature(_ message: String) -> APIError {
        APIError(.incompleteSignature, message)
    }
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
