import Reactor

/// A request of a service before it is signed.
struct RESTRequest {
    var service: AWSService
    var method: String
    var body: [UInt8] = []

    /// - Parameters:
    ///   - type: of the body; nil: nothing is said of it.
    ///   - now: in milliseconds since 1970.
    func signed(
        for url: ServiceURL, type: String? = nil, by credentials: AWSCredentials, region: String,
        at now: Int64
    ) throws(AWSError) -> HTTPCall {
        var headers = [(name: "Host", value: url.authority)]
        var names = ["host", "x-amz-date"]
        if let type {
            headers.append(("Content-Type", type))
            names.insert("content-type", at: 0)
        }
        if let token = credentials.sessionToken {
            headers.append(("X-Amz-Security-Token", token.text))
            names.append("x-amz-security-token")
        }
        let signing = RequestSigning(service.name, region: region, headers: names, at: now)
        headers.append(("X-Amz-Date", signing.date))
        let canonical = CanonicalRequest(
            method: method, path: url.target, headers: headers,
            bodyDigest: hexadecimal(SHA256.digest(of: body)))
        do throws(CanonicalRequest.MissingHeader) {
            headers.append(
                (
                    "Authorization",
                    try signing.authorization(
                        of: canonical, accessKeyID: credentials.accessKeyID,
                        with: credentials.secret)
                ))
        } catch {
            throw AWSError(.refused, "the header \(error.name) is to be signed and is not there")
        }
        return HTTPCall(method: method, url: url, headers: headers, body: body)
    }
}
