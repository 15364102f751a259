import CloudFront
import Foundation
import HTTP
import Testing

@testable import Control

@Suite("Reading access logs")
struct LogPrinterTests {
    private static let standard =
        LogField.header
        + [
            "2019-12-04\t21:02:31\tLAX1\t392\t192.0.2.100\tGET\td1.cloudfront.net\t"
                + "/geoserver/a%2520b\t200\t-\tMozilla/5.0%20(W)\tx=%2520\t-\tHit\tID==\t"
                + "maps.test\thttps\t23\t0.082\t-\tTLSv1.2\tC\tHit\tHTTP/2.0\t-\t-\t11040\t0.001"
                + "\tHit\ttext/html\t78\t-\t-",
            "2019-12-04\t21:02:32\tLAX1\t0\t192.0.2.100\tHEAD\td1.cloudfront.net\t/b\t502\t-\t-"
                + "\t-\t-\tError\tID==\tmaps.test\thttp\t23\t1.500\t-\t-\t-\tError\tHTTP/1.1\t-"
                + "\t-\t11041\t0.001\tOriginConnectError\t-\t-\t-\t-",
        ].joined(separator: "\n") + "\n"
    private static let own =
        #"{"time":1575493352.042,"c-ip":"::1","cs-method":"POST","x-host-header":"h","#
        + #""cs-uri-stem":"/w\u0022s","cs-uri-query":"a=1","sc-status":404,"sc-bytes":17,"#
        + #""time-taken":0.000100,"x-edge-result-type":"Miss","#
        + #""x-edge-detailed-result-type":"absent"}"# + "\n"

    @Test("of the edge's own log a query without content is told from none")
    func emptyQuery() {
        let line = Self.own.replacing("a=1", with: "")
        #expect(LogEntry(line: line)?.target == "/w\"s?")
        let none = line.replacing(#""cs-uri-query":"","#, with: "")
        #expect(LogEntry(line: none)?.target == "/w\"s")
    }

    /// What is printed of a text that lies in a file.
    private func printed(
        _ bytes: [UInt8], isJSON: Bool = false, _ filter: LogFilter = LogFilter()
    ) throws -> (lines: [String], warning: String?) {
        let file = FileManager.default.temporaryDirectory.appending(
            path: "mapedge-log-\(UUID().uuidString)")
        try Data(bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        var lines: [String] = []
        var printer = LogPrinter(filter: filter, isJSON: isJSON) { lines.append($0) }
        try printer.read(file.path)
        return (lines, printer.warning?.replacingOccurrences(of: file.path, with: "FILE"))
    }

    private func filter(_ change: (inout LogFilter) throws -> Void) rethrows -> LogFilter {
        var filter = LogFilter()
        try change(&filter)
        return filter
    }

    /// The paths of the records that a filter leaves.
    private func paths(_ change: (inout LogFilter) throws -> Void) throws -> [String] {
        let bytes = Array((Self.standard + Self.own).utf8)
        return try printed(bytes, isJSON: true, filter(change)).lines.map {
            FlatJSON($0)?["cs-uri-stem"] ?? "?"
        }
    }

    @Test("both forms, in one file, are columns")
    func columns() throws {
        let found = try printed(Array((Self.standard + Self.own).utf8))
        #expect(found.warning == nil)
        #expect(
            found.lines == [
                "TIME (UTC)              STATUS RESULT     METHOD     BYTES  SECONDS VIEWER"
                    + "          TARGET",
                "2019-12-04T21:02:31        200 Hit        GET          392    0.082 192.0.2.100"
                    + "     maps.test/geoserver/a%20b?x=%20",
                "2019-12-04T21:02:32        502 Error      HEAD           0    1.500 192.0.2.100"
                    + "     maps.test/b (OriginConnectError)",
                "2019-12-04T21:02:32.042    404 Miss       POST          17    0.000 ::1"
                    + "             h/w\\\"s?a=1 (absent)",
            ])
    }

    @Test("of a directory the standard log's files are read, hour by hour, and nothing else")
    func directory() throws {
        let files = FileManager.default
        let place = files.temporaryDirectory.appending(path: "mapedge-log-\(UUID().uuidString)")
        try files.createDirectory(at: place, withIntermediateDirectories: false)
        defer { try? files.removeItem(at: place) }
        var lines: [String] = []
        var printer = LogPrinter(filter: LogFilter(), isJSON: true) { lines.append($0) }
        #expect(throws: CommandMistake.self) { try printer.read(place.path) }
        let names = [
            "B.2026-11-29-10.AAAAAAAAAAA.gz", "A.2026-11-29-11.AAAAAAAAAAA.gz",
            "A.2026-11-29-09.ZZZZZZZZZZZ.gz", "notes.txt",
        ]
        for (index, name) in names.enumerated() {
            let text = Self.own.replacing("a=1", with: "a=\(index)")
            try Data(text.utf8).write(to: place.appending(path: name))
        }
        try printer.read(place.path)
        #expect(lines.map { FlatJSON($0)?["cs-uri-query"] } == ["a=2", "a=0", "a=1"])
        #expect(printer.warning == nil)
    }

    @Test("JSON has every field of a record that has a value, and a line of our own as it is")
    func json() throws {
        let lines = try printed(Array((Self.standard + Self.own).utf8), isJSON: true).lines
        let first = try #require(FlatJSON(lines[0]))
        #expect(first.members.count == 26)
        #expect(first["cs(User-Agent)"] == "Mozilla/5.0 (W)" && first["sc-bytes"] == "392")
        #expect(lines[0].contains(#""time-taken":0.082"#) && first["cs(Cookie)"] == nil)
        #expect(lines[2] + "\n" == Self.own)
    }

    @Test("a compressed file is recognised; a cut-off member gives its whole lines")
    func compressed() throws {
        let text = Array(Self.standard.utf8)
        guard var writer = GzipWriter(level: 6) else {
            Issue.record("no memory for a writer")
            return
        }
        var packed = [UInt8](repeating: 0, count: 8_192)
        let step = packed.withUnsafeMutableBytes {
            writer.write(text.span.bytes, .finished, into: $0)
        }
        #expect(step.isDone)
        packed.removeSubrange(step.produced...)
        #expect(try printed(packed).lines.count == 3)
        #expect(try printed(packed + packed).lines.count == 5)
        let cut = try printed(packed + packed.dropLast(60))
        #expect(cut.lines.count < 5 && cut.lines.count >= 3 && cut.warning == nil)
        var damaged = packed
        damaged[packed.count - 5] ^= 1
        #expect(throws: CommandMistake.self) { _ = try printed(damaged) }
    }

    @Test("lines that are no records are left out and told")
    func malformed() throws {
        let text = "#comment\n\nnonsense\n{\"time\":\"x\"}\n\(Self.own)"
        let found = try printed(Array(text.utf8))
        #expect(found.lines.count == 2)
        #expect(
            found.warning
                == "FILE:3: 2 lines from here on are no log records and were left out")
        let one = try printed(Array("nonsense".utf8))
        #expect(one.warning == "FILE:1: the line is no log record and was left out")
    }

