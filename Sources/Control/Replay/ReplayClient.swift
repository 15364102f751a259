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
        while true {
            guard let count = unsafe part.withUnsafeMutableBytes({ unsafe socket.read(into: $0) }),
                count > 0
            else { return nil }
            bytes += part[..<count]
            var isRead = false
            while !isRead {
                let result = unsafe bytes.withUnsafeBytes {
                    unsafe parseResponse(
                        $0.bytes, &scan, limits: .response, toHead: toHead, into: &head)
                }
                if result == .needMore { break }
                guard result == .complete else { return nil }
                isRead = head.status >= 200
                if !isRead {
                    bytes.removeFirst(head.length)
                    scan = HeadScan()
                }
            }
            guard isRead else { continue }
            let answer = Self.answer(head, bytes)
            let isWhole = skipBody(head.framing, Array(bytes[head.length...]), socket, &part)
            return isWhole ? answer : nil
        }
    }

    /// Reads to the end of the body, which is of no interest but has to come; false when it ends
    /// early.
    private func skipBody(
        _ framing: BodyFraming, _ first: [UInt8], _ socket: TimedSocket, _ part: inout [UInt8]
    ) -> Bool {
        var decoder = ChunkedDecoder()
        var (held, received) = (first, UInt64(0))
        while true {
            received += UInt64(held.count)
            switch framing {
            case .none: return true
            case .length(let length): if received >= length { return true }
            case .chunked:
                switch Self.advance(&decoder, held) {
                case .ended: return true
                case .broken: return false
                case .goesOn(let rest): held = rest
                }
            case .untilClose: break
            }
            guard let count = unsafe part.withUnsafeMutableBytes({ unsafe socket.read(into: $0) })
            else {
                return false
            }
            if count == 0 { return framing == .untilClose }
            // What a decoder could not use yet stands before what comes.
            held = (framing == .chunked ? held : []) + part[..<count]
        }
    }

    private enum Progress { case ended, broken, goesOn([UInt8]) }

    private static func advance(_ decoder: inout ChunkedDecoder, _ bytes: [UInt8]) -> Progress {
        var rest = bytes[...]
        while true {
            let step = unsafe Array(rest).withUnsafeBytes { unsafe decoder.next($0.bytes) }
            rest = rest.dropFirst(step.consumed)
            switch step.event {
            case .end: return .ended
            case .malformed: return .broken
            case .needMore: return .goesOn(Array(rest))
            case .data, .trailer: continue
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
