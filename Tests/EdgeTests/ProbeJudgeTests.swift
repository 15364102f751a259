import HTTP
import Testing
import Tiles

@testable import Edge

/// Answers to checks, and what checks there are.
enum ProbeAnswers {
    static let target =
        "/wms?SERVICE=WMS&VERSION=1.1.1&REQUEST=GetMap&LAYERS=a&STYLES=&SRS=EPSG:4326"
        + "&BBOX=0,0,1,1&WIDTH=16&HEIGHT=16&FORMAT=image/png"
    static let map = CheckSettings(kind: .map, target: target)
    static let text = CheckSettings(
        kind: .http(status: 200...399, body: Array("ready".utf8)), target: "/up")
    static let layers = CheckSettings(
        kind: .capabilities(minimum: 2, layers: ["roads"]), target: "/caps")

    /// A real picture of that size.
    static func picture(_ side: UInt16 = 16, _ format: MapFormat = .png) -> [UInt8] {
        var request = MapRequest(service: .wms, kind: .map)
        (request.format, request.width, request.height) = (format, side, side)
        return BlankTile.picture(for: request).bytes
    }

    static func answer(_ fields: String, _ body: [UInt8], status: Int = 200) -> [UInt8] {
        Array("HTTP/1.1 \(status) Fine\r\n\(fields)\r\n\r\n".utf8) + body
    }

    static func whole(_ type: String, _ body: [UInt8], status: Int = 200) -> [UInt8] {
        answer("Content-Type: \(type)\r\nContent-Length: \(body.count)", body, status: status)
    }

    static func chunked(_ type: String, _ body: [UInt8], isWhole: Bool = true) -> [UInt8] {
        let size = String(body.count, radix: 16)
        return answer(
            "Content-Type: \(type)\r\nTransfer-Encoding: chunked",
            Array("\(size)\r\n".utf8) + body + Array((isWhole ? "\r\n0\r\n\r\n" : "").utf8))
    }

    static func capabilities(_ names: [String], end: String = "</WMS_Capabilities>") -> [UInt8] {
        let layers = names.map { "<Layer><Name>\($0)</Name></Layer>" }.joined()
        return Array(
            ("<?xml version=\"1.0\"?><WMS_Capabilities version=\"1.3.0\" updateSequence=\"9\">"
                + layers + end).utf8)
    }

    static let exception = Array(
        ("<ServiceExceptionReport><ServiceException code=\"LayerNotDefined\"/>"
            + "</ServiceExceptionReport>").utf8)
}

@Suite("Judging the answer to a check: pure, piece by piece")
struct ProbeJudgeTests {
    enum End: CaseIterable { case stays, ends, breaks }