    @Test("a filter's conditions of one kind are alternatives, those of different kinds are not")
    func filters() throws {
        let geo = "/geoserver/a%20b"
        #expect(try paths { _ in } == [geo, "/b", "/w\"s"])
        #expect(try paths { try $0.add(status: "5xx") } == ["/b"])
        #expect(try paths { try $0.add(status: "404") } == ["/w\"s"])
        #expect(try paths { try $0.add(status: "200-404") } == [geo, "/w\"s"])
        #expect(try paths { $0.add(path: "/geoserver/*") } == [geo])
        #expect(try paths { $0.add(path: "/?") } == ["/b"])
        #expect(try paths { $0.add(result: "miss") } == ["/w\"s"])
        #expect(
            try paths {
                $0.add(method: "GET")
                $0.add(method: "HEAD")
            } == [geo, "/b"])
        #expect(
            try paths {
                $0.add(method: "GET")
                try $0.add(status: "5xx")
            } == [])
    }

    @Test("times are UTC, or so long ago")
    func times() throws {
        let now: Int64 = 1_575_493_360_000
        let all = try paths { try $0.bound(since: "2019-12-04", until: nil, now: now) }
        #expect(all.count == 3)
        #expect(
            try paths { try $0.bound(since: "2019-12-04T21:02:32", until: nil, now: now) }
                == ["/b", "/w\"s"])
        #expect(
            try paths { try $0.bound(since: nil, until: "2019-12-04T21:02:32Z", now: now) }.count
                == 1)
        #expect(try paths { try $0.bound(since: "8s", until: nil, now: now) } == ["/b", "/w\"s"])
        #expect(try paths { try $0.bound(since: "1h", until: "9s", now: now) }.isEmpty)
        #expect(try paths { try $0.bound(since: nil, until: "2000-02-29", now: now) }.isEmpty)
    }

    @Test(
        "a condition that is none is told with its form",
        arguments: [
            ("--status", "9x", "which is no status; write 404, 5xx or 500-503"),
            ("--status", "0xx", "which is no status; write 404, 5xx or 500-503"),
            ("--status", "503-500", "which is no status; write 404, 5xx or 500-503"),
            (
                "--since", "2019-13-01",
                "which is no time; write 2026-11-23, 2026-11-23T18:44:37 (UTC), "
                    + "or how long ago: 15m, 2h, 1d"
            ),
            (
                "--since", "15",
                "which is no time; write 2026-11-23, 2026-11-23T18:44:37 (UTC), "
                    + "or how long ago: 15m, 2h, 1d"
            ),
        ])
    func mistakes(_ flag: String, _ text: String, _ expected: String) {
        do {
            var filter = LogFilter()
            if flag == "--status" {
                try filter.add(status: text)
            } else {
                try filter.bound(since: text, until: nil, now: 0)
            }
            Issue.record("\(text) was taken")
        } catch {
            #expect("\(error)" == "\(flag) is \"\(text)\", \(expected)")
            #expect(error.isUsage)
        }
    }

    @Test("what is nested, or not JSON, is no line of ours")
    func flat() {
        for text in [
            "", "{", "{\"a\":}", "{\"a\":{}}", "{\"a\":[1]}", "[1]", "{\"a\":1}x",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12\"}", "{\"a\":\"", "{a:1}",
        ] { #expect(FlatJSON(text) == nil, "\(text)") }
        let object = FlatJSON(#" { "a" : "\n\t\r\b\f\"\\\/\u00e9" , "b" : -1.5e3 } "#)
        #expect(object?["a"] == "\n\t\r\u{8}\u{C}\"\\/é" && object?["b"] == "-1.5e3")
        #expect(FlatJSON("{}")?.members.isEmpty == true)
    }
}
