import HTTP
import Reactor

/// Asks one request on a connection of its own, and reads the answer to its end.
struct ReplayClient {
    /// Connection, answer and body together.
    private static let limit = Duration.seconds(60)

    struct Answer {
        var status = 0
        /// `X-Cache` up to its first space; empty without one.
        var result = ""
        var cacheStatus = ""
    }

    let endpoints: [Endpoint]
    /// What is not in a log and chooses among compressed responses.
    let acceptEncoding: String

    /// nil when there was no whole answer.
    func ask(_ request: ReplayRequest) -> Answer? {
        let encoding = acceptEncoding.isEmpty ? "" : "Accept-Encoding: \(acceptEncoding)\r\n"
        let head =
            "\(request.method) \(request.target) HTTP/1.1\r\nHost: \(request.host)\r\n"
            + "\(request.fields)\(encoding)Connection: close\r\n\r\n"
        for endpoint in endpoints {
            guard let socket = try? TimedSocket.connect(to: endpoint, within: Self.limit),
                socket.write(Array(head.utf8))
            else { continue }
            return read(socket, toHead: request.method == "HEAD")
        }
        return nil
    }

    private func read(_ socket: TimedSocket, toHead: Bool) -> Answer? {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        var scan = HeadScan()
        var head = ResponseHead()
        var answer: Answer?
        while true {
            guard let count = part.withUnsafeMutableBytes({ socket.read(into: $0) }) else {
                return nil
            }
            if count == 0 { return answer }
            // The body is of no interest, but it has to come.
            guard answer == nil else { continue }
            bytes += part[..<count]
            while answer == nil {
                let result = bytes.withUnsafeBytes {
                    parseResponse(
                        $0.bytes, &scan, limits: .response, toHead: toHead, into: &head)
                }
                if result == .needMore { break }
                guard result == .complete else { return nil }
                if head.status >= 200 {
                    answer = Self.answer(head, bytes)
                } else {
                    bytes.removeFirst(head.length)
                    scan = HeadScan()
                }
            }
        }
    }

    private static func answer(_ head: ResponseHead, _ bytes: [UInt8]) -> Answer {
        var answer = Answer(status: head.status)
        for index in 0..<head.fields.count {
            let field = head.fields[index]
            let name = String(decoding: bytes[field.name.range], as: UTF8.self).lowercased()
            let value = String(decoding: bytes[field.value.range], as: UTF8.self)
            if name == "x-cache" { answer.result = String(value.prefix { $0 != " " }) }
            if name == "cache-status" { answer.cacheStatus = value }
        }
        return answer
    }
}
