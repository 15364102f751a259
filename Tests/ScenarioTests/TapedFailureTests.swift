import CloudFront
import Foundation
import Reactor
import Testing

@testable import Control
@testable import Edge

@Suite("Recording: origins that failed, and answers that belong to what is kept")
struct TapedFailureTests {
    private enum Part {
        case viewer(UInt64, String)
        case proxy(UInt64, String)
        case answer(UInt64, String)
        case asked(UInt64, String)
        case said(UInt64, String)
        case failed(FetchFailure)
        case gap(UInt64)
    }

    private func written(
        _ parts: [Part], pattern: String? = nil, isTrusted: Bool = false,
        isSouthbound: Bool = false
    ) -> String {
        let entries = parts.enumerated().map { index, part in
            let (bits, event): (UInt64, Tape.Event) =
                switch part {
                case .viewer(let bits, let path):
                    (
                        bits,
                        .viewerSaid(
                            Array(Self.request(path).utf8), isSecured: false,
                            isTrusted: isTrusted, isSouthbound: isSouthbound)
                    )
                case .proxy(let bits, let path):
                    (
                        bits,
                        .viewerSaid(
                            Array(Self.request(path).utf8), isSecured: false, isTrusted: true)
                    )
                case .answer(let bits, let body):
                    (bits, .viewerHeard(Array(Self.response(body).utf8)))
                case .asked(let bits, let path):
                    (bits, .originAsked(Array(Self.request(path).utf8), origin: "default"))
                case .said(let bits, let body):
                    (bits, .originSaid(Array(Self.response(body).utf8)))
                case .gap(let bits): (bits, .viewerHeard([]))
                case .failed(let failure): (99, .originFailed(failure, origin: "default"))
                }
            return Tape.Entry(
                connection: Tape.Connection(loop: 0, bits: bits), time: Int64(index), event: event)
        }
        let stage = RecordedStage(
            origins: ["default"], secrets: [], config: .map([:]), distribution: nil, policies: [])
        var wish = RecordedScenario.Wish()
        wish.pattern = pattern
        var scenario = RecordedScenario(Tape(copying: entries), stage, wish)
        return scenario.written()
    }

    private static func request(_ path: String) -> String {
        // More lines may follow the path.
        let line = path.contains("\r\n") ? path : "\(path) HTTP/1.1"
        return "GET \(line)\r\nHost: a.test\r\n\r\n"
    }

    private static func response(_ body: String) -> String {
        "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test("what a trusted proxy tells is told by a trusted viewer")
    func proxies() {
        let path = "/a HTTP/1.1\r\nX-Forwarded-Proto: https\r\nX-Other: 1\r\nX: y"
        let parts: [Part] = [.viewer(1, path), .answer(1, "one")]
        let trusted = written(parts, isTrusted: true)
        #expect(trusted.contains("X-Forwarded-Proto") && trusted.contains("192.0.2.0/24"))
        // Where nobody is believed, it is a field like any, which a key may have.
        let other = written(parts)
        #expect(other.contains("X-Forwarded-Proto") && other.contains("X-Other"))
        #expect(!other.contains("trustedProxies"))
    }

    @Test("a call of the site's own is told as one")
    func southbound() {
        let parts: [Part] = [.viewer(1, "/a"), .answer(1, "one")]
        let words = "  # The site's own call: its deadline and breaker are not played.\n  - get:"
        #expect(written(parts, isSouthbound: true).contains(words))
        #expect(!written(parts).contains("own call"))
    }

    @Test("of several viewers those are trusted that were")
    func someProxies() {
        let path = "/a HTTP/1.1\r\nX-Forwarded-Proto: https\r\nX: y"
        for order in [true, false] {
            let parts: [Part] =
                order
                ? [.proxy(1, path), .answer(1, "one"), .viewer(2, path), .answer(2, "two")]
                : [.viewer(2, path), .answer(2, "two"), .proxy(1, path), .answer(1, "one")]
            let text = written(parts)
            #expect(text.contains("198.51.100.1/32") && !text.contains("192.0.2.0/24"), "\(text)")
            let steps = text.components(separatedBy: "- get:").dropFirst()
            #expect(steps.map { $0.contains("from: 198.51.100.1\n") } == [order, !order])
            #expect(steps.allSatisfy { $0.contains("X-Forwarded-Proto") })
        }
    }

    @Test("a member that refuses is no origin that refuses while another member answers")
    func members() {
        let text = written([
            .viewer(1, "/a"), .failed(.connectFailed), .asked(2, "/a"), .said(2, "one"),
            .answer(1, "one"),
        ])
        #expect(!text.contains("connect:") && text.contains("body: \"one\""), "\(text)")
        let alone = written([.viewer(1, "/a"), .failed(.connectFailed), .answer(1, "no")])
        #expect(alone.contains("connect: refused"), "\(alone)")
    }

    @Test(
        "want of places or time is the edge's own, and is told",
        arguments: [FetchFailure.queueFull, .queueTimeout, .exhausted, .totalTimeout])
    func crowded(_ failure: FetchFailure) {
        let text = written([.viewer(1, "/a"), .failed(failure), .answer(1, "no")])
        #expect(!text.contains("connect:"), "\(text)")
        #expect(text.contains("# Left out, failures for want of places or time: 1."), "\(text)")
    }

    @Test("a connection of which not all could be read is left out, and told")
    func gap() {
        let text = written([
            .viewer(1, "/a"), .gap(1), .viewer(1, "/b"), .answer(1, "two"),
            .viewer(2, "/c"), .answer(2, "three"),
        ])
        #expect(text.contains("# Left out, connections not understood: 1."), "\(text)")
        #expect(!text.contains("/b") && text.contains("get: \"/c\""), "\(text)")
    }

    @Test(
        "a target in absolute form is a path and a host",
        arguments: [
            ("http://b.test/a?x=1", "/a?x=1", "b.test"), ("HTTP://b.test:81", "/", "b.test:81"),
            ("http://b.test?x", "/?x", "b.test"),
        ])
    func absolute(_ target: String, _ path: String, _ host: String) {
        let text = written([.viewer(1, target), .answer(1, "one")], pattern: "/*")
        #expect(!text.contains("Left out"), "\(text)")
        #expect(text.contains("- get: \"\(path)\"\n    host: \"\(host)\"\n    expect"), "\(text)")
    }

    @Test("an answer for a kept path is kept, though a path that is not kept ends like it")
    func endsAlike() {
        let parts: [Part] = [
            .viewer(1, "/a"), .asked(2, "/a"), .said(2, "other"), .answer(1, "other"),
            .viewer(1, "/map/a"), .asked(2, "/map/a"), .said(2, "mine"), .answer(1, "mine"),
        ]
        let text = written(parts, pattern: "/map*")
        #expect(text.contains("body: \"mine\"") && !text.contains("other\""), "\(text)")
    }
}
