import Reactor

/// Asks the admin port of a running edge.
public struct AdminClient: Sendable {
    /// Longest answer that is taken, in bytes.
    private static let answerBytesMax = 16 << 20
    /// What the `Host` field says: the admin port is not asked by a name.
    static let host = "localhost"

    private let endpoints: [Endpoint]
    private let shown: String
    /// What requests to the control API are signed with; nil: they are not.
    let credential: APICredential?

    /// - Parameters:
    ///   - text: `HOST:PORT`, `:PORT` or `unix:/PATH`.
    ///   - credential: for an edge whose control API asks for signatures.
    public init(
        _ text: String, credential: APICredential? = nil,
        resolver: some NameResolver = SystemNameResolver()
    ) throws(AdminClientError) {
        shown = text
        self.credential = credential
        do {
            switch try ListenAddress.form.parse(text).target {
            case .unix(let path): endpoints = [.unix(path: path)]
            case .all(let port): endpoints = [.ip(.loopback(port: port))]
            case .host(let host, let port):
                endpoints = try resolver.addresses(of: host, port: port).map(Endpoint.ip)
            }
        } catch let error as ResolutionError {
            throw AdminClientError("--admin names \(error)")
        } catch let error as Complaint {
            throw AdminClientError(
                "--admin is \"\(printable(text))\", which \(error.problem); \(error.remedy)")
        } catch {
            throw AdminClientError("\(error)")
        }
    }

    /// `GET /status`, as JSON.
    public func statusJSON() throws(AdminClientError) -> [UInt8] {
        let answer = try exchange("GET", "/status", within: .seconds(10))
        guard answer.status == 200 else { throw unexpected(answer) }
        return answer.body
    }

    /// `POST /reload`: the lines of the answer, and whether the new configuration is in force.
    public func reload() throws(AdminClientError) -> (isSwapped: Bool, lines: [String]) {
        // Host names may be looked up on the way.
        let answer = try exchange("POST", "/reload", within: .seconds(60))
        let lines = String(decoding: answer.body, as: UTF8.self)
            .split(separator: "\n").map(String.init)
        switch answer.status {
        case 200: return (true, lines)
        case 422: return (false, lines)
        default: throw unexpected(answer)
        }
    }

    func unexpected(_ answer: (status: Int, body: [UInt8])) -> AdminClientError {
        AdminClientError(
            "\(shown) answered \(answer.status), so that it is no admin port of MapEdge; "
                + "name the one that the edge logs as \"admin on\" with --admin")
    }

    func exchange(
        _ method: String, _ target: String, headers: [(name: String, value: String)] = [],
        body: [UInt8] = [], within limit: Duration
    ) throws(AdminClientError) -> (status: Int, body: [UInt8]) {
        var failure = AdminClientError("no address to ask")
        for endpoint in endpoints {
            do throws(SystemError) {
                let socket = try TimedSocket.connect(to: endpoint, within: limit)
                if let answer = ask(socket, method, target, headers, body) { return answer }
                failure = AdminClientError(
                    "\(shown) takes connections, but gives no HTTP answer, so that it is no admin "
                        + "port of MapEdge, or hangs; name the one that the edge logs as "
                        + "\"admin on\" with --admin")
            } catch {
                failure = AdminClientError(
                    "no edge answers on \(shown): \(error.reason); start one with "
                        + "\"mapedge serve\", or name its admin port with --admin")
            }
        }
        throw failure
    }

    private func ask(
        _ socket: TimedSocket, _ method: String, _ target: String,
        _ headers: [(name: String, value: String)], _ content: [UInt8]
    ) -> (status: Int, body: [UInt8])? {
        let length = method == "POST" ? "Content-Length: \(content.count)\r\n" : ""
        let fields = headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        let request =
            "\(method) \(target) HTTP/1.1\r\nHost: \(Self.host)\r\n\(fields)\(length)"
            + "Connection: close\r\n\r\n"
        var reading = ResponseReading(bytesMax: Self.answerBytesMax)
        guard socket.write(Array(request.utf8) + content),
            let reply = reading.read(from: socket)
        else { return nil }
        return (reply.status, reply.body)
    }
}

/// The admin port could not be asked; one line that ends with what to do.
public struct AdminClientError: Error, CustomStringConvertible {
    public let description: String
    /// What was asked for cannot be meant, so that the command line is wrong.
    public let isUsage: Bool

    init(_ description: String, isUsage: Bool = false) {
        (self.description, self.isUsage) = (description, isUsage)
    }
}
