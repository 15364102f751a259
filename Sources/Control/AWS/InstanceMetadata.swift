import Synchronization

/// The metadata of the EC2 instance that this is, by IMDSv2: a token first, then what it opens.
///
/// Source: Amazon EC2 User Guide, "Use the Instance Metadata Service".
final class InstanceMetadata: Sendable {
    /// How long a token holds, in seconds: the most there is.
    private static let tokenSeconds = 21_600

    private let base: String
    private let ask: CredentialChain.Asking
    private let token = Mutex<String?>(nil)

    init(environment: [String: String], ask: @escaping CredentialChain.Asking) {
        let named = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"].flatMap {
            $0.isEmpty ? nil : $0.hasSuffix("/") ? String($0.dropLast()) : $0
        }
        let usesIPv6 = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"]?.lowercased() == "ipv6"
        base = named ?? (usesIPv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254")
        self.ask = ask
    }

    /// The text at a path.
    ///
    /// - Throws: where there is no such thing, or nobody answers.
    func get(_ path: String) throws(AWSError) -> String {
        // A token that has ended is refused with 401; one more is asked for, once.
        for isLast in [false, true] {
            let token = try currentToken()
            let reply = try call("GET", path, ("X-aws-ec2-metadata-token", token))
            switch reply.status {
            case 200: return String(decoding: reply.body, as: UTF8.self)
            case 401 where !isLast: self.token.withLock { $0 = nil }
            case 404:
                throw AWSError(
                    .unavailable,
                    "IMDS has nothing at \(path); give the instance a profile with a role")
            default:
                throw AWSError(
                    .unavailable,
                    "IMDS answered \(reply.status) at \(path); "
                        + "it is asked again")
            }
        }
        throw AWSError(.unavailable, "IMDS refuses its own tokens; it is asked again")
    }

    private func currentToken() throws(AWSError) -> String {
        if let token = token.withLock({ $0 }) { return token }
        let reply = try call(
            "PUT", "/latest/api/token",
            ("X-aws-ec2-metadata-token-ttl-seconds", "\(Self.tokenSeconds)"))
        guard reply.status == 200 else {
            throw AWSError(
                .unavailable,
                "IMDS gave no token (\(reply.status)); turn it on in the instance's options for "
                    + "metadata"
            )
        }
        let fresh = String(decoding: reply.body, as: UTF8.self)
        token.withLock { $0 = fresh }
        return fresh
    }

    private func call(
        _ method: String, _ path: String, _ header: (name: String, value: String)
    ) throws(AWSError) -> HTTPReply {
        guard let url = ServiceURL(base + path) else {
            throw AWSError(
                .refused,
                "AWS_EC2_METADATA_SERVICE_ENDPOINT is \"\(printable(base))\", which is no URL; "
                    + "correct it")
        }
        var call = HTTPCall(method: method, url: url, headers: [header])
        call.limit = .seconds(2)
        do throws(HTTPCallError) { return try ask(call) } catch {
            // An answer to PUT travels as far as its hop limit allows, and is lost beyond it.
            throw AWSError(
                .unavailable,
                "IMDS: \(error); on EC2 turn it on, and in a container raise the hop limit "
                    + "(HttpPutResponseHopLimit) to 2; elsewhere give credentials in the "
                    + "environment"
            )
        }
    }
}
