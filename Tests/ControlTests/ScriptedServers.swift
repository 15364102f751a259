import Dispatch
import Glibc
import Reactor
import Synchronization

@testable import Control

/// A DNS server on a port of the kernel's choice, by UDP and TCP, that answers what it is told.
final class ScriptedDNS: Sendable {
    /// What it does with a question.
    enum Answer: Sendable {
        /// Records, in the form that ``ScriptedDNS/record(_:_:_:_:)`` makes, and a response code.
        case records(
            [[UInt8]], code: UInt8 = 0, authority: [[UInt8]] = [], additional: [[UInt8]] = [])
        /// By UDP that it is too long, by TCP these records.
        case long([[UInt8]])
        /// A message under another number first, and then the right one.
        case spoofed([[UInt8]], then: [[UInt8]])
        case silence
    }

    private let answers = Mutex<[String: Answer]>([:])
    private let questions = Mutex<[String]>([])
    private let datagrams: Int32
    private let streams: Int32
    let port: UInt16

    init() throws {
        streams = try listen(
            on: .ip(.loopback(port: 0)), backlog: 16, reusePort: false)
        guard case .ip(let address) = boundAddress(streams) else {
            throw Unprepared(what: "no address")
        }
        port = address.port
        datagrams = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var own = sockaddr_in()
        own.sin_family = sa_family_t(AF_INET)
        own.sin_port = port.bigEndian
        own.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isBound = withUnsafePointer(to: &own) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(datagrams, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard isBound == 0 else { throw Unprepared(what: "the UDP port is taken") }
        let (udp, tcp) = (datagrams, streams)
        DispatchQueue(label: "test.dns.udp").async { [weak self] in
            Self.serveDatagrams(udp) { self?.answer($0, isStream: false) ?? [] }
        }
        DispatchQueue(label: "test.dns.tcp").async { [weak self] in
            Self.serveStreams(tcp) { self?.answer($0, isStream: true) ?? [] }
        }
    }

    deinit {
        shutdown(datagrams, Int32(SHUT_RDWR))
        shutdown(streams, Int32(SHUT_RDWR))
    }

    /// By type and name: `A maps.example`.
    func set(_ question: String, _ answer: Answer) {
        answers.withLock { $0[question] = answer }
    }

    var asked: [String] { questions.withLock { $0 } }

    var configuration: ResolverConfiguration {
        var configuration = ResolverConfiguration()
        configuration.servers = [.loopback(port: port)]
        configuration.timeout = 20
        configuration.attempts = 1
        return configuration
    }

    private static func serveDatagrams(_ fd: Int32, _ answer: ([UInt8]) -> [[UInt8]]) {
        defer { close(fd) }
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            var peer = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let count = withUnsafeMutablePointer(to: &peer) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(fd, &buffer, buffer.count, 0, $0, &length)
                }
            }
            guard count > 0 else { return }
            for message in answer(Array(buffer[..<count])) {
                _ = withUnsafePointer(to: &peer) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        sendto(fd, message, message.count, 0, $0, length)
                    }
                }
            }
        }
    }

    private static func serveStreams(_ listener: Int32, _ answer: ([UInt8]) -> [[UInt8]]) {
        acceptAll(listener) { socket in
            var bytes: [UInt8] = []
            while bytes.count < 2 || bytes.count < 2 + (Int(bytes[0]) << 8 | Int(bytes[1])) {
                guard let part = socket.receive() else { return }
                bytes += part
            }
            for message in answer(Array(bytes[2...])) {
                _ = socket.write([UInt8(message.count >> 8), UInt8(message.count & 255)] + message)
            }
        }
    }

    private func answer(_ query: [UInt8], isStream: Bool) -> [[UInt8]] {
        let (name, end) = Self.name(query, at: 12)
        let type = Int(query[end]) << 8 | Int(query[end + 1])
        let word = [1: "A", 28: "AAAA", 33: "SRV"][type] ?? "\(type)"
        let key = "\(word) \(name)"
        questions.withLock { $0.append(isStream ? "tcp \(key)" : key) }
        let question = Array(query[12..<(end + 4)])
        func message(
            _ records: [[UInt8]], _ code: UInt8 = 0, cut: Bool = false, other: Bool = false,
            authority: [[UInt8]] = [], additional: [[UInt8]] = []
        ) -> [UInt8] {
            let number = other ? [query[0] ^ 0xFF, query[1]] : Array(query[..<2])
            let head: [UInt8] = [
                cut ? 0x83 : 0x81, 0x80 | code, 0, 1, 0, UInt8(records.count), 0,
                UInt8(authority.count), 0, UInt8(additional.count),
            ]
            return number + head + question + (records + authority + additional).flatMap(\.self)
        }
        switch answers.withLock({ $0[key] }) {
        case .records(let records, let code, let authority, let additional)?:
            return [message(records, code, authority: authority, additional: additional)]
        case .long(let records)?:
            return [isStream ? message(records) : message([], cut: true)]
        case .spoofed(let records, let right)?:
            return [message(records, other: true), message(right)]
        case .silence?: return []
        case nil: return [message([], 3)]
        }
    }

    private static func name(_ bytes: [UInt8], at start: Int) -> (name: String, end: Int) {
        var labels: [String] = []
        var at = start
        while bytes[at] > 0 {
            let end = at + 1 + Int(bytes[at])
            labels.append(String(decoding: bytes[(at + 1)..<end], as: UTF8.self))
            at = end
        }
        return (labels.joined(separator: "."), at + 1)
    }

    static func wire(_ name: String) -> [UInt8] {
        name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    /// A record of a name, by its type's number.
    static func record(
        _ name: String, _ type: UInt8, _ seconds: UInt32, _ content: [UInt8]
    ) -> [UInt8] {
        let time = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: seconds >> UInt32($0)) }
        return wire(name) + [0, type, 0, 1] + time
            + [UInt8(content.count >> 8), UInt8(content.count & 255)] + content
    }

    static func address(_ name: String, _ seconds: UInt32, _ bytes: UInt8...) -> [UInt8] {
        record(name, bytes.count == 4 ? 1 : 28, seconds, bytes)
    }

    static func alias(_ name: String, _ seconds: UInt32, _ target: String) -> [UInt8] {
        record(name, 5, seconds, wire(target))
    }

    static func service(
        _ name: String, _ seconds: UInt32, _ priority: UInt8, _ weight: UInt8, _ port: UInt16,
        _ target: String
    ) -> [UInt8] {
        record(
            name, 33, seconds,
            [0, priority, 0, weight, UInt8(port >> 8), UInt8(port & 255)] + wire(target))
    }
}

