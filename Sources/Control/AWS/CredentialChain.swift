import Synchronization

/// Finds credentials where AWS's own tools do, in their order: the environment, the shared file,
/// the container's endpoint (ECS, EKS), the instance's (IMDSv2). Keeps them until shortly before
/// they end.
///
/// Source: AWS SDKs and Tools Reference Guide, "Credential providers".
final class CredentialChain: Sendable {
    /// Asks an endpoint of this machine or container; throws where nobody answers.
    typealias Asking = @Sendable (HTTPCall) throws(HTTPCallError) -> HTTPReply

    private let environment: [String: String]
    private let profile: String?
    private let ask: Asking
    private let kept = Mutex<AWSCredentials?>(nil)
    private let metadata: InstanceMetadata

    /// - Parameters:
    ///   - environment: the process's.
    ///   - profile: of the shared file; nil: `AWS_PROFILE`, or `default`.
    init(environment: [String: String], profile: String?, ask: @escaping Asking) {
        self.environment = environment
        self.profile = profile
        self.ask = ask
        metadata = InstanceMetadata(environment: environment, ask: ask)
    }

    /// - Parameter now: in milliseconds since 1970.
    /// - Throws: where none were found, with all places that were looked at.
    func credentials(at now: Int64) throws(AWSError) -> AWSCredentials {
        let former = kept.withLock { $0 }
        if let former, former.isFresh(at: now) { return former }
        do throws(AWSError) {
            let found = try find()
            kept.withLock { $0 = found }
            return found
        } catch {
            // They are renewed before their end: until then the former ones will do.
            if let former, former.isValid(at: now) { return former }
            throw error
        }
    }

    /// They were refused as expired: the next call looks for others.
    func forget() { kept.withLock { $0 = nil } }

    private func find() throws(AWSError) -> AWSCredentials {
        // A profile that somebody asked for goes before what happens to be in the environment.
        if profile == nil, let found = AWSCredentials(environment: environment) { return found }
        if let found = fromFile() { return found }
        if let profile {
            throw AWSError(
                .refused,
                "\(filePath) has no credentials of the profile \"\(printable(profile))\"; write "
                    + "them there, or take \"profile\" out of the configuration")
        }
        if let found = try fromContainer() { return found }
        return try fromInstance()
    }

    private var filePath: String {
        environment["AWS_SHARED_CREDENTIALS_FILE"]
            ?? "\(environment["HOME"] ?? "")/.aws/credentials"
    }

    private func fromFile() -> AWSCredentials? {
        guard let text = try? readTextFile(filePath) else { return nil }
        return AWSCredentials(
            file: text, profile: profile ?? environment["AWS_PROFILE"] ?? "default")
    }

    /// nil: the environment names no endpoint.
    private func fromContainer() throws(AWSError) -> AWSCredentials? {
        guard let text = containerURL(environment) else { return nil }
        guard let url = ServiceURL(text), isTrustedContainer(url) else {
            throw AWSError(
                .refused,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI is \"\(printable(text))\", which is neither "
                    + "https nor this machine; correct it")
        }
        var call = HTTPCall(method: "GET", url: url)
        call.limit = .seconds(5)
        if let path = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"],
            let token = try? readTextFile(path)
        {
            call.headers = [("Authorization", String(token.prefix { !$0.isNewline }))]
        } else if let token = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] {
            call.headers = [("Authorization", token)]
        }
        let reply = try answer(call, "the container's endpoint for credentials")
        guard reply.status == 200, let found = AWSCredentials(json: reply.body) else {
            throw AWSError(
                .unavailable,
                "the container's endpoint for credentials answered \(reply.status), and no "
                    + "credentials; give the task a role")
        }
        return found
    }

    private func fromInstance() throws(AWSError) -> AWSCredentials {
        guard environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() != "true" else {
            throw AWSError(
                .refused,
                "there are no credentials: neither AWS_ACCESS_KEY_ID in the environment nor "
                    + "\(filePath), no container's endpoint, and AWS_EC2_METADATA_DISABLED is "
                    + "true; "
                    + "give one of them")
        }
        let path = "/latest/meta-data/iam/security-credentials/"
        let role = try metadata.get(path)
        let name = role.prefix { !$0.isNewline }
        let json = try metadata.get(path + name)
        guard let found = AWSCredentials(json: Array(json.utf8)) else {
            throw AWSError(
                .unavailable,
                "IMDS has no credentials of the role \"\(printable(String(name)))\"; give the "
                    + "instance a profile with a role")
        }
        return found
    }

    private func answer(_ call: HTTPCall, _ who: String) throws(AWSError) -> HTTPReply {
        do throws(HTTPCallError) { return try ask(call) } catch {
            throw AWSError(.unavailable, "\(who): \(error)")
        }
    }

    /// Where the instance itself is: `us-east-1a`.
    func zone() throws(AWSError) -> String {
        try metadata.get("/latest/meta-data/placement/availability-zone")
    }

    func region() throws(AWSError) -> String {
        try metadata.get("/latest/meta-data/placement/region")
    }
}

/// The URL that the environment names for a container's credentials; nil: none.
func containerURL(_ environment: [String: String]) -> String? {
    if let path = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"], !path.isEmpty {
        return "http://169.254.170.2\(path)"
    }
    return environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"].flatMap { $0.isEmpty ? nil : $0 }
}

/// Credentials may be asked for over TLS, on this machine, or of the addresses of ECS and EKS.
func isTrustedContainer(_ url: ServiceURL) -> Bool {
    url.speaksTLS || url.host == "localhost" || url.host.hasPrefix("127.") || url.host == "::1"
        || ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"].contains(url.host)
}
