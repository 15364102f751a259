import Dispatch
import Glibc
import Reactor
import Synchronization
import Testing

@testable import Control

/// Stands in for an edge: answers, closes or hangs, as it is told for each request in turn.
private final class FickleEdge: Sendable {
    enum Deed { case answer, answerAndClose, hang }

    private let deeds: Mutex<[Deed]>
    private let targets = Mutex<[String]>([])
    private let listener: Int32
    let endpoint: Endpoint

    init(_ deeds: Deed...) throws {
        self.deeds = Mutex(deeds)
        listener = try listen(on: .ip(.loopback(port: 0)), backlog: 16, reusePort: false)
        endpoint = boundAddress(listener)
        let listener = listener
        DispatchQueue(label: "test.fickle").async { [weak self] in
            acceptAll(listener) { self?.serve($0) }
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// What was asked for, in order.
    var asked: [String] { targets.withLock { $0 } }

    private func serve(_ socket: TimedSocket) {
        var text = ""
        while let part = socket.receive() {
            text += String(decoding: part, as: UTF8.self)
            guard text.hasSuffix("\r\n\r\n") else { continue }
            targets.withLock { $0.append(String(text.split(separator: " ")[1])) }
            text = ""
            let deed = deeds.withLock { $0.isEmpty ? .hang : $0.removeFirst() }
            if deed == .hang { continue }
            _ = socket.write(Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".utf8))
            if deed == .answerAndClose { return }
        }
    }
}

@Suite("Seed: a connection to the edge")
struct SeedConnectionTests {
    private func target(_ path: String) -> SeedTarget { SeedTarget(host: "h", target: path) }

    @Test("one that stays open is used again, and one that the edge has ended replaced")
    func kept() throws {
        let edge = try FickleEdge(.answer, .answerAndClose, .answer, .answer)
        let connection = SeedConnection([edge.endpoint], notOlderThan: 1)
        for path in ["/a?x", "/b?x", "/c?x"] {
            let answer = try #require(connection.ask(target(path)))
            #expect(answer.reply.status == 200 && answer.bytes == 2)
        }
        #expect(connection.ask(target("/d?x"), notOlderThan: 7) != nil)
        #expect(edge.asked == ["/a?x&_=1", "/b?x&_=1", "/c?x&_=1", "/d?x&_=7"])
    }

    @Test("an edge that hangs is not asked for the same tile twice")
    func hanging() throws {
        let edge = try FickleEdge(.answer, .hang, .hang)
        let connection = SeedConnection([edge.endpoint], limit: .seconds(1))
        #expect(connection.ask(target("/a")) != nil)
        #expect(connection.ask(target("/b")) == nil)
        #expect(edge.asked == ["/a", "/b"])
    }
}
