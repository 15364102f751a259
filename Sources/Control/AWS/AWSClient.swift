import Dispatch
import Glibc
import Reactor
import Synchronization

/// Calls AWS's query services, signed. Blocks: never to be used on a loop.
final class AWSClient: Sendable {
    private let settings: AWSSettings
    private let environment: [String: String]
    private let resolver: any NameResolver
    private let context = Mutex<TLSContext?>(nil)
    private let foundRegion = Mutex<String?>(nil)
    private let pause: @Sendable (Double) -> Void

    /// - Parameters:
    ///   - environment: the process's.
    ///   - pause: waits so many milliseconds between two attempts.
    init(
        _ settings: AWSSettings, environment: [String: String] = processEnvironment(),
        resolver: any NameResolver = SystemNameResolver(),
        pause: @escaping @Sendable (Double) -> Void = { usleep(UInt32($0 * 1_000)) }
    ) {
        self.settings = settings
        self.environment = environment
        self.resolver = resolver
        self.pause = pause
    }

    /// For metadata and credentials, which are asked for in plain text on this machine.
    private static func asking(
        _ resolver: any NameResolver
    ) -> CredentialChain.Asking {
        { (call: HTTPCall) throws(HTTPCallError) -> HTTPReply in
            try call.run(resolver, try TLSContext(client: TLSClientSettings()))
        }
    }

    private let chains = Mutex<CredentialChain?>(nil)

    /// Credentials and whereabouts.
    var chain: CredentialChain {
        chains.withLock { chain in
            if let chain { return chain }
            let made = CredentialChain(
                environment: environment, profile: settings.profile, ask: Self.asking(resolver))
            chain = made
            return made
        }
    }

    /// - Throws: where nobody says which.
    func region() throws(AWSError) -> String {
        if let region = settings.region ?? foundRegion.withLock({ $0 }) { return region }
        for variable in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            if let region = environment[variable], !region.isEmpty { return region }
        }
        let region: String
        do throws(AWSError) { region = try chain.region() } catch {
            throw AWSError(
                .unavailable,
                "the region is not known; write \"region:\" under \"aws:\", or set AWS_REGION "
                    + "(\(error.description))")
        }
        foundRegion.withLock { $0 = region }
        return region
    }

    /// One action of a service, repeated where that may help.
    ///
    /// - Returns: the root of the reply.
    func call(
        _ service: AWSService, _ action: String,
        _ parameters: [(name: String, value: String)]
    ) throws(AWSError) -> AWSElement {
        var attempt = 1
        while true {
            do throws(AWSError) {
                return try callOnce(service, action, parameters)
            } catch {
                if error.kind == .expired || error.doubtsKeys { chain.forget() }
                guard
                    let delay = AWSRetry.delay(
                        after: error, attempt: attempt, dice: Double.random(in: 0...1))
                else { throw error }
                pause(delay)
                attempt += 1
            }
        }
    }

    private func callOnce(
        _ service: AWSService, _ action: String, _ parameters: [(name: String, value: String)]
    ) throws(AWSError) -> AWSElement {
        let region = try region()
        let text = service.endpoint(settings, environment, region: region)
        guard let url = ServiceURL(text) else {
            throw AWSError(
                .refused, "the endpoint \"\(printable(text))\" is no URL; write http://HOST:PORT")
        }
        let now = WallClock.system.now
        let request = QueryRequest(service: service, action: action, parameters: parameters)
        let call = try request.signed(
            for: url, by: try chain.credentials(at: now), region: region, at: now)
        return try answer(call, action, successes: 200...200)
    }

    /// One attempt of an action of a service that speaks XML over REST.
    ///
    /// - Parameter path: of letters, digits, `-`, `/` and escapes only.
    /// - Returns: the root of the reply.
    func exchange(
        _ service: AWSService, _ action: String, _ method: String, _ path: String,
        body: [UInt8] = []
    ) throws(AWSError) -> AWSElement {
        do throws(AWSError) {
            let region = try region()
            let text = service.endpoint(settings, environment, region: region)
            let base = text.hasSuffix("/") ? text.dropLast() : text[...]
            guard let url = ServiceURL(base + path) else {
                throw AWSError(
                    .refused,
                    "the endpoint \"\(printable(text))\" is no URL; write http://HOST:PORT")
            }
            let now = WallClock.system.now
            let call = try RESTRequest(service: service, method: method, body: body).signed(
                for: url, by: try chain.credentials(at: now), region: region, at: now)
            return try answer(call, action, successes: 200...299)
        } catch {
            if error.kind == .expired || error.doubtsKeys { chain.forget() }
            throw error
        }
    }

    private func answer(
        _ call: HTTPCall, _ action: String, successes: ClosedRange<Int>
    ) throws(AWSError) -> AWSElement {
        let reply: HTTPReply
        do throws(HTTPCallError) {
            reply = try call.run(resolver, try trust())
        } catch {
            throw AWSError(.unavailable, "\(action): \(error); it is asked again")
        }
        guard successes.contains(reply.status) else { throw AWSError(action, reply) }
        guard let root = AWSElement(reading: reply.body) else {
            throw AWSError(
                .unavailable, "\(action) was answered with no document; it is asked again")
        }
        return root
    }

    private func trust() throws(TLSError) -> TLSContext {
        if let context = context.withLock({ $0 }) { return context }
        var settings = TLSClientSettings()
        // As for AWS's own tools: roots in place of the system's.
        if let bundle = environment["AWS_CA_BUNDLE"], !bundle.isEmpty {
            settings.trust = .file(bundle)
        }
        let made = try TLSContext(client: settings)
        context.withLock { $0 = made }
        return made
    }
}

/// A call of a query service before it is signed.
struct QueryRequest {
    var service: AWSService
    var action: String
    var parameters: [(name: String, value: String)]

    /// The form that is posted.
    var body: String {
        ([("Action", action), ("Version", service.version)] + parameters)
            .map { "\(percentEncoded($0.0))=\(percentEncoded($0.1))" }.joined(separator: "&")
    }

    /// - Parameter now: in milliseconds since 1970.
    func signed(
        for url: ServiceURL, by credentials: AWSCredentials, region: String, at now: Int64
    ) throws(AWSError) -> HTTPCall {
        try RESTRequest(service: service, method: "POST", body: Array(body.utf8)).signed(
            for: url, type: "application/x-www-form-urlencoded; charset=utf-8", by: credentials,
            region: region, at: now)
    }
}

/// The variables of this process.
func processEnvironment() -> [String: String] {
    var variables: [String: String] = [:]
    var entry = unsafe environ
    while let text = unsafe entry.pointee {
        let pair = unsafe String(cString: text).split(
            separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if pair.count == 2 { variables[String(pair[0])] = String(pair[1]) }
        unsafe entry += 1
    }
    return variables
}