/// A query service on a port of the kernel's choice, which answers by the action in the form.
final class ScriptedService: Sendable {
    private struct State {
        var replies: [String: [(status: Int, body: String)]] = [:]
        var forms: [String] = []
    }

    private let state = Mutex(State())
    private let listener: Int32
    let url: String

    init() throws {
        listener = try listen(on: .ip(.loopback(port: 0)), backlog: 16, reusePort: false)
        url = "http://\(boundAddress(listener))"
        let listener = listener
        DispatchQueue(label: "test.service.http").async { [weak self] in
            acceptAll(listener) { self?.serve($0) }
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// The next answers to an action, or to a path; the last one stays.
    func reply(_ action: String, _ replies: (status: Int, body: String)...) {
        state.withLock { $0.replies[action] = replies }
    }

    /// What was posted, and the paths of what was not, in order.
    var forms: [String] { state.withLock { $0.forms } }

    private func serve(_ socket: TimedSocket) {
        var text = ""
        var length: Int?
        while true {
            if length == nil, let end = text.firstRange(of: "\r\n\r\n") {
                let head = text[..<end.lowerBound].lowercased()
                let field = head.firstRange(of: "content-length: ")
                let digits = field.map { head[$0.upperBound...].prefix { $0.isNumber } } ?? "0"
                length = (Int(digits) ?? 0) + head.utf8.count + 4
            }
            if let length, text.utf8.count >= length { break }
            guard let part = socket.receive() else { return }
            text += String(decoding: part, as: UTF8.self)
        }
        let body = text.firstRange(of: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? ""
        let form = body.isEmpty ? String(text.split(separator: " ")[1]) : body
        let action =
            form.split(separator: "&").first.map {
                String($0.replacing("Action=", with: ""))
            } ?? form
        let reply = state.withLock { state -> (status: Int, body: String) in
            state.forms.append(form)
            guard let replies = state.replies[action], let first = replies.first else {
                return (404, "")
            }
            if replies.count > 1 { state.replies[action]?.removeFirst() }
            return first
        }
        _ = socket.write(
            Array(
                ("HTTP/1.1 \(reply.status) X\r\nContent-Length: \(reply.body.utf8.count)\r\n"
                    + "Connection: close\r\n\r\n\(reply.body)").utf8))
        socket.endWriting()
    }
}

/// Serves connections one after the other, until the listener is shut down.
func acceptAll(_ listener: Int32, _ serve: (TimedSocket) -> Void) {
    defer { close(listener) }
    while true {
        var wanted = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        guard poll(&wanted, 1, -1) > 0 || errno == EINTR else { return }
        let fd = accept(listener, nil, nil)
        if fd < 0 {
            if errno == EAGAIN || errno == EINTR || errno == ECONNABORTED { continue }
            return
        }
        _ = fcntl(fd, F_SETFL, O_NONBLOCK)
        serve(TimedSocket(owning: fd, within: .seconds(20)))
    }
}

extension TimedSocket {
    /// What comes next; nil at the end, and after an error.
    func receive() -> [UInt8]? {
        var part = [UInt8](repeating: 0, count: 4_096)
        guard let count = part.withUnsafeMutableBytes({ read(into: $0) }), count > 0 else {
            return nil
        }
        return Array(part[..<count])
    }
}
