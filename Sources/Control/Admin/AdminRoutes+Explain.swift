import Edge
import HTTP

/// Longest body of a request to `/explain`: two heads of any size that is served.
private let explainBytesMax = 160 << 10

extension AdminRoutes {
    func explain(_ request: AdminRequest) -> AdminResponse {
        if let refusal = acting(request) { return refusal }
        let options = Set(request.query.split(separator: "&").map(String.init))
        guard options.isSubset(of: ["json", "https"]) else {
            return AdminResponse(400, "/explain knows ?json and ?https, and nothing else")
        }
        let heads = RequestHeads(request.body).heads
        guard (1...2).contains(heads.count) else {
            return AdminResponse(
                400, "the body is one request head, or two, with their empty lines")
        }
        do throws(ExplainError) {
            var told: [Explanation] = []
            for head in heads {
                var one = try subject.explain(head, usesTLS: options.contains("https"))
                if let found = one.invalidation, let api = subject.api {
                    one.invalidation = api.named(found)
                }
                told.append(one)
            }
            return answer(told, asJSON: options.contains("json"))
        } catch {
            return AdminResponse(422, "\(error)")
        }
    }

    private func answer(_ told: [Explanation], asJSON: Bool) -> AdminResponse {
        let (json, text) =
            told.count == 2
            ? (Comparison(told[0], told[1]).json, Comparison(told[0], told[1]).text)
            : (told[0].json, ExplanationText(told[0]).text)
        return asJSON
            ? AdminResponse(200, type: "application/json", Array(json.encoded.utf8))
            : AdminResponse(200, text)
    }
}

/// Heads one behind the other, each up to its empty line.
struct RequestHeads {
    private(set) var heads: [[UInt8]] = []

    init(_ bytes: [UInt8]) {
        var start = 0
        for end in bytes.indices
        where end >= start + 3 && bytes[end - 3...end].elementsEqual([13, 10, 13, 10]) {
            heads.append(Array(bytes[start...end]))
            start = end + 1
        }
        // A head without its end is somebody's mistake, which its explanation names.
        if start < bytes.count { heads.append(Array(bytes[start...])) }
    }
}

/// What came of reading the heads to be explained.
enum AdminBody {
    case body([UInt8])
    case refused(AdminResponse)
    /// The peer left or took too long.
    case gone
}

/// Takes the body of a request; `received` may hold some of it.
///
/// - Parameter wanted: what is to be sent, for who sends none.
func takeBody(
    _ head: RequestHead, _ received: ArraySlice<UInt8>, from socket: TimedSocket, wanted: String
) -> AdminBody {
    guard case .length(let count) = head.framing, count > 0 else {
        return .refused(AdminResponse(411, "send \(wanted) as the body, with its length"))
    }
    guard count <= explainBytesMax else {
        return .refused(AdminResponse(413, "the body is longer than \(explainBytesMax) bytes"))
    }
    if head.expectsContinue {
        guard socket.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) else { return .gone }
    }
    var body = Array(received[head.length...].prefix(Int(count)))
    var part = [UInt8](repeating: 0, count: 16_384)
    while body.count < count {
        guard let got = unsafe part.withUnsafeMutableBytes({ unsafe socket.read(into: $0) }),
            got > 0
        else {
            return .gone
        }
        body += part[..<min(got, Int(count) - body.count)]
    }
    return .body(body)
}
