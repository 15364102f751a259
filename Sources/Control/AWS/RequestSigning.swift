import Reactor

/// How a request is signed: AWS Signature Version 4.
struct RequestSigning {
    static let algorithm = "AWS4-HMAC-SHA256"
    static let ending = "aws4_request"

    /// `20261123T184435Z`, as in `X-Amz-Date`.
    var date: String
    /// `20261123`
    var day: String
    var region: String
    /// `cloudfront`, `autoscaling`, `ec2`, `monitoring`.
    var service: String
    /// Names of those that are signed, in lower case and sorted.
    var headers: [String]

    var scope: String { "\(day)/\(region)/\(service)/\(Self.ending)" }

    /// - Parameter now: in milliseconds since 1970.
    init(_ service: String, region: String, headers: [String], at now: Int64) {
        // 2026-11-23T18:44:35.123Z
        let date = timestampText(now).prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
        self.init(
            date: date, day: String(date.prefix(8)), region: region, service: service,
            headers: headers)
    }

    init(date: String, day: String, region: String, service: String, headers: [String]) {
        self.date = date
        self.day = day
        self.region = region
        self.service = service
        self.headers = headers
    }

    /// The signature: 32 bytes.
    func signature(
        of request: CanonicalRequest, with secret: Secret
    ) throws(CanonicalRequest.MissingHeader) -> [UInt8] {
        let canonical = Array(try request.text(signing: headers).utf8)
        let text = [Self.algorithm, date, scope, hexadecimal(SHA256.digest(of: canonical))]
            .joined(separator: "\n")
        let key = [day, region, service, Self.ending]
            .reduce(Array("AWS4\(secret.text)".utf8)) { key, part in
                SHA256.code(of: Array(part.utf8), key: key)
            }
        return SHA256.code(of: Array(text.utf8), key: key)
    }

    /// The value of the header `Authorization`.
    func authorization(
        of request: CanonicalRequest, accessKeyID: String, with secret: Secret
    ) throws(CanonicalRequest.MissingHeader) -> String {
        let code = try signature(of: request, with: secret)
        return "\(Self.algorithm) Credential=\(accessKeyID)/\(scope), "
            + "SignedHeaders=\(headers.joined(separator: ";")), Signature=\(hexadecimal(code))"
    }
}
