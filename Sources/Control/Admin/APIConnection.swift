import HTTP
import Reactor

/// Largest body that is taken: what the API's largest document measures.
private let bodyBytesMax = 16 << 20

/// Takes the body of a request to the control API and answers it; nil if the peer left or took too
/// long.
///
/// - Parameters:
///   - head: complete, parsed from `received`.
///   - received: what was read so far, which may hold some of the body.
///   - clock: the edge's, by which its records are dated.
func answer(
    _ api: CloudFrontAPI, _ head: RequestHead, _ received: ArraySlice<UInt8>,
    isCrossSite: Bool, from socket: TimedSocket, clock: WallClock
) -> [UInt8]? {
    let length: Int
    switch head.framing {
    case .none, .untilClose: length = 0
    case .length(let count) where count <= bodyBytesMax: length = Int(count)
    case .length: return refusal(413, "the body is longer than \(bodyBytesMax) bytes")
    case .chunked: return refusal(411, "send the body with a Content-Length")
    }
    // A page that an operator looks at must not act on the operator's own machine.
    guard !isCrossSite else { return refusal(403, "this was asked by a page of another site") }
    let lines = Array(received[..<head.length])
    if let refusal = api.refusal(of: APIRequest(head, lines), now: WallClock.system.now) {
        return encode(refusal, hasBody: head.method != .head)
    }
    var body = Array(received[head.length...].prefix(length))
    if head.expectsContinue, body.count < length {
        guard socket.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) else { return nil }
    }
    let known = body.count
    body += [UInt8](repeating: 0, count: length - known)
    var count = known
    while count < length {
        let got = unsafe body.withUnsafeMutableBytes {
            unsafe socket.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[count...]))
        }
        guard let got, got > 0 else { return nil }
        count += got
    }
    let request = APIRequest(head, lines, body: body)
    let response = socket.working {
        api.answer(request, now: clock.now, machineTime: WallClock.system.now)
    }
    return encode(response, hasBody: head.method != .head)
}

extension APIRequest {
    /// - Parameter bytes: what the head was parsed from.
    fileprivate init(_ head: RequestHead, _ bytes: [UInt8], body: [UInt8] = []) {
        func text(_ slice: ByteSlice) -> String {
            String(decoding: bytes[slice.range], as: UTF8.self)
        }
        self.init(
            id: randomUUID(), method: head.method, path: text(head.path), query: text(head.query),
            headers: (0..<head.fields.count).map {
                (text(head.fields[$0].name), text(head.fields[$0].value))
            }, body: body)
    }
}

private func refusal(_ status: Int, _ text: String) -> [UInt8] {
    encode(AdminResponse(status, text), true)
}

private func encode(_ response: APIResponse, hasBody: Bool) -> [UInt8] {
    var head =
        HeadWriter.statusLine(response.status).map { "\($0)" }
        ?? "HTTP/1.1 \(response.status) \r\n"
    for (name, value) in response.headers { head += "\(name): \(value)\r\n" }
    // RFC 9110 §8.6: none with 204.
    if response.status != 204 { head += "Content-Length: \(response.body.count)\r\n" }
    head += "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    return Array(head.utf8) + (hasBody ? response.body : [])
}

/// RFC 9562 §5.4.
func randomUUID() -> String {
    var high = UInt64.random(in: 0...UInt64.max)
    var low = UInt64.random(in: 0...UInt64.max)
    high = high & ~0xf000 | 0x4000
    low = low & ~(0xc000 << 48) | 0x8000 << 48
    let digits = [high, low].map { number in
        let text = String(number, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }.joined()
    var parts: [Substring] = []
    var rest = digits[...]
    for length in [8, 4, 4, 4, 12] {
        parts.append(rest.prefix(length))
        rest = rest.dropFirst(length)
    }
    return parts.joined(separator: "-")
}
