import HTTP
import Reactor

/// Where a service of the cold side is asked: `http://HOST[:PORT][/PATH]`, or https.
struct ServiceURL: Equatable, Sendable {
    var speaksTLS: Bool
    var host: String
    var port: UInt16
    /// With its slash; the query too, if there is one.
    var target: String

    /// nil: it is no such URL.
    init?(_ text: String) {
        let lower = text.lowercased()
        speaksTLS = lower.hasPrefix("https://")
        guard speaksTLS || lower.hasPrefix("http://") else { return nil }
        let rest = text.dropFirst(speaksTLS ? 8 : 7)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        guard let url = try? OriginURL.form.parse(String(text[..<end])),
            case .host(let host, let port) = url.target
        else { return nil }
        self.host = host
        self.port = port
        target = rest[end...].hasPrefix("/") ? String(rest[end...]) : "/" + rest[end...]
    }

    /// For the Host field: without the scheme's own port.
    var authority: String {
        let shown = host.contains(":") ? "[\(host)]" : host
        return port == (speaksTLS ? 443 : 80) ? shown : "\(shown):\(port)"
    }
}

/// One request of the cold side, on a connection of its own. Blocks: never to be run on a loop.
struct HTTPCall {
    var method: String
    var url: ServiceURL
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []
    /// For connection, answer and body together.
    var limit = Duration.seconds(10)

    /// Longest answer that is taken, in bytes.
    static let answerBytesMax = 16 << 20

    /// - Throws: why there is no whole answer, with the address that was asked last.
    func run(
        _ resolver: any NameResolver, _ trust: @autoclosure () throws(TLSError) -> TLSContext
    ) throws(HTTPCallError) -> HTTPReply {
        let addresses: [SocketAddress]
        do throws(ResolutionError) {
            addresses = try resolver.addresses(of: url.host, port: url.port)
        } catch {
            throw HTTPCallError("\(error)")
        }
        var failure = HTTPCallError("\"\(url.host)\" has no address")
        for address in addresses {
            do throws(HTTPCallError) {
                return try ask(.ip(address), trust)
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private func ask(
        _ endpoint: Endpoint, _ trust: () throws(TLSError) -> TLSContext
    ) throws(HTTPCallError) -> HTTPReply {
        guard url.speaksTLS else {
            return try ask(
                connected { () throws(SystemError) in
                    try TimedSocket.connect(to: endpoint, within: limit)
                })
        }
        let context: TLSContext
        do throws(TLSError) { context = try trust() } catch { throw HTTPCallError("\(error)") }
        return try ask(
            connected { () throws(SystemError) in
                try SecuredStream(to: endpoint, host: url.host, context, within: limit)
            })
    }

    private func connected<Stream: ByteStream>(
        _ connect: () throws(SystemError) -> Stream
    ) throws(HTTPCallError) -> Stream {
        do throws(SystemError) { return try connect() } catch {
            // EPROTO: hands were not shaken.
            let reason =
                error.errno == 71
                ? "its certificate is not believed, or it speaks no TLS"
                : error.reason
            throw HTTPCallError("\(url.authority) does not answer: \(reason)")
        }
    }

    private func ask(_ stream: some ByteStream) throws(HTTPCallError) -> HTTPReply {
        var reading = ResponseReading(bytesMax: Self.answerBytesMax, isToHead: method == "HEAD")
        guard stream.write(wire), let reply = reading.read(from: stream) else {
            throw HTTPCallError("\(url.authority) does not answer, or only half of it")
        }
        return reply
    }

    private var wire: [UInt8] {
        let hasLength = !["GET", "HEAD"].contains(method)
        let fields =
            headers.map { "\($0.name): \($0.value)\r\n" }.joined()
            + (hasLength ? "Content-Length: \(body.count)\r\n" : "")
        let host = headers.contains { $0.name.lowercased() == "host" }
        let head =
            "\(method) \(url.target) HTTP/1.1\r\n"
            + (host ? "" : "Host: \(url.authority)\r\n") + fields + "Connection: close\r\n\r\n"
        return Array(head.utf8) + body
    }
}

/// Nobody answered, or not to the end; one line.
struct HTTPCallError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
