import HTTP
import Reactor

/// A connection to the edge that stays open from tile to tile. Of one thread.
final class SeedConnection {
    /// The edge gives up sooner by itself.
    private static let limit = Duration.seconds(180)

    private let endpoints: [Endpoint]
    /// Behind the target of each request; empty for none.
    private let suffix: String
    private var socket: TimedSocket?

    /// - Parameter suffix: further parameters, with their `&`.
    init(_ endpoints: [Endpoint], suffix: String) {
        (self.endpoints, self.suffix) = (endpoints, suffix)
    }

    /// - Returns: the answer and the bytes of its body; nil when there was no whole answer.
    func ask(_ target: SeedTarget) -> (reply: HTTPReply, bytes: Int)? {
        // Viewers who take gzip are most of them, where that is part of a key.
        let head = Array(
            ("GET \(target.target)\(suffix) HTTP/1.1\r\nHost: \(target.host)\r\n"
                + "User-Agent: mapedge-seed/\(mapEdgeVersion)\r\nAccept-Encoding: gzip\r\n"
                + "Accept: image/*\r\n\r\n").utf8)
        if let kept = socket {
            socket = nil
            // The edge may have ended it meanwhile, as it does with idle ones.
            if let answer = exchange(head, on: kept) { return answer }
        }
        for endpoint in endpoints {
            guard let fresh = try? TimedSocket.connect(to: endpoint, within: Self.limit) else {
                continue
            }
            return exchange(head, on: fresh)
        }
        return nil
    }

    private func exchange(
        _ head: [UInt8], on socket: TimedSocket
    ) -> (reply: HTTPReply, bytes: Int)? {
        socket.allow(Self.limit)
        var reading = ResponseReading(bytesMax: nil)
        guard socket.write(head), let reply = reading.read(from: socket) else { return nil }
        let ends = reply.field("connection")?.lowercased().contains("close") == true
        let isFramed =
            reply.field("content-length") != nil || reply.field("transfer-encoding") != nil
            || reply.status == 204 || reply.status == 304
        if !ends, isFramed { self.socket = socket }
        return (reply, reading.bodyBytes)
    }
}
