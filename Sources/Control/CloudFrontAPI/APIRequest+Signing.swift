import CloudFront
import HTTP
import Reactor

extension RequestSigning {
    /// What requests to the control API are signed for.
    static let controlService = "cloudfront"

    /// The signature of a request to the control API.
    ///
    /// - Throws: `IncompleteSignature`, if a header that is to be signed is missing.
    func signature(of request: APIRequest, with secret: Secret) throws(APIError) -> [UInt8] {
        do throws(CanonicalRequest.MissingHeader) {
            return try signature(of: request.canonical, with: secret)
        } catch {
            throw .incompleteSignature("The signed header \(error.name) is missing.")
        }
    }
}

extension APIRequest {
    fileprivate var canonical: CanonicalRequest {
        CanonicalRequest(
            method: methodName(method), path: path, parameters: parameters, headers: headers,
            bodyDigest: hexadecimal(SHA256.digest(of: body)))
    }

    /// The same, signed as `aws` does it, with the headers that this adds.
    ///
    /// - Parameter now: in milliseconds since 1970.
    /// - Throws: if there is no `Host`, which has to be signed.
    func signed(by credential: APICredential, now: Int64) throws(APIError) -> APIRequest {
        let signing = RequestSigning(
            RequestSigning.controlService, region: "us-east-1", headers: ["host", "x-amz-date"],
            at: now)
        var request = self
        request.headers.append(("X-Amz-Date", signing.date))
        do throws(CanonicalRequest.MissingHeader) {
            let value = try signing.authorization(
                of: request.canonical, accessKeyID: credential.accessKeyID,
                with: credential.secret)
            request.headers.append(("Authorization", value))
        } catch {
            throw .incompleteSignature("The signed header \(error.name) is missing.")
        }
        return request
    }
}

extension APIError {
    static func incompleteSignature(_ message: String) -> APIError {
        APIError(.incompleteSignature, message)
    }
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
