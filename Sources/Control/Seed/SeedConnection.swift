import Caching
import HTTP
import Reactor

/// A connection to the edge that stays open from tile to tile. Of one thread.
final class SeedConnection {
    /// What its User-Agent begins with.
    static let agent = "mapedge-seed/"
    /// The edge gives up sooner by itself.
    private static let limit = Duration.seconds(180)

    private let limit: Duration
    private let endpoints: [Endpoint]
    /// What is stored must be no older, in the edge's milliseconds since 1970; nil: however old.
    private let notOlderThan: Milliseconds?
    /// A line by which the edge knows its seeder; empty: there is none.
    private let wordLine: String
    private var socket: TimedSocket?

    /// - Parameters:
    ///   - notOlderThan: what is stored must be no older, in the edge's milliseconds since 1970.
    ///   - word: by which the edge knows that the tiles of viewers are meant, over TLS where those
    ///     have to come so; see `AdminClient.seederWord`.
    ///   - limit: for one tile.
    init(
        _ endpoints: [Endpoint], notOlderThan: Milliseconds? = nil, word: String? = nil,
        limit: Duration = SeedConnection.limit
    ) {
        (self.endpoints, self.notOlderThan, self.limit) = (endpoints, notOlderThan, limit)
        wordLine = word.map { "\(Self.wordField($0))\r\n" } ?? ""
    }

    /// Of requests that a seeder makes.
    static func wordField(_ word: String) -> String { "X-Edge-Cache: seed \(word)" }

    /// - Parameter other: for this tile, in place of the job's own.
    /// - Returns: the answer and the bytes of its body; nil when there was no whole answer.
    func ask(
        _ target: SeedTarget, notOlderThan other: Milliseconds? = nil
    ) -> (reply: HTTPReply, bytes: Int)? {
        // A cache-buster that is a time asks for what was stored since.
        let suffix = (other ?? notOlderThan).map { "&_=\($0)" } ?? ""
        // Viewers who take gzip are most of them, where that is part of a key.
        let head = Array(
            ("GET \(target.target)\(suffix) HTTP/1.1\r\nHost: \(target.host)\r\n"
                + "User-Agent: \(Self.agent)\(mapEdgeVersion)\r\nAccept-Encoding: gzip\r\n"
                + "\(wordLine)Accept: image/*\r\n\r\n").utf8)
        if let kept = socket {
            socket = nil
            // The edge may have ended it meanwhile, as it does with idle ones.
            if let answer = exchange(head, on: kept) { return answer }
            // One that hangs is not given the same work twice.
            if kept.isOverdue { return nil }
        }
        for endpoint in endpoints {
            guard let fresh = try? TimedSocket.connect(to: endpoint, within: limit) else {
                continue
            }
            return exchange(head, on: fresh)
        }
        return nil
    }

    private func exchange(
        _ head: [UInt8], on socket: TimedSocket
    ) -> (reply: HTTPReply, bytes: Int)? {
        socket.allow(limit)
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
