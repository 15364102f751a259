import HTTP

/// Longest head of a request to the admin port.
private let headBytesMax = 16_384

/// Reads one request and answers it; the connection ends with the socket.
func serve(_ socket: TimedSocket, _ routes: AdminRoutes) {
    guard let response = answer(to: socket, routes) else { return }
    guard socket.write(response) else { return }
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

// nil: the peer left or took too long before its head was complete.
private func answer(to socket: TimedSocket, _ routes: AdminRoutes) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: headBytesMax)
    var count = 0
    var scan = HeadScan()
    var head = RequestHead()
    while true {
        let room = count..<headBytesMax
        guard !room.isEmpty else { return encode(AdminResponse(431, "the head is too long"), true) }
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
            return encode(AdminResponse(rejection.status, "\(rejection.reason)"), true)
        case .complete:
            var request = AdminRequest(head, bytes)
            if let api = routes.api(for: request) {
                return answer(
                    api, head, bytes[..<count], isCrossSite: request.isCrossSite, from: socket,
                    clock: routes.subject.clockControl.clock)
            }
            if request.method == .post, request.path == "/explain" {
                switch explainedHeads(head, bytes[..<count], from: socket) {
                case .body(let body): request.body = body
                case .refused(let response): return encode(response, true)
                case .gone: return nil
                }
            }
            return encode(routes.answer(request), request.method != .head)
        }
    }
}

extension AdminRequest {
    /// - Parameter bytes: what the head was parsed from.
    init(_ head: RequestHead, _ bytes: [UInt8]) {
        method = head.method
        path = String(decoding: bytes[head.path.range], as: UTF8.self)
        query = String(decoding: bytes[head.query.range], as: UTF8.self)
        // Browsers send Origin with each POST; the tools of operators send none.
        if let field = head.fields.first(.origin) {
            let origin = String(decoding: bytes[head.fields[field].value.range], as: UTF8.self)
            let host = String(decoding: bytes[head.authority.range], as: UTF8.self)
            isCrossSite = origin != "http://\(host)"
        }
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
