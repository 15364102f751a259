import HTTP
import Reactor

/// Longest head of a request to the admin port.
private let headBytesMax = 16_384

/// Reads one request and answers it; the connection ends with the socket.
///
/// - Parameter isLoopback: it came to a loopback address, as all do that browsers of this machine
///   make, whatever name led them there.
func serve(_ socket: TimedSocket, _ routes: AdminRoutes, isLoopback: Bool) {
    let names = isLoopback ? routes.subject.adminHosts : nil
    guard let answer = answer(to: socket, routes, names: names) else { return }
    // Putting a scenario together may have taken all the time that there was.
    if answer.isRecording { socket.allow(.seconds(30)) }
    guard socket.write(answer.bytes) else { return }
    if answer.isRecording { routes.subject.recordingWasSent() }
    socket.endWriting()
    // Closing with unread bytes would reset the connection and with it the answer just sent.
    var rest = [UInt8](repeating: 0, count: 4_096)
    var budget = 65_536
    while budget > 0,
        let count = unsafe rest.withUnsafeMutableBytes({ unsafe socket.read(into: $0) }), count > 0
    {
        budget -= count
    }
}

private struct AdminAnswer {
    var bytes: [UInt8]
    /// It holds a recording, which is kept until it went out.
    var isRecording = false
}

// nil: the peer left or took too long before its head was complete.
//
// `names`: by which it may be asked, besides those that are its own; nil: by any.
private func answer(
    to socket: TimedSocket, _ routes: AdminRoutes, names: [String]?
) -> AdminAnswer? {
    var bytes = [UInt8](repeating: 0, count: headBytesMax)
    var count = 0
    var scan = HeadScan()
    var head = RequestHead()
    while true {
        let room = count..<headBytesMax
        guard !room.isEmpty else { return refused(431, "the head is too long") }
        let received = unsafe bytes.withUnsafeMutableBytes {
            unsafe socket.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[room]))
        }
        guard let received, received > 0 else { return nil }
        count += received
        let result = unsafe bytes.withUnsafeBytes {
            let received = unsafe UnsafeRawBufferPointer(rebasing: $0[..<count])
            return unsafe parseRequest(received.bytes, &scan, limits: .request, into: &head)
        }
        switch result {
        case .needMore: continue
        case .rejected(let rejection):
            return refused(rejection.status, "\(rejection.reason)")
        case .complete:
            var request = AdminRequest(head, bytes, names ?? [])
            // HTTP/1.0 may leave the field out (RFC 9112 §3.2), and no browser does.
            if let names, !request.host.isEmpty, !AdminRequest.isOwn(request.host, names) {
                return refused(
                    421,
                    "this port is asked by an address or as localhost, and not as "
                        + "\"\(printable(request.host))\"; if that is a name of this machine, add "
                        + "it to adminHosts")
            }
            if let api = routes.api(for: request) {
                return answer(
                    api, head, bytes[..<count], isCrossSite: request.isCrossSite, from: socket,
                    clock: routes.subject.clockControl.clock
                ).map { AdminAnswer(bytes: $0) }
            }
            if request.method == .post, let wanted = request.wantedBody {
                switch takeBody(head, bytes[..<count], from: socket, wanted: wanted) {
                case .body(let body): request.body = body
                case .refused(let response): return AdminAnswer(bytes: encode(response, true))
                case .gone: return nil
                }
            }
            let response = socket.working { [request] in routes.answer(request) }
            return AdminAnswer(
                bytes: encode(response, request.method != .head),
                isRecording: request.path == "/record/stop" && response.status == 200)
        }
    }
}

private func refused(_ status: Int, _ text: String) -> AdminAnswer {
    AdminAnswer(bytes: encode(AdminResponse(status, text), true))
}

extension AdminRequest {
    /// - Parameters:
    ///   - bytes: what the head was parsed from.
    ///   - names: more names of this machine.
    init(_ head: RequestHead, _ bytes: [UInt8], _ names: [String]) {
        method = head.method
        path = String(decoding: bytes[head.path.range], as: UTF8.self)
        query = String(decoding: bytes[head.query.range], as: UTF8.self)
        host = String(decoding: bytes[head.authority.range], as: UTF8.self)
        // Browsers send Origin with each POST; the tools of operators send none.
        if let field = head.fields.first(.origin) {
            let origin = String(decoding: bytes[head.fields[field].value.range], as: UTF8.self)
            // A name that somebody else gives this machine's address (DNS rebinding) is the same
            // site to a browser.
            isCrossSite = origin != "http://\(host)" || !Self.isOwn(host, names)
        }
    }

    /// Whether a Host field names this machine in a way that nobody else can give away.
    fileprivate static func isOwn(_ host: String, _ names: [String]) -> Bool {
        let name: Substring
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
            name = host[..<end].dropFirst()
        } else {
            name = host.prefix { $0 != ":" }
        }
        let lower = name.lowercased()
        return lower == "localhost" || names.contains(lower)
            || SocketAddress(ip: String(name)) != nil
    }
}

func encode(_ response: AdminResponse, _ hasBody: Bool) -> [UInt8] {
    var head =
        HeadWriter.statusLine(response.status).map { "\($0)" }
        ?? "HTTP/1.1 \(response.status) \r\n"
    head += "Content-Type: \(response.contentType)\r\n"
    head += "Content-Length: \(response.body.count)\r\n"
    if let allow = response.allow { head += "Allow: \(allow)\r\n" }
    head +=
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    return Array(head.utf8) + (hasBody ? response.body : [])
}