    private func judge(
        _ check: CheckSettings, _ answer: [UInt8], _ end: End = .stays, piece: Int = .max,
        limit: Int = 1 << 20
    ) -> ProbeResult {
        var judge = ProbeJudge(check, limit: limit)
        var rest = answer[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(piece))
            rest = rest.dropFirst(piece)
            if let result = part.withUnsafeBytes({ judge.take($0) }) { return result }
        }
        switch end {
        case .stays: return judge.timedOut()
        case .ends: return judge.endOfStream()
        case .breaks: return judge.broke()
        }
    }

    struct Row: CustomTestStringConvertible {
        var name: String
        var check: CheckSettings
        var answer: [UInt8]
        var end = End.stays
        var expected: ProbeFinding
        var testDescription: String { name }

        init(
            _ name: String, _ check: CheckSettings, _ answer: [UInt8], _ expected: ProbeFinding,
            _ end: End = .stays
        ) {
            (self.name, self.check, self.answer) = (name, check, answer)
            (self.end, self.expected) = (end, expected)
        }
    }

    private typealias A = ProbeAnswers

    static let rows: [Row] = [
        Row("text", A.text, A.whole("text/plain", Array("I'm ready".utf8)), .passed),
        Row("no such text", A.text, A.whole("text/plain", Array("I'm read".utf8)), .textMissing),
        Row(
            "status", A.text, A.whole("text/plain", Array("ready".utf8), status: 500),
            .status(500)),
        Row("garbage", A.text, Array("garbage\r\n\r\n".utf8), .malformed),
        Row("nothing", A.text, [], .silent),
        Row("an end at once", A.text, [], .silent, .ends),
        Row("half a head", A.text, Array("HTTP/1.1 200".utf8), .malformed, .ends),
        Row(
            "a body without its end", A.text, A.answer("Content-Length: 9", Array("ready".utf8)),
            .slow),
        Row(
            "a body that ends early", A.text, A.answer("Content-Length: 9", Array("ready".utf8)),
            .cutShort, .ends),
        Row(
            "a body that breaks off", A.text, A.answer("Content-Length: 9", Array("ready".utf8)),
            .cutShort, .breaks),
        Row("until close", A.text, A.answer("X: y", Array("ready".utf8)), .passed, .ends),
        Row("until a reset", A.text, A.answer("X: y", Array("ready".utf8)), .cutShort, .breaks),
        Row(
            "an interim answer before it", A.text,
            Array("HTTP/1.1 103 Early\r\n\r\n".utf8) + A.whole("text/plain", Array("ready".utf8)),
            .passed),
        Row("map", A.map, A.whole("image/png", A.picture()), .passed),
        Row("map in chunks", A.map, A.chunked("image/png", A.picture()), .passed),
        Row(
            "map without the last chunk", A.map,
            A.chunked("image/png", A.picture(), isWhole: false), .cutShort, .ends),
        Row(
            "map without its end", A.map, A.whole("image/png", Array(A.picture().dropLast(9))),
            .image(.truncated)),
        Row(
            "map of another size", A.map, A.whole("image/png", A.picture(32)),
            .image(.otherSize(width: 32, height: 32))),
        Row("map of another type", A.map, A.whole("text/html", A.picture()), .content(.wrongType)),
        Row(
            "map of another format", A.map, A.whole("image/png", A.picture(16, .gif)),
            .content(.wrongSignature)),
        Row("map of nothing", A.map, A.whole("image/png", []), .content(.empty)),
        Row(
            "exception with status 200", A.map, A.whole("text/xml", A.exception),
            .content(.exception)),
        Row("map moved", A.map, A.whole("image/png", A.picture(), status: 302), .status(302)),
        Row(
            "capabilities", A.layers, A.whole("text/xml", A.capabilities(["roads", "b"])), .passed),
        Row(
            "too few layers", A.layers, A.whole("text/xml", A.capabilities(["roads"])),
            .fewLayers(1, wanted: 2)),
        Row(
            "another layer", A.layers, A.whole("text/xml", A.capabilities(["a", "b"])),
            .layerMissing("roads")),
        Row(
            "exception inside capabilities", A.layers,
            A.whole(
                "text/xml", A.capabilities(["roads", "b"], end: "<ServiceExceptionReport>")),
            .capabilities(.exception)),
    ]

    @Test(arguments: rows)
    func `an answer has its verdict, in whatever pieces it comes`(_ row: Row) {
        for piece in [1, 7, .max] {
            #expect(judge(row.check, row.answer, row.end, piece: piece).finding == row.expected)
        }
    }

    @Test func `capabilities that break off are not complete, whatever the framing says`() {
        let answer = A.whole("text/xml", A.capabilities(["roads", "b"], end: ""))
        guard case .capabilities(.malformed) = judge(A.layers, answer).finding else {
            Issue.record("taken for whole")
            return
        }
    }

    @Test func `capabilities are told with the verdict, also when layers are missing`() {
        let result = judge(A.layers, A.whole("text/xml", A.capabilities(["a"])))
        #expect(result.capabilities?.layers == ["a"])
        #expect(result.capabilities?.updateSequence == "9")
    }

    @Test func `a body over the limit is not read`() {
        let answer = A.whole("text/plain", Array(repeating: 65, count: 101))
        #expect(judge(A.text, answer, limit: 100).finding == .tooLong(limit: 100))
        #expect(judge(A.text, answer, limit: 101).finding == .textMissing)
    }

    @Test func `every finding has a word and a sentence, and says if somebody was there`() {
        let findings = Self.rows.map(\.expected) + [.notConnected, .notSecured, .tooLong(limit: 1)]
        #expect(findings.allSatisfy { !$0.word.isEmpty && !$0.sentence.isEmpty })
        let dead: [ProbeFinding] = [.notConnected, .notSecured, .silent, .malformed]
        #expect(findings.allSatisfy { $0.hasAnswered != dead.contains($0) })
    }

    @Test func `what a target asks for`() {
        #expect(MapTarget(A.target)?.format == .png)
        #expect(MapTarget(A.target)?.size?.width == 16)
        #expect(MapTarget("/tms/1.0.0/a/1/2/3.png")?.size == nil)
        #expect(MapTarget("/wms?REQUEST=GetCapabilities&SERVICE=WMS") == nil)
        #expect(MapTarget("/page") == nil)
    }

    @Test(
        "what a bad answer may say of a member, by its kind and its code",
        arguments: [
            (TileVerdict.exception, "LayerNotDefined", nil, Suspicion.unknownLayer("a")),
            (.exception, "InvalidParameterValue", "LAYER", .unknownLayer("a")),
            (.exception, "InvalidParameterValue", "BBOX", nil),
            (.exception, "InvalidFormat", nil, nil),
            (.exception, "NoApplicableCode", nil, .failure(.content(.exception))),
            (.exception, nil, nil, .failure(.content(.exception))),
            (.wrongType, nil, nil, .failure(.content(.wrongType))),
            (.wrongStatus, nil, nil, .failure(.content(.wrongStatus))),
        ] as [(TileVerdict, String?, String?, Suspicion?)])
    func suspicion(
        _ verdict: TileVerdict, _ code: String?, _ locator: String?, _ expected: Suspicion?
    ) {
        let report = ExceptionReport(code: code, locator: locator)
        var settings = PassiveSettings()
        #expect(Suspicion.of(verdict, report, layers: "a", settings) == expected)
        (settings.exceptions, settings.wrongContent) = (false, false)
        #expect(Suspicion.of(verdict, report, layers: "a", settings) == nil)
    }
}
