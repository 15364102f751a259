import CloudFront
import Edge
import HTTP
import Reactor
import Synchronization
import Testing

@testable import Control

/// An edge of which only the control API is real.
struct APISubject: AdminSubject {
    let scripted = ScriptedSubject()
    let api: CloudFrontAPI?

    func counters() -> [CounterSample] { scripted.counters() }
    func histograms() -> [HistogramSample] { scripted.histograms() }
    var isTurning: Bool { true }
    var fitness: Fitness { .ready }
    func statusJSON() -> [UInt8] { scripted.statusJSON() }
    func reload() -> ReloadOutcome { scripted.reload() }
}

@Suite("Control API: over the wire")
struct APIConnectionTests {
    private let state: ScriptedDistribution
    private let admin: RunningAdmin
    private let target = "/2020-05-31/distribution/EDFDVBD632BHDS/invalidation"

    init() throws {
        state = try ScriptedDistribution()
        admin = try RunningAdmin(APISubject(api: CloudFrontAPI(state, settings: APISettings())))
    }

    private var batch: String { Asking.batch(["/*"], "r") }

    private func post(_ fields: String, _ body: String) -> String {
        "POST \(target) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\(body)"
    }

    @Test("an answer is XML with the request's id, and the connection is closed")
    func answer() throws {
        let request = post("Content-Length: \(batch.utf8.count)\r\n", batch)
        let answer = try #require(try admin.exchange(request))
        #expect(answer.hasPrefix("HTTP/1.1 201 Created\r\nLocation: https://cloudfront.amazon"))
        #expect(answer.contains("\r\nx-amzn-RequestId: "))
        #expect(answer.contains("\r\nContent-Type: text/xml\r\n"))
        #expect(answer.contains("\r\nConnection: close\r\n\r\n<?xml version=\"1.0\"?>\n"))
        #expect(answer.hasSuffix("</Invalidation>"))
        #expect(state.contents.withLock { $0.stale } == [[.prefix(Array("/".utf8))]])
    }

    @Test("who waits for 100 Continue gets it, and then the answer")
    func waiting() throws {
        let socket = try TimedSocket.connect(
            to: admin.server.boundEndpoints[0], within: .seconds(20))
        let head = post(
            "Content-Length: \(batch.utf8.count)\r\nExpect: 100-continue\r\n", "")
        #expect(socket.write(Array(head.utf8)))
        var interim: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1)
        while interim.count < 25,
            part.withUnsafeMutableBytes({ socket.read(into: $0) }) == 1
        {
            interim += part
        }
        #expect(String(decoding: interim, as: UTF8.self) == "HTTP/1.1 100 Continue\r\n\r\n")
        #expect(socket.write(Array(batch.utf8)))
        #expect(admin.received(socket)?.hasPrefix("HTTP/1.1 201 ") == true)
    }

    @Test(
        "what is not taken changes nothing",
        arguments: [
            ("Content-Length: 16777217\r\n", "413"),
            ("Transfer-Encoding: chunked\r\n", "411"),
            ("Content-Length: 400\r\nOrigin: http://elsewhere\r\n", "403"),
        ])
    func refusals(_ fields: String, _ status: String) throws {
        let answer = try #require(try admin.exchange(post(fields, batch), ending: true))
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
        #expect(state.contents.withLock { $0.stale.isEmpty })
    }

    @Test("a body that ends too early is no request")
    func cut() throws {
        let request = post("Content-Length: \(batch.utf8.count + 1)\r\n", batch)
        #expect(try admin.exchange(request, ending: true) == "")
        #expect(state.contents.withLock { $0.stale.isEmpty })
    }

    @Test("HEAD and 204 have no body")
    func bodiless() throws {
        let head = try #require(
            try admin.exchange("HEAD /2020-05-31/distribution HTTP/1.1\r\nHost: a\r\n\r\n"))
        #expect(head.hasPrefix("HTTP/1.1 403 ") && head.hasSuffix("\r\n\r\n"))
        let body = "<Tags><Items/></Tags>"
        let resource = "arn:aws:cloudfront::1:distribution/EDFDVBD632BHDS"
        let tagged = try #require(
            try admin.exchange(
                "POST /2020-05-31/tagging?Operation=Tag&Resource=\(resource) HTTP/1.1\r\n"
                    + "Host: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"))
        #expect(tagged.hasPrefix("HTTP/1.1 204 ") && !tagged.contains("Content-Length"))
    }

    @Test("without a distribution its paths lead nowhere")
    func absent() throws {
        let answer = try RunningAdmin().exchange(
            "GET /2020-05-31/distribution HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(answer?.hasPrefix("HTTP/1.1 404 ") == true)
    }
}
