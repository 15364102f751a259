import Dispatch
import Glibc
import Reactor

/// Asks DNS servers directly, for what getaddrinfo does not tell: lifetimes and services.
///
/// Blocks for as long as the servers may take: never to be used on a loop.
struct DNSClient: Sendable {
    /// Read anew for each question, as the system's resolver does.
    let configuration: @Sendable () -> ResolverConfiguration

    init(
        _ configuration: @escaping @Sendable () -> ResolverConfiguration = {
            ResolverConfiguration(reading: (try? readTextFile(Self.path)) ?? "")
        }
    ) {
        self.configuration = configuration
    }

    /// The system's, or another one that the environment names, for whom members' names are known
    /// elsewhere than the system's own.
    static let path =
        unsafe getenv("MAPEDGE_RESOLV_CONF").map { unsafe String(cString: $0) }
        ?? "/etc/resolv.conf"

    /// Records of a name, completed by the search list where it has to be.
    ///
    /// - Parameter read: what is wanted of a response, for the name that was asked for.
    /// - Returns: an answer that may be empty, if at least one server said that there is nothing.
    /// - Throws: if no server has answered.
    func ask<Value>(
        _ name: String, _ type: DNSType,
        _ read: (DNSMessage, String) -> DNSAnswer<Value>
    ) throws(DNSFailure) -> DNSAnswer<Value> {
        let configuration = configuration()
        var empty: DNSAnswer<Value>?
        var failure: DNSFailure?
        for name in configuration.names(for: name) {
            do throws(DNSFailure) {
                let answer = read(try ask(name, type, configuration), name)
                if !answer.values.isEmpty { return answer }
                empty = empty ?? answer
            } catch {
                failure = error
            }
        }
        // Servers that fail may know the name: nobody has denied it.
        if let failure { throw failure }
        return empty ?? DNSAnswer(values: [], timeToLive: nil)
    }

    /// The first response of any server that knows, whether there is such a name or not.
    private func ask(
        _ name: String, _ type: DNSType, _ configuration: ResolverConfiguration
    ) throws(DNSFailure) -> DNSMessage {
        var failure = DNSFailure("no DNS server is named in \(Self.path)")
        for _ in 0..<configuration.attempts {
            for server in configuration.servers {
                do throws(DNSFailure) {
                    let message = try ask(name, type, server, seconds: configuration.timeout)
                    switch message.responseCode {
                    case .noError, .nameError: return message
                    case let code:
                        failure = DNSFailure("\(server) answers \(code) about \"\(name)\"")
                    }
                } catch {
                    failure = error
                }
            }
        }
        throw failure
    }

    private func ask(
        _ name: String, _ type: DNSType, _ server: SocketAddress, seconds: Int
    ) throws(DNSFailure) -> DNSMessage {
        let query = DNSQuery(identifier: UInt16.random(in: 0...UInt16.max), name: name, type: type)
        guard let bytes = query.bytes else {
            throw DNSFailure("\"\(printable(name))\" is no name for DNS; correct it")
        }
        let message = try askByDatagram(query, bytes, server, seconds)
        guard message.isTruncated else { return message }
        return try askByStream(query, bytes, server, seconds)
    }

    /// UDP. Source: RFC 1035 §4.2.1.
    private func askByDatagram(
        _ query: DNSQuery, _ bytes: [UInt8], _ server: SocketAddress, _ seconds: Int
    ) throws(DNSFailure) -> DNSMessage {
        let socket: DatagramSocket
        do throws(SystemError) { socket = try DatagramSocket(to: server) } catch {
            throw DNSFailure("\(server) cannot be asked: \(error.reason)")
        }
        let deadline =
            UInt64(monotonicMilliseconds()) * 1_000_000 + UInt64(seconds) * 1_000_000_000
        guard socket.send(bytes) else { throw DNSFailure("\(server) cannot be asked") }
        // What is no answer to this question is somebody else's, or an attempt to mislead.
        while let received = socket.receive(until: deadline) {
            if let message = try? unsafe DNSMessage(received.span.bytes),
                query.isAnswered(by: message)
            {
                return message
            }
        }
        throw DNSFailure("\(server) does not answer about \"\(query.name)\"")
    }

    /// TCP: two bytes of length, then the message. Source: RFC 1035 §4.2.2, RFC 7766.
    private func askByStream(
        _ query: DNSQuery, _ bytes: [UInt8], _ server: SocketAddress, _ seconds: Int
    ) throws(DNSFailure) -> DNSMessage {
        let prefix = [UInt8(bytes.count >> 8), UInt8(bytes.count & 255)]
        var received: [UInt8] = []
        if let socket = try? TimedSocket.connect(to: .ip(server), within: .seconds(seconds)),
            socket.write(prefix + bytes)
        {
            var part = [UInt8](repeating: 0, count: 65_537)
            while received.count < 2
                || received.count < 2 + (Int(received[0]) << 8 | Int(received[1]))
            {
                guard
                    let count = unsafe part.withUnsafeMutableBytes({ unsafe socket.read(into: $0) }
                    ),
                    count > 0
                else { break }
                received += part[..<count]
            }
        }
        let whole = Array(received.dropFirst(2))
        guard let message = try? unsafe DNSMessage(whole.span.bytes), query.isAnswered(by: message),
            !message.isTruncated
        else {
            throw DNSFailure(
                "\(server) gives only half an answer about \"\(query.name)\", also by TCP")
        }
        return message
    }
}

/// No DNS server has answered a question; one line.
struct DNSFailure: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
