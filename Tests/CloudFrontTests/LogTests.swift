import Caching
import Testing

@testable import CloudFront

@Suite("Standard access log, version 1")
struct LogTests {
    /// The example record of the documentation, with a user agent of its own.
    private static let example = """
        2019-12-04\t21:02:31\tLAX1\t392\t192.0.2.100\tGET\td111111abcdef8.cloudfront.net\t\
        /index.html\t200\t-\tMozilla/5.0%20(Windows)\t-\t-\tHit\tSOX4xwn==\t\
        d111111abcdef8.cloudfront.net\thttps\t23\t0.001\t-\tTLSv1.2\t\
        ECDHE-RSA-AES128-GCM-SHA256\tHit\tHTTP/2.0\t-\t-\t11040\t0.001\tHit\ttext/html\t78\t-\t-
        """
    private static let moment: Milliseconds = 1_575_493_351_000

    private func line(_ capacity: Int = 4_096) -> String? {
        filled(capacity) { memory in
            var line = LogLine(memory)
            line.append(moment: Self.moment)
            line.append(.edgeLocation, "LAX1")
            line.append(.bytesSent, decimal: 392)
            line.append(.viewerAddress, "192.0.2.100")
            line.append(.method, "GET")
            line.append(.distributionDomain, "d111111abcdef8.cloudfront.net")
            line.append(.uriStem, "/index.html")
            line.append(status: 200)
            line.append(absent: .referer)
            line.append(.userAgent, "Mozilla/5.0 (Windows)")
            line.append(.uriQuery, "")
            line.append(absent: .cookie)
            line.append(.resultType, ResultType.hit.word)
            line.append(.requestID, "SOX4xwn==")
            line.append(.hostHeader, "d111111abcdef8.cloudfront.net")
            line.append(.protocolName, "https")
            line.append(.bytesReceived, decimal: 23)
            line.append(.timeTaken, milliseconds: 1)
            line.append(absent: .forwardedFor)
            line.append(.sslProtocol, "TLSv1.2")
            line.append(.sslCipher, "ECDHE-RSA-AES128-GCM-SHA256")
            line.append(.responseResultType, "Hit")
            line.append(.protocolVersion, "HTTP/2.0")
            line.append(absent: .fleStatus)
            line.append(absent: .fleEncryptedFields)
            line.append(.viewerPort, decimal: 11_040)
            line.append(.timeToFirstByte, milliseconds: 1)
            line.append(.detailedResultType, "Hit")
            line.append(.contentType, "text/html")
            line.append(.contentLength, decimal: 78)
            line.append(absent: .rangeStart)
            line.append(absent: .rangeEnd)
            return line.end()
        }
    }

    @Test("a line is the documentation's example, byte for byte")
    func golden() {
        #expect(line() == Self.example + "\n")
        #expect(line(Self.example.utf8.count) == nil)
    }

    @Test("a file begins with its version and the names of 33 fields")
    func header() {
        #expect(LogField.allCases.count == 33)
        #expect(
            LogField.header == """
                #Version: 1.0
                #Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end

                """)
    }

    @Test("what the log cannot hold is percent-encoded, a percent sign too")
    func encoding() {
        let all = (0...255).map { UInt8($0) }
        let made = filled { memory in
            var line = LogLine(memory)
            line.append(moment: 0)
            line.append(.edgeLocation, all.span.bytes)
            return line.count
        }
        let text = made?.split(separator: "\t").last.map { String($0) } ?? ""
        let plain =
            "!$&()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
        #expect(text.count == plain.count + (256 - plain.count) * 3)
        #expect(text.hasPrefix("%00%01"))
        #expect(text.contains("%20!%22%23$%25&%27()"))
        #expect(text.hasSuffix("%7E%7F" + (0x80...0xff).map { "%" + hex($0) }.joined()))
    }

    private func hex(_ value: Int) -> String {
        String(value, radix: 16, uppercase: true)
    }

    @Test("a line is read back for replay")
    func reading() {
        var reader = LogReader()
        for line in LogField.header.split(separator: "\n") { #expect(reader.read(line) == .none) }
        guard case .record(let record) = reader.read(Self.example) else {
            Issue.record("the line was not read")
            return
        }
        #expect(record.moment == Self.moment)
        #expect(record.text(.userAgent) == "Mozilla/5.0 (Windows)")
        #expect(record.text(.cookie) == nil)
        #expect(record.number(.status) == 200)
        #expect(record.milliseconds(.timeTaken) == 1)
        #expect(record.target == "/index.html")
        #expect(reader.read("2019-12-04\t21:02:31") == .malformed)
        #expect(reader.read("") == .none)
    }

    @Test("columns are found by their names, unknown ones passed over")
    func columns() {
        var reader = LogReader()
        #expect(reader.read("#Fields: cs-uri-query connection-id cs-uri-stem") == .none)
        guard case .record(let record) = reader.read("a=%2520b\tx\t/p%20q\r") else {
            Issue.record("the line was not read")
            return
        }
        #expect(record.target == "/p q?a=%20b")
    }

    @Test("files are named by hour")
    func names() {
        let unique = LogFileName.unique(from: 12_345_678_901_234_567_890)
        #expect(unique.count == 11)
        #expect(
            LogFileName.text(
                prefix: "logs", distribution: "E1", moment: Self.moment, unique: "RT4KCN4SGK9")
                == "logs/E1.2019-12-04-21.RT4KCN4SGK9.gz")
        #expect(
            LogFileName.text(prefix: "", distribution: "E1", moment: 0, unique: unique)
                == "E1.1970-01-01-00.\(unique).gz")
    }

    @Test("a file's name tells its log and its hour, and nothing else's does")
    func parts() throws {
        let name = LogFileName.text(
            prefix: "", distribution: "E1.x", moment: Self.moment, unique: "RT4KCN4SGK9")
        let parts = try #require(LogFileName.parts(of: name))
        #expect(parts.log == "E1.x" && parts.hour == "2019-12-04-21")
        for other in [
            "E1.2019-12-04-21.gz", "E1.2019-12-04-21.A.log", "E1.2019-12-04-2x.A.gz",
            "E1.2019-12-04.A.gz", "access.log", "2019-12-04-21.A.gz", "",
        ] {
            #expect(LogFileName.parts(of: other) == nil)
        }
    }
}
