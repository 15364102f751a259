import Reactor

/// Where an edge listens, and in which scheme it is asked there.
struct ReplayTarget: Sendable {
    let endpoints: [Endpoint]
    /// Whom the edge's certificate must be from; nil: it is asked without TLS.
    let trust: TLSContext?

    /// - Parameter host: with which name the edge is asked for its certificate, and which that
    ///   must be for. Of no account without TLS.
    func connect(
        to endpoint: Endpoint, host: String, within limit: Duration
    ) throws(SystemError) -> any ByteStream {
        guard let trust else { return try TimedSocket.connect(to: endpoint, within: limit) }
        return try SecuredStream(to: endpoint, host: host, trust, within: limit)
    }
}

/// The edge's addresses: one for each scheme, or one for both.
struct ReplayTargets: Sendable {
    private(set) var plain: ReplayTarget?
    private(set) var secured: ReplayTarget?

    /// - Parameters:
    ///   - urls: `http://HOST[:PORT]` or `unix:/PATH`, `https://HOST[:PORT]`, or one of each.
    ///   - trust: for the one with TLS.
    init(
        _ urls: [String], _ trust: TLSTrust, _ resolver: some NameResolver
    ) throws(CommandMistake) {
        for text in urls {
            let url: OriginURL
            do throws(Complaint) { url = try OriginURL.form.parse(text) } catch {
                throw CommandMistake("--to", text, error)
            }
            guard (url.speaksTLS ? secured : plain) == nil else {
                throw CommandMistake(
                    "--to", text,
                    Complaint(
                        "is the second of its scheme",
                        "name one address for http, and one for https"))
            }
            let endpoints = try Self.endpoints(url, resolver)
            if url.speaksTLS {
                secured = ReplayTarget(endpoints: endpoints, trust: try Self.context(trust))
            } else {
                plain = ReplayTarget(endpoints: endpoints, trust: nil)
            }
        }
    }

    private static func endpoints(
        _ url: OriginURL, _ resolver: some NameResolver
    ) throws(CommandMistake) -> [Endpoint] {
        switch url.target {
        case .unix(let path): return [.unix(path: path)]
        case .host(let host, let port):
            do throws(ResolutionError) {
                return try resolver.addresses(of: host, port: port).map(Endpoint.ip)
            } catch {
                throw CommandMistake("--to names \(error)", isUsage: true)
            }
        }
    }

    private static func context(_ trust: TLSTrust) throws(CommandMistake) -> TLSContext {
        var settings = TLSClientSettings()
        settings.trust = trust
        do throws(TLSError) { return try TLSContext(client: settings) } catch {
            throw CommandMistake("--cacert: \(error)", isUsage: true)
        }
    }

    /// Where a request is asked; nil: nowhere. Without an address for https the other one is told
    /// that the viewer spoke TLS; that one did not cannot be told over TLS.
    subscript(request: ReplayRequest) -> ReplayTarget? {
        request.isSecured ? secured ?? plain : plain
    }

    /// Sees to it that somebody listens wherever one of the requests is asked, and that TLS is
    /// agreed on there.
    func check(_ requests: [ReplayRequest]) throws(CommandMistake) {
        let limit = Duration.seconds(10)
        if let plain, requests.contains(where: { !$0.isSecured || secured == nil }) {
            let listens = plain.endpoints.contains {
                (try? TimedSocket.connect(to: $0, within: limit)) != nil
            }
            guard listens else { throw Self.silence(plain) }
        }
        guard let secured, let first = requests.first(where: \.isSecured) else { return }
        var code: Int32 = 0
        for endpoint in secured.endpoints {
            do throws(SystemError) {
                _ = try secured.connect(to: endpoint, host: first.serverName, within: limit)
                return
            } catch {
                code = error.errno
            }
        }
        // EPROTO: hands were not shaken.
        guard code == 71 else { throw Self.silence(secured) }
        throw CommandMistake(
            "no TLS with the edge for \(printable(first.serverName)): its certificate is not "
                + "believed, or it speaks none there; name who signed it with --cacert, or "
                + "have it believed with --insecure")
    }

    private static func silence(_ target: ReplayTarget) -> CommandMistake {
        CommandMistake(
            "nothing listens on \(target.endpoints.first.map { "\($0)" } ?? "that address"); "
                + "start an edge with \"mapedge serve\", or name its address with --to")
    }
}
